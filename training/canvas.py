"""A small canvas that generated résumés are drawn on: as PDF for alphabets, as pages of words for Chinese, Japanese, Korean."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import fpdf

from gateway.extract.page.words import Link, Page, Word

WIDTH, HEIGHT = 595.0, 842.0
DEJAVU = Path("/usr/share/fonts/truetype/dejavu")


@dataclass
class Run:
    """A text to be drawn, top left at x, y of its page."""

    page: int
    x: float
    y: float
    text: str
    size: float
    bold: bool = False
    italic: bool = False
    colour: int = 0
    link: str | None = None


@dataclass
class Canvas:
    """Runs, and a pen that goes down column by column."""

    family: str
    body: float
    runs: list[Run] = field(default_factory=list)
    page: int = 1
    measure: fpdf.FPDF | None = None
    uris: dict[str, str] = field(default_factory=dict)  # printed word -> target of a link over it

    def width(self, text: str, size: float, bold: bool = False) -> float:
        if self.measure is None:
            return sum(size if ord(c) > 0x2E80 else 0.52 * size for c in text)
        self.measure.set_font(self.family, "B" if bold else "", size)
        return float(self.measure.get_string_width(text))

    def text(self, x: float, y: float, text: str, size: float = 0.0, **look: object) -> float:
        """Draws and returns the x at which the text ends."""
        size = size or self.body
        self.runs.append(Run(self.page, x, y, text, size, **look))  # type: ignore[arg-type]
        return x + self.width(text, size, bool(look.get("bold")))


@dataclass
class Column:
    canvas: Canvas
    x: float
    y: float
    right: float
    leading: float = 1.35

    def line(self, text: str, size: float = 0.0, gap: float = 0.0, align: str = "left", **look: object) -> None:
        size = size or self.canvas.body
        for piece in self._wrapped(text, size, bool(look.get("bold"))):
            if self.y + size > HEIGHT - 15:
                self.canvas.page += 1
                self.y = 50
            width = self.canvas.width(piece, size, bool(look.get("bold")))
            x = {"left": self.x, "right": self.right - width, "centre": (self.x + self.right - width) / 2}[align]
            self.canvas.text(x, self.y, piece, size, **look)
            self.y += self.leading * size
        self.y += gap

    def pair(self, left: str, right: str, **look: object) -> None:
        if self.y > HEIGHT - 70:
            self.canvas.page += 1
            self.y = 50
        self.canvas.text(self.x, self.y, left, **look)
        self.canvas.text(self.right - self.canvas.width(right, self.canvas.body), self.y, right)
        self.y += self.leading * self.canvas.body

    def _wrapped(self, text: str, size: float, bold: bool) -> list[str]:
        out: list[str] = []
        for word in text.split(" "):
            if out and self.canvas.width(f"{out[-1]} {word}", size, bold) <= self.right - self.x:
                out[-1] += " " + word
            elif (
                self.canvas.width(word, size, bold) > self.right - self.x
                and len(word) > 12
                and ("@" in word or "/" in word)
            ):
                # a long address breaks inside the word, as narrow columns do it
                cut = max(6, int(len(word) * (self.right - self.x) / self.canvas.width(word, size, bold)) - 1)
                out += [word[:cut], word[cut:]]
            else:
                out.append(word)
        return out


@lru_cache(maxsize=1)
def ruler() -> fpdf.FPDF:
    """One document kept only for the widths of its fonts; loading them takes a fifth of a second."""
    return _pdf()


def _pdf() -> fpdf.FPDF:
    pdf = fpdf.FPDF(unit="pt", format=(WIDTH, HEIGHT))
    pdf.set_auto_page_break(False)
    for family, file in (("sans", "DejaVuSans"), ("serif", "DejaVuSerif")):
        pdf.add_font(family, "", DEJAVU / f"{file}.ttf")
        pdf.add_font(family, "B", DEJAVU / f"{file}-Bold.ttf")
    return pdf


def as_pdf(canvas: Canvas) -> bytes:
    """The canvas as a PDF file; Latin, Greek and Cyrillic only."""
    pdf = _pdf()
    for number in range(1, max(run.page for run in canvas.runs) + 1):
        pdf.add_page()
        for run in (r for r in canvas.runs if r.page == number):
            pdf.set_font(canvas.family, "B" if run.bold else "", run.size)
            pdf.set_text_color(run.colour >> 16 & 255, run.colour >> 8 & 255, run.colour & 255)
            pdf.text(run.x, run.y + 0.8 * run.size, run.text)
    return bytes(pdf.output())


def as_pages(canvas: Canvas) -> list[Page]:
    """The canvas as pages of words: quick, and for scripts the fonts at hand cannot draw."""
    pages = []
    for number in range(1, max(run.page for run in canvas.runs) + 1):
        words: list[Word] = []
        links: list[Link] = []
        for run in (r for r in canvas.runs if r.page == number):
            x = run.x
            for token in run.text.split(" "):
                end = x + canvas.width(token, run.size, run.bold)
                uri = canvas.uris.get(token.strip(",|."))
                if uri:
                    links.append(Link(uri, (x, run.y, end, run.y + run.size)))
                if token:
                    words.append(
                        Word(token, (x, run.y, end, run.y + run.size), run.size, run.bold, run.italic, run.colour)
                    )
                x = end + 0.3 * run.size
        pages.append(Page(number, WIDTH, HEIGHT, tuple(words), tuple(links)))
    return pages
