"""Meaning of a heading: known phrases first, then typical heading words, for lines that look like a heading."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from gateway.values.lexicon import bare, heading_of, title_score
from gateway.values.text import is_cjk

_FILE = Path(__file__).parent / "data" / "heading_words.txt"
# "3 Work experience", "4.1 Skills", "II. Education"; without a full stop after it the number says little, so the rest must be known
_GLYPH = re.compile(r"^(?:[^\w\s(]|[\ue000-\uf8ff]){1,2}\s+(?=\w)")  # "★ Experience": an icon in front
_NUMBER = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*|[ivx]{1,4})[.)]?\s+", re.I)
_CONTINUED = re.compile(r"[\s\-–(]+(?:cont(?:inued|['’.]?d)?|fortsetzung|suite|continuacion|continua)\.?\s*\)?$", re.I)
_ASIDE = re.compile(r"\s*[(\[][^()\[\]]{0,40}[)\]]\s*$")
_OWNER = re.compile(r"^(?:my|meine|mein|mes|mon|ma|mis|meus|minhas|i miei|le mie|mijn|mina|moje|мои|мой)\s+", re.I)
MAX_WORDS = 6


@lru_cache(maxsize=1)
def _words() -> list[tuple[str, frozenset[str], tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """(section, whole words, beginnings, endings, signs), in order of precedence."""
    out = []
    for line in _FILE.read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        section, _, rest = line.partition(":")
        words = rest.split()
        out.append(
            (
                section,
                frozenset(w for w in words if not w.endswith("*") and w[0] not in "*="),
                tuple(w[:-1] for w in words if w.endswith("*") and len(w) > 1),
                tuple(w[1:] for w in words if w[0] == "*" and len(w) > 1),
                tuple(w[1:] for w in words if w[0] == "="),
            )
        )
    return out


@lru_cache(maxsize=4096)
def known_heading(text: str) -> tuple[str, str] | None:
    """(section, language) of a known phrase, whatever number, owner or remark stands around it; None otherwise."""
    text = _GLYPH.sub("", text).strip(" ?!¿¡")
    tokens = text.split()
    if len(tokens) >= 4 and all(len(token) == 1 for token in tokens):
        text = "".join(tokens)  # letter-spaced
    found = heading_of(text)
    if found is None and text.isupper() and len(tokens) > 1 and any(len(token) <= 2 for token in tokens):
        found = heading_of(
            "".join(tokens)
        )  # letter-spaced, with pairs of letters that kerning draws together: "LA N G UA G ES"
    if found is None and len(tokens) > 1 and any("\u0590" <= c <= "\u08ff" for c in text):
        found = heading_of(" ".join(reversed(tokens)))  # the words of right-to-left text in the order of the page
    if found is not None:
        return found
    for pattern in (_NUMBER, _CONTINUED, _OWNER, _ASIDE):
        rest = pattern.sub("", text, count=1)
        named = pattern is _ASIDE and _is_school(rest)  # "University (formerly ...)" names one
        if rest != text and not named and (found := heading_of(rest)):
            return found
    # fonts that lose the ligature fi: "Certi cates", "Pro le"
    spaces = [m.start() for m in re.finditer(r"(?<=[^\W\d_]) (?=[^\W\d_])", text)][:4]
    for at in spaces:
        for ligature in ("fi", "ffi", "fl"):
            if found := heading_of(text[:at] + ligature + text[at + 1 :]):
                return found
    return None


def _is_school(text: str) -> bool:
    """True if the text is the common word for a school, which is a heading alone and a name with a remark behind it."""
    return bare(text) in ("university", "school", "college", "schule", "universitat", "universite")


@lru_cache(maxsize=4096)
def guessed_heading(text: str) -> tuple[str, bool] | None:
    """
    returns  (section, whether every word of it is one headings are made of); None when none is. For lines that look like headings only.
    """
    text = _ASIDE.sub("", _CONTINUED.sub("", _NUMBER.sub("", text)))
    if not 3 <= len(text) <= 50 or "@" in text or text.count(",") > 1 or text.endswith("."):
        return None
    key = bare(text)
    if is_cjk(key):
        if len(key.replace(" ", "")) > 10:
            return None
        section = next((name for name, _, _, _, signs in _words() if any(s in key for s in signs)), None)
        return (section, True) if section else None
    tokens = [t.strip(":;,.&/|+'’()") for t in re.split(r"[\s/&,-]+", key)]
    tokens = [t for t in tokens if t]
    if not tokens or len(tokens) > MAX_WORDS:
        return None
    kinds = [_kinds(token) for token in tokens]
    named = [name for name, *_ in _words() if name != "plain" and any(name in k for k in kinds)]
    if not named:
        return None
    strange = [t for t, k in zip(tokens, kinds, strict=True) if not k]
    if strange and (len(strange) > len(tokens) / 2 or title_score(" ".join(strange)) >= 1.2):
        return None
    return named[0], not strange


@lru_cache(maxsize=8192)
def _kinds(token: str) -> frozenset[str]:
    return frozenset(
        name
        for name, whole, begins, ends, _ in _words()
        if token in whole
        or any(token.startswith(b) for b in begins)
        or any(token.endswith(e) and len(token) > len(e) for e in ends)
    )
