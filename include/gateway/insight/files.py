"""Exported rows as files: the same columns, each format safe in its own way.

    CSV          for programs and spreadsheets; a cell that a spreadsheet would calculate begins with an apostrophe. A
                 number, a phone with its "+" included, stays as it is: calculated it is still that number
    XLSX         for people; every value is a text cell, which nothing calculates and which keeps a phone's "+"
    JSON Lines   for programs; raw values and states, nothing is neutralised

States are the page's words in CSV and XLSX, the store's own in JSON Lines.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import escape

from gateway.insight.exports import COLUMNS
from gateway.insight.words import state_word

Row = dict[str, Any]
PIECE = 65_536
CELL_CHARS = 32_767  # of one cell: the limit of XLSX
STATES = ("document_status", "status")
NUMBERS = ("candidate_number", "quality", "completeness")
# Text that a spreadsheet may take for a formula, including full-width forms and leading blanks, at a cell's beginning and
# after each ";": where that separates cells, as in half of Europe, every item of a list is a cell. A sign before
# digits and blanks alone is a number.
FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@＝＋－＠]|[\t\r\n])(?!\s*[+-]\d[\d .]*(?:;|\Z))")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """UTF-8 text with a byte order mark, in pieces."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    text.write("\ufeff")  # Excel reads UTF-8 only with this mark
    writer.writeheader()
    for row in rows:
        writer.writerow({key: cell(value) for key, value in for_people(row).items()})
        if text.tell() > PIECE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def as_json_lines(rows: Iterable[Row]) -> Iterator[str]:
    """JSON Lines, in pieces of several lines: each piece costs a change of threads."""
    waiting: list[str] = []
    length = 0
    for row in rows:
        line = json.dumps(row, ensure_ascii=False) + "\n"
        waiting.append(line)
        length += len(line)
        if length > PIECE:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)


def as_xlsx(rows: Iterable[Row]) -> Iterator[bytes]:
    """A workbook with one sheet, in pieces as it is created: neither memory nor a temporary file ever holds all of it.

    source   ECMA-376 part 1: 18.3.1.4 (inlineStr), 18.8.30 (format 49 is "@", text)
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as book:  # type: ignore[call-overload]  # an unseekable file
        for name, content in _PARTS.items():
            book.writestr(name, content)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET_BEGINS.encode())
            sheet.write(_xml_row(dict(zip(COLUMNS, COLUMNS, strict=True))))
            for row in rows:
                sheet.write(_xml_row(for_people(row)))
                if sink.waiting > PIECE:
                    yield sink.taken()
            sheet.write(b"</sheetData></worksheet>")
    yield sink.taken()


def for_people(row: Row) -> Row:
    """States in words, lists as one text."""
    said = {key: "; ".join(map(str, value)) if isinstance(value, list) else value for key, value in row.items()}
    return said | {key: state_word(row[key]) for key in STATES}


def cell(value: Any) -> Any:
    """A value as a CSV cell that no spreadsheet takes for a formula."""
    return FORMULA.sub(r"\1'", value) if isinstance(value, str) else value


def _xml_row(row: Row) -> bytes:
    return f"<row>{''.join(_xml_cell(key, row[key]) for key in COLUMNS)}</row>".encode()


def _xml_cell(key: str, value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if key in NUMBERS and isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    text = escape(_NOT_XML.sub("\ufffd", str(value))[:CELL_CHARS])
    return f'<c t="inlineStr" s="1"><is><t xml:space="preserve">{text}</t></is></c>'


class _Sink:
    """A buffer for the archive, emptied as it fills. It cannot seek, so written data never changes later."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.waiting = 0

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        self.waiting += len(data)
        return len(data)

    def flush(self) -> None:
        """Does nothing, because nothing is buffered."""

    def taken(self) -> bytes:
        made = b"".join(self.parts)
        self.parts, self.waiting = [], 0
        return made


_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SHEET_BEGINS = f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'
_PARTS = {
    "[Content_Types].xml": (
        f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="Candidates" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts><fills count="2">'
        '<fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
        '<cellXfs count="2"><xf/><xf numFmtId="49" applyNumberFormat="1"/></cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    ),
}
