"""Columns that belong together: dates and headings in a narrow margin, and the text next to them.

The page is cut into columns before anything of it is understood; where a column holds nothing but dates and headings, its lines
go back to the lines at their height.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.extract.page.layout import Line, around
from gateway.extract.resume.spans import periods
from gateway.model import Box

LEVEL = 0.75  # of the type size: how far apart the tops of two lines of one row may be


def rejoin(lines: Sequence[Line], headings: set[int]) -> set[int]:
    """
    Moves the dates of a margin to the lines next to them.

    headings  ids of the lines that are headings
    returns   ids of the lines whose cells were moved: nothing of an entry is left in them
    """
    moved: set[int] = set()
    for margin, text in _pairs(lines, headings):
        for line in margin:
            if id(line) in headings or not _is_date(line):
                continue
            beside = min(text, key=lambda other: abs(other.box[1] - line.box[1]))
            if abs(beside.box[1] - line.box[1]) > LEVEL * max(line.size, beside.size):
                continue
            for cell in reversed(line.cells):
                if not any(cell is other for other in beside.cells):
                    beside.cells.insert(0, cell)
            beside.text = "  ".join(c.text for c in beside.cells if c.text)
            moved.add(id(line))
    return moved


def headed(lines: Sequence[Line], headings: set[int]) -> dict[int, Line]:
    """For the lines next to a margin of headings: id -> the heading at their height or the last one above."""
    out: dict[int, Line] = {}
    for margin, text in _pairs(lines, headings):
        marks = sorted((line for line in margin if id(line) in headings), key=lambda line: line.box[1])
        if not marks or any(id(line) in headings for line in text):
            continue
        for line in text:
            above = [mark for mark in marks if mark.box[1] <= line.box[1] + LEVEL * mark.size]
            if above:
                out[id(line)] = above[-1]
    return out


def _pairs(lines: Sequence[Line], headings: set[int]) -> list[tuple[list[Line], list[Line]]]:
    """(lines of a margin, lines of the column to its right), page by page."""
    regions: dict[tuple[int, int], list[Line]] = {}
    for line in lines:
        if any(c.isalnum() for c in line.text):
            regions.setdefault((line.page, line.region), []).append(line)
    boxes: dict[tuple[int, int], Box] = {key: around([line.box for line in group]) for key, group in regions.items()}
    out = []
    for key, margin in regions.items():
        plain = [line for line in margin if id(line) not in headings]
        dated = sum(_is_date(line) for line in plain)
        if len(margin) < 2 or dated < 0.5 * len(plain) or not dated:
            continue
        left = boxes[key]
        right = [
            other
            for other in regions
            if other != key
            and other[0] == key[0]
            and boxes[other][0] > left[2] - 6
            and min(boxes[other][3], left[3]) - max(boxes[other][1], left[1]) > 0
        ]
        text = [line for other in right for line in regions[other]]
        if text and min(boxes[other][0] for other in right) - left[2] < 120:
            out.append((margin, text))
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
