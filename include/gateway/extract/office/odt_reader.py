"""ODT: paragraphs, headings, lists, tables, text boxes and links, in the order of the document.

source  OpenDocument 1.3 part 3: 5 (text content), 9 (tables), 16 and 20 (styles)
"""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax import SAXException

from gateway.errors import Unreadable
from gateway.extract.media_types import ODT
from gateway.extract.office.package import PACKAGE_ERRORS
from gateway.extract.office.sheet import Run, Sheet, reading_of
from gateway.model import ExtractedProfile, Hints, Reading

_BROKEN: tuple[type[Exception], ...] = (SAXException, *PACKAGE_ERRORS)

Sink = Callable[[ExtractedProfile], None]

_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"
_DRAW = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
_STYLE = "urn:oasis:names:tc:opendocument:xmlns:style:1.0"
_FO = "urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
_XLINK = "http://www.w3.org/1999/xlink"
_POINTS = {"pt": 1.0, "in": 72.0, "cm": 28.346, "mm": 2.8346, "px": 0.75}
_LENGTH = re.compile(r"^([\d.]+)(pt|in|cm|mm|px)$")
_HEADING_SIZES = {1: 18.0, 2: 15.0, 3: 13.0}
_LONG_CELL = 160
_SKIPPED = {"annotation", "tracked-changes", "note", "table-of-content", "sequence-decls", "forms"}


def read_odt(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read an OpenDocument text; raises Unreadable(DAMAGED_OFFICE, ENCRYPTED_OFFICE)."""
    from odf.opendocument import load

    started = time.process_time()
    try:
        if _is_encrypted(path):
            raise Unreadable("ENCRYPTED_OFFICE", "A password is needed to open this document. Save it without one.")
        sheet = _Reader(load(str(path))).sheet()
    except _BROKEN as wrong:
        raise Unreadable(
            "DAMAGED_OFFICE", "The ODT file cannot be opened: parts are missing or broken. Save it again or as PDF."
        ) from wrong
    return reading_of(sheet, ODT, sink, hints, started)


def _is_encrypted(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return b"manifest:encryption-data" in archive.open("META-INF/manifest.xml").read(1_000_000)


class _Reader:
    def __init__(self, document: Any) -> None:
        self._document = document
        self._sheet = Sheet()
        self._styles: dict[str, Any] = {}
        for group in (document.styles, document.automaticstyles):
            for style in group.childNodes:
                name = _attribute(style, _STYLE, "name")
                if name:
                    self._styles[name] = style

    def sheet(self) -> Sheet:
        for master in self._document.masterstyles.childNodes:
            for part in master.childNodes:
                if _tag(part) == (_STYLE, "header"):
                    self._block(part, 0)
        self._block(self._document.text, 0)
        for master in self._document.masterstyles.childNodes:
            for part in master.childNodes:
                if _tag(part) == (_STYLE, "footer"):
                    self._block(part, 0)
        return self._sheet

    def _block(self, parent: Any, depth: int) -> None:
        for child in parent.childNodes:
            space, name = _tag(child)
            if name in _SKIPPED or depth > 40:
                continue
            if space == _TEXT and name in ("p", "h"):
                self._paragraph(child, depth)
            elif (space, name) == (_TEXT, "list-item"):
                self._block(child, depth + 1)
            elif (space, name) == (_TABLE, "table-row"):
                self._row(child, depth)
            elif hasattr(child, "childNodes"):
                self._block(child, depth + 1)

    def _paragraph(self, paragraph: Any, depth: int) -> None:
        style = _attribute(paragraph, _TEXT, "style-name")
        if self._breaks_before(style):
            self._sheet.break_page()
        frames: list[Any] = []
        runs = list(self._runs(paragraph, *self._base(paragraph, style), None, frames))
        bulleted = _tag(paragraph.parentNode) == (_TEXT, "list-item")
        if bulleted and runs:
            runs.insert(0, Run("• ", runs[0].size))
        self._sheet.paragraph(runs)
        for frame in frames:
            self._block(frame, depth + 1)

    def _row(self, row: Any, depth: int) -> None:
        cells = [cell for cell in row.childNodes if _tag(cell) == (_TABLE, "table-cell")]
        paragraphs = [[p for p in cell.childNodes if _tag(p)[1] in ("p", "h")] for cell in cells]
        others = any(_tag(child)[1] not in ("p", "h") for cell in cells for child in cell.childNodes)
        texts = ["".join(_plain(p) for p in cell) for cell in paragraphs]
        long_cells = max(map(len, paragraphs), default=0) > 3 or any(len(text) > _LONG_CELL for text in texts)
        if others or long_cells or len(cells) == 1:
            for cell in cells:
                self._block(cell, depth + 1)
            return
        rows: list[list[Run]] = []
        for cell in paragraphs:
            runs: list[Run] = []
            for paragraph in cell:
                if runs:
                    runs.append(Run("\n", runs[-1].size))
                style = _attribute(paragraph, _TEXT, "style-name")
                runs.extend(self._runs(paragraph, *self._base(paragraph, style), None, []))
            rows.append(runs)
        self._sheet.row(rows)

    def _base(self, paragraph: Any, style: str | None) -> tuple[float, bool]:
        size, bold = self._look(style)
        if _tag(paragraph)[1] == "h":
            level = int(_attribute(paragraph, _TEXT, "outline-level") or 1)
            size, bold = size or _HEADING_SIZES.get(level, 12.0), True
        return size or 10.0, bool(bold)

    def _runs(self, node: Any, size: float, bold: bool, uri: str | None, frames: list[Any]) -> Iterator[Run]:
        for child in node.childNodes:
            if child.nodeType == child.TEXT_NODE:
                text = re.sub(r"\s+", " ", str(child.data))
                if text:
                    yield Run(text, size, bold, uri=uri)
                continue
            space, name = _tag(child)
            if name in _SKIPPED:
                continue
            if (space, name) == (_TEXT, "s"):
                yield Run(" " * int(_attribute(child, _TEXT, "c") or 1), size, bold)
            elif (space, name) == (_TEXT, "tab"):
                yield Run("\t", size, bold)
            elif (space, name) == (_TEXT, "line-break"):
                yield Run("\n", size, bold)
            elif space == _DRAW:
                frames.append(child)
            elif (space, name) == (_TEXT, "a"):
                yield from self._runs(child, size, bold, _attribute(child, _XLINK, "href") or uri, frames)
            else:
                own_size, own_bold = self._look(_attribute(child, _TEXT, "style-name"))
                heavier = bold if own_bold is None else own_bold
                yield from self._runs(child, own_size or size, heavier, uri, frames)

    def _look(self, style_name: str | None) -> tuple[float | None, bool | None]:
        """(size, bold) of a style and its parents; None if they define neither."""
        size: float | None = None
        bold: bool | None = None
        for _ in range(20):  # parents may, wrongly, form a circle
            style = self._styles.get(style_name or "")
            if style is None:
                break
            for properties in style.childNodes:
                if _tag(properties) != (_STYLE, "text-properties"):
                    continue
                length = _LENGTH.match(_attribute(properties, _FO, "font-size") or "")
                if length and size is None:
                    size = min(72.0, float(length.group(1)) * _POINTS[length.group(2)])
                weight = _attribute(properties, _FO, "font-weight")
                if weight and bold is None:
                    bold = weight == "bold" or (weight.isdigit() and int(weight) >= 600)
            style_name = _attribute(style, _STYLE, "parent-style-name")
        return size, bold

    def _breaks_before(self, style_name: str | None) -> bool:
        style = self._styles.get(style_name or "")
        if style is None:
            return False
        return any(_attribute(properties, _FO, "break-before") == "page" for properties in style.childNodes)


def _tag(node: Any) -> tuple[str, str]:
    name = getattr(node, "qname", None)
    return (name[0], name[1]) if name else ("", "")


def _attribute(node: Any, space: str, name: str) -> str | None:
    value = (getattr(node, "attributes", None) or {}).get((space, name))
    return None if value is None else str(value)


def _plain(node: Any) -> str:
    from odf import teletype

    return str(teletype.extractText(node))
