"""Entries of the work and education sections: which lines make one entry.

A section repeats one pattern: dates above, next to or below the names, one style for the first line of each entry, a list mark
before it. Every pattern a section could follow cuts it into entries of its own; the cut whose entries read best wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from gateway.extract.page.layout import Cell, Line
from gateway.extract.resume.contact import Person
from gateway.extract.resume.evidence import flaws, organisation, place_like
from gateway.extract.resume.labels import label_of, labelled
from gateway.extract.resume.pieces import pieces_of, without, words_after
from gateway.extract.resume.roles import Entry, assign, inherit, without_place, worth
from gateway.extract.resume.rows import BULLETS, Row, is_bullet, rows_of
from gateway.values.lexicon import heading_of, hits

__all__ = ["BULLETS", "entries_of", "is_bullet"]

HEAD_LINES = 4  # lines of names and dates an entry may have before its text
STRAY = -0.2  # entries that read worse than this next to better ones are stray lines
UNDATED = 0.35  # so much better an entry without a date has to read where most have one: a project, a label
ODD = 0.4  # for each entry that has its parts elsewhere than most of the section's entries have them
TRUSTED = 0.15  # how much better, an entry, another cut must read than that at the dates


def entries_of(person: Person, lines: Sequence[Line], kind: str) -> list[Entry]:
    """
    lines    of one section kind ("work" or "education"), headings left out, in reading order
    returns  entries in that order; `first` and `second` may be None
    """
    out: list[Entry] = []
    parts: dict[int, list[Line]] = {}
    for line in lines:
        parts.setdefault(line.part, []).append(line)
    edges: dict[tuple[int, int], float] = {}
    for line in person.lines:
        edges[(line.page, line.region)] = max(line.box[2], edges.get((line.page, line.region), 0.0))
    for group in parts.values():
        rows = rows_of(group, kind, edges)
        out.extend(_best_cut(rows, kind))
    assign(out, kind)
    out = inherit([entry for entry in out if entry.first or entry.second])
    if kind == "work":
        without_place(out)
    for entry in out:
        entry.worth = worth(entry, kind)
    dated = sum(entry.period is not None for entry in out) > 0.5 * len(out)
    kept = [e for e in out if e.worth >= (STRAY + UNDATED if dated and e.period is None else STRAY)]
    return kept or out


def _best_cut(rows: Sequence[Row], kind: str) -> list[Entry]:
    """The entries of the cut that reads best; the one at the dates unless another is clearly better."""
    if not rows:
        return []
    best: tuple[float, list[int]] | None = None
    usual: float | None = None
    seen: set[tuple[int, ...]] = set()
    for starts in _cuts(rows, kind):
        if not starts or tuple(starts) in seen:
            continue
        seen.add(tuple(starts))
        entries = _cut(rows, starts, kind)
        assign(entries, kind)
        entries = inherit(entries)
        patterns = Counter((e.first.row, e.second.row) for e in entries if e.first and e.second)
        value = sum(worth(entry, kind) for entry in entries) - ODD * (
            sum(patterns.values()) - max(patterns.values(), default=0)
        )
        if usual is None:
            usual = value
            value += TRUSTED * max(2, len(starts))
        if best is None or value > best[0]:
            best = value, starts
    return _cut(rows, best[1], kind) if best else []


def _cuts(rows: Sequence[Row], kind: str) -> Iterator[list[int]]:
    """Lists of rows at which entries could start, the most likely first."""
    dated = [i for i, row in enumerate(rows) if row.periods and not row.body]
    marked = [i for i, row in enumerate(rows) if row.start]
    if marked:
        yield marked
    if dated:
        yield _dated_starts(rows, dated)
        for back in range(4):
            yield _fixed_starts(rows, dated, back)
    else:
        yield _undated_starts(rows, kind)
    named = [_label(row) for row in rows]
    repeated = next((name for name in named if name and named.count(name) > 1), None)
    if repeated:
        yield [i for i, name in enumerate(named) if name == repeated]
    yield from _alike_starts(rows)
    heads = [i for i, row in enumerate(rows) if not row.body]
    yield [i for n, i in enumerate(heads) if n == 0 or rows[i - 1].body]


def _label(row: Row) -> str | None:
    """The label a row begins with, in lower case."""
    first = row.cells[0].text
    name = first if len(row.cells) > 1 and label_of(first) else first.partition(":")[0] if labelled(first) else None
    return name.strip(" :：").casefold() if name else None


def _cut(rows: Sequence[Row], starts: Sequence[int], kind: str) -> list[Entry]:
    ends = [*starts[1:], len(rows)]
    return [_entry(rows[start:end], kind) for start, end in zip(starts, ends, strict=True)]


def _dated_starts(rows: Sequence[Row], dated: Sequence[int]) -> list[int]:
    """Starts as many lines above each date as the entries have that stand apart."""
    starts: list[int] = []
    lead = Counter[int]()
    counts = {}
    for position, at in enumerate(dated):
        floor = dated[position - 1] + 1 if position else 0
        k = 0
        while at - k - 1 >= floor and not rows[at - k - 1].body:
            k += 1
        closed = position == 0 or any(rows[i].body for i in range(floor, at))
        counts[at] = (k, closed)
        if closed:
            lead[k] += 1
    usual = min((k for k, n in lead.items() if n == max(lead.values())), default=0)
    for at in dated:
        k, closed = counts[at]
        back = k if closed and (k <= 3) else min(k, usual)
        if not closed and usual == 0 and rows[at].cells[0] is not rows[at].periods[0][0]:
            back = 0
        starts.append(max(at - back, starts[-1] + 1 if starts else 0))
    return starts


def _fixed_starts(rows: Sequence[Row], dated: Sequence[int], back: int) -> list[int]:
    """Starts `back` lines above each date, or fewer where text or the date before stands there."""
    starts: list[int] = []
    for position, at in enumerate(dated):
        floor = dated[position - 1] + 1 if position else 0
        k = 0
        while k < back and at - k - 1 >= floor and not rows[at - k - 1].body:
            k += 1
        starts.append(at - k)
    return starts


def _look(row: Row) -> tuple[bool, bool, float, int | None]:
    cell = row.cells[0]
    return cell.bold, cell.italic, round(cell.size * 2) / 2, cell.colour


def _alike_starts(rows: Sequence[Row]) -> Iterator[list[int]]:
    """For each style of a possible first line: every line of that style, or the first of several in a row."""
    looks = Counter(_look(row) for row in rows if not row.body)
    for look, count in looks.most_common(4):
        if count < 2:
            continue
        at = [i for i, row in enumerate(rows) if not row.body and _look(row) == look]
        yield [i for n, i in enumerate(at) if n == 0 or at[n - 1] != i - 1]
        yield at


def _undated_starts(rows: Sequence[Row], kind: str) -> list[int]:
    heads = [i for i, row in enumerate(rows) if not row.body]
    if not heads:
        return []
    first = rows[heads[0]].cells[0]
    alike = [
        i
        for i in heads
        if rows[i].cells[0].bold == first.bold
        and rows[i].cells[0].italic == first.italic
        and abs(rows[i].size - rows[heads[0]].size) < 0.3
    ]
    if len(alike) < len(heads):
        return [i for n, i in enumerate(alike) if n == 0 or alike[n - 1] != i - 1]
    # All alike: an entry starts after text, or at every other line
    after_text = [i for n, i in enumerate(heads) if n == 0 or rows[i - 1].body]
    if len(after_text) > 1:
        return after_text
    word = "institution" if kind == "education" else "legal"
    marked = [i for i in heads if any(hits(word, c.text) for c in rows[i].cells)]
    if len(marked) > 1 and marked[0] > 0 and marked[1] - marked[0] == 2:
        return [i - 1 for i in marked]
    return marked or heads[:1]


def _tells(text: str, kind: str) -> bool:
    """True for a line of a description without a list mark or full stop: small words, no sign of a name."""
    return (
        flaws(text, kind) >= 0.6
        and place_like(text) == 0
        and abs(organisation(text, kind)) < 0.5
        and len(text.split()) >= 4
    )


def _role_before(row: Row, cell: Cell) -> str | None:
    """Meaning of the first of several cells, a label, for the others; a label for nothing counts only with its colon."""
    if cell is not row.cells[0] or len(row.cells) < 2:
        return None
    role = label_of(cell.text)
    return role if role != "nothing" or cell.text.rstrip().endswith((":", "：")) else None


def _skipped(row: Row, entry: Entry) -> bool:
    """A label inside the entry ("Highlights", "My tasks were:"): what follows it is a list."""
    if len(row.cells) > 1 or row.periods or not entry.fragments:
        return False
    text = row.cells[0].text
    return heading_of(text) is not None or text.rstrip().endswith((":", "："))


def _entry(rows: Sequence[Row], kind: str) -> Entry:
    entry = Entry()
    line = 0
    for row in rows:
        if row.body:
            if entry.fragments:
                break
            continue
        if line >= HEAD_LINES or (entry.fragments and line >= 3 and entry.period is None):
            break
        if _skipped(row, entry):
            continue
        if entry.fragments and not row.periods and len(row.cells) == 1 and _tells(row.cells[0].text, kind):
            break
        order = 0
        dated = False
        role = None
        for cell in row.cells:
            known = _role_before(row, cell)
            if known:
                role = known
                continue
            words = list(cell.words)
            if value := labelled(cell.text):
                role = value[0]
                words = words_after(words, value[1])
            if role == "nothing" and not row.periods:
                continue
            found = next((p for c, p in row.periods if c is cell), None)
            if found is not None:
                dated = True
                if entry.period is None:
                    entry.period, entry.period_page = found, row.page
                    entry.period_text = cell.text[found.span[0] : found.span[1]]
                    entry.period_box = cell.box
                    entry.period_line = line
                words = without(words, cell.text, found.span)
            for piece in pieces_of(words, row.page, line):
                piece.order, piece.role = order, role
                order += 1
                entry.fragments.append(piece)
        if order or dated:
            line += 1
    entry.ranges = sum(period.is_range for row in rows if not row.body for _, period in row.periods)
    return entry
