"""The lines of a list section as texts to be split into items: wrapped lines joined, labels of groups left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import unescape
from statistics import median

from gateway.extract.page.layout import Cell, Line, run_on
from gateway.extract.page.words import Word
from gateway.extract.resume.rows import BULLETS
from gateway.values.dates import find_periods
from gateway.values.lexicon import heading_of, phrases
from gateway.values.text import fold, tidy

SPLIT = re.compile(r"\s*[,;|•·∙●▪■◆►、，；｜،؛\u2022]\s*|\s+[/–—-]\s+|\s{3,}|\t")
_INLINE_LABEL = re.compile(r"^([^:：,;|]{2,40})[:：]\s*(\S.*)$")
_RATED = re.compile(r"\s*(?:[●○◉◎⬤◯☆★■□▮▯•]\s?){3,}$")  # "SQL ●●●○○"
# how long a skill was used: "SQL (5 years)", "Python – 3+ yrs"
_FOR_YEARS = re.compile(
    r"\s*[-–—:(]\s*\b\d{1,2}\+?\s*(?:years?|yrs?|jahre?|ans|années|años|anos|anni|jaar|år|lat|лет)\b\.?(?:\s+(?:of )?experience)?\s*\)?",
    re.I,
)
TWO_BOXES = 0.62  # type sizes between two words that stand in boxes of their own; a space takes a quarter to a third
ITEMS = 4  # lines from which a column of items shows how they are set


def _commas_again(text: str) -> str:
    """A list in which recognition took a comma for a full stop: "SQL, Excel. Patient care, SAP"."""
    return re.sub(r"(?<=[^\W\d_]{2})\.\s+(?=[A-Z])", ", ", text) if "," in text and len(text.split(",")) >= 3 else text


def chunks(lines: Sequence[Line]) -> Iterator[tuple[str, Cell, int]]:
    """Texts to be split, with wrapped lines joined and labels of groups removed."""
    body = whole_items([line for line in lines if not line.heading])
    if not body:
        return
    labels = _label_looks(body)
    columns = [
        (cells[0].box[0], cells[1].box[0])
        for cells in map(_without_heading, body)
        if len(cells) == 2 and _is_label_cell(cells[0], cells[1])
    ]
    right = max(line.box[2] for line in body)
    pending: tuple[str, Cell, int, Line] | None = None
    for line in body:
        if _is_date(line) or any(p.is_range for p in find_periods(line.text)):
            continue
        cells = _without_heading(line)
        label_left = len(cells) == 2 and (_is_label_cell(cells[0], cells[1]) or _under_labels(cells, columns))
        if label_left:
            cells = cells[1:]
            if pending:
                yield pending[:3]
                pending = None
        for cell in cells:
            bulleted = bool(cell.words) and cell.words[0].text in BULLETS
            text = _commas_again(_spaced_items(cell)) if cell.words[0].source == "ocr" else _spaced_items(cell)
            chips = " , " in text
            text = _FOR_YEARS.sub("", _RATED.sub("", unescape(text)))
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
                # boxes set side by side end with their line: only a printed list runs on in the middle of an item
                apart = chips or " , " in pending[0]
                whole = f"{pending[0]} , {text}" if apart else run_on(pending[0], text)
                pending = (whole, pending[1], pending[2], line)
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
        if lone and not bullet and not SPLIT.search(text) and len(text.split()) >= 5 and text[-1:] != ".":
            text = by_capitals(text)
        yield text, cell, page


def whole_items(lines: Sequence[Line]) -> list[Line]:
    """A column of one item a line, with those that a narrow column breaks in one: their lines stand closer, or there was no room."""
    single = [line for line in lines if len(line.cells) == 1]
    if len(single) < max(ITEMS, 0.9 * len(lines)) or sum(bool(SPLIT.search(line.text)) for line in single) > 0.1 * len(
        single
    ):
        return list(lines)
    if any(line.words[0].text in BULLETS for line in single):
        return list(lines)
    steps = [b.box[1] - a.box[1] for a, b in zip(lines, lines[1:], strict=False) if _beneath(a, b)]
    close = _closer(steps)
    width = max(line.box[2] - line.box[0] for line in single)
    out: list[Line] = []
    before: Line | None = None
    for line in lines:
        if before is not None and out and _beneath(before, line) and len(line.cells) == len(before.cells) == 1:
            first = line.words[0]
            room = width - (before.box[2] - before.box[0]) - 0.25 * line.size
            fits = first.box[2] - first.box[0] <= room
            step = line.box[1] - before.box[1]
            goes_on = step <= close if close else line.text[:1].islower() and before.text[-1:].islower()
            if goes_on and (not fits or _is_spaced(line.words)):
                last = out.pop()
                words = [*_as_words(last.cells[0]), *_as_words(line.cells[0])]
                if len(line.text) <= 2 and line.text.islower():  # "Bookkeepin" above "g": a box narrower than the word
                    words = [*words[:-2], replace(words[-2], text=words[-2].text + words[-1].text)]
                cell = Cell(words, last.page, last.cells[0].order, last=line.cells[0].last).close()
                out.append(replace(last, cells=[cell], marks=set(last.marks)).close())
                before = line
                continue
        out.append(line)
        before = line
    return out


def _beneath(above: Line, line: Line) -> bool:
    same = (above.page, above.region, above.bold, above.italic) == (line.page, line.region, line.bold, line.italic)
    return same and abs(above.size - line.size) < 0.3 and 0 < line.box[1] - above.box[1] < 3 * line.size


def _closer(steps: Sequence[float]) -> float:
    """The step up to which a line goes on with the one above, where items stand clearly wider apart; 0 where all steps are one."""
    if len(steps) < ITEMS - 1:
        return 0.0
    ordered = sorted(steps)
    jump, at = max((b - a, n) for n, (a, b) in enumerate(zip(ordered, ordered[1:], strict=False)))
    low, high = ordered[: at + 1], ordered[at + 1 :]
    clear = jump > 0.9 and jump > 1.5 * max(low[-1] - low[0], min(high[-1] - high[0], 3.0) / 3)
    return (low[-1] + high[0]) / 2 if clear and len(high) >= len(low) else 0.0


def _is_date(line: Line) -> bool:
    """True if the line is a date of issue ("March 3, 2021"), not a table row that ends with a year ("SQL   Good   2021")."""
    found = find_periods(line.text) if len(line.cells) < 3 else []
    return bool(found) and len(line.text) - (found[0].span[1] - found[0].span[0]) < 16


def _without_heading(line: Line) -> list[Cell]:
    cells = line.content
    if len(cells) > 1 and heading_of(cells[0].text):
        return cells[1:]
    if len(cells) == 1 and (match := _INLINE_LABEL.match(cells[0].text)) and heading_of(match.group(1)):
        return cells
    return cells


def _look(cell: Cell) -> tuple[bool, bool, int | None, float, bool]:
    return (cell.bold, cell.italic, cell.colour, round(cell.size * 2) / 2, cell.text.isupper() and len(cell.text) > 4)


def _rows_of_one_look(lines: Sequence[Line]) -> list[tuple[Line, Cell]]:
    """Lines of one cell, and cells side by side of one look: labels above columns, the items in them."""
    out = []
    for line in lines:
        cells = [c for c in line.cells if any(ch.isalnum() for ch in c.text)]
        if len(line.cells) == 1 or (cells and all(_look(c) == _look(cells[0]) for c in cells)):
            out += [(line, c) for c in (cells or line.cells)]
    return out


def _label_looks(lines: Sequence[Line]) -> set[tuple[bool, bool, int | None, float, bool]]:
    """Looks of group labels: stronger than the other lines, alone in their line, without separators, followed by plainer text."""
    singles = _rows_of_one_look(lines)
    looks: dict[tuple[bool, bool, int | None, float, bool], list[Cell]] = {}
    for _, cell in singles:
        looks.setdefault(_look(cell), []).append(cell)
    if len(looks) < 2:
        return set()
    out = set()
    for look, members in looks.items():
        others = [cell for other, cells in looks.items() if other != look for cell in cells]
        plain = all(not SPLIT.search(c.text) for c in members)
        stronger = (
            (look[0] and not all(c.bold for c in others))
            or (look[4] and not all(c.text.isupper() for c in others))
            or (look[1] and not any(c.italic for c in others))
            or look[3] > max(c.size for c in others) + 0.4
        )
        if (
            stronger
            and len(members) < 2
            and not look[0]
            and not look[1]
            and look[3] <= max(c.size for c in others) + 0.4
        ):
            stronger = False  # one item in capitals: an abbreviation
        followed = sum(1 for line, c in singles if _look(c) == look and _plainer_next(singles, line, look))
        if plain and stronger and followed >= 0.8 * len(members) and len(members) <= len(others):
            out.add(look)
    return out


def _plainer_next(
    singles: Sequence[tuple[Line, Cell]], line: Line, look: tuple[bool, bool, int | None, float, bool]
) -> bool:
    after = next((c for other, c in singles if other.index > line.index), None)
    return after is not None and _look(after) != look


def _is_label_cell(left: Cell, right: Cell) -> bool:
    """ "Technical   Go, SQL": the left cell names the group."""
    if len(left.text.split()) > 4 or SPLIT.search(left.text):
        return False
    if left.text.endswith((":", "：")):
        return True
    differs = (
        left.bold != right.bold or left.italic != right.italic or (left.text.isupper() and not right.text.isupper())
    )
    return bool(SPLIT.search(right.text)) and (
        differs or left.colour != right.colour or right.box[0] - left.box[2] > 1.5 * left.size
    )


def _under_labels(cells: Sequence[Cell], columns: Sequence[tuple[float, float]]) -> bool:
    """The row stands in the columns of two or more others whose left cell is a label: its group has one item."""
    here = (cells[0].box[0], cells[1].box[0])
    alike = sum(abs(left - here[0]) < 1.5 and abs(right - here[1]) < 1.5 for left, right in columns)
    return alike >= 2 and len(cells[0].text.split()) <= 4


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
        and SPLIT.search(" ".join(w.text for w in words[lead:]))
    ):
        return tidy(" ".join(w.text for w in words[lead:]))
    return text


def _spaced_items(cell: Cell) -> str:
    """Items set apart by wider spaces only get a separator where the space is clearly wider than the usual one."""
    words = [w for w in cell.words if w.text]
    text = cell.text
    if len(words) == 3 and text.isupper() and all(len(w.text) == 1 for w in words):
        gaps = [b.box[0] - a.box[2] for a, b in zip(words, words[1:], strict=False)]
        return "".join(w.text for w in words) if max(gaps) < 1.5 * min(gaps) else text  # "S Q L"
    if len(words) < 3 or SPLIT.search(text) or ":" in text:
        return _far_apart(words, cell)
    if max(w.box[1] for w in words) - min(w.box[1] for w in words) > 0.7 * cell.size:
        return text  # an item over two lines
    if _is_spaced(words):
        return text
    gaps = [_gap(a, b) for a, b in zip(words, words[1:], strict=False)]
    size = cell.size
    low, high = min(gaps), max(gaps)
    usual = min(median(gaps), 0.36 * size)
    if high < 1.45 * max(low, 0.18 * size) or high - low < 0.12 * size:
        return text if high < 0.42 * size else _join_all(words, gaps, 0.0)
    return _join_all(words, gaps, max((low + high) / 2, 1.25 * usual if usual < 0.3 * size else 0.0))


def _gap(one: Word, other: Word) -> float:
    """The room between two words, whichever way they are written."""
    return max(other.box[0] - one.box[2], one.box[0] - other.box[2])


def _is_spaced(words: Sequence[Word]) -> bool:
    """Letter-spaced."""
    return len(words) > 2 and sum(len(w.text) == 1 for w in words) >= 0.7 * len(words)


def _as_words(cell: Cell) -> list[Word]:
    """The words of a cell; those of letter-spaced text as its text has them."""
    return (
        [replace(cell.words[0], text=t, box=cell.box) for t in cell.text.split()]
        if _is_spaced(cell.words)
        else cell.words
    )


def _far_apart(words: Sequence[Word], cell: Cell) -> str:
    """Two boxes in one cell: no space between words is that wide."""
    if len(words) != 2 or _gap(*words) < TWO_BOXES * cell.size or cell.words[0].text in BULLETS:
        return cell.text
    return f"{words[0].text} , {words[1].text}"


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
    return bool(SPLIT.search(text)) and no_room
