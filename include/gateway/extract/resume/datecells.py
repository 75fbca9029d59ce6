"""Dates among the cells of a line: joined again where wide spaces split them, and separated from other text."""

from __future__ import annotations

import re
from dataclasses import replace

from gateway.extract.page.layout import Cell, Line, around
from gateway.extract.resume.evidence import EDGE
from gateway.extract.resume.spans import periods as find_periods
from gateway.values.lexicon import bare, months, phrases

_ABBREVIATED = re.compile(r"(?:^|\s)[A-ZÀ-Þ][^\W\d_]{0,2}\.$")  # "St. Mary", "Ste. Anne"
_OPEN_END = re.compile(
    r"(?:\s(?:of|for|de|di|do|da|du|des|del|della|der|für|and|und|et|y|e|&|la|von|van|à)|[^\W\d_]-)$"
)


def dates_whole(cells: list[Cell]) -> list[Cell]:
    """A date that wide spaces cut in two ("Oct.   2024 – Aug. 2025", "2017 –   now") put together again."""
    out: list[Cell] = []
    for cell in cells:
        last = out[-1] if out else None
        if last is not None and last.page == cell.page:
            if re.fullmatch(r"(?:19|20)\d\d", last.text) and re.fullmatch(r"0?[1-9]|1[0-2]", cell.text):
                month = replace(last.words[0], text=f"{last.text}/{cell.text}", box=around([last.box, cell.box]))
                out[-1] = Cell([month], last.page, last.order, last=cell.last).close()
                continue
            if _bare_date(last.text) and _bare_date(cell.text):
                dash = replace(cell.words[0], text="–")
                both = Cell([*last.words, dash, *cell.words], last.page, last.order, last=cell.last).close()
                if any(p.is_range for p in find_periods(both.text)):
                    out[-1] = both
                    continue
            named = bare(last.text) in months() and re.match(r"'?\d\d", cell.text)
            open_end = re.search(r"\d\s*[-–—‑~]\s*$", last.text) and len(last.text) <= 20
            dashed = re.match(r"[-–—‑~]\s*[^\W_]", cell.text) and find_periods(last.text) and len(cell.text) <= 22
            if named or open_end or dashed:
                both = Cell(last.words + cell.words, last.page, last.order, last=cell.last).close()
                found = find_periods(both.text)
                if found and found[-1].is_range:
                    out[-1] = both
                    continue
        out.append(cell)
    return out


def closed_up(line: Line) -> Line:
    """The line with the cells joined that only justified type or an abbreviation's wide space drew apart."""
    out: list[Cell] = []
    gaps = [b.box[0] - a.box[2] for a, b in zip(line.cells, line.cells[1:], strict=False)]
    usual = sorted(gaps)[len(gaps) // 2] if len(gaps) >= 3 else -1.0
    even = [g for g in gaps if usual > 0 and abs(g - usual) < 0.15 * line.size]
    for number, cell in enumerate(line.cells):
        last = out[-1] if out else None
        if last is not None and last.page == cell.page:
            gap = gaps[number - 1]
            alike = (last.bold, last.italic, last.colour) == (cell.bold, cell.italic, cell.colour)
            justified = (
                bool(even) and len(even) >= 3 and gap in even and gap < 2.5 * line.size and not find_periods(cell.text)
            )
            short = _ABBREVIATED.search(last.text) and 0 < gap < 0.75 * line.size
            if alike and (justified or short):
                out[-1] = Cell([*last.words, *cell.words], last.page, last.order, last=cell.last).close()
                continue
        out.append(cell)
    return line if len(out) == len(line.cells) else _with(line, out)


def names_whole(lines: list[Line]) -> list[Line]:
    """Lines in which a name that a narrow cell breaks ("University of" above "Manizales", a date beside it) stands whole in the first one."""
    out: list[Line] = []
    for line in lines:
        last = out[-1] if out else None
        at = _broken_name(last, line) if last is not None else None
        if last is not None and at is not None:
            begun, rest = last.cells[at], line.cells[0]
            words = [*begun.words, *rest.words]
            if begun.text.endswith("-"):
                joint = replace(begun.words[-1], text=begun.words[-1].text + rest.words[0].text)
                words = [*begun.words[:-1], joint, *rest.words[1:]]
            whole = Cell(words, begun.page, begun.order, last=rest.last).close()
            out[-1] = _with(last, [*last.cells[:at], whole, *last.cells[at + 1 :]])
            if len(line.cells) == 1:
                continue
            line = _with(line, line.cells[1:])
        out.append(line)
    return out


def _broken_name(last: Line, line: Line) -> int | None:
    """Which cell of the line above, one of several, goes on in the first cell of the next line."""
    step = line.box[1] - last.box[1]
    if len(last.cells) < 2 or last.page != line.page or not 0 < step < 1.7 * max(line.size, last.size):
        return None
    first = line.cells[0]
    for at, cell in enumerate(last.cells):
        same = abs(cell.box[0] - first.box[0]) < 2 and (cell.bold, cell.italic) == (first.bold, first.italic)
        if same and first.text[:1].isupper() and _OPEN_END.search(cell.text) and not find_periods(first.text):
            return at
    return None


def dates_over_lines(lines: list[Line]) -> list[Line]:
    """Lines in which a range that a narrow column breaks ("May 2020 –" above "Present") stands whole in the first one."""
    out: list[Line] = []
    for line in lines:
        for at in (0, -1):  # a column of dates at the left, or at the right
            last = out[-1] if out else None
            if last is None or len(last.cells) < 2 or (at == 0 and len(line.cells) < 2) or not line.cells:
                continue
            begun, rest = last.cells[at], line.cells[at]
            dash = _ends_open(begun, rest)
            if dash is None:
                continue
            between = [replace(rest.words[0], text=dash)] if dash else []
            whole = Cell([*begun.words, *between, *rest.words], begun.page, begun.order, last=rest.last).close()
            if (found := find_periods(whole.text)) and found[-1].is_range:
                out[-1] = _with(last, [whole, *last.cells[1:]] if at == 0 else [*last.cells[:-1], whole])
                left = line.cells[1:] if at == 0 else line.cells[:-1]
                line = _with(line, left) if left else replace(line, cells=[])
        if line.cells:
            out.append(line)
    return out


def _ends_open(begun: Cell, beneath: Cell) -> str | None:
    """What to put between a date that goes on in the next line and its rest: nothing or a dash; None where it does not go on."""
    close = 0 < beneath.box[1] - begun.box[1] < 2 * begun.size and begun.page == beneath.page
    edge = min(abs(begun.box[0] - beneath.box[0]), abs(begun.box[2] - beneath.box[2])) < 0.5 * begun.size
    if not close or not edge or len(begun.text) > 22 or len(beneath.text) > 20:
        return None
    if bare(begun.text) in months():
        return "" if re.match(r"(?:19|20)\d\d\b", beneath.text) else None  # "March" above "2023 – today"
    if re.search(r"\d\s*[-–—‑~]\s*(?:[^\W\d_]{3,10}\.?)?$", begun.text):
        return ""  # "Jul 2017 –", "Jul 2017–Jan" above "2021"
    tight = beneath.box[1] - begun.box[1] < 1.45 * begun.size
    if not tight or not _bare_date(begun.text):
        return None
    if bare(beneath.text) in phrases("present"):
        return "–"
    dates = [find_periods(cell.text)[0].start or "" for cell in (begun, beneath) if _bare_date(cell.text)]
    return "–" if len(dates) == 2 and all(len(date) == 7 for date in dates) and dates[0] < dates[1] else None


def _with(line: Line, cells: list[Cell]) -> Line:
    return replace(line, cells=cells, marks=set(line.marks)).close()


def _bare_date(text: str) -> bool:
    found = find_periods(text)
    return (
        len(found) == 1 and not found[0].is_range and found[0].span[1] - found[0].span[0] >= len(text.strip(EDGE)) - 1
    )


def is_date(line: Line) -> bool:
    """A date range and nothing else, whatever sign stands before it."""
    found = find_periods(line.text)
    if not found or not found[0].is_range:
        return False
    begin, end = found[0].span
    return not any(c.isalpha() for c in line.text[:begin] + re.sub(r"\([^()]*\)", "", line.text[end:]))
