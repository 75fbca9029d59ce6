"""The section of each line.

A heading is a line, or the first cell of a row, that is a known heading in one of forty languages; lines that look like the known
headings of the document but have other words open a section "other".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.extract.page.layout import Line, around
from gateway.extract.resume.columns import under_left
from gateway.extract.resume.headings import known_heading
from gateway.extract.resume.looks import (
    WEAK,
    Look,
    Looks,
    body_size,
    continues,
    heading_in,
    heading_looks,
    is_heading_cell,
    look_of,
)
from gateway.extract.resume.margins import headed, rejoin
from gateway.extract.resume.rows import is_bullet
from gateway.extract.resume.unheaded import mark_unheaded, mark_unknown
from gateway.model import Box
from gateway.values.lexicon import title_score
from gateway.values.table_words import is_table_head

GOES_ON = ("work", "education", "projects", "skills", "other")
HEAD_OF_PAGE = 110.0  # points below the first line within which a sidebar starts; side by side further down is a grid
# "Designed with ... by ...": the template's own line
_CREDIT = re.compile(
    r"^\W*(?:theme\s+)?(?:designed|powered|made|built|generated|typeset|template|created)\s+(?:with|by|using|in|on)\b.{0,60}$",
    re.I,
)


def mark_sections(lines: Sequence[Line], heights: dict[int, float] | None = None) -> Counter[str]:
    """Sets section, heading and part of every line; returns the languages of the headings found, with counts.

    heights  of the pages in points, to find footers; a footer is a section of its own

    Columns keep their own running section: a column that goes on overleaf continues what stood above it.
    """
    _unmark(lines)
    body = body_size(lines)
    languages: Counter[str] = Counter()
    looks = heading_looks(lines)
    boxes, tops = _extents(lines)
    regions: list[_Region] = []
    part, section, current = 0, "top", 0
    footers = _footers(lines, heights or {})
    headings = _known(lines)
    dates = rejoin(lines, headings)
    margin = under_left(lines, headings) | headed(lines, headings)
    largest = max((line.size for line in lines), default=0.0)
    previous: Line | None = None
    kept: set[tuple[int, Look]] = set()  # looks of headings by column
    for line in lines:
        if apart := _apart(line, footers, dates):
            line.section, line.part = apart, -1
            continue
        if not any(c.isalnum() for c in line.text):
            line.section, line.part = section, current  # list marks that stand apart from their text
            continue
        if not regions or boxes[line.region] is not regions[-1].box:
            section, current = _entering(line, boxes[line.region], regions, tops[line.page])
            if line.size >= 0.95 * largest and largest > 1.25 * body:
                section, current = "top", 0  # the name at the head of a column
            regions.append(_Region(line.page, boxes[line.region], section, current))
        first = previous is None or previous.region != line.region
        # a column keeps the look of its headings, smaller in a sidebar than in the main text
        first = first or (bool(line.cells) and (line.region, look_of(line.cells[0])) in kept)
        if id(line) in margin and margin[id(line)].index <= line.index:
            section, current = margin[id(line)].section, margin[id(line)].part
            regions[-1].section, regions[-1].part = section, current
        found = heading_in(line, looks, section, first)
        if found is not None and previous is not None and _goes_with(previous, line, found, looks):
            found = None
        if previous is not None and previous.heading and continues(previous, line):
            section = _wrapped_heading(previous, line, section, current)
            regions[-1].section, regions[-1].open = section, True
            previous = line
            continue
        previous = line
        if found is not None:
            section, language, inline = found
            regions[-1].headings += 1
            regions[-1].open = not found[2]
            if inline:
                line.marks.add("inline")
            if language:
                languages[language] += 1
            part += 1
            current = part
            line.heading = not inline
            if line.heading and language and line.cells[0].bold:
                kept.add((line.region, look_of(line.cells[0])))
            if language is None and section == "other":
                line.marks.add("unknown")
        if found is None:
            regions[-1].open = False
        line.section, line.part = section, current
        regions[-1].section, regions[-1].part = section, current
    _unknown_lists(lines)
    mark_unknown(lines)
    mark_unheaded(lines)
    return languages


def _unmark(lines: Sequence[Line]) -> None:
    """Forgets what was marked before, among other lines."""
    for line in lines:
        line.heading = False
        line.marks -= {"inline", "unknown"}


def _known(lines: Sequence[Line]) -> set[int]:
    """Ids of the lines that are known headings, or the first line of one that a narrow column breaks."""
    out = {id(line) for line in lines if line.cells and is_heading_cell(line.cells[0])}
    for line, after in zip(lines, lines[1:], strict=False):
        if len(line.cells) == 1 and continues(line, after) and known_heading(f"{line.text} {after.text}"):
            out.add(id(line))
    return out


def _extents(lines: Sequence[Line]) -> tuple[dict[int, Box], dict[int, float]]:
    """The box of each region and the top of each page's text."""
    boxes: dict[int, Box] = {}
    tops: dict[int, float] = {}
    for line in lines:
        boxes[line.region] = around([boxes[line.region], line.box]) if line.region in boxes else line.box
        tops[line.page] = min(line.box[1], tops.get(line.page, line.box[1]))
    return boxes, tops


def _apart(line: Line, footers: set[int], dates: set[int]) -> str | None:
    """The section of a line that belongs to none of the text's: a template's credit, a footer, the head row of a table, a date that was moved."""
    if _CREDIT.search(line.text) or id(line) in dates:
        return "furniture"
    if is_table_head([cell.text for cell in line.cells]):
        return "furniture"
    return "footer" if id(line) in footers else None


def _unknown_lists(lines: Sequence[Line]) -> None:
    """A section under an unknown heading that holds nothing but short items is a list of skills ("Technical", "Core stack")."""
    parts: dict[int, list[Line]] = {}
    for line in lines:
        if line.section == "other" and not line.heading:
            parts.setdefault(line.part, []).append(line)
    unknown = {line.part for line in lines if line.heading and line.section == "other" and "unknown" in line.marks}
    for part in unknown & set(parts):
        texts = [cell.text for line in parts[part] for cell in line.cells]
        short = all(
            len(t.split()) <= 4 and len(t) <= 40 and not any(c.isdigit() for c in t) and "@" not in t for t in texts
        )
        if short and not any(t.endswith(".") for t in texts):
            for line in lines:
                if line.part == part:
                    line.section = "skills"


@dataclass(slots=True)
class _Region:
    """State of one column while its lines are read."""

    page: int
    box: Box
    section: str
    part: int
    headings: int = 0
    open: bool = False  # its last line is a heading: what it heads stands in the columns beneath


def _entering(line: Line, box: Box, regions: Sequence[_Region], page_top: float) -> tuple[str, int]:
    """The section a column starts in: that of the text it continues, or "top" for a column that starts afresh."""
    last = regions[-1] if regions else None
    if last is None:
        return "top", 0
    if last.page == line.page:
        beside = min(last.box[3], box[3]) - max(last.box[1], box[1]) > 0.3 * min(
            last.box[3] - last.box[1], box[3] - box[1]
        )
        widths = sorted((last.box[2] - last.box[0], box[2] - box[0]))
        if (
            beside
            and box[1] < page_top + HEAD_OF_PAGE
            and widths[0] < 0.75 * widths[1]
            and last.section != "references"
        ):
            first_of_page = [r for r in regions if r.page == line.page and r.box[2] <= box[0] + 5]
            overleaf = _overleaf(box, regions, line.page) if line.page > 1 and first_of_page else None
            return overleaf or ("top", 0)
        if beside and last.headings == 1 and last.box[1] < box[1] - 2 and last.box[2] <= box[0] + 5:
            return last.section, last.part  # the second column of entries under one heading
        above = [
            r
            for r in regions
            if r.page == line.page and r.box[3] <= box[1] + 5 and r.box[0] < box[2] and box[0] < r.box[2]
        ]
        level = beside and abs(last.box[1] - box[1]) < 2 * line.size and widths[0] > 0.8 * widths[1]
        if level and last.headings and last.box[2] <= box[0] + 5 and last.section in GOES_ON:
            return last.section, last.part  # the second column of a text set in two
        beneath = _beneath_heading(box, regions, line.page)
        if beneath is not None and not any(r.box[3] > beneath.box[3] + 5 for r in above):
            return beneath.section, beneath.part
        if above:
            nearest = min(above, key=lambda r: (abs(r.box[0] - box[0]) > 12, -r.box[3]))
            return nearest.section, nearest.part
        return last.section, last.part
    return _overleaf(box, regions, line.page) or (last.section, last.part)


def _beneath_heading(box: Box, regions: Sequence[_Region], page: int) -> _Region | None:
    """The text that ends with a heading right above a margin and the column beside it, this one."""
    here = [r for r in regions[-2:] if r.page == page]
    for over in reversed(here):
        if over.open:  # the margin holds dates, which may all have moved to the lines next to them
            level = over is here[-1] or (abs(here[-1].box[1] - box[1]) < 12 and here[-1].box[2] <= box[0] + 5)
            return over if level and over.box[3] <= box[1] + 5 and over.box[0] <= box[0] else None
    return None


def _overleaf(box: Box, regions: Sequence[_Region], page: int) -> tuple[str, int] | None:
    """The section of the column on the previous page that began at the same position."""
    before = [r for r in regions if r.page == page - 1 and abs(r.box[0] - box[0]) < 25]
    return (before[-1].section, before[-1].part) if before else None


def _wrapped_heading(previous: Line, line: Line, section: str, part: int) -> str:
    """Marks the second line of a heading as the first one is; returns the section of both."""
    whole = known_heading(f"{previous.text} {line.text}")
    line.heading = True
    previous.marks.discard("unknown")
    for one in (previous, line):
        one.section, one.part = whole[0] if whole else section, part
    return previous.section


def _goes_with(previous: Line, line: Line, found: tuple[str, str | None, bool], looks: Looks) -> bool:
    """True for a line that is no heading after all: the second half of a wrapped text, or an item of a list."""
    if (looks.counts or found[0] in WEAK) and _runs_on(previous, line):
        return True
    if is_bullet(line) and is_bullet(previous):
        return True
    alike = previous.region == line.region and not previous.heading and abs(previous.box[0] - line.box[0]) < 1
    return found[1] is None and alike and look_of(previous.cells[0])[:3] == look_of(line.cells[0])[:3]


def _runs_on(previous: Line, line: Line) -> bool:
    """True if the line is the second half of a wrapped text in the same type: "Project" of "Master of\nProject"."""
    close = 0 <= line.box[1] - previous.box[1] < 1.3 * line.size and line.region == previous.region
    same = previous.bold == line.bold and abs(previous.size - line.size) < 0.2 and previous.colour == line.colour
    return close and same and not previous.heading and len(previous.text) > len(line.text) and previous.section != "top"


def _footers(lines: Sequence[Line], heights: dict[int, float]) -> set[int]:
    """Ids of lines at the foot of their page, set off from the text above, without a heading among them."""
    out: set[int] = set()
    for page, height in heights.items():
        here = sorted((line for line in lines if line.page == page), key=lambda line: line.box[1])
        if len(here) < 4:
            continue
        for index in range(len(here) - 1, max(0, len(here) - 8), -1):
            block = here[index:]
            gap = block[0].box[1] - max(line.box[3] for line in here[:index])
            if block[0].box[1] < 0.8 * height:
                break
            if gap > 2.2 * block[0].size:
                edges = Counter(round(line.box[0]) for line in here[:index])
                indented = all(edges[round(line.box[0])] < 3 or line.size < 0.95 * here[0].size for line in block)
                # the head of an entry whose dates stand overleaf
                head = any(title_score(line.text) >= 1.2 and "@" not in line.text for line in block) and any(
                    abs(line.box[0] - other.box[0]) < 1.5 and line.bold == other.bold
                    for line in block[:1]
                    for other in here[:index]
                )
                if indented and not head and not any(line.cells and is_heading_cell(line.cells[0]) for line in block):
                    out.update(id(line) for line in block)
                break
    return out
