"""Skills and languages: the items of their sections, whatever separates them; labels of groups and levels are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from statistics import median

from gateway.extract.page.layout import Cell, Line, around, run_on
from gateway.extract.page.words import Word
from gateway.extract.resume.entries import BULLETS
from gateway.model import Box
from gateway.values.dates import find_periods
from gateway.values.lexicon import bare, heading_of, phrases
from gateway.values.text import fold, tidy

_SPLIT = re.compile(r"\s*[,;|•·∙●▪■◆►、，；｜،؛\u2022]\s*|\s+[/–—-]\s+|\s{3,}|\t")
_LEVEL_TAIL = re.compile(r"\s*[(（\[]([^()（）\[\]]{1,40})[)）\]]\s*$")
_RATING = re.compile(r"[\s★☆●○■□▮▯◉◎⬤◯✦✧*]+$|\s+\d{1,3}\s*%$|\s+\d\s*/\s*\d+$")
_INLINE_LABEL = re.compile(r"^([^:：,;|]{2,40})[:：]\s*(\S.*)$")
_BRACKETS = re.compile(r"[(（\[][^()（）\[\]]{1,80}[)）\]]")
_LEAD = re.compile(r"^(?:and|und|et|y|e|og|och|en|или|и|ve|\d{1,2}[.)])\s+", re.I)
_LINK = re.compile(r"^@|https?:|www\.|\w\.(?:com|org|net|io)\b|\S@\S")
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
    for text, cell, page in _chunks(lines):
        prose = _is_prose(text)
        for raw in _parts(text):
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
        re.sub("\x00(\\d+)\x00", lambda m: kept[int(m.group(1))], p) for p in _SPLIT.split(_BRACKETS.sub(keep, text))
    ]
    return [item for part in whole for item in _unpacked(part)]


def _unpacked(part: str) -> list[str]:
    """ "AWS (S3, Lambda)" names three things."""
    match = re.fullmatch(r"\s*([^()（）\[\]]{2,40}?)\s*[(（\[]([^()（）\[\]]+)[)）\]]\s*", part)
    inner = [x.strip() for x in re.split(r"[,，、/;]", match.group(2))] if match else []
    short = all(0 < len(x.split()) <= 3 for x in inner) and not any(fold(x) in phrases("level") for x in inner)
    return [match.group(1), *inner] if match and len(inner) >= 2 and short else [part]


def _is_prose(text: str) -> bool:
    """True for a sentence about skills rather than a list: many small words per separator."""
    words = text.split()
    small = sum(w[:1].islower() for w in words)
    return len(words) >= 9 and small >= 0.5 * len(words) and len(words) > 3.5 * len(_SPLIT.split(text))


def _is_named(raw: str) -> bool:
    """The names in a sentence: few words with a capital or digit inside."""
    words = raw.split()
    return len(words) <= 3 and 2 * sum(any(c.isupper() or c.isdigit() for c in w) for w in words) > len(words)


def _clean(raw: str) -> str | None:
    text = _LEAD.sub("", tidy(raw).strip(" .:,;|•·-–—*▪●"))
    if text in ("NET", "net"):
        text = ".NET"
    text = _RATING.sub("", text).strip()
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
    if not any(c.isalpha() for c in text) or bare(text) in phrases("level"):
        return None
    return text


def _chunks(lines: Sequence[Line]) -> Iterator[tuple[str, Cell, int]]:
    """Texts to be split, with wrapped lines joined and labels of groups removed."""
    body = [line for line in lines if not line.heading]
    if not body:
        return
    labels = _label_looks(body)
    right = max(line.box[2] for line in body)
    pending: tuple[str, Cell, int, Line] | None = None
    for line in body:
        if _is_date(line.text) or any(p.is_range for p in find_periods(line.text)):
            continue
        cells = _without_heading(line)
        label_left = len(cells) == 2 and _is_label_cell(cells[0], cells[1])
        if label_left:
            cells = cells[1:]
        for cell in cells:
            bulleted = bool(cell.words) and cell.words[0].text in BULLETS
            text = _spaced_items(cell)
            if bulleted:
                text = tidy(text).lstrip("".join(BULLETS) + " ")
            labelled = _INLINE_LABEL.match(text)
            if labelled and len(labelled.group(1).split()) <= 5:
                text = labelled.group(2)
            elif text.rstrip().endswith((":", "：")) or _look(cell) in labels:
                text = ""
            else:
                text = _after_bold(cell, text)
            if (
                pending
                and not bulleted
                and not labelled
                and text
                and len(cells) == 1
                and _goes_on(pending, line, cell, right)
            ):
                pending = (run_on(pending[0], text), pending[1], pending[2], line)
                continue
            if pending:
                yield pending[:3]
                pending = None
            if text:
                pending = (text, cell, line.page, line)
    if pending:
        text, cell, page = pending[:3]
        lone = sum(1 for line in body if len(line.cells) == 1) <= 2
        bullet = cell.words and cell.words[0].text in BULLETS
        if lone and not bullet and not _SPLIT.search(text) and len(text.split()) >= 5 and text[-1:] != ".":
            text = by_capitals(text)
        yield text, cell, page


def _is_date(text: str) -> bool:
    """True if the line is a date of issue ("March 3, 2021")."""
    found = find_periods(text)
    return bool(found) and len(text) - (found[0].span[1] - found[0].span[0]) < 16


def _without_heading(line: Line) -> list[Cell]:
    cells = line.content
    if len(cells) > 1 and heading_of(cells[0].text):
        return cells[1:]
    if len(cells) == 1 and (match := _INLINE_LABEL.match(cells[0].text)) and heading_of(match.group(1)):
        return cells
    return cells


def _look(cell: Cell) -> tuple[bool, bool, int | None, float, bool]:
    return (cell.bold, cell.italic, cell.colour, round(cell.size * 2) / 2, cell.text.isupper() and len(cell.text) > 4)


def _label_looks(lines: Sequence[Line]) -> set[tuple[bool, bool, int | None, float, bool]]:
    """Looks of group labels: stronger than the other lines, alone in their line, without separators, followed by plainer text."""
    singles = [(line, line.cells[0]) for line in lines if len(line.cells) == 1]
    looks: dict[tuple[bool, bool, int | None, float, bool], list[Cell]] = {}
    for _, cell in singles:
        looks.setdefault(_look(cell), []).append(cell)
    if len(looks) < 2:
        return set()
    out = set()
    for look, members in looks.items():
        others = [cell for other, cells in looks.items() if other != look for cell in cells]
        plain = all(not _SPLIT.search(c.text) for c in members)
        stronger = (
            (look[0] and not all(c.bold for c in others))
            or (look[4] and not all(c.text.isupper() for c in others))
            or (look[1] and not any(c.italic for c in others))
            or look[3] > max(c.size for c in others) + 0.4
        )
        followed = sum(
            1 for (_, a), (_, b) in zip(singles, singles[1:], strict=False) if _look(a) == look and _look(b) != look
        )
        if plain and stronger and followed >= 0.8 * len(members) and len(members) <= len(others):
            out.add(look)
    return out


def _is_label_cell(left: Cell, right: Cell) -> bool:
    """ "Technical   Go, SQL": the left cell names the group."""
    if len(left.text.split()) > 4 or _SPLIT.search(left.text):
        return False
    if left.text.endswith((":", "：")):
        return True
    differs = (
        left.bold != right.bold or left.italic != right.italic or (left.text.isupper() and not right.text.isupper())
    )
    return bool(_SPLIT.search(right.text)) and (
        differs or left.colour != right.colour or right.box[0] - left.box[2] > 1.5 * left.size
    )


def _after_bold(cell: Cell, text: str) -> str:
    """ "**Tools** Go, SQL": a bold label without a colon before plainer items."""
    words = cell.words
    lead = 0
    while lead < len(words) and words[lead].bold:
        lead += 1
    if (
        0 < lead <= 4
        and lead < len(words)
        and len(words) - lead >= 1
        and _SPLIT.search(" ".join(w.text for w in words[lead:]))
    ):
        return tidy(" ".join(w.text for w in words[lead:]))
    return text


def _spaced_items(cell: Cell) -> str:
    """Items set apart by wider spaces only get a separator where the space is clearly wider than the usual one."""
    words = [w for w in cell.words if w.text]
    text = cell.text
    if len(words) < 3 or _SPLIT.search(text) or ":" in text:
        return text
    gaps = [b.box[0] - a.box[2] for a, b in zip(words, words[1:], strict=False)]
    size = cell.size
    low, high = min(gaps), max(gaps)
    usual = min(median(gaps), 0.36 * size)
    if high < 1.45 * max(low, 0.18 * size) or high - low < 0.12 * size:
        return text if high < 0.42 * size else _join_all(words, gaps, 0.0)
    return _join_all(words, gaps, max((low + high) / 2, 1.25 * usual if usual < 0.3 * size else 0.0))


def by_capitals(text: str) -> str:
    """Items run together without any separator: a capital starts the next one, except inside names of several words."""
    folded = fold(text)
    words = text.split()
    out: list[str] = []
    index = 0
    while index < len(words):
        size = next((n for n in (4, 3, 2) if fold(" ".join(words[index : index + n])) in phrases("skillname")), 1)
        piece = " ".join(words[index : index + size])
        starts = piece[:1].isupper() or not piece[:1].isalpha() or size > 1
        out.append(piece if starts or not out else f"{out.pop()} {piece}")
        index += size
    return " , ".join(out) if folded else text


def _join_all(words: Sequence[Word], gaps: Sequence[float], limit: float) -> str:
    out = words[0].text
    for gap, word in zip(gaps, words[1:], strict=True):
        out += (" , " if gap > limit else " ") + word.text
    return out


def _goes_on(pending: tuple[str, Cell, int, Line], line: Line, cell: Cell, right: float) -> bool:
    """True if the line continues a separated list that ran out of room."""
    text, _, page, before = pending
    if page != line.page or line.region != before.region or not 0 < line.box[1] - before.box[1] < 1.9 * line.size:
        return False
    if text.rstrip().endswith((",", "·", "|", "•", "、", ";")):
        return True
    first = cell.words[0]
    no_room = before.box[2] + 0.2 * cell.size + (first.box[2] - first.box[0]) > right - 0.5
    return bool(_SPLIT.search(text)) and no_room


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
