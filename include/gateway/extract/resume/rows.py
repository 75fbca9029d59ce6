"""The lines of a section for the grouping of entries: wrapped lines joined, text separated from heads, dates found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.extract.page.layout import Cell, Line, around, run_on
from gateway.extract.resume.datecells import closed_up, dates_over_lines, dates_whole, is_date, names_whole
from gateway.extract.resume.evidence import EDGE, is_place
from gateway.extract.resume.labels import labelled
from gateway.extract.resume.pieces import ends_with_legal
from gateway.extract.resume.spans import periods as find_periods
from gateway.model import Box
from gateway.values.dates import Period
from gateway.values.lexicon import hits, title_score
from gateway.values.text import is_cjk

BULLETS = frozenset("•◦▪▫‣⁃●○■□►▸▶➢➤➔→✓✔❖◆◇·∙*-–—‐⚬◾◽✦★›»❯{∗")
_GLUED = BULLETS - frozenset("*-–—‐·★")  # signs that are bullets even without a space after them
_SENTENCE_INSIDE = re.compile(r"[^\W\d_]{2,}[^\W\d_A-Z]\.\s+[^\W\d_]")
_PAGE = re.compile(
    r"^\W*(?:page|seite|pagina|página|sida|side|strona|strana|oldal|sayfa|trang|halaman|sivu|стр\.?|страница|σελίδα|صفحة|עמוד|p\.)?\s*"
    r"\d{1,2}\s*(?:(?:of|von|de|di|sur|van|av|af|z|из|/|\|)\s*\d{1,2})?\W*$",
    re.I,
)
_UNIT = (
    r"years?|yrs?|y|months?|mos?|mths?|weeks?|jahre?|monate?|wochen?|ans?|annees?|années?|mois|semaines?|años?|mes(?:es)?|anos?|ann[oi]|mes[ei]"
    r"|jaar|jaren|maand(?:en)?|år|måneder|mdr|månader|lat|lata|rok|miesi[aą]c[ey]?|miesięcy|yıl|ay|年間?|[ヶか]?月間?|个月|個月|년|개월|год|года|лет|мес\w*"
)
_LIST = re.compile(r"^[^:：,]{3,40}[:：]\s+\S[^,]*,[^,]+,")  # "Programming languages: C, Python, MATLAB"
DURATION_LINE = re.compile(
    rf"^\W*(?:\d{{1,2}}\+?\s*(?:{_UNIT})[\s,.]*(?:and|und|et|y|e|и)?\s*){{1,3}}\W*$|^\W*an? (?:few )?(?:day|week|month|year)s?\W*$",
    re.I,
)
EDGES = 6.0  # points by which the left edges of one column may differ
ABOUT = 24  # letters about a date in its cell at most, in a row of dates
SENTENCE = 7  # words from which a line that ends with a full stop is text, not a heading of an entry


@dataclass(slots=True)
class Row:
    """A line, or several wrapped ones."""

    cells: list[Cell]
    page: int
    box: Box
    body: bool  # text of a description, not the head of an entry
    periods: list[tuple[Cell, Period]]
    size: float
    bullet: bool = False
    start: bool = False  # marked as the begin of an entry by a bullet of its own level


def is_bullet(line: Line) -> bool:
    """True if the line begins with a list mark."""
    words = line.words
    if not words:
        return False
    first = words[0].text
    if len(words) > 1 and (first in BULLETS or (len(first) == 1 and "\ue000" <= first <= "\uf8ff")):
        return True
    return len(first) > 1 and first[0] in _GLUED


def rows_of(lines: Sequence[Line], kind: str, right: dict[tuple[int, int], float]) -> list[Row]:
    """
    lines    of one heading, in reading order
    right    the right edge of each (page, region)'s text: where lines have to wrap
    """
    rows: list[Row] = []
    lines = names_whole(dates_over_lines(_side_by_side([closed_up(line) for line in lines if not _is_furniture(line)])))
    left = min((line.box[0] for line in lines), default=0.0)
    heads = marked_heads(lines, kind)
    bullet_at: float | None = None
    previous: Line | None = None
    for line in lines:
        bullet = is_bullet(line) and id(line) not in heads and not is_date(line)
        cells = dates_whole(line.content)
        if id(line) in heads:
            cells = _unmarked(cells)
        aside = _date_aside(cells, kind) if bullet or (len(cells) > 1 and _is_text(line, cells[:-1], ())) else None
        if aside is not None:
            # a date at the margin, level with the first line of the description: it belongs to the head above
            head = next((row for row in reversed(rows) if not row.body), None)
            if head is not None and not head.periods:
                head.cells.append(aside[0])
                head.periods.append(aside)
            cells = cells[:-1]
            line = Line(cells, line.page, line.region, section=line.section, part=line.part).close()
        periods = [] if bullet else _periods(cells, kind)
        body = id(line) not in heads and (bullet or _is_text(line, cells, periods))
        if not body and not periods:
            # the second line of a bullet, the rest of a sentence, a list behind its label
            beneath = bullet_at is not None and line.box[0] >= bullet_at - 1 and line.box[0] > left + 4
            body = beneath or (bool(rows) and len(cells) == 1 and _goes_on(rows[-1], line)) or _is_list(line.text)
        if bullet:
            inner = line.words[1].box[0] if len(line.words) > 1 else line.box[0]
            bullet_at = min(inner, line.box[0] + 3 * line.size)
        wrapped = (
            previous is not None
            and bool(rows)
            and id(line) not in heads
            and not labelled(line.text)
            and _wraps(previous, line, right.get((line.page, line.region), line.box[2]))
        )
        if wrapped and not bullet and periods and rows[-1].body and not previous.text.endswith((".", "。")):  # type: ignore[union-attr]
            body, periods = True, []
        if (
            wrapped
            and not bullet
            and not periods
            and (rows[-1].body or _SENTENCE_INSIDE.search(rows[-1].cells[-1].text))
        ):
            body = True
        if wrapped and not body and not rows[-1].body and not periods and len(cells) == 1 and len(previous.cells) == 1:  # type: ignore[union-attr]
            last = rows[-1].cells[-1]
            rows[-1].cells[-1] = _glued(last, cells[0])
            rows[-1].periods = [(rows[-1].cells[-1] if c is last else c, p) for c, p in rows[-1].periods]
        else:
            rows.append(Row(cells, line.page, line.box, body, periods, line.size, bullet, id(line) in heads))
        if not body:
            bullet_at = None
        previous = line
    _named_by_dates(rows)
    return rows


def _named_by_dates(rows: Sequence[Row]) -> None:
    """True if a long line is followed by a date, so that it is the head of a dated entry."""
    for above, row in zip(rows, rows[1:], strict=False):
        if above.body and not above.bullet and row.periods and _dates_only(row) and above.page == row.page:
            text = " ".join(cell.text for cell in above.cells)
            if (
                len(text.split()) <= 14
                and not text.endswith((".", "。", ";", ":"))
                and row.box[1] - above.box[3] < 1.2 * row.size
            ):
                above.body = False


def _dates_only(row: Row) -> bool:
    return all(any(c is cell for c, _ in row.periods) or is_place(cell.text) for cell in row.cells) and all(
        sum(ch.isalpha() for ch in cell.text[: period.span[0]]) == 0 for cell, period in row.periods
    )


def _side_by_side(lines: list[Line]) -> list[Line]:
    """Entries set side by side, one line of each in every row, put one after the other."""
    out: list[Line] = []
    at = 0
    while at < len(lines):
        block = _grid(lines, at)
        if not block:
            out.append(lines[at])
            at += 1
            continue
        edges = [cell.box[0] for cell in block[0].cells]
        for column in range(len(edges)):
            for line in block:
                cells = [cell for cell in line.cells if _column(cell, edges) == column]
                if cells:
                    out.append(Line(cells, line.page, line.region, section=line.section, part=line.part).close())
        at += len(block)
    return out


def _grid(lines: Sequence[Line], at: int) -> list[Line]:
    """The rows from `at` on that hold two entries or more side by side: the same left edges, dates in every cell of one row.

    A row may lack cells, and a list be set in, but no cell reaches into the next column.
    """
    first = lines[at]
    edges = [cell.box[0] for cell in first.cells]
    if len(edges) < 2:
        return []
    block: list[Line] = []
    for line in lines[at:]:
        if line.page != first.page or any(_column(cell, edges) is None for cell in line.cells):
            break
        if len(line.cells) == 1 and line.box[0] < edges[1] - EDGES and not _narrow(line, edges):
            break
        block.append(line)
    dated = [n for n, line in enumerate(block) if len(line.cells) == len(edges) and _all_dated(line)]
    if len(block) < 2 or not dated or dated[0] > 3:
        return []
    after = next((n for n in dated if n > dated[0]), None)
    return block if after is None else block[: after - dated[0]]


def _all_dated(line: Line) -> bool:
    """Every cell is a range with a few words about it: a date in a sentence dates nothing."""
    return all(
        any(p.is_range and len(c.text) - (p.span[1] - p.span[0]) <= ABOUT for p in find_periods(c.text))
        for c in line.cells
    )


def _column(cell: Cell, edges: Sequence[float]) -> int | None:
    """The column in which a cell stands: at its left edge or set in a little, and not beyond the next edge."""
    at = max((n for n, edge in enumerate(edges) if cell.box[0] > edge - EDGES), default=None)
    if at is None or cell.box[0] > edges[at] + 3 * EDGES or (at + 1 < len(edges) and cell.box[2] > edges[at + 1] + 1):
        return None
    return at


def _narrow(line: Line, edges: Sequence[float]) -> bool:
    return line.box[2] < edges[1]


def _is_furniture(line: Line) -> bool:
    """True if a text is no part of an entry: no letter or digit, a page number, or the duration of a job."""
    text = line.text.strip()
    if not any(c.isalnum() for c in text):
        return True
    if DURATION_LINE.match(text):
        return True
    return bool(_PAGE.match(text)) and not find_periods(text)


def _unmarked(cells: list[Cell]) -> list[Cell]:
    """The cells without the list mark before them."""
    first = cells[0]
    words = first.words
    if len(words) > 1 and (words[0].text in BULLETS or "\ue000" <= words[0].text[0] <= "\uf8ff"):
        return [Cell(words[1:], first.page, first.order, last=first.last).close(), *cells[1:]]
    if words and len(words[0].text) > 1 and words[0].text[0] in _GLUED:
        bare = replace(words[0], text=words[0].text.lstrip("".join(_GLUED)))
        if bare.text:
            return [Cell([bare, *words[1:]], first.page, first.order, last=first.last).close(), *cells[1:]]
    return cells


def marked_heads(lines: Sequence[Line], kind: str) -> set[int]:
    """Ids of the lines whose list mark stands before an entry, not before a sentence of its description.

    The section begins with such a mark, and the marks of that level carry the dates, or have a second level or text beneath them,
    or name positions and organisations line by line.
    """
    lines = [line for line in lines if any(c.isalnum() for c in line.text)]
    if not lines or not is_bullet(lines[0]):
        return set()
    edges: dict[tuple[int, int], float] = {}
    for line in lines:
        key = (line.page, line.region)
        edges[key] = min(line.box[0], edges.get(key, line.box[0]))

    def level(line: Line) -> tuple[str, int]:
        return line.words[0].text[0], round((line.box[0] - edges[(line.page, line.region)]) / 6)

    top = level(lines[0])
    at = [n for n, line in enumerate(lines) if is_bullet(line) and level(line) == top]
    dated = beneath = plain = known = 0
    for position, n in enumerate(at):
        until = at[position + 1] if position + 1 < len(at) else len(lines)
        line, rest = lines[n], lines[n + 1 : until]
        cells = _unmarked(line.content)
        # a wrapped second line and a date line belong to the head
        near = [x for x in rest[:2] if not is_bullet(x) and _periods(x.content, kind)]
        dated += bool(_periods(cells, kind) or near)
        beneath += any(is_bullet(x) for x in rest) or sum(len(x.text) > 40 for x in rest) >= 2
        sentence = _is_text(line, cells, ()) or line.text.rstrip().endswith((".", "。", ";"))
        plain += not sentence
        words = " ".join(c.text for c in cells)
        if kind == "work":
            known += title_score(words) >= 1.2 or hits("company", words) + hits("legal", words) > 0
        else:
            known += hits("institution", words) + hits("degree", words) > 0
    count = len(at)
    if dated >= 0.6 * count or (kind == "education" and plain == count and dated + known >= 0.5 * count):
        chosen = True
    elif plain < 0.8 * count:
        chosen = False
    else:
        chosen = beneath >= 0.5 * count or known >= 0.6 * count
    return {id(lines[n]) for n in at} if chosen else set()


def _glued(first: Cell, second: Cell) -> Cell:
    """Joins two cells of one wrapped text, including a word broken at the end of the line."""
    a, b = first.words[-1], second.words[0]
    if a.text.endswith("-") and b.text[:1].isalpha():
        whole = replace(a, text=run_on(a.text, b.text), box=around([a.box, b.box]))
        return Cell([*first.words[:-1], whole, *second.words[1:]], first.page, first.order).close()
    return Cell(first.words + second.words, first.page, first.order).close()


def _periods(cells: Sequence[Cell], kind: str) -> list[tuple[Cell, Period]]:
    out = []
    for cell in cells:
        for period in find_periods(cell.text):
            rest = (cell.text[: period.span[0]] + cell.text[period.span[1] :]).strip(EDGE)
            if (
                not period.is_range
                and kind == "work"
                and len(rest) > 12
                and len(cells) == 1
                and not _closes(cell, period)
            ):
                continue
            if _in_sentence(cell, period):
                continue
            many = 12 if kind == "work" else 16
            if len(rest) > 90 or (len(cells) == 1 and len(rest.split()) > many and period.span[0] > 20):
                continue
            out.append((cell, period))
            break
    return out


def _closes(cell: Cell, period: Period) -> bool:
    """A single date set off at the end or begin of its line: "Acme, Trainee (2022)", "2021: Trainee, Acme"."""
    before, after = cell.text[: period.span[0]].rstrip(), cell.text[period.span[1] :].strip()
    if not after.strip(").]"):
        return before.endswith(("(", ",", ":", "[", "|", "·", "-", "–", "—"))
    return not before.strip("([") and after.startswith((":", "|", "·", "-", "–", "—", ")", ","))


def _date_aside(cells: Sequence[Cell], kind: str) -> tuple[Cell, Period] | None:
    """The last of several cells, if it is a date range and nothing else."""
    if len(cells) < 2:
        return None
    found = _periods([cells[-1]], kind)
    return found[0] if found and len(cells[-1].text) - (found[0][1].span[1] - found[0][1].span[0]) <= 3 else None


def _in_sentence(cell: Cell, period: Period) -> bool:
    """True if the date belongs to running text ("... during 2015-2019.") and does not date an entry."""
    before, after = cell.text[: period.span[0]].rstrip(), cell.text[period.span[1] :].strip()
    words = before.split()
    if len(words) + len(after.split()) < 3 or not words or before[-1] in ",;:(|•·–—-)/":
        return False
    if is_cjk(cell.text):
        return after.endswith(("。", "．")) or len(cell.text) > 40
    if not words[-1][:1].islower() and not (after.endswith(".") and len(words) >= 3):
        return False
    date = cell.text[period.span[0] : period.span[1]].split()[0]
    for last, first in zip(cell.words, cell.words[1:], strict=False):
        if first.text.startswith(date[:4]) and last.text == words[-1]:
            changed = (last.bold, last.italic, last.colour) != (first.bold, first.italic, first.colour)
            return not changed and first.box[0] - last.box[2] < 0.6 * cell.size
    return True


def _is_text(line: Line, cells: Sequence[Cell], periods: Sequence[tuple[Cell, Period]]) -> bool:
    if periods:
        return False
    text = line.text
    words = text.split()
    if is_cjk(text):
        return text.endswith(("。", "．")) or len(text) > 40
    ends = text.endswith((".", "!", ";", "…", "؛")) and not ends_with_legal(words)
    short = len(cells) > 1 and len(words[-1]) <= 5 and words[-1][:1].isupper()  # "Qro.", "Calif."
    if ends and len(words) >= 4 and not short and not _is_named(words):
        return True
    if len(words) >= 13 and len(cells) == 1:
        return True
    # A running sentence: mostly lower-case words and none of an entry's vocabulary
    lower = sum(w[:1].islower() for w in words)
    return len(words) >= SENTENCE and lower >= 0.6 * len(words) and not line.bold


def _is_list(text: str) -> bool:
    return _LIST.match(text) is not None and labelled(text) is None


def _goes_on(above: Row, line: Line) -> bool:
    """True for the rest of a sentence: small first letter, below text of the same type."""
    close = above.page == line.page and 0 < line.box[1] - above.box[1] < 2.2 * line.size
    return above.body and close and line.text[:1].islower() and abs(above.size - line.size) < 0.3


def _is_named(words: Sequence[str]) -> bool:
    """True for names with a full stop after them ("University of the Highlands."), False for sentences."""
    long = [w for w in words if len(w) > 3 and w[0].isalpha()]
    named = sum(hits(kind, " ".join(words)) for kind in ("institution", "legal", "company"))
    return len(words) <= 7 and bool(named) and all(w[0].isupper() for w in long)


def _wraps(previous: Line, line: Line, right: float) -> bool:
    """True if `line` continues `previous`: same type, close below it, and its first word did not fit there."""
    if line.page != previous.page or line.region != previous.region or not line.words:
        return False
    step = line.box[1] - previous.box[1]
    if not 0 < step < 1.45 * max(line.size, previous.size) or abs(line.size - previous.size) > 0.6:
        return False
    last = previous.cells[-1]
    if last.bold != line.bold or last.italic != line.italic:
        return False
    first = line.words[0]
    return last.box[2] + 0.25 * line.size + (first.box[2] - first.box[0]) > right + 0.5
