"""The meaning of a column header: synonyms in many languages (headers.yaml), matched word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from gateway.values.text import fold, is_cjk, tidy

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
_PUNCTUATION = re.compile(r"[^\w'&]+|_+|'")
_BRACKETED = re.compile(r"[(\[（［][^)\]）］]*[)\]）］]")
_BILINGUAL = re.compile(r"\s*[/|\n（(）)\[\]]\s*|\s+[-–]\s+")

# Fields that differ only in which value is preferred when a row has several.
_PLAIN = {"mobile": "phone", "phone_second": "phone", "email_second": "email"}
_PREFERENCE = {"mobile": 0, "phone": 1, "phone_second": 3, "email": 0, "email_second": 2}


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a header.

    languages   of the phrase that matched, where it is a phrase of one or a few languages
    field       name, given_name, family_name, middle_name, any_name, email, phone, location, ... or None
    strength    1 = it is one of our phrases, less for one inside other words, 0 = it says nothing
    preference  lower is taken first among columns of one field (mobile before home before work)
    blocked     it speaks of somebody else or of something about a value: never take a person's value from it
    """

    field: str | None = None
    strength: float = 0.0
    preference: int = 1
    blocked: bool = False
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Lexicon:
    exact: dict[str, str]
    languages: dict[str, frozenset[str]]
    bags: dict[frozenset[str], str]
    contained: tuple[tuple[str, str, str], ...]  # (text to look for, phrase, field), longest first
    neutral: frozenset[str]
    blocking: frozenset[str]
    blocking_cjk: tuple[str, ...]


def words_of(header: str) -> str:
    """A header as words: "E-Mail_1 (privat)" -> "e mail privat"; ordinals go, camelCase is parted."""
    text = fold(_CAMEL.sub(" ", tidy(header)))
    return " ".join(word for word in _PUNCTUATION.sub(" ", text).split() if not word.isdecimal())


@lru_cache(maxsize=1)
def _lexicon() -> _Lexicon:
    text = (Path(__file__).parent / "headers.yaml").read_text("utf-8")
    data = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - only strings: a safe load makes "no" a boolean
    exact: dict[str, str] = {}
    spoken: dict[str, set[str]] = {}
    contained: dict[str, str] = {}
    for field, languages in data["fields"].items():
        inside = languages.pop("contain", False)
        exact.update({words_of(word): field for word in languages.pop("alone", ())})
        for language, phrases in languages.items():
            for phrase in phrases:
                words = words_of(str(phrase))
                exact.setdefault(words, field)
                spoken.setdefault(words, set()).add(language)
                if inside and _is_telling(words, field):
                    contained.setdefault(words, field)
    bags = {frozenset(words.split()): field for words, field in exact.items() if " " in words}
    blocking = [words_of(str(word)) for word in (*data["others"], *data["about"])]
    return _Lexicon(
        exact,
        {words: frozenset(languages) for words, languages in spoken.items()},
        bags,
        tuple(
            (phrase if is_cjk(phrase) else f" {phrase} ", phrase, field)
            for phrase, field in sorted(contained.items(), key=lambda item: -len(item[0]))
        ),
        frozenset(words_of(str(word)) for word in data["neutral"]),
        frozenset(word for word in blocking if not is_cjk(word)),
        tuple(word for word in blocking if is_cjk(word)),
    )


def _is_telling(words: str, field: str) -> bool:
    """A phrase that gives the subject of a longer header; "candidate" alone does not."""
    if is_cjk(words):
        return len(words) >= 2
    return " " in words or (len(words) > 3 and field != "name")


@lru_cache(maxsize=4096)
def is_header_word(cell: str) -> bool:
    """True if the whole cell is a known header."""
    return len(cell) < 100 and words_of(cell) in _lexicon().exact


@lru_cache(maxsize=4096)
def meaning(header: str) -> Meaning:
    """The meaning of one header; Meaning() if it has none."""
    if len(header) > 300:
        return Meaning()
    words = words_of(header)
    if not words:
        return Meaning()
    for strength, variant in _variants(header, words):
        field = _lexicon().exact.get(variant) or _lexicon().bags.get(frozenset(variant.split()))
        if field is not None:
            return _made(field, strength, _lexicon().languages.get(variant, frozenset()))
    parts = [part for part in _BILINGUAL.split(header) if words_of(part)]
    if len(parts) > 1:
        first, *rest = (meaning(part) for part in parts)
        if first.field and all(other.field == first.field for other in rest):
            return first
    tokens = words.split()
    if any(token in _lexicon().blocking for token in tokens) or any(word in words for word in _lexicon().blocking_cjk):
        return Meaning(blocked=True)
    padded = f" {words} "
    for sought, phrase, field in _lexicon().contained:
        if sought in padded:
            return _made(field, 0.8, _lexicon().languages.get(phrase, frozenset()))
    return Meaning()


def _variants(header: str, words: str) -> list[tuple[float, str]]:
    """The header without bracketed text and neutral words."""
    out = [(1.0, words)]
    bare = words_of(_BRACKETED.sub(" ", header))
    bracketed = [word for word in words.split() if word not in bare.split()]
    if bare and bare != words and not any(word in _lexicon().blocking for word in bracketed):
        out.append((0.95, bare))
    kept = " ".join(word for word in words.split() if word not in _lexicon().neutral)
    if kept and kept != words:
        out.append((0.9, kept))
    return out


def _made(field: str, strength: float, languages: frozenset[str]) -> Meaning:
    return Meaning(_PLAIN.get(field, field), strength, _PREFERENCE.get(field, 1), languages=languages)


# Where a language is spoken in one country above all others; headers in other languages say nothing about the country.
_COUNTRY_OF = {
    "ja": "JP",
    "ko": "KR",
    "pl": "PL",
    "cs": "CZ",
    "sk": "SK",
    "hu": "HU",
    "ro": "RO",
    "sv": "SE",
    "da": "DK",
    "no": "NO",
    "fi": "FI",
    "et": "EE",
    "lv": "LV",
    "lt": "LT",
    "hr": "HR",
    "sl": "SI",
    "tr": "TR",
    "uk": "UA",
    "bg": "BG",
    "el": "GR",
    "he": "IL",
    "vi": "VN",
    "id": "ID",
    "th": "TH",
    "it": "IT",
}


def country_of_headers(headers: Iterable[str]) -> str | None:
    """The country the headers' language points to: at least two headers of that language alone, and none of another."""
    seen: dict[str, int] = {}
    for header in headers:
        languages = meaning(header).languages
        if len(languages) == 1:
            (language,) = languages
            seen[language] = seen.get(language, 0) + 1
    seen.pop("en", None)  # English headers are used everywhere
    if len(seen) != 1:
        return None
    ((language, count),) = seen.items()
    return _COUNTRY_OF.get(language) if count >= 2 else None
