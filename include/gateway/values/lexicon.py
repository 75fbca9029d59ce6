"""Words with a meaning in résumés, in some forty languages, from the text files in data/. Loaded once, on first use."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from gateway.values.text import fold, is_cjk

_DATA = Path(__file__).parent / "data"
_EDGES = " \t.,:;-–—•·|/\\()[]{}<>*#_=~\"'“”«»…►▪■◆●○✓"
_JOINS = re.compile(
    r"\s*(?:&|/|\+|,|・|、|\||\b(?:and|und|et|y|e|i|och|og|en|ve|и|та|و|και|และ|va|dan|ja|és|és|a|si|și)\b)\s*"
)


def bare(text: str) -> str:
    """Folded, without punctuation at the ends and without full stops inside: the form the lexicon is kept in."""
    return fold(text).strip(_EDGES).replace(".", " ").replace("  ", " ").strip()


@lru_cache(maxsize=1)
def _kinds() -> dict[str, frozenset[str]]:
    out: dict[str, frozenset[str]] = {}
    for line in (_DATA / "lexicon.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, phrases = line.partition(":")
            out[kind] = frozenset(bare(p) or p.strip() for p in phrases.split(";") if p.strip())
    return out


def phrases(kind: str) -> frozenset[str]:
    """The phrases of a kind of lexicon.txt ("phone", "institution", ...), folded."""
    return _kinds()[kind]


@lru_cache(maxsize=1)
def headings() -> dict[str, tuple[str, str]]:
    """Heading (folded) -> (section, language); a heading that several languages share keeps the first."""
    out: dict[str, tuple[str, str]] = {}
    for line in (_DATA / "headings.txt").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            section, language, names = (part.strip() for part in line.split(":", 2))
            for name in names.split(";"):
                out.setdefault(bare(name), (section, language))
    return out


@lru_cache(maxsize=1)
def _squeezed() -> dict[str, tuple[str, str]]:
    return {name.replace(" ", ""): found for name, found in headings().items()}


@lru_cache(maxsize=1)
def months() -> dict[str, int]:
    """Name of a month, folded and without a full stop -> 1..12."""
    return {name: int(number) for name, number in _pairs("months")}


@lru_cache(maxsize=1)
def _titles() -> dict[str, float]:
    return {word: float(score) for word, score in _pairs("titles")}


def _pairs(name: str) -> list[tuple[str, str]]:
    lines = (_DATA / f"{name}.txt").read_text("utf-8").split("\n")
    return [(word, value) for word, _, value in (line.partition("\t") for line in lines if line)]


@lru_cache(maxsize=1)
def given_names() -> frozenset[str]:
    """Given and family names, folded, of some 70 countries."""
    return frozenset((_DATA / "given.txt").read_text("utf-8").split("\n"))


@lru_cache(maxsize=4096)
def heading_of(text: str) -> tuple[str, str] | None:
    """(section, language) when the whole text is a section heading, alone or as "Skills & Tools"; None otherwise."""
    if not 2 <= len(text) <= 60:
        return None
    key = bare(text)
    known = headings()
    if key in known:
        return known[key]
    if len(key) > 48:
        return None
    squeezed = key.replace(" ", "")
    if (is_cjk(key) or len(squeezed) >= 8) and squeezed in _squeezed():
        return _squeezed()[squeezed]  # OCR and letter-spacing lose the spaces
    parts = [part.strip(_EDGES) for part in _JOINS.split(key)]
    if 2 <= len(parts) <= 3 and all(parts):
        found = [known.get(part) for part in parts]
        if found[0] and (found[1] or len(parts[1].split()) <= 2):
            return found[0]
        if found[-1] and len(parts[0].split()) <= 2:
            return found[-1]
    return None


@lru_cache(maxsize=8192)
def title_score(text: str) -> float:
    """How much a text reads like a job title: 0 not at all, 2 for one clear word, more for several."""
    folded = fold(text)
    if is_cjk(folded):
        return 2.0 if any(word in folded for word in _cjk_titles()) else 0.0
    known = _titles()
    tokens = re.findall(r"[^\W\d_]+", folded)
    scores = [known.get(token, 0.0) for token in tokens]
    scores += [known.get(a + " " + b, 0.0) for a, b in zip(tokens, tokens[1:], strict=False)]
    best = sorted(scores, reverse=True)
    # German and Nordic titles are one word: "Softwareentwicklerin" ends in a known title.
    if tokens and (not best or best[0] < 1):
        for token in tokens:
            for cut in range(3, max(3, len(token) - 4)):
                if known.get(token[cut:], 0.0) >= 2 and len(token) - cut >= 4:
                    best = [1.8, *best]
                    break
    return sum(best[:1]) + 0.25 * sum(min(1.0, s) for s in best[1:3])


@lru_cache(maxsize=1)
def _cjk_titles() -> tuple[str, ...]:
    return tuple(word for word in _titles() if is_cjk(word))


@lru_cache(maxsize=8192)
def hits(kind: str, text: str) -> int:
    """How many words (or two-word phrases; substrings for Chinese, Japanese, Korean) of a text are of a kind."""
    words = phrases(kind)
    folded = fold(text).replace(".", "")
    tokens = re.findall(r"[\w'&/-]+", folded)
    count = sum(token in words for token in tokens)
    count += sum(f"{a} {b}" in words for a, b in zip(tokens, tokens[1:], strict=False))
    if is_cjk(folded):
        count += sum(word in folded for word in words if len(word) >= 2 and is_cjk(word))
    if kind == "institution" and not count:
        count += sum(any(len(w) >= 6 and w in token for w in words) for token in tokens)
    return count
