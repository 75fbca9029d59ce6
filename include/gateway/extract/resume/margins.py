"""Columns that belong together: dates and headings in a narrow margin, and the text next to them.

The page is cut into columns before anything of it is understood; where a column holds nothing but dates and headings, its lines
go back to the lines at their height.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from gateway.extract.page.layout import Cell, Line, around
from gateway.extract.resume.evidence import is_place
from gateway.extract.resume.headings import known_heading
from gateway.extract.resume.looks import continues, look_of
from gateway.extract.resume.spans import periods
from gateway.model import Box

NEXT_TO = 120.0  # points between a margin and its text at most
NARROW = 0.6  # width of a margin against that of its text at most
LEVEL = 0.75  # of the type size: how far apart the tops of two lines of one row may be


def rejoin(lines: Sequence[Line], headings: set[int]) -> set[int]:
    """
    Moves the dates of a margin to the lines next to them, whichever side it is on; the places under dates at the right too.

    headings  ids of the lines that are headings
    returns   ids of the lines whose cells were moved: nothing of an entry is left in them
    """
    moved: set[int] = set()
    for margin, text, right in _pairs(lines, headings):
        plain = [line for line in margin if id(line) not in headings]
        for line, cells, also in _dates(plain):
            if right and _is_remark(line):
                pass
            elif not _is_date(line) and not also:
                continue
            beside = _beside(line, text, right)
            if beside is None:
                continue
            if right:
                _place(beside, cells, len(beside.cells))
            else:
                _place(beside, cells, 0)
            moved |= {id(line), *map(id, also)}
    return moved


def _beside(line: Line, text: Sequence[Line], right: bool) -> Line | None:
    """The line at the height of a date; for one at the right in a row of its own, the line right above."""
    nearest = min(text, key=lambda other: abs(other.box[1] - line.box[1]))
    if abs(nearest.box[1] - line.box[1]) <= LEVEL * max(line.size, nearest.size):
        return nearest
    over = [other for other in text if 0 < line.box[1] - other.box[1] < 1.7 * max(line.size, other.size)]
    return max(over, key=lambda other: other.box[1], default=None) if right else None


def _place(beside: Line, cells: Sequence[Cell], at: int) -> None:
    """Puts cells into a line, once: sections are marked more than once."""
    there = {(cell.text, cell.box) for cell in beside.cells}
    new = [cell for cell in cells if (cell.text, cell.box) not in there]
    beside.cells[at:at] = new
    beside.text = "  ".join(c.text for c in beside.cells if c.text)


def _dates(margin: Sequence[Line]) -> list[tuple[Line, list[Cell], list[Line]]]:
    """(line, its cells, further lines): a range printed in two lines, "2019-03" above "Present", is one cell of the first."""
    out: list[tuple[Line, list[Cell], list[Line]]] = []
    at = 0
    while at < len(margin):
        line, after = margin[at], margin[at + 1] if at + 1 < len(margin) else None
        both = _range_of(line, after) if after is not None else None
        out.append((line, [both] if both else list(line.cells), [after] if both and after else []))
        at += 2 if both else 1
    return out


def _range_of(line: Line, after: Line) -> Cell | None:
    """The range that a date and the date or "present" beneath it make; None when they are two dates, or none."""
    step = after.box[1] - line.box[1]
    if line.page != after.page or not 0 < step < 1.7 * line.size or len(line.cells) != 1 or len(after.cells) != 1:
        return None
    first, second = line.cells[0], after.cells[0]
    found = periods(first.text)
    if len(found) != 1 or found[0].is_range or not _is_date(line):
        return None
    words = list(first.words)
    if not re.search(r"[-–—‑~→]\s*(?:[^\W\d_]{3,}\.?)?$|^\s*[-–—‑~→]", f"{first.text}\n{second.text}", re.M):
        words.append(replace(second.words[0], text="–"))
    whole = Cell([*words, *second.words], first.page, first.order, last=second.last).close()
    ranges = periods(whole.text)
    covered = len(ranges) == 1 and ranges[0].is_range and ranges[0].span[1] - ranges[0].span[0] >= len(whole.text) - 2
    return whole if covered else None


def _is_remark(line: Line) -> bool:
    """A place or how the work was done, as it stands under a date at the right."""
    return all(is_place(cell.text) for cell in line.cells)


def headed(lines: Sequence[Line], headings: set[int]) -> dict[int, Line]:
    """For the lines next to a margin of headings: id -> the heading at their height or the last one above."""
    out: dict[int, Line] = {}
    regions, boxes = _by_region(lines)
    for key, margin in regions.items():
        marks = [line for line in margin if id(line) in headings and len(line.cells) == 1]
        marks = [mark for n, mark in enumerate(marks) if not n or not continues(marks[n - 1], mark)]
        if len(marks) < 2 and not (marks and any(_is_date(line) for line in margin)):
            continue
        beside = [
            other
            for other in regions
            if other[0] == key[0] and boxes[other][0] > boxes[key][2] - 6 and boxes[other][3] > marks[0].box[1]
        ]
        text = [line for other in beside for line in regions[other]]
        if not text or min(line.box[0] for line in text) - boxes[key][2] > NEXT_TO or _own_headings(text, headings):
            continue
        if not _is_margin(margin[margin.index(marks[0]) :], text, headings):
            continue
        for line in text:
            above = [mark for mark in marks if mark.box[1] <= line.box[1] + LEVEL * mark.size]
            if above:
                out[id(line)] = above[-1]
    return out


def _own_headings(text: Sequence[Line], headings: set[int]) -> bool:
    """True for a column with a heading of its own, in a look that few of its lines have."""
    looks = Counter(look_of(line.cells[0]) for line in text)
    own = [line for line in text if id(line) in headings and len(line.cells) == 1]
    if len({known_heading(line.cells[0].text) for line in own}) > 1:
        return True
    return any(looks[look_of(line.cells[0])] < max(3, 0.2 * len(text)) for line in own)


def _is_margin(margin: Sequence[Line], text: Sequence[Line], headings: set[int]) -> bool:
    """True if all that stands in it is headings, dates, and labels at the height of a line of the text."""
    above = margin[0]
    other = 0
    for line in margin[1:]:
        plain = id(line) not in headings and not continues(above, line) and not _is_date(line)
        level = any(abs(one.box[1] - line.box[1]) < LEVEL * line.size for one in text)
        other += plain and not level
        above = line
    return other <= 0.1 * len(margin)


def _between(group: Sequence[Line], headings: set[int]) -> list[list[Line]]:
    """A column as a whole where it is a margin throughout; else cut at its headings, for one that is a margin in some sections."""
    plain = [line for line in group if id(line) not in headings]
    if len(plain) == len(group) or sum(map(_is_date, plain)) >= 0.5 * len(plain):
        return [list(group)]
    out: list[list[Line]] = [[]]
    for line in group:
        if id(line) in headings and out[-1]:
            out.append([])
        out[-1].append(line)
    return [list(group), *out]


def _by_region(lines: Sequence[Line]) -> tuple[dict[tuple[int, int], list[Line]], dict[tuple[int, int], Box]]:
    regions: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        if any(c.isalnum() for c in line.text):
            regions.setdefault((line.page, line.region), []).append(line)
    return regions, {key: around([line.box for line in group]) for key, group in regions.items()}


def _pairs(lines: Sequence[Line], headings: set[int]) -> list[tuple[list[Line], list[Line], bool]]:
    """(lines of a margin, lines of the column next to it, whether the margin is at the right), page by page."""
    regions, boxes = _by_region(lines)
    out = []
    for key, margin in ((key, part) for key, group in regions.items() for part in _between(group, headings)):
        plain = [line for line in margin if id(line) not in headings]
        dated = sum(_is_date(line) for line in plain)
        if not dated:
            continue
        here = around([line.box for line in margin])
        level = [
            other
            for other in regions
            if other != key and other[0] == key[0] and min(boxes[other][3], here[3]) - max(boxes[other][1], here[1]) > 0
        ]
        beside = [other for other in level if boxes[other][0] > here[2] - 6]
        text = [line for other in beside for line in regions[other]]
        marks = [line for line in margin if id(line) in headings]
        dates_only = dated >= 0.5 * len(plain) or (
            bool(marks and text)
            and here[2] - here[0] < NARROW * (max(line.box[2] for line in text) - min(line.box[0] for line in text))
            and _is_margin(margin[margin.index(marks[0]) :], text, headings)
        )
        places = sum(_is_remark(line) for line in plain)
        dates_only = dates_only or (dated >= 0.5 * (len(plain) - places) and dated >= 2)
        if text and dates_only and min(boxes[other][0] for other in beside) - here[2] < NEXT_TO:
            out.append((margin, text, False))
            continue
        before = [other for other in level if boxes[other][2] < here[0] + 6]
        text = [line for other in before for line in regions[other]]
        remarks = sum(_is_date(line) or _is_remark(line) for line in plain)
        if text and (dated >= 0.5 * len(plain) or (remarks == len(margin) and dated >= 0.34 * len(plain))):
            out.append((margin, text, True))
    return out


def _is_date(line: Line) -> bool:
    """True if the line is a date or range, perhaps with a word next to it."""
    found = [period for cell in line.cells for period in periods(cell.text)]
    if not found:
        return False
    signs = sum(c.isalnum() for c in line.text)
    dated = sum(
        c.isalnum() for cell in line.cells for p in periods(cell.text) for c in cell.text[p.span[0] : p.span[1]]
    )
    return signs - dated <= 3
