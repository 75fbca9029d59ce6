"""Spreadsheets (XLSX, ODS) as candidate lists, whatever their name says: every sheet that holds people is read."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.sax import SAXException

from gateway.errors import Unreadable
from gateway.extract.media_types import ODS, XLSX
from gateway.extract.office.package import PACKAGE_ERRORS
from gateway.extract.tables.reader import TableReader
from gateway.extract.tables.records import Record
from gateway.model import ExtractedProfile, Hints, Reading

_BROKEN: tuple[type[Exception], ...] = (SAXException, *PACKAGE_ERRORS)

Sink = Callable[[ExtractedProfile], None]

_MOST_COLUMNS = 2_000  # a sheet formatted to its last column has 16,384 of them, nearly all empty
_MOST_REPEATS = 1_000  # blank rows at an ODS sheet's end are stored once with a count of a million


def read_xlsx(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read a workbook row by row (openpyxl's read-only mode); formulas give the value last calculated.

    returns  a Reading as read_csv's; raises Unreadable(DAMAGED_OFFICE)
    """
    return _read(xlsx_tables(path), XLSX, sink, hints)


def xlsx_tables(path: Path) -> Iterator[tuple[str | None, Iterator[Record]]]:
    """(name, rows) of each visible sheet; the name is None if there is only one. Read each before the next."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    broken = (InvalidFileException, *PACKAGE_ERRORS)
    with path.open("rb") as file:
        try:
            book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        except (*broken, OSError) as wrong:  # OSError is its word for a workbook without its main part
            if isinstance(wrong, OSError) and wrong.errno is not None:
                raise
            raise _damaged("XLSX") from wrong
        try:
            sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
            for sheet in sheets:
                sheet.reset_dimensions()  # the dimensions in the file are often wrong
                yield sheet.title if len(sheets) > 1 else None, _guarded(_xlsx_records(sheet), broken)
        finally:
            book.close()


def read_ods(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read an OpenDocument spreadsheet. The whole document is held in memory, as its library works that way."""
    return _read(ods_tables(path), ODS, sink, hints)


def ods_tables(path: Path) -> Iterator[tuple[str | None, Iterator[Record]]]:
    """(name, rows) of each sheet; the name is None if there is only one."""
    from odf.opendocument import load
    from odf.table import Table

    try:
        book = load(str(path))
        sheets = book.spreadsheet.getElementsByType(Table)
    except _BROKEN as wrong:
        raise _damaged("ODS") from wrong
    for sheet in sheets:
        yield sheet.getAttribute("name") if len(sheets) > 1 else None, _ods_records(sheet)


def _read(tables: Iterable[tuple[str | None, Iterator[Record]]], media_type: str, sink: Sink, hints: Hints) -> Reading:
    started = time.process_time()
    table = TableReader(sink, hints)
    sheets = 0
    for name, records in tables:
        table.read(records, name)
        sheets += 1
    return table.reading(media_type, f"{sheets} sheets", time.process_time() - started)


def _guarded(source: Iterable[Record], broken: tuple[type[Exception], ...]) -> Iterator[Record]:
    """An error inside a sheet belongs to the file and is reported as such; errors of the sink pass through."""
    rows = iter(source)
    while True:
        try:
            record = next(rows)
        except StopIteration:
            return
        except broken as wrong:
            raise _damaged("XLSX") from wrong
        yield record


def _xlsx_records(sheet: Any) -> Iterator[Record]:
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        cells = [_as_text(value) for value in row[:_MOST_COLUMNS]]
        while cells and not cells[-1]:
            cells.pop()
        yield Record(number, cells)


def _as_text(value: object) -> str:
    """A cell as a person would type it: whole numbers without ".0", dates as ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return str(value)


def _ods_records(sheet: Any) -> Iterator[Record]:
    from odf.table import CoveredTableCell, TableCell, TableRow

    number = 0
    for row in sheet.getElementsByType(TableRow):
        cells: list[str] = []
        for cell in row.childNodes:
            if cell.qname not in (TableCell().qname, CoveredTableCell().qname):
                continue
            repeated = int(cell.getAttribute("numbercolumnsrepeated") or 1)
            text = _ods_text(cell)
            cells.extend([text] * min(repeated, _MOST_COLUMNS - len(cells)))
        while cells and not cells[-1]:
            cells.pop()
        repeated = int(row.getAttribute("numberrowsrepeated") or 1)
        for _ in range(min(repeated, _MOST_REPEATS) if cells else 1):
            number += 1
            yield Record(number, cells)
        number += 0 if cells else repeated - 1


def _ods_text(cell: Any) -> str:
    from odf import teletype
    from odf.text import P

    kind = cell.getAttribute("valuetype")
    if kind == "float":
        return _as_text(float(cell.getAttribute("value")))
    if kind == "date":
        return str(cell.getAttribute("datevalue")).removesuffix("T00:00:00")
    return "\n".join(teletype.extractText(paragraph) for paragraph in cell.getElementsByType(P))


def _damaged(kind: str) -> Unreadable:
    return Unreadable(
        "DAMAGED_OFFICE", f"The {kind} file cannot be opened: parts are missing or broken. Save it again."
    )
