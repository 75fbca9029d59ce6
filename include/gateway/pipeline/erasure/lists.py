"""A list without some of its rows: their cells are emptied, so that the others' row numbers hold.

The copy is written from what our own reader sees and is read again: where it does not say the same of everybody else, or
still says something of the person, there is no copy, and the list goes whole.
"""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gateway.errors import Unreadable
from gateway.extract.media_types import CSV, XLSX
from gateway.extract.tables.dialect import find_dialect
from gateway.extract.tables.encoding import open_text
from gateway.extract.tables.records import records
from gateway.extract.tables.workbook import xlsx_tables
from gateway.pipeline.erasure.parts import Part

_TIMES = re.compile(rb"<dcterms:(created|modified)[^>]*>[^<]*</dcterms:\1>")
Rows = list[list[str]]
Sheets = list[tuple[str | None, Rows]]


def without_rows(source: Path, target: Path, media_type: str, parts: Sequence[Part]) -> bool:
    """Writes `target`, a copy of the list without these people; False, with nothing promised of it, where that cannot be."""
    if media_type not in (CSV, XLSX) or any(part.row is None or not part.strings for part in parts):
        return False
    from openpyxl.utils.exceptions import IllegalCharacterError

    try:
        sheets = _read(source, media_type)
        if not all(_emptied(sheets, part) for part in parts):
            return False
        _write(target, media_type, sheets)
        again = _read(target, media_type)
    except (Unreadable, OSError, ValueError, csv.Error, IllegalCharacterError):
        return False
    if [_bare(rows) for _, rows in again] != [_bare(rows) for _, rows in sheets]:
        return False
    left = "\n".join(_texts(again))
    return not any(string in left for part in parts for string in part.strings if "@" in string)


def _read(path: Path, media_type: str) -> Sheets:
    if media_type == XLSX:
        return [(name, _by_number((one.row, one.cells) for one in rows)) for name, rows in xlsx_tables(path)]
    text = open_text(path)
    return [(None, _by_number((one.row, one.cells) for one in records(text, find_dialect(text.sample()))))]


def _by_number(rows: Iterable[tuple[int, list[str]]]) -> Rows:
    """Row n at place n - 1."""
    placed: Rows = []
    for number, cells in rows:
        placed.extend([] for _ in range(number - 1 - len(placed)))
        placed.append(list(cells))
    return placed


def _emptied(sheets: Sheets, part: Part) -> bool:
    """Empties the person's row, on whatever sheet it is; False where no row of that number says their name or address."""
    done = False
    for _, rows in sheets:
        if part.row is None or part.row > len(rows):
            continue
        cells = rows[part.row - 1]
        said = "\n".join(cells).casefold()
        if not said.strip():
            done = True  # emptied by a run that was killed later on
        elif any(string in said for string in part.strings):
            rows[part.row - 1] = [""] * len(cells)
            done = True
    return done


def _write(path: Path, media_type: str, sheets: Sheets) -> None:
    if media_type == CSV:
        with path.open("w", encoding="utf-8-sig", newline="") as sink:
            writer = csv.writer(sink, quoting=csv.QUOTE_ALL)
            writer.writerows(sheets[0][1])
        return
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for cells in rows:
            row = [WriteOnlyCell(sheet, value=text or None) for text in cells]
            for cell in row:
                if cell.value is not None:
                    cell.data_type = "s"  # what begins with = stays text
            sheet.append(row)
    made = path.with_name(f"{path.name}.made")
    book.save(made)
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in source.namelist():  # without times: the same bytes when it is done again
            packed.writestr(zipfile.ZipInfo(name), _TIMES.sub(b"", source.read(name)), zipfile.ZIP_DEFLATED)


def _bare(rows: Rows) -> Rows:
    """Without empty cells at the end of a row and empty rows at the end of the table, which formats keep or do not."""
    bare = []
    for cells in rows:
        kept = list(cells)
        while kept and not kept[-1].strip():
            kept.pop()
        bare.append(kept)
    while bare and not bare[-1]:
        bare.pop()
    return bare


def _texts(sheets: Sheets) -> Iterator[str]:
    for _, rows in sheets:
        for cells in rows:
            yield from (cell.casefold() for cell in cells)
