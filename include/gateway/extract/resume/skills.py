"""Skills and languages: the items of their sections, whatever separates them; labels of groups and levels are left out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.extract.page.layout import Line, around
from gateway.extract.resume.skill_lines import SPLIT, chunks
from gateway.model import Box
from gateway.values.lexicon import bare, phrases
from gateway.values.text import fold, tidy

_LEVEL_TAIL = re.compile(r"\s*[(（\[]([^()（）\[\]]{1,40})[)）\]]\s*$")
_RATING = re.compile(r"[\s★☆●○■□▮▯◉◎⬤◯✦✧*]+$|\s+\d{1,3}\s*%$|\s+\d\s*/\s*\d+$")
_BRACKETS = re.compile(r"[(（\[][^()（）\[\]]{1,80}[)）\]]")
_LEAD = re.compile(r"^(?:and|und|et|y|e|og|och|en|или|и|ve|\d{1,2}[.)])\s+", re.I)
_GRADES = frozenset(
    [
        "good",
        "very good",
        "excellent",
        "fair",
        "average",
        "high",
        "medium",
        "low",
        "strong",
        "gut",
        "sehr gut",
        "bon",
        "tres bon",
        "bueno",
    ]
)
_LINK = re.compile(r"^@|https?:|www\.|\w\.(?:com|org|net|io)\b|\S@\S")
_NAMES_TOO = frozenset(
    ["basic", "master", "professional", "native", "a1", "a2", "b1", "b2", "c1", "c2"]
)  # "Visual Basic"
# what a sentence says before it names skills: "Proficient in X, Y and Z. Working knowledge of W."
_LEAD_IN = re.compile(
    r"(?:^|(?<=[.;])\s+)(?:(?:i am|also|highly|very|advanced|basic|strong|good|excellent|solid|working|hands-on|deep|sehr gute|gute|bonne|bonnes|buen)\s+)*"
    r"(?:proficien(?:t|cy)|experienced?|skilled|fluent|competent|expert(?:ise)?|familiar(?:ity)?|knowledge(?:able)?|understanding|command|trained|versed|"
    r"kenntnisse|erfahrung|erfahren|vertraut|maîtrise|connaissances?|expérience|conocimientos?|dominio|manejo|experiencia|conhecimentos?|domínio|"
    r"conoscenza|esperienza|kennis|ervaring)\s+"
    r"(?:in|with|of|at|using|working with|mit|von|de|du|des|en|avec|con|em|com|di|del|met|van)\s+(?:the\s+|a\s+)?(?=\S)",
    re.I,
)
_LAST = re.compile(r"\s*,?\s+(?:and|und|et|y|e|en|sowie|as well as)\s+", re.I)
MAX_CHARS = 60
MAX_WORDS = 6


class Item:
    __slots__ = ("box", "confidence", "page", "raw", "source", "text")

    def __init__(self, text: str, raw: str, page: int, box: Box, source: str, confidence: float) -> None:
        self.text, self.raw, self.page, self.box, self.source, self.confidence = (
            text,
            raw,
            page,
            box,
            source,
            confidence,
        )


def items_of(lines: Sequence[Line]) -> list[Item]:
    """The items of one section's lines (headings included: the text next to an inline heading counts)."""
    out: list[Item] = []
    seen: set[str] = set()
    for text, cell, page in chunks(lines):
        told = told_items(text)
        prose = not told and _is_prose(text)
        for raw in told or _parts(text):
            if prose and not _is_named(raw):
                continue
            item = _clean(raw)
            if item is None:
                continue
            key = fold(item)
            if key in seen:
                continue
            seen.add(key)
            words = [w for w in cell.words if w.text.strip(" ,;|•·") and w.text.strip(" ,;|•·") in raw] or cell.words
            out.append(
                Item(item, raw, page, around([w.box for w in words]), words[0].source, min(w.confidence for w in words))
            )
    return out


def _parts(text: str) -> list[str]:
    """The text split at its separators; text in brackets stays whole."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"\x00{len(kept) - 1}\x00"

    whole = [
        re.sub("\x00(\\d+)\x00", lambda m: kept[int(m.group(1))], p) for p in SPLIT.split(_BRACKETS.sub(keep, text))
    ]
    return [item for part in whole for item in _unpacked(part)]


def _unpacked(part: str) -> list[str]:
    """ "AWS (S3, Lambda)" names three things."""
    match = re.fullmatch(r"\s*([^()（）\[\]]{2,40}?)\s*[(（\[]([^()（）\[\]]+)[)）\]]\s*", part)
    inner = [x.strip() for x in re.split(r"[,，、/;]", match.group(2))] if match else []
    short = all(0 < len(x.split()) <= 3 for x in inner) and not any(fold(x) in phrases("level") for x in inner)
    return [match.group(1), *inner] if match and len(inner) >= 2 and short else [part]


def _apart(piece: str) -> list[str]:
    """ "Excel and SAP" in two; "setting and finishing of stone" stays one."""
    halves = _LAST.split(piece)
    return halves if any(map(_is_named, halves)) else [piece]


def told_items(text: str) -> list[str]:
    """The skills named in sentences that say nothing else; empty when the text is no such thing."""
    if not _LEAD_IN.match(text):
        return []
    out: list[str] = []
    for sentence in re.split(r"(?<=\S\S)\.\s+(?=[^\W\d_])|\.\s*$", text):
        rest = _LEAD_IN.sub("", sentence)
        if rest == sentence and sentence.strip():
            out += [part for part in _parts(sentence) if _is_named(part)]
            continue
        parts = [part for piece in _parts(rest) if piece for part in _apart(piece)]
        if any(len(part.split()) > 4 for part in parts):
            parts = [part for part in parts if _is_named(part)]
        out += parts
    return out


def _is_prose(text: str) -> bool:
    """True for a sentence about skills rather than a list: many small words per separator."""
    words = text.split()
    small = sum(w[:1].islower() for w in words)
    return len(words) >= 9 and small >= 0.5 * len(words) and len(words) > 3.5 * len(SPLIT.split(text))


def _is_named(raw: str) -> bool:
    """The names in a sentence: few words with a capital or digit inside."""
    words = raw.split()
    return len(words) <= 3 and 2 * sum(any(c.isupper() or c.isdigit() for c in w) for w in words) > len(words)


def _clean(raw: str) -> str | None:
    text = _LEAD.sub("", tidy(raw).strip(" .:,;|•·-–—*▪●"))
    if text in ("NET", "net"):
        text = ".NET"
    text = _without_level(_RATING.sub("", text).strip())
    level = _LEVEL_TAIL.search(text)
    if level and (
        any(w in phrases("level") for w in fold(level.group(1)).replace("/", " ").split())
        or fold(level.group(1)) in phrases("level")
    ):
        text = text[: level.start()].strip()
    if not text or len(text) > MAX_CHARS or len(text.split()) > MAX_WORDS:
        return None
    if _LINK.search(text) or text.count("(") != text.count(")"):
        return None
    if not any(c.isalpha() for c in text) or bare(text) in phrases("level") or bare(text) in _GRADES:
        return None
    return text


def _without_level(text: str) -> str:
    """ "Contract law Advanced": a level printed behind the skill without a sign between them."""
    words = text.split()
    last = fold(words[-1]) if words else ""
    named = fold(text) in phrases("skillname") or last not in phrases("level") or last in _NAMES_TOO
    return text if len(words) < 2 or named or not words[-1][:1].isupper() else " ".join(words[:-1])


def language_items(lines: Sequence[Line]) -> list[Item]:
    """Languages spoken, without their levels: "English (B2)", "French – fluent" -> English, French."""
    out = []
    for item in items_of(lines):
        text = re.split(r"\s*[(（:–—]\s*|\s+-\s+", item.text)[0].strip()
        words = [w for w in text.split() if fold(w).strip(".,") not in phrases("level")]
        text = " ".join(words)
        if text and len(text.split()) <= 3 and not any(c.isdigit() for c in text):
            item.text = text
            out.append(item)
    return out
