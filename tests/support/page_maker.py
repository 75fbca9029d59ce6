"""Pages as a reader hands them on, without a font or a file: for scripts whose fonts no test machine is sure to have."""

from __future__ import annotations

from gateway.extract.page.words import Link, Page, Word
from gateway.extract.resume.profiles import Facts, read_profiles
from gateway.model import ExtractedProfile, Hints


def words(x: float, y: float, text: str, size: float = 10, bold: bool = False, colour: int = 0) -> list[Word]:
    """One line from x to the right, its baseline at y: a sign is as wide as high in East Asian scripts, half of that in others."""
    out = []
    for part in text.split(" "):
        wide = sum(size if ord(c) > 0x2E80 else 0.5 * size for c in part)
        if part:
            out.append(Word(part, (x, y - 0.8 * size, x + wide, y + 0.2 * size), size, bold, colour=colour))
        x += wide + 0.3 * size
    return out


def page(*lines: list[Word], links: tuple[Link, ...] = (), number: int = 1) -> Page:
    return Page(number, 595, 842, tuple(word for line in lines for word in line), links)


def profiles_of(*pages: Page, hints: Hints | None = None) -> tuple[list[ExtractedProfile], Facts]:
    got: list[ExtractedProfile] = []
    facts = read_profiles(pages, got.append, hints or Hints())
    return got, facts
