"""The layout family of a document: what documents made with one template share, and their texts do not change.

"two_columns a4 10pt capitals large": columns, paper, size of the body type, how headings are set, how large the name stands.
It is a description, not a hash: people read it in analytics, and it is the same in every version of the reader that sees
the same page. It says nothing about a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.extract.page.layout import Line
from gateway.extract.page.words import Page

PAPERS = {"a4": (595.0, 842.0), "letter": (612.0, 792.0)}
NEAR = 6.0  # points by which a page may miss its paper
LARGE, HUGE = 1.4, 2.2  # largest type of the first page, in body sizes


def family_of(pages: Sequence[Page], lines: Sequence[Line], layout: str, body: float) -> str:
    """The family of a document whose sections are marked.

    body   size of its body type in points
    Recognised text has no reliable sizes, so a scan is only told by its columns and paper.
    """
    paper = _paper(pages[0])
    if any(page.source == "ocr" for page in pages):
        return f"{layout} {paper} scan"
    largest = max((line.size for line in lines if line.page == pages[0].number), default=body)
    name = "huge" if largest >= HUGE * body else "large" if largest >= LARGE * body else "plain"
    return f"{layout} {paper} {round(body)}pt {_headings(lines)} {name}"


def _paper(page: Page) -> str:
    short, long = sorted((page.width, page.height))
    return next((n for n, (w, h) in PAPERS.items() if abs(short - w) <= NEAR and abs(long - h) <= NEAR), "other")


def _headings(lines: Sequence[Line]) -> str:
    """capitals | words | none: how most headings are set; scripts without capitals count as words."""
    found = [line.text for line in lines if line.heading]
    if not found:
        return "none"
    return "capitals" if 2 * sum(text == text.upper() != text.lower() for text in found) > len(found) else "words"
