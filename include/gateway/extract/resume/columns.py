"""Columns put right after a page is cut into regions, once its headings and dates can be told.

The page is cut before its words are understood. Two rows of headings side by side show columns that it took for one, and a row of
dates above cards set side by side belongs to the cards.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from gateway.extract.page.layout import Cell, Line, around, joined
from gateway.extract.resume.looks import is_heading_cell, look_of
from gateway.extract.resume.spans import periods

LEAST = 3  # lines a column has at least
NEAR = 6.0  # points by which the left edges of one column may differ


def settled(lines: Sequence[Line]) -> list[Line]:
    """The lines in reading order, with columns that ran together parted and rows that head columns given to them."""
    for line in lines:
        _turn(line)
    out: list[Line] = []
    number = max((line.region for line in lines), default=0)
    for group in _regions(lines):
        for part in _parted(group):
            if len(group) != len(part):
                number += 1
                for line in part:
                    line.region = number
            out.extend(part)
    return _headed_by_rows(out)


def _turn(line: Line) -> None:
    """Latin dates beside right-to-left text in their own order, left to right.

    A heading in a left margin comes first there too.
    """
    if not any(map(_is_rtl, line.text)):
        return
    for cell in line.cells:
        xs = [word.box[0] for word in cell.words]
        native = any(map(_is_rtl, cell.text))
        if len(xs) > 1 and not native and all(a > b for a, b in zip(xs, xs[1:], strict=False)):
            cell.words.reverse()
            cell.text = joined(cell.words)
    if len(line.cells) > 1 and is_heading_cell(line.cells[-1]) and not is_heading_cell(line.cells[0]):
        line.cells.insert(0, line.cells.pop())
    line.text = "  ".join(cell.text for cell in line.cells if cell.text)


def _is_rtl(char: str) -> bool:
    return "\u0590" <= char <= "\u08ff"


def _regions(lines: Sequence[Line]) -> list[list[Line]]:
    groups: list[list[Line]] = []
    for line in lines:
        if groups and groups[-1][0].region == line.region and groups[-1][0].page == line.page:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _parted(lines: list[Line]) -> list[list[Line]]:
    """The region whole, or what stands above two columns, the columns one after the other, and what stands beneath."""
    for at, line in enumerate(lines):
        x = _second_heading(line)
        if x is None:
            continue
        until = next((n for n in range(at, len(lines)) if _crosses(lines[n], x)), len(lines))
        band = lines[at:until]
        left = [part for one in band if (part := _side(one, x, True))]
        right = [part for one in band if (part := _side(one, x, False))]
        large = line.size > 1.2 * median(one.size for one in band[1:]) if len(band) > 1 else False
        if len(left) >= LEAST and len(right) >= LEAST and (large or _ragged(band, x)):
            return [part for part in (lines[:at], left, right, *_parted(lines[until:])) if part] if lines else []
    return [lines] if lines else []


def _second_heading(line: Line) -> float | None:
    """Where the second of two headings of one look in a row begins."""
    cells = [cell for cell in line.cells if any(c.isalnum() for c in cell.text)]
    if len(cells) != 2 or not all(map(is_heading_cell, cells)):
        return None
    first, second = map(look_of, cells)
    return cells[1].box[0] if first[1:] == second[1:] and abs(first[0] - second[0]) <= 0.5 else None


def _crosses(line: Line, x: float) -> bool:
    return any(cell.box[0] < x - NEAR and cell.box[2] > x + NEAR for cell in line.cells)


def _side(line: Line, x: float, left: bool) -> Line | None:
    cells = [cell for cell in line.cells if (cell.box[0] < x - NEAR) == left]
    if not cells:
        return None
    return line if len(cells) == len(line.cells) else Line(cells, line.page, line.region).close()


def _ragged(band: Sequence[Line], x: float) -> bool:
    """True for columns of their own; rows that always have both sides are a table ("Skills | Level" over its rows)."""
    both = sum(_side(line, x, True) is not None and _side(line, x, False) is not None for line in band[1:])
    return both < 0.8 * (len(band) - 1)


def _headed_by_rows(lines: list[Line]) -> list[Line]:
    """Rows of as many cells as there are columns beneath, each cell above one of them, moved into the columns."""
    groups = _regions(lines)
    for above, one, two in zip(groups, groups[1:], groups[2:], strict=False):
        pair = (one, two)
        boxes = [around([line.box for line in group]) for group in pair]
        beside = boxes[0][2] <= boxes[1][0] + NEAR and min(boxes[0][3], boxes[1][3]) > max(boxes[0][1], boxes[1][1])
        if above[0].page != one[0].page or one[0].page != two[0].page or not beside or len(above) < 2:
            continue
        last = above[-1]
        close = 0 <= boxes[0][1] - last.box[3] + 0.5 * last.size < 1.5 * last.size
        cells = [cell for cell in last.cells if any(c.isalnum() for c in cell.text)]
        if close and len(cells) == 2 and all(map(_over, cells, boxes)) and all(periods(c.text) for c in cells):
            above.remove(last)
            for cell, group in zip(cells, pair, strict=True):
                group.insert(0, Line([cell], last.page, group[0].region).close())
    return [line for group in groups for line in group]


def _over(cell: Cell, box: tuple[float, float, float, float]) -> bool:
    return abs(cell.box[0] - box[0]) < 2 * NEAR and cell.box[2] <= box[2] + NEAR


def under_left(lines: Sequence[Line], headings: set[int]) -> dict[int, Line]:
    """
    For a second column of cards whose headings span the page: id -> the heading in the first column that it stands under.

    Such a heading has no text beside it: the second column is empty at its height.
    """
    out: dict[int, Line] = {}
    groups = _regions([line for line in lines if any(c.isalnum() for c in line.text)])
    for left, right in zip(groups, groups[1:], strict=False):
        one, two = (around([line.box for line in group]) for group in (left, right))
        if (
            left[0].page != right[0].page
            or two[0] < one[2] - NEAR
            or any(
                id(line) in headings and line.size > 0.95 * max(x.size for x in left if id(x) in headings)
                for line in right
                if any(id(x) in headings for x in left)
            )
        ):
            continue
        marks = [line for line in left if id(line) in headings and two[1] - 3 * line.size < line.box[1] < two[3]]
        inside = any(mark.box[1] > two[1] for mark in marks)
        if inside and all(_alone(mark, right) for mark in marks):
            for line in right:
                over = [mark for mark in marks if mark.box[1] < line.box[1]]
                if over:
                    out[id(line)] = over[-1]
    return out


def _alone(mark: Line, right: Sequence[Line]) -> bool:
    above = max((line.box[3] for line in right if line.box[1] < mark.box[1]), default=None)
    beneath = min((line.box[1] for line in right if line.box[1] >= mark.box[1]), default=None)
    if above is None or beneath is None:
        return beneath is not None
    usual = median(line.size for line in right)
    return above <= mark.box[1] + 0.2 * usual and beneath >= mark.box[3] - 0.2 * usual and beneath - above > 2.2 * usual
