"""Pages of words without a PDF, from the runs of pdf_maker: any script, no font needed."""

from __future__ import annotations

from doubles.pdf_maker import Run
from gateway.extract.page.words import Page, Word
from gateway.extract.resume.profiles import Facts, read_profiles
from gateway.model import ExtractedProfile, Hints

SPACE = 0.28  # of the type size


def page_of(runs: list[Run], number: int = 1) -> Page:
    """The page that prints the runs: each word as wide as its letters usually are, baselines at y."""
    words: list[Word] = []
    for x, y, text, size, style, (red, green, blue) in runs:
        for token in text.split(" "):
            width = sum(size if ord(c) > 0x2E80 else 0.5 * size for c in token)
            if token:
                box = (x, y - 0.8 * size, x + width, y + 0.2 * size)
                words.append(Word(token, box, size, "B" in style, "I" in style, red << 16 | green << 8 | blue))
            x += width + SPACE * size
    return Page(number, 595.0, 842.0, tuple(words))


def read_runs(*pages: list[Run]) -> tuple[Facts, list[ExtractedProfile]]:
    profiles: list[ExtractedProfile] = []
    facts = read_profiles([page_of(runs, n) for n, runs in enumerate(pages, 1)], profiles.append, Hints())
    return facts, profiles
