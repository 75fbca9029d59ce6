"""HTML: a résumé saved or exported as a web page, or a candidate list in a table of one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from gateway.extract.media_types import HTML
from gateway.extract.office.sheet import Run, Sheet, reading_of
from gateway.extract.tables.columns import is_header_row
from gateway.extract.tables.reader import TableReader
from gateway.extract.tables.records import Record
from gateway.model import ExtractedProfile, Hints, Reading

Sink = Callable[[ExtractedProfile], None]

_SKIPPED = {"script", "style", "head", "noscript", "template", "svg", "iframe", "object", "select", "option", "button"}
_BLOCKS = {
    "p",
    "div",
    "section",
    "article",
    "header",
    "footer",
    "main",
    "aside",
    "nav",
    "ul",
    "ol",
    "dl",
    "li",
    "dt",
    "dd",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "blockquote",
    "pre",
    "address",
    "figure",
    "form",
    "hr",
    "body",
    "fieldset",
    "center",
}
_SIZES = {"h1": 20.0, "h2": 15.0, "h3": 13.0, "h4": 12.0, "h5": 11.0, "h6": 11.0, "small": 8.5}
_BOLD = {"b", "strong", "th", "h1", "h2", "h3", "h4", "h5", "h6", "dt"}
_ITALIC = {"i", "em", "cite"}
_SPACE = re.compile(r"\s+")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em|;|$)", re.I)
_DEEP = 200
_LONG_CELL = 160


def read_html(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read a web page: as a list of candidates if a table in it is one, as a document otherwise."""
    from bs4 import BeautifulSoup

    started = time.process_time()
    soup = BeautifulSoup(path.read_bytes(), "lxml")
    lists = [rows for rows in map(_rows, soup.find_all("table")) if any(map(is_header_row, rows[:5])) and len(rows) > 1]
    if lists:
        table = TableReader(sink, hints)
        for rows in lists:
            table.read(Record(number, cells) for number, cells in enumerate(rows, 1))
        return table.reading(HTML, "web page", time.process_time() - started)
    sheet = Sheet()
    _Walker(sheet).block(soup.body or soup, 0)
    return reading_of(sheet, HTML, sink, hints, started)


def _rows(table: Any) -> list[list[str]]:
    """The texts of a table's cells; a cell that spans several columns fills them."""
    out = []
    for row in table.find_all("tr"):
        cells: list[str] = []
        for cell in row.find_all(["td", "th"], recursive=False):
            span = str(cell.get("colspan") or "1")
            cells.append(cell.get_text("\n", strip=True))
            cells.extend([""] * (min(int(span), 100) - 1 if span.isdigit() else 0))
        out.append(cells)
    return out


class _Walker:
    """Collects inline runs until a block begins or ends, then sets them as a paragraph."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._runs: list[Run] = []

    def block(self, node: Any, depth: int) -> None:
        self._inline(node, Run(""), depth)
        self._flush()

    def _flush(self, bullet: bool = False) -> None:
        if any(run.text.strip() for run in self._runs):
            self._sheet.paragraph([Run("• "), *self._runs] if bullet else self._runs)
        self._runs = []

    def _inline(self, node: Any, look: Run, depth: int) -> None:
        from bs4.element import Comment, NavigableString, Tag

        if depth > _DEEP:
            return
        for child in node.children:
            if isinstance(child, NavigableString):
                if not isinstance(child, Comment) and type(child) is NavigableString:
                    text = str(child) if node.name == "pre" else _SPACE.sub(" ", str(child))
                    self._runs.append(Run(text, look.size, look.bold, look.italic, look.hidden, look.uri))
                continue
            if not isinstance(child, Tag) or child.name in _SKIPPED:
                continue
            if child.name == "br":
                self._runs.append(Run("\n", look.size))
            elif child.name == "tr":
                self._flush()
                self._row(child, look, depth)
            elif child.name in _BLOCKS:
                self._flush()
                self._inline(child, _looked(child, look), depth + 1)
                self._flush(bullet=child.name == "li")
            else:
                self._inline(child, _looked(child, look), depth + 1)

    def _row(self, row: Any, look: Run, depth: int) -> None:
        cells = row.find_all(["td", "th"], recursive=False)
        texts = [cell.get_text(" ", strip=True) for cell in cells]
        simple = all(len(text) <= _LONG_CELL for text in texts) and not any(cell.find(list(_BLOCKS)) for cell in cells)
        if simple and len(cells) > 1:
            self._sheet.row([list(self._cell(cell, look, depth)) for cell in cells])
        else:
            for cell in cells:
                self.block(cell, depth + 1)

    def _cell(self, cell: Any, look: Run, depth: int) -> Iterator[Run]:
        kept, self._runs = self._runs, []
        self._inline(cell, _looked(cell, look), depth + 1)
        yield from self._runs
        self._runs = kept


def _looked(tag: Any, look: Run) -> Run:
    """The text style inside a tag."""
    href = str(tag.get("href") or "") if tag.name == "a" else ""
    uri = href if href.startswith(("http", "mailto:", "tel:")) else look.uri
    hidden = look.hidden or tag.has_attr("hidden") or bool(_HIDDEN.search(str(tag.get("style") or "")))
    size = _SIZES.get(tag.name, look.size)
    return Run("", size, look.bold or tag.name in _BOLD, look.italic or tag.name in _ITALIC, hidden, uri)
