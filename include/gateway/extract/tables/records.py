"""Rows of a table file, one at a time, each with the number a spreadsheet would show."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.extract.tables.dialect import Dialect
from gateway.extract.tables.encoding import TextFile

_MAX_LINES = 2_000  # physical lines of one record; a longer one is an unclosed quotation mark
_MAX_CHARS = 20_000_000
csv.field_size_limit(_MAX_CHARS)


@dataclass(frozen=True, slots=True)
class Record:
    """row counts from 1, blank and preamble lines included. unclosed = a quotation mark in it was taken literally."""

    row: int
    cells: list[str]
    unclosed: bool = False


class _Runaway(Exception):
    """A record continues for longer than any real record does."""


class _Lines:
    """Physical lines that remember those of the current record, so that a wrong record can be read again."""

    def __init__(self, source: Iterator[str]) -> None:
        self._source = source
        self._again: list[str] = []
        self.taken: list[str] = []
        self.ended = False
        self._chars = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        try:
            line = self._again.pop() if self._again else next(self._source)
        except StopIteration:
            self.ended = True
            raise
        self.taken.append(line)
        self._chars += len(line)
        if len(self.taken) > _MAX_LINES or self._chars > _MAX_CHARS:
            raise _Runaway
        return line

    def next_record(self) -> None:
        self.taken.clear()
        self._chars = 0

    def keep_first_line(self) -> str:
        """Give back all lines of the record but the first, which is returned."""
        first, *rest = self.taken
        self._again.extend(reversed(rest))
        self.next_record()
        return first


def records(text: TextFile, dialect: Dialect) -> Iterator[Record]:
    """Every record of the file, blank ones included (cells == []).

    A quotation mark that is never closed, or whose record swallows whole rows, is taken for a character: the record
    ends with its line and the next line is a new one.
    """
    options = dialect.options()
    lines = _Lines(text.lines())
    number = 0
    width = 0
    while True:
        reader = csv.reader(lines, **options)  # type: ignore[arg-type]
        while True:
            lines.next_record()
            unclosed = False
            try:
                cells = next(reader)
                unclosed = len(lines.taken) > 1 and _swallowed(lines, cells, width, dialect)
            except StopIteration:
                return
            except (_Runaway, csv.Error):
                unclosed = True
            number += 1
            if unclosed:
                cells = _literal(lines.keep_first_line(), dialect, width)
                yield Record(number, cells, unclosed=True)
                break  # the reader is in the middle of a cell: go on with a fresh one
            if dialect.wrapped and len(cells) == 1:
                cells = next(csv.reader([cells[0]], delimiter=dialect.separator), [])
            if not dialect.separator:
                cells = [cells[0].strip()] if cells and cells[0].strip() else []
            if len(cells) > 1:
                width = width or len(cells)
            yield Record(number, cells)


def _swallowed(lines: _Lines, cells: list[str], width: int, dialect: Dialect) -> bool:
    """Whether a record of several lines is really several records joined by a stray quotation mark."""
    quote = dialect.quote or '"'
    if lines.ended and dialect.escape is None and sum(line.count(quote) for line in lines.taken) % 2:
        return True  # the file ended before the mark was closed
    if width < 2:
        return False
    if len(cells) == width:
        # A mark opened in one row and closed rows later: between them lie whole rows, not lines of a letter.
        inner = [line.count(dialect.separator) + 1 for line in lines.taken[1:-1] if line.strip()]
        return width > 2 and len(inner) > 1 and sum(count == width for count in inner) >= 0.8 * len(inner)
    alone = [line.count(dialect.separator) + 1 for line in lines.taken[1:] if line.strip()]
    return len(alone) > 0 and sum(count == width for count in alone) >= max(1, 0.6 * len(alone))


def _literal(line: str, dialect: Dialect, width: int) -> list[str]:
    """One line with a stray quotation mark as a record: without the mark whose removal gives the table's width."""
    line = line.rstrip("\r\n")
    quote = dialect.quote or '"'
    places = [index for index, char in enumerate(line) if char == quote][:40]
    for place in places:
        cells = next(csv.reader([line[:place] + line[place + 1 :]], **dialect.options()), [])  # type: ignore[arg-type]
        if len(cells) == width:
            return cells
    return [cell.strip().strip(quote) for cell in line.split(dialect.separator)] if dialect.separator else [line]
