"""A page as seen by every reader: words with position and style, and the links over them.

Coordinates are points, origin top left; box = (x0, top, x1, bottom). A reader without a page geometry (office formats)
lays its lines out on a synthetic page: one line every 1.4 sizes, words one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model import Box


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space, as printed.

    size        height of the type in points as shown (after scaling)
    colour      0xRRGGBB, None when unknown
    source      text | ocr | form
    hidden      printed so that a reader cannot see it (white on white, off the page, invisible, under a point)
    confidence  that of the reader in the characters: 1 for a text layer, the model's for OCR
    """

    text: str
    box: Box
    size: float = 10.0
    bold: bool = False
    italic: bool = False
    colour: int | None = None
    source: str = "text"
    hidden: bool = False
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Link:
    """A link annotation; the box covers the words one clicks on."""

    uri: str
    box: Box


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    number        counts from 1
    words         in the order of the file, which is usually but not always the order of reading
    text_quality  share of readable characters, 0..1 (lowered by broken encodings)
    source        text | ocr | office
    turn          quarter turns clockwise added to the page's own rotation before its boxes were taken
    """

    number: int
    width: float
    height: float
    words: tuple[Word, ...] = ()
    links: tuple[Link, ...] = ()
    text_quality: float = 1.0
    source: str = "text"
    turn: int = 0
