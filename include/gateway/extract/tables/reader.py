"""Candidate lists as profiles: one row, one person, one pass, bounded memory."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from gateway.extract.media_types import CSV
from gateway.extract.tables.columns import HEADER_SEARCH_ROWS, SAMPLE_ROWS, Plan, is_form, is_header_row, make_plan
from gateway.extract.tables.dialect import find_dialect
from gateway.extract.tables.encoding import open_text
from gateway.extract.tables.headers import meaning
from gateway.extract.tables.people import RowReader
from gateway.extract.tables.records import Record, records
from gateway.model import ExtractedProfile, Hints, Note, Reading

Sink = Callable[[ExtractedProfile], None]

_MOST_NOTES = 500
LOOK_AHEAD = HEADER_SEARCH_ROWS + SAMPLE_ROWS


def preload() -> None:
    """Load everything that the first table would otherwise have to wait for."""
    meaning("name")
    from gateway.extract.tables import cells

    cells.phones("+12025550143", None, 0.0)
    cells.emails("someone@example.org")


def read_csv(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read a text table; its profiles go to `sink` row by row.

    returns  a Reading; failed with NO_CANDIDATE_COLUMNS, NO_ROWS or UNKNOWN_ENCODING (raised as Unreadable)
    """
    started = time.process_time()
    text = open_text(path)
    dialect = find_dialect(text.sample())
    table = TableReader(sink, hints)
    table.read(records(text, dialect))
    if text.mixed:
        table.note(Note("BROKEN_CHARACTERS", "Some lines are not valid UTF-8; they were read as Windows-1252 text."))
    separator = {"": "one column", "\t": "tab"}.get(dialect.separator, dialect.separator)
    return table.reading(CSV, f"{text.codec}, {separator}", time.process_time() - started)


@dataclass
class TableReader:
    """Reads one or several tables of a document into one sink."""

    sink: Sink
    hints: Hints
    profiles: int = 0
    rows: int = 0
    found_columns: bool = False
    mapping: dict[str, str | None] = field(default_factory=dict)
    width: int = 0
    _notes: list[Note] = field(default_factory=list)
    _more_notes: int = 0

    def read(self, source: Iterable[Record], sheet: str | None = None) -> None:
        """Read a table; `sheet` names it in the evidence if a document has several."""
        waiting = Ahead(iter(source))
        head = waiting.peek(LOOK_AHEAD)
        if is_form([record.cells for record in head]):
            waiting = Ahead(turned(list(waiting)))
            head = waiting.peek(LOOK_AHEAD)
        self.width = max([self.width, *(len(record.cells) for record in head)])
        plan = make_plan([record.cells for record in head], self.hints.mapping)
        if plan is None:
            self.rows += sum(1 for record in waiting if any(record.cells))
            return
        self.found_columns = True
        waiting.skip(plan.header + 1)
        reader = self._reader(plan, waiting, sheet)
        header_cells = head[plan.header].cells if plan.header >= 0 else []
        for record in waiting:
            if not any(cell.strip() for cell in record.cells):
                continue
            self.rows += 1
            if record.unclosed:
                sentence = f"Row {record.row} opens a quotation mark never closed; it ends with its line."
                self.note(Note("UNCLOSED_QUOTE", sentence, row=record.row))
            if is_header_row(record.cells):
                repeated = record.cells == header_cells
                replaced = None if repeated else self._second_header(record, waiting)
                if replaced is not None:
                    header_cells = record.cells
                    reader = self._reader(replaced, waiting, sheet)
                sentence = f"Row {record.row} is another header row; it is no person."
                self.note(Note("ROW_FOOTER", sentence, row=record.row))
                continue
            if header_cells and len(record.cells) > len(header_cells) and any(record.cells[len(header_cells) :]):
                sentence = f"Row {record.row} has {len(record.cells)} cells, the header has {len(header_cells)}."
                self.note(Note("ROW_TOO_LONG", sentence, row=record.row))
            profile = reader.read(record.row, record.cells)
            for note in reader.notes:
                self.note(note)
            reader.notes.clear()
            if profile is not None:
                self.profiles += 1
                self.sink(profile)

    def reading(self, media_type: str, layout: str, cpu_s: float) -> Reading:
        """The result for the document as a whole."""
        if not self.found_columns:
            return Reading(
                "failed",
                media_type,
                code="NO_CANDIDATE_COLUMNS",
                error=f"No column of the {self.width} is recognised as a candidate's name, e-mail or phone. Add a "
                "header row with name, email and phone, or set the agent's column mapping.",
                rows=self.rows,
                layout=layout,
            )
        if self.rows == 0:
            return Reading(
                "failed",
                media_type,
                code="NO_ROWS",
                error="There is a header row and no candidate below it. Export the list again without a filter.",
                mapping=self.mapping,
                rows=0,
                layout=layout,
            )
        notes = self._notes
        if self._more_notes:
            sentence = f"{self._more_notes:,} further remarks were counted, not listed. Mend the cause of these first."
            notes = [*notes, Note("MORE_NOTES", sentence)]
        return Reading(
            "success",
            media_type,
            profiles=self.profiles,
            rows=self.rows,
            notes=tuple(notes),
            mapping=self.mapping,
            layout=f"table ({layout})",
            cpu_s={"read": round(cpu_s, 4)},
        )

    def note(self, note: Note) -> None:
        if len(self._notes) < _MOST_NOTES:
            self._notes.append(note)
        else:
            self._more_notes += 1

    def _reader(self, plan: Plan, waiting: Ahead, sheet: str | None) -> RowReader:
        self.mapping |= plan.mapping
        reader = RowReader(plan, self.hints, sheet)
        reader.learn_country([record.cells for record in waiting.peek(SAMPLE_ROWS)])
        return reader

    def _second_header(self, record: Record, waiting: Ahead) -> Plan | None:
        """The plan of a further table below the first one, in lists that were pasted together."""
        below = [later.cells for later in waiting.peek(SAMPLE_ROWS)]
        return make_plan([record.cells, *below], self.hints.mapping)


def turned(rows: list[Record]) -> Iterator[Record]:
    """A form (labels down the first column, a person in each further one) as a table; rows are then its columns."""
    width = max(len(record.cells) for record in rows)
    filled = [record.cells for record in rows if any(cell.strip() for cell in record.cells)]
    for index in range(width):
        yield Record(index + 1, [cells[index] if index < len(cells) else "" for cells in filled])


class Ahead:
    """An iterator with look-ahead."""

    def __init__(self, source: Iterator[Record]) -> None:
        self._source = source
        self._waiting: deque[Record] = deque()

    def __iter__(self) -> Ahead:
        return self

    def __next__(self) -> Record:
        return self._waiting.popleft() if self._waiting else next(self._source)

    def peek(self, count: int) -> list[Record]:
        while len(self._waiting) < count:
            record = next(self._source, None)
            if record is None:
                break
            self._waiting.append(record)
        return list(islice(self._waiting, count))

    def skip(self, count: int) -> None:
        for _ in range(count):
            next(self)
