"""A plain page layout for formats that have paragraphs instead of places."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.extract.page.words import Link, Page, Word
from gateway.extract.resume.profiles import read_profiles
from gateway.model import Box, ExtractedProfile, Hints, Reading

Sink = Callable[[ExtractedProfile], None]

WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 50.0  # A4 in points
_ADVANCE = 0.5  # mean width of a letter, in sizes
_WIDE = 0.95  # that of an ideograph or kana
_MOST_WORDS = 60_000  # about a hundred pages of a résumé; far beyond any, far below the memory limit


@dataclass(frozen=True, slots=True)
class Run:
    """Text in one style. A tab is a wide gap, a line end a new line. uri = the target of a click on it."""

    text: str
    size: float = 10.0
    bold: bool = False
    italic: bool = False
    hidden: bool = False
    uri: str | None = None


@dataclass
class Sheet:
    """Collects paragraphs and lays them out on pages."""

    _pages: list[Page] = field(default_factory=list)
    _words: list[Word] = field(default_factory=list)
    _links: list[Link] = field(default_factory=list)
    _top: float = MARGIN
    _count: int = 0

    def paragraph(self, runs: Iterable[Run], *, indent: float = 0.0, gap: float = 0.4) -> None:
        """Set one paragraph; lines break at the right margin. gap = space below, in sizes."""
        left = MARGIN + indent
        x, size, tallest = left, 10.0, 0.0
        pending_space = False
        for run in runs:
            size = run.size
            for piece, kind in _pieces(run.text):
                if kind == "break":
                    self._top += 1.2 * (tallest or size)
                    x, tallest, pending_space = left, 0.0, False
                elif kind == "tab":
                    x += 3.0 * size if x > left else 0.0
                    pending_space = False
                elif kind == "space":
                    pending_space = x > left
                else:
                    x += 0.28 * size if pending_space else 0.0
                    width = _width(piece, size)
                    if x + width > WIDTH - MARGIN and pending_space and x > left:
                        self._top += 1.2 * (tallest or size)
                        x, tallest = left, 0.0
                    self._word(run, piece, (x, self._top, x + width, self._top + size))
                    x, tallest, pending_space = x + width, max(tallest, size), False
        self._top += (tallest or size) * (1.2 + gap)

    def line(self, text: str, *, size: float = 10.0, bold: bool = False) -> None:
        """Set one line of plain text; an empty one leaves a gap."""
        self.paragraph([Run(text, size, bold)], gap=0.0)

    def row(self, cells: list[list[Run]]) -> None:
        """Set the cells of a table row side by side, at equal distances."""
        step = (WIDTH - 2 * MARGIN) / max(1, len(cells))
        top, lowest = self._top, self._top
        for number, runs in enumerate(cells):
            self._top = top
            self.paragraph(runs, indent=number * step, gap=0.2)
            lowest = max(lowest, self._top)
        self._top = lowest

    def break_page(self) -> None:
        """Begin a new page, if the current one has words."""
        if self._words:
            height = max(HEIGHT, self._top + MARGIN)
            number = len(self._pages) + 1
            page = Page(number, WIDTH, height, tuple(self._words), tuple(self._links), source="office")
            self._pages.append(page)
            self._words, self._links, self._top = [], [], MARGIN

    def pages(self) -> list[Page]:
        """All pages; the sheet is empty afterwards."""
        self.break_page()
        pages, self._pages = self._pages, []
        return pages

    def _word(self, run: Run, text: str, box: Box) -> None:
        self._count += 1
        if self._count > _MOST_WORDS:
            return
        self._words.append(Word(text, box, size=run.size, bold=run.bold, italic=run.italic, hidden=run.hidden))
        if run.uri:
            last = self._links[-1] if self._links else None
            if last and last.uri == run.uri and last.box[1] == box[1]:
                self._links[-1] = Link(run.uri, (last.box[0], box[1], box[2], box[3]))
            else:
                self._links.append(Link(run.uri, box))


def preload() -> None:
    """Read a made-up résumé, so that models and word lists are loaded before the first document."""
    sheet = Sheet()
    sheet.line("Ada Fictive", size=20.0, bold=True)
    sheet.paragraph([Run("ada.fictive@example.org, +1 202-555-0143, Leeds, United Kingdom, github.com/adafictive")])
    sheet.line("Experience", size=14.0, bold=True)
    sheet.line("Shift Lead, Hollow Oak Bakery, 2019 - 2022")
    sheet.line("Skills", size=14.0, bold=True)
    sheet.line("Python, SQL, Baking")
    read_profiles(sheet.pages(), lambda profile: None, Hints())


def _pieces(text: str) -> list[tuple[str, str]]:
    """Words, spaces, tabs and line breaks of a text."""
    out: list[tuple[str, str]] = []
    word = ""
    for char in text:
        if not char.isspace():
            word += char
            continue
        if word:
            out.append((word, "word"))
            word = ""
        out.append((char, "tab" if char == "\t" else "break" if char in "\n\v\f\r\u2028" else "space"))
    if word:
        out.append((word, "word"))
    return out


def _width(text: str, size: float) -> float:
    if text.isascii():
        return _ADVANCE * size * len(text)
    return size * sum(_WIDE if char > "\u2e7f" else _ADVANCE for char in text)


def reading_of(sheet: Sheet, media_type: str, sink: Sink, hints: Hints, started: float) -> Reading:
    """Read a sheet's profiles and return the reading. started = time.process_time() when the file was opened."""
    pages = sheet.pages()
    read_s = time.process_time() - started
    if not pages:
        return Reading(
            "failed",
            media_type,
            code="NO_TEXT",
            error="The document has no text. Pictures of text are only read from PDFs: send it as PDF.",
            cpu_s={"read": read_s},
        )
    facts = read_profiles(pages, sink, hints)
    return Reading(
        "success" if facts.profiles else "failed",
        media_type,
        code=facts.code,
        error=facts.reason,
        profiles=facts.profiles,
        pages=len(pages),
        language=facts.language,
        text_quality=facts.text_quality,
        notes=facts.notes,
        layout=facts.layout,
        family=facts.family,
        cpu_s={"read": read_s, **facts.cpu_s},
    )
