"""Small PDFs made on the spot by fpdf2, from (x, y, text, size, bold, colour) runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fpdf

from gateway.extract.pdf import read_pdf
from gateway.model import ExtractedProfile, Hints, Reading

Run = tuple[float, float, str, float, str, tuple[int, int, int]]
BLACK = (0, 0, 0)


def run(x: float, y: float, text: str, size: float = 10, style: str = "", colour: tuple[int, int, int] = BLACK) -> Run:
    return (x, y, text, size, style, colour)


def make(path: Path, *pages: list[Run], links: list[tuple[float, float, float, float, str]] = (), **save: Any) -> Path:  # type: ignore[assignment]
    """`links` are (x, y, width, height, uri) on the first page; `save` goes to set_encryption."""
    pdf = fpdf.FPDF(unit="pt", format=(595, 842))
    pdf.set_auto_page_break(False)
    if save:
        pdf.set_encryption(**save)
    for number, runs in enumerate(pages):
        pdf.add_page()
        for x, y, text, size, style, colour in runs:
            pdf.set_font("Helvetica", style, size)
            pdf.set_text_color(*colour)
            pdf.text(x, y, text)
        for x, y, width, height, uri in links if number == 0 else ():
            pdf.link(x, y, width, height, uri)
    pdf.output(str(path))
    return path


def read(path: Path, hints: Hints | None = None, limit_pages: int = 60) -> tuple[Reading, list[ExtractedProfile]]:
    profiles: list[ExtractedProfile] = []
    reading = read_pdf(path, profiles.append, hints or Hints(), limit_pages=limit_pages)
    return reading, profiles


def resume(name: str, email: str, phone: str, *, city: str = "Portland, OR, United States") -> list[Run]:
    """A plain one-column résumé of one page."""
    return [
        run(60, 70, name, 22, "B"),
        run(60, 92, "Baker"),
        run(60, 108, f"{email} | {phone} | {city}"),
        run(60, 150, "Work Experience", 14, "B"),
        run(60, 172, "Head Baker", 10, "B"),
        run(430, 172, "Mar 2019 - Present"),
        run(60, 186, "Harbour Bread Ltd", 10, "I"),
        run(66, 202, "- Planned the night shifts of a team of six."),
        run(60, 224, "Pastry Cook", 10, "B"),
        run(430, 224, "2015 - 2019"),
        run(60, 238, "Lantern Hotel Group", 10, "I"),
        run(66, 254, "- Made plated desserts for ninety covers."),
        run(60, 290, "Education", 14, "B"),
        run(60, 312, "Diploma in Baking", 10, "B"),
        run(430, 312, "2012 - 2014"),
        run(60, 326, "Riverside Culinary College"),
        run(60, 360, "Skills", 14, "B"),
        run(60, 382, "Sourdough, Lamination, Food safety, Costing"),
    ]
