"""DOCX: paragraphs, tables, text boxes, headers and footers, hyperlinks, in the order of the document.

source  ECMA-376 part 1: 17.3 (paragraphs, runs), 17.4 (tables), 17.16.22 (hyperlink fields), 17.16.5.25
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gateway.errors import Unreadable
from gateway.extract.media_types import DOCX
from gateway.extract.office.package import PACKAGE_ERRORS
from gateway.extract.office.sheet import Run, Sheet, preload, reading_of
from gateway.model import ExtractedProfile, Hints, Reading

__all__ = ["preload", "read_docx"]

Sink = Callable[[ExtractedProfile], None]

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HYPERLINK = re.compile(r'HYPERLINK\s+(?:\\l\s+)?"([^"]+)"')
_LONG_CELL = 160  # characters; a row with a longer cell is a layout column, not a row of facts
_DEEP = 12  # tables in tables in text boxes; no document written by a person is deeper


def read_docx(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read a Word document; raises Unreadable(DAMAGED_OFFICE)."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError

    started = time.process_time()
    try:
        document = docx.Document(str(path))
        sheet = _Reader(document).sheet()
    except (PackageNotFoundError, LxmlError, *PACKAGE_ERRORS) as wrong:
        raise Unreadable(
            "DAMAGED_OFFICE", "The DOCX file cannot be opened: parts are missing or broken. Save it again or as PDF."
        ) from wrong
    return reading_of(sheet, DOCX, sink, hints, started)


class _Reader:
    """Walks one document. Sizes and weights come from the run, then its styles, then the document's defaults."""

    def __init__(self, document: Any) -> None:
        self._document = document
        self._sheet = Sheet()
        self._styles = {style.style_id: style for style in document.styles}
        self._look: dict[str | None, tuple[float | None, bool]] = {}
        self._base = _default_size(document)

    def sheet(self) -> Sheet:
        seen: set[int] = set()
        sections = list(self._document.sections)
        for section in sections:
            for part in (section.first_page_header, section.header):
                self._furniture(part, seen)
        self._block(self._document.element.body, self._document.part, 0)
        for section in sections:
            for part in (section.first_page_footer, section.footer):
                self._furniture(part, seen)
        return self._sheet

    def _furniture(self, part: Any, seen: set[int]) -> None:
        """A header or footer, once: sections usually share it."""
        if part.is_linked_to_previous or id(part.part) in seen:
            return
        seen.add(id(part.part))
        self._block(part._element, part.part, 0)

    def _block(self, parent: Any, part: Any, depth: int) -> None:
        if depth > _DEEP:
            return
        for child in parent.iterchildren():
            if child.tag == _W + "p":
                self._paragraph(child, part, depth)
            elif child.tag == _W + "tbl":
                self._table(child, part, depth)
            elif child.tag == _W + "sdt":
                content = child.find(_W + "sdtContent")
                if content is not None:
                    self._block(content, part, depth + 1)
            elif child.tag in (_W + "ins", _W + "customXml", _W + "smartTag"):
                self._block(child, part, depth + 1)

    def _paragraph(self, paragraph: Any, part: Any, depth: int) -> None:
        properties = paragraph.find(_W + "pPr")
        if properties is not None and properties.find(_W + "pageBreakBefore") is not None:
            self._sheet.break_page()
        boxes: list[Any] = []
        runs = list(self._runs(paragraph, part, boxes))
        if (
            properties is not None
            and properties.find(_W + "numPr") is not None
            and any(run.text.strip() for run in runs)
        ):
            runs.insert(0, Run("• ", runs[0].size))
        self._sheet.paragraph(runs)
        for box in boxes:
            self._block(box, part, depth + 1)

    def _table(self, table: Any, part: Any, depth: int) -> None:
        for row in table.iterchildren(_W + "tr"):
            cells = [cell for cell in row.iter(_W + "tc") if cell.getparent() is row or _row_of(cell) is row]
            paragraphs = [list(cell.iterchildren(_W + "p")) for cell in cells]
            nested = any(cell.find(_W + "tbl") is not None for cell in cells)
            texts = ["".join(t.text or "" for t in cell.iter(_W + "t")) for cell in cells]
            boxed = any(next(cell.iter(_W + "txbxContent"), None) is not None for cell in cells)
            if nested or boxed or len(cells) == 1 or _is_layout(paragraphs, texts):
                for cell in cells:
                    self._block(cell, part, depth + 1)
            else:
                self._sheet.row([self._cell(cell, part) for cell in paragraphs])

    def _cell(self, paragraphs: list[Any], part: Any) -> list[Run]:
        runs: list[Run] = []
        for paragraph in paragraphs:
            if runs:
                runs.append(Run("\n", runs[-1].size))
            runs.extend(self._runs(paragraph, part, []))
        return runs

    def _runs(self, paragraph: Any, part: Any, boxes: list[Any]) -> Iterator[Run]:
        """The runs of a paragraph; text boxes anchored in it are added to `boxes`."""
        style = _value(paragraph.find(f"{_W}pPr/{_W}pStyle"))
        field_uri: str | None = None
        for element in paragraph.iter(_W + "r"):
            if _inside(element, paragraph, (_W + "txbxContent", _MC_FALLBACK, _W + "del", _W + "moveFrom")):
                continue
            boxes.extend(box for box in element.iter(_W + "txbxContent") if not _inside(box, element, (_MC_FALLBACK,)))
            instruction = "".join(item.text or "" for item in element.iterchildren(_W + "instrText"))
            found = _HYPERLINK.search(instruction)
            if found:
                field_uri = found.group(1)
            ended = element.find(_W + "fldChar")
            if ended is not None and ended.get(_W + "fldCharType") == "end":
                field_uri = None
            text = self._text(element)
            if text:
                size, bold, italic, hidden = self._face(element, style)
                uri = _target(element, paragraph, part) or field_uri
                yield Run(text, size, bold, italic, hidden, uri)

    def _text(self, run: Any) -> str:
        out = []
        for child in run.iterchildren():
            if child.tag == _W + "t":
                out.append(child.text or "")
            elif child.tag == _W + "tab" or child.tag == _W + "ptab":
                out.append("\t")
            elif child.tag == _W + "noBreakHyphen":
                out.append("-")
            elif child.tag in (_W + "br", _W + "cr"):
                if child.get(_W + "type") == "page":
                    self._sheet.break_page()
                out.append("\n")
        return "".join(out)

    def _face(self, run: Any, style: str | None) -> tuple[float, bool, bool, bool]:
        own = run.find(_W + "rPr")
        size, bold = self._style_look(style)
        italic = hidden = False
        if own is not None:
            named_size, named_bold = self._style_look(_value(own.find(_W + "rStyle")))
            size, bold = named_size or size, named_bold or bold
            half_points = _value(own.find(_W + "sz"))
            if half_points is not None and half_points.replace(".", "", 1).isdigit():
                size = float(half_points) / 2
            bold = _switch(own.find(_W + "b"), bold)
            italic = _switch(own.find(_W + "i"), False)
            hidden = _switch(own.find(_W + "vanish"), False)
        return min(size or self._base, 72.0), bold, italic, hidden

    def _style_look(self, style_id: str | None) -> tuple[float | None, bool]:
        """(size, bold) of a style, including the styles it is based on; cached."""
        if style_id not in self._look:
            size: float | None = None
            bold: bool | None = None
            style = self._styles.get(style_id) if style_id else None
            for _ in range(20):  # styles may, wrongly, be based on each other
                if style is None:
                    break
                font = style.font
                size = size or (font.size.pt if font.size else None)
                bold = font.bold if bold is None else bold
                style = style.base_style
            self._look[style_id] = size, bool(bold)
        return self._look[style_id]


def _default_size(document: Any) -> float:
    sizes = document.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr/w:sz/@w:val")
    try:
        return float(sizes[0]) / 2
    except (IndexError, ValueError):
        return 10.0


def _is_layout(paragraphs: list[list[Any]], texts: list[str]) -> bool:
    """A row that sets columns side by side (a sidebar), rather than one fact in several cells."""
    filled = [len(cell) for cell, text in zip(paragraphs, texts, strict=True) if text.strip()]
    return max(filled, default=0) > 3 or any(len(text) > _LONG_CELL for text in texts)


def _row_of(cell: Any) -> Any:
    """The row a cell belongs to, through content controls."""
    parent = cell.getparent()
    while parent is not None and parent.tag in (_W + "sdtContent", _W + "sdt"):
        parent = parent.getparent()
    return parent


def _inside(element: Any, top: Any, tags: tuple[str, ...]) -> bool:
    parent = element.getparent()
    while parent is not None and parent is not top:
        if parent.tag in tags:
            return True
        parent = parent.getparent()
    return False


def _target(run: Any, paragraph: Any, part: Any) -> str | None:
    """The target of a run inside w:hyperlink; links within the document have none."""
    parent = run.getparent()
    while parent is not None and parent is not paragraph:
        if parent.tag == _W + "hyperlink":
            relation = part.rels.get(parent.get(_R + "id", ""))
            return str(relation.target_ref) if relation is not None and relation.is_external else None
        parent = parent.getparent()
    return None


def _value(element: Any) -> str | None:
    return None if element is None else element.get(_W + "val")


def _switch(element: Any, otherwise: bool) -> bool:
    """An on/off property: present without a value, it is on."""
    if element is None:
        return otherwise
    return element.get(_W + "val") not in ("0", "false", "off", "none")
