"""Columns and lines of a page in reading order.

Columns are looked for among cells, not words: a gutter is where right-hand cells begin and nothing crosses. Two cells side by
side may as well be one table row ("Phone   +1 ..."), a label next to its text or a date at the margin; the tests in
`_is_columns` tell these apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import median

from gateway.extract.page.characters import is_rtl
from gateway.extract.page.layout import Cell, Line, cells_of
from gateway.extract.page.words import Page
from gateway.values.table_words import is_table_head

TITLE = 1.4  # times the usual size of a region: larger type is no row of a table


def lines_of(
    page: Page, is_heading: Callable[[Cell], bool], is_dated: Callable[[str], bool], first_region: int = 0
) -> tuple[list[Line], int]:
    """Lines in reading order and the number of regions (columns and bands) found."""
    cells = [c for c in cells_of(page) if c.text or c.words]
    if not cells:
        return [], 0
    regions: list[list[Cell]] = []
    named = _column_names(cells)
    _cut(cells, page, lambda cell: id(cell) not in named and is_heading(cell), is_dated, regions, 0)
    lines: list[Line] = []
    for number, region in enumerate(regions):
        lines.extend(_rows(region, page.number, first_region + number))
    return lines, len(regions)


def _column_names(cells: list[Cell]) -> set[int]:
    """Ids of the cells in the head rows of tables: what reads like a heading there ("Qualification") heads one column."""
    rows: dict[int, list[Cell]] = {}
    for cell in cells:
        rows.setdefault(round(cell.box[3]), []).append(cell)
    return {id(cell) for row in rows.values() if is_table_head([c.text for c in row]) for cell in row}


def _rows(cells: list[Cell], page: int, region: int) -> list[Line]:
    rows: list[list[Cell]] = []
    for cell in sorted(cells, key=lambda c: ((c.box[1] + c.box[3]) / 2, c.box[0])):
        middle = (cell.box[1] + cell.box[3]) / 2
        row = rows[-1] if rows else None
        if row is not None:
            top, bottom = min(c.box[1] for c in row), max(c.box[3] for c in row)
            small = min(cell.box[3] - cell.box[1], min(c.box[3] - c.box[1] for c in row))
            overlap = min(bottom, cell.box[3]) - max(top, cell.box[1])
            centre = (row[0].box[1] + row[0].box[3]) / 2
            apart = all(c.box[2] <= cell.box[0] + 1 or c.box[0] >= cell.box[2] - 1 for c in row)
            if overlap > 0.55 * small and abs(middle - centre) < 0.6 * max(small, 0.5 * (bottom - top)) and apart:
                row.append(cell)
                continue
        rows.append([cell])
    out = []
    for row in rows:
        arabic = sum(is_rtl(c.text) for c in row) * 2 > len(row)
        row.sort(key=lambda c: -c.box[2] if arabic else c.box[0])
        out.append(Line(row, page, region).close())
    return _aligned(out)


def _aligned(lines: list[Line]) -> list[Line]:
    """Cells cut where a word after a wider space is under the left edge of other lines: a narrow column of labels."""
    starts = Counter(round(c.box[0]) for line in lines for c in line.cells)
    tops: dict[int, list[float]] = {}
    tabled = any(is_table_head([c.text for c in line.cells]) for line in lines)
    for line in lines:
        if tabled or len(line.cells) >= 3:
            for cell in line.cells:
                tops.setdefault(round(cell.box[0]), []).append(cell.box[1])
    usual = median([c.size for line in lines for c in line.cells]) if lines else 0.0
    for line in lines:
        cells: list[Cell] = []
        for cell in line.cells:
            rest = cell
            if cell.size > TITLE * usual:
                cells.append(cell)  # a name or title: its words stand under other edges by chance
                continue
            while at := next((n for n in range(1, len(rest.words)) if _under_edge(rest, n, starts, tops)), None):
                cells.append(Cell(rest.words[:at], rest.page, rest.order, last=rest.last).close())
                rest = Cell(rest.words[at:], rest.page, rest.order + at, last=rest.last).close()
            cells.append(rest)
        if len(cells) != len(line.cells):
            line.cells = cells
            line.close()
    return lines


def _under_edge(cell: Cell, at: int, starts: Counter[int], tops: dict[int, list[float]]) -> bool:
    before, word = cell.words[at - 1], cell.words[at]
    gap = word.box[0] - before.box[2]
    x = round(word.box[0])
    if gap < 0.42 * cell.size or len(before.text) < 2:
        return False
    if at < 5 and sum(starts[x + d] for d in (-1, 0, 1)) >= 2:
        return True
    # a row of a table of three columns or more: a cell above or beneath begins here too, and the text's other spaces are narrower
    rows = [top for d in (-1, 0, 1) for top in tops.get(x + d, ())]
    near = any(0.5 * cell.size < abs(top - cell.box[1]) < 3.2 * cell.size for top in rows)
    if not near or len(cell.words) < 3:
        return False
    others = [
        b.box[0] - a.box[2] for n, (a, b) in enumerate(zip(cell.words, cell.words[1:], strict=False), 1) if n != at
    ]
    return gap > 1.6 * median(others) and gap >= 0.5 * cell.size


def _cut(
    cells: list[Cell],
    page: Page,
    is_heading: Callable[[Cell], bool],
    is_dated: Callable[[str], bool],
    out: list[list[Cell]],
    depth: int,
) -> None:
    """Splits cells into bands and columns, in reading order."""
    best = _best_gutter(cells, page, is_heading, is_dated) if len(cells) >= 4 and depth < 6 else None
    if best is None:
        out.append(cells)
        return
    x, top, bottom = best
    top = _without_header(cells, x, top, bottom)
    above = [c for c in cells if _middle(c) < top]
    below = [c for c in cells if _middle(c) > bottom]
    band = [c for c in cells if top <= _middle(c) <= bottom]
    left = [c for c in band if c.box[0] < x]
    right = [c for c in band if c.box[0] >= x]
    for part in (above, left, right, below):
        if part:
            _cut(part, page, is_heading, is_dated, out, depth + 1)


def _without_header(cells: list[Cell], x: float, top: float, bottom: float) -> float:
    """The band's top, moved below rows of a header that only happen not to cross the gutter: they keep other margins."""
    band = sorted((c for c in cells if top <= _middle(c) <= bottom), key=_middle)
    margins = Counter(round(c.box[0]) for c in band)
    for cell in band:
        if cell.box[0] < x or abs(cell.box[0] - x) < 2.5 or margins[round(cell.box[0])] > 2:
            if cell.box[0] >= x:
                break
            continue
        row = [c for c in band if abs(_middle(c) - _middle(cell)) < 0.5 * cell.size]
        top = max(_middle(c) for c in row) + 0.1
        if not [c for c in band if c.box[0] < x and _middle(c) > top]:
            return band[0].box[1] - 0.1
    return top


def _middle(cell: Cell) -> float:
    return (cell.box[1] + cell.box[3]) / 2


def _best_gutter(
    cells: list[Cell], page: Page, is_heading: Callable[[Cell], bool], is_dated: Callable[[str], bool]
) -> tuple[float, float, float] | None:
    """(x, top, bottom) of the band in which a gutter at x divides most cells into two true columns; None for one column."""
    starts = sorted({round(c.box[0]) for c in cells})
    best: tuple[float, tuple[float, float, float]] | None = None
    for x in starts[1:]:
        edge = x - 0.6
        crossing = sorted((c for c in cells if c.box[0] < edge - 1 and c.box[2] > edge), key=_middle)
        bounds = [-1e9, *(_middle(c) for c in crossing), 1e9]
        sides = [c for c in cells if not (c.box[0] < edge - 1 and c.box[2] > edge)]
        for low, high in zip(bounds, bounds[1:], strict=False):
            band = [c for c in sides if low < _middle(c) < high]
            left = [c for c in band if c.box[0] < edge]
            right = [c for c in band if c.box[0] >= edge]
            if len(left) < 2 or len(right) < 2:
                continue
            aligned = sum(abs(c.box[0] - x) < 3 for c in right)
            if aligned < max(2, 0.25 * len(right)) and not (aligned >= 2 and _is_indented(right, x, is_heading)):
                continue
            weight = min(len(left), len(right)) + 0.2 * (len(left) + len(right)) + 0.3 * aligned
            if best is not None and weight <= best[0]:
                continue
            if _is_columns(left, right, is_heading, is_dated):
                area = left + right
                best = weight, (edge, min(_middle(c) for c in area) - 0.1, max(_middle(c) for c in area) + 0.1)
    return best[1] if best else None


def _is_indented(right: list[Cell], x: float, is_heading: Callable[[Cell], bool]) -> bool:
    """True if headings stand at the column's edge and the text beneath is set in from it by a few fixed steps (icons, bullets)."""
    heads = [c for c in right if abs(c.box[0] - x) < 3 and is_heading(c)]
    edges = Counter(round(c.box[0] / 3) for c in right)
    return len(heads) >= 2 and sum(n for _, n in edges.most_common(3)) >= 0.6 * len(right)


def _is_columns(
    left: list[Cell], right: list[Cell], is_heading: Callable[[Cell], bool], is_dated: Callable[[str], bool]
) -> bool:
    """True for two texts side by side, False for the two halves of table rows."""
    gutter = min(c.box[0] for c in right) - max(c.box[2] for c in left)
    size = median([c.size for c in left + right])
    if gutter < 0.12 * size:
        return False
    shared = min(max(c.box[3] for c in left), max(c.box[3] for c in right)) - max(
        min(c.box[1] for c in left), min(c.box[1] for c in right)
    )
    if shared < 2 * size:
        return False  # one above the other, not side by side
    headings_left = [c for c in left if is_heading(c)]
    headings_right = [c for c in right if is_heading(c)]
    if len(headings_left) == len(left) or len(headings_right) == len(right):
        return False  # headings set apart from their text (centred, or in the margin)
    rows_left, rows_right = _tops(left), _tops(right)
    pairs = _matched(rows_left, rows_right, size)
    unmatched_left = 1 - pairs / len(rows_left)
    unmatched_right = 1 - pairs / len(rows_right)
    contiguous = max(c.last for c in left) < min(c.order for c in right) or max(c.last for c in right) < min(
        c.order for c in left
    )
    tall = min(max(rows_left) - min(rows_left), max(rows_right) - min(rows_right))
    if headings_left and headings_right and tall > 3 * size:
        # Headings of the same style on both sides head two texts; a label's style differs from that of its value. So do headings
        # at heights where the other side has nothing.
        if any(abs(a.size - b.size) < 0.6 and a.bold == b.bold for a in headings_left for b in headings_right):
            return True
        both = ((headings_left, right), (headings_right, left))
        if any(all(abs(_middle(a) - _middle(b)) > 0.5 * size for b in other) for mine, other in both for a in mine):
            return True
    if gutter < 0.3 * size:
        return False
    dated_left = sum(is_dated(c.text) for c in left)
    dated_right = sum(is_dated(c.text) for c in right)
    margin_left = _is_margin(left, headings_left, dated_left)
    margin_right = _is_margin(right, headings_right, dated_right)
    if (margin_left and unmatched_left < 0.35) or (margin_right and unmatched_right < 0.35):
        return False
    if contiguous and len(rows_left) >= 2 and len(rows_right) >= 2:
        both_dated = dated_left and dated_right
        dense = _density(left, size) > 0.5 and _density(right, size) > 0.5
        if (
            both_dated
            or (dense and min(unmatched_left, unmatched_right) > 0.15)
            or (dense and min(len(rows_left), len(rows_right)) >= 5)
        ):
            return True
    return min(unmatched_left, unmatched_right) > 0.45 and tall > 4 * size and min(len(rows_left), len(rows_right)) >= 3


def _is_margin(side: list[Cell], headings: list[Cell], dated: int) -> bool:
    """Dates or labels next to the text they belong to."""
    short = sum(len(c.text) <= 32 for c in side)
    return dated >= 0.5 * len(side) or len(headings) >= 0.5 * len(side) or short >= 0.8 * len(side)


def _tops(cells: Iterable[Cell]) -> list[float]:
    rows: list[float] = []
    for y in sorted(_middle(c) for c in cells):
        if not rows or y - rows[-1] > 3:
            rows.append(y)
    return rows


def _matched(left: list[float], right: list[float], size: float) -> int:
    return sum(any(abs(a - b) < 0.35 * size for b in right) for a in left)


def _density(cells: list[Cell], size: float) -> float:
    """Share of line steps that are close (under two and a half sizes): 1 for a paragraph, 0 for scattered labels."""
    rows = _tops(cells)
    if len(rows) < 2:
        return 0.0
    return sum(b - a < 2.5 * size for a, b in zip(rows, rows[1:], strict=False)) / (len(rows) - 1)
