"""Plain text and RTF."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from gateway.errors import Unreadable
from gateway.extract.media_types import RTF, TEXT
from gateway.extract.office.sheet import Run, Sheet, reading_of
from gateway.extract.tables.encoding import open_text
from gateway.model import ExtractedProfile, Hints, Reading
from gateway.values.lexicon import heading_of

Sink = Callable[[ExtractedProfile], None]

_COLUMN_GAP = re.compile(r" {4,}")  # text set in columns by spaces
_RULE = re.compile(r"^\s*[-=_*~#.•]{3,}\s*$")
_HEADING_MARK = re.compile(r"^\s{0,3}#{1,4}\s+(.*?)\s*#*$")  # Markdown
_RTF_LINK = re.compile(r"(\S+?)\((mailto:[^()\s]+|https?://[^()\s]+)\)")


def read_text(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read a text file in any character set; a form feed is a new page, a Markdown heading a larger line."""
    started = time.process_time()
    sheet = Sheet()
    for line in open_text(path).lines():
        pages = line.rstrip("\r\n").split("\f")
        for number, part in enumerate(pages):
            if number:
                sheet.break_page()
            _set_line(sheet, part)
    return reading_of(sheet, TEXT, sink, hints, started)


def _set_line(sheet: Sheet, line: str) -> None:
    if _RULE.match(line):
        sheet.line("")
        return
    heading = _HEADING_MARK.match(line)
    if heading:
        sheet.line(heading.group(1).replace("**", ""), size=13.0, bold=True)
        return
    text = _COLUMN_GAP.sub("\t", line.strip()).replace("**", "")
    if _is_heading(text):
        sheet.line("")
        sheet.line(text, size=13.0, bold=True)
        return
    sheet.line(text)


def _is_heading(text: str) -> bool:
    """A section heading, recognised only by its words, because plain text has no styles."""
    return len(text) <= 44 and heading_of(text.strip(" :*_=-")) is not None


def read_rtf(path: Path, sink: Sink, hints: Hints) -> Reading:
    """Read a Rich Text file; its character set is named in it. Raises Unreadable(DAMAGED_OFFICE)."""
    from striprtf.striprtf import rtf_to_text

    started = time.process_time()
    source = path.read_bytes().decode("latin-1")  # RTF is ASCII; other characters are escaped or in its own code page
    codepage = re.search(r"\\ansicpg(\d{3,5})", source[:2000])
    encoding = f"cp{codepage.group(1)}" if codepage else "cp1252"
    try:
        "".encode(encoding)
    except LookupError:
        encoding = "utf-8" if encoding == "cp65001" else "cp1252"
    try:
        text: str = rtf_to_text(source, encoding=encoding, errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, IndexError, KeyError, AttributeError, TypeError) as wrong:
        raise Unreadable(
            "DAMAGED_OFFICE", "The RTF file cannot be read: it is damaged. Save it again or as PDF."
        ) from wrong
    # RTF writes characters beyond U+FFFF as two halves: they are joined, and a single half is not a character.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "")
    sheet = Sheet()
    for line in text.splitlines():
        if _is_heading(line.strip()):
            sheet.line("")
            sheet.line(line.strip(), size=13.0, bold=True)
            continue
        sheet.paragraph(_linked(line.replace("|", "\t") if line.count("|") and "\\cell" in source else line), gap=0.0)
    return reading_of(sheet, RTF, sink, hints, started)


def _linked(line: str) -> list[Run]:
    """The line's runs; striprtf writes a hyperlink as "text(address)"."""
    runs: list[Run] = []
    at = 0
    for found in _RTF_LINK.finditer(line):
        runs.append(Run(line[at : found.start()]))
        runs.append(Run(found.group(1), uri=found.group(2)))
        at = found.end()
    runs.append(Run(line[at:]))
    return runs
