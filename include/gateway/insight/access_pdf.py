"""What is known of one person, as a PDF: the tables of access.html, and the pages with a box around each value that was read.

The HTML is attached to it, for programs and for scripts that this machine has no font for: such characters are written by
their code point, [U+4E2D], so that nothing is left out. A page on which somebody else's values stand is not shown.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.errors import GatewayError
from gateway.insight import candidates, evidence
from gateway.insight.access import Known, Record
from gateway.store.engine import reading
from gateway.store.tables import Profile

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
# The first is the text's; the others fill in what it lacks. Debian: fonts-dejavu-core, fonts-noto-core, fonts-noto-cjk.
FONTS = (
    "DejaVuSans.ttf",
    "NotoSansCJK-Regular.ttc",
    "NotoSansDevanagari-Regular.ttf",
    "NotoSansThai-Regular.ttf",
    "NotoSansBengali-Regular.ttf",
    "NotoSansTamil-Regular.ttf",
)
SIZE, SMALL, TITLE = 9, 7.5, 14
PAGE_MM = 180.0  # the most that a page's picture is wide; 240 high


def access_pdf(known: Known, html: str) -> bytes:
    """The document as PDF; the caller records that it was made."""
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_title("What is kept of one person")
    pdf.set_auto_page_break(True, 15)
    pdf.set_creation_date(known.made_at)
    writer = _Writer(pdf)
    pdf.add_page()
    writer.text("What is kept of one person", TITLE)
    writer.text(
        f"Asked for: {known.asked}. Made {known.made_at:%Y-%m-%d %H:%M} UTC. The same as HTML is attached to this file."
    )
    if not known.records:
        writer.text("Nothing is kept of this person.")
    for number, one in enumerate(known.records, 1):
        _record(writer, one, f"{number} of {len(known.records)}: {one.document}")
    pdf.embed_file(basename="person.html", bytes=html.encode(), desc="The same document, for programs and every script")
    return bytes(pdf.output())


def _record(writer: _Writer, one: Record, title: str) -> None:
    writer.text(title, SIZE + 2, space=6)
    writer.text(f"Agent {one.agent}, batch {one.batch}, profile {one.id}", SMALL)
    writer.table((), one.facts, (1, 3))
    if one.values:
        writer.text("What was read, and from where (boxes in points from the page's top left)", space=3)
        rows = [(v.label, v.value, v.printed or "", v.where, v.rule or "", v.sure) for v in one.values]
        writer.table(("Field", "Value", "Printed as", "Where", "Rule", "Sure"), rows, (2, 4, 3, 4, 2, 1))
    if one.extra:
        writer.text("Columns of the list that no field is made of", space=3)
        writer.table((), one.extra, (1, 3))
    if one.findings:
        writer.text("What the checks found", space=3)
        writer.table((), one.findings, (2, 5, 2))
    writer.text("What was done, when, by whom and by which rule", space=3)
    steps = [(f"{step.at:%Y-%m-%d %H:%M} UTC", step.who, step.what, step.why or "") for step in one.steps]
    writer.table(("When", "Who", "What", "Why"), steps, (2, 2, 3, 5))
    writer.text("Where it was sent", space=3)
    writer.table((), one.sent or (("Nowhere", ""),), (1, 3))
    for page in _pages(one.id):
        writer.page(*page)


def _pages(profile_id: str) -> Iterator[tuple[str, bytes | None, evidence.PageShown]]:
    """(caption, picture or None, page) of each page that the person's values were read from."""
    person = candidates.candidate(profile_id)
    document = evidence.document_of(person)
    if document.kind != "pages" or not document.has_file:
        return
    others = _pages_of_others(profile_id, document.id)
    for shown in evidence.pages_of(document, [person], all_pages=False):
        if not shown.marks:
            continue
        caption = f"Page {shown.number} of the document, with what was read from it"
        if shown.number in others or shown.width is None:
            yield f"Page {shown.number} is not shown: values of somebody else stand on it.", None, shown
            continue
        try:
            yield caption, evidence.page_image(document.id, shown.number), shown
        except GatewayError as wrong:
            yield f"Page {shown.number} is not shown. {wrong.sentence}", None, shown


def _pages_of_others(profile_id: str, document_id: str) -> set[int]:
    with reading() as session:
        rows = session.scalars(
            select(Profile).where(Profile.document_id == document_id, Profile.id != profile_id)
        ).all()
    ranges = [row.data["pages"] for row in rows if row.data.get("pages")]
    return {page for first, last in ranges for page in range(first, last + 1)}


@lru_cache(maxsize=1)
def fonts() -> tuple[Path, ...]:
    """The fonts of this machine among FONTS, in their order."""
    there = {path.name: path for folder in FONT_FOLDERS if folder.is_dir() for path in folder.rglob("*.tt[fc]")}
    return tuple(there[name] for name in FONTS if name in there)


class _Writer:
    """Text, tables and pictures, one below the other."""

    def __init__(self, pdf: Any) -> None:
        self.pdf = pdf
        self.known: set[int] | None = None
        names = []
        for number, path in enumerate(fonts()):
            pdf.add_font(f"f{number}", "", str(path))
            names.append(f"f{number}")
        if names:
            self.known = {code for name in names for code in pdf.fonts[name].cmap}
            pdf.set_fallback_fonts(names[1:], exact_match=False)
        self.name = names[0] if names else "helvetica"
        pdf.set_font(self.name, size=SIZE)

    def text(self, text: str, size: float = SIZE, *, space: float = 0) -> None:
        self.pdf.ln(space)
        self.pdf.set_font(self.name, size=size)
        self.pdf.multi_cell(0, size * 0.5, self._drawn(text), new_x="LMARGIN", new_y="NEXT")
        self.pdf.set_font(self.name, size=SIZE)

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
        self.pdf.set_font(self.name, size=SMALL)
        with self.pdf.table(
            col_widths=tuple(widths),
            first_row_as_headings=False,
            line_height=3.6,
            borders_layout="HORIZONTAL_LINES",
            text_align="LEFT",
        ) as table:
            for cells in [head, *rows] if head else rows:
                row = table.row()
                for text in cells:
                    row.cell(self._drawn(str(text)))
        self.pdf.set_font(self.name, size=SIZE)

    def page(self, caption: str, picture: bytes | None, shown: evidence.PageShown) -> None:
        if picture is None or not shown.width or not shown.height:
            self.text(caption, SMALL, space=2)
            return
        pdf = self.pdf
        pdf.add_page()
        self.text(caption, SMALL)
        scale = min(PAGE_MM / shown.width, 240.0 / shown.height)
        left, top = pdf.get_x(), pdf.get_y() + 1
        pdf.image(io.BytesIO(picture), left, top, shown.width * scale, shown.height * scale)
        pdf.set_draw_color(200, 0, 60)
        pdf.set_text_color(200, 0, 60)
        pdf.set_font(self.name, size=5)
        for mark in shown.marks:
            x, y = left + mark.x * scale, top + mark.y * scale
            pdf.rect(x, y, mark.width * scale, mark.height * scale)
            pdf.text(x, y - 0.4, self._drawn(mark.label))
        pdf.set_draw_color(0)
        pdf.set_text_color(0)
        pdf.set_font(self.name, size=SIZE)

    def _drawn(self, text: str) -> str:
        """The text with what no font here can draw written by its code point."""
        return "".join(one if one in "\n" or self._can(one) else f"[U+{ord(one):04X}]" for one in text)

    def _can(self, one: str) -> bool:
        if self.known is not None:
            return ord(one) in self.known
        try:
            one.encode("latin-1")  # what the PDF's own fonts have
        except UnicodeEncodeError:
            return False
        return one.isprintable()
