"""The position of text on a page: words gathered to cells, and the lines that `columns` makes of cells.

A cell is a run of words on one baseline without a wide gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.extract.page.characters import is_rtl
from gateway.extract.page.words import Page, Word
from gateway.model import Box
from gateway.values.text import tidy

GAP = 1.15  # in type sizes: a wider gap ends a cell; justified text stays below one


@dataclass(slots=True, eq=False)
class Cell:
    """Words on one baseline. `order` is the position of its first word in the file."""

    words: list[Word]
    page: int
    order: int
    box: Box = (0.0, 0.0, 0.0, 0.0)
    size: float = 0.0
    bold: bool = False
    italic: bool = False
    colour: int | None = None
    text: str = ""
    last: int = 0

    def close(self) -> Cell:
        if len(self.words) > 1 and any(is_rtl(w.text) for w in self.words):
            self.words = _logical(self.words)
        words = self.words
        self.box = around([w.box for w in words])
        weights = [max(1, len(w.text)) for w in words]
        total = sum(weights)
        self.size = sum(w.size * n for w, n in zip(words, weights, strict=True)) / total
        self.bold = sum(n for w, n in zip(words, weights, strict=True) if w.bold) * 2 > total
        self.italic = sum(n for w, n in zip(words, weights, strict=True) if w.italic) * 2 > total
        self.colour = words[len(words) // 2].colour
        self.text = joined(words)
        return self


@dataclass(slots=True, eq=False)
class Line:
    """One line of one column. Section and role are filled in by `sections`."""

    cells: list[Cell]
    page: int
    region: int
    text: str = ""
    box: Box = (0.0, 0.0, 0.0, 0.0)
    size: float = 0.0
    bold: bool = False
    italic: bool = False
    colour: int | None = None
    section: str = "top"
    heading: bool = False
    index: int = 0
    part: int = 0  # which heading it stands under, counted through the document
    marks: set[str] = field(default_factory=set)

    def close(self) -> Line:
        self.box = around([c.box for c in self.cells])
        longest = max(self.cells, key=lambda c: len(c.text))
        self.size, self.bold, self.italic, self.colour = longest.size, longest.bold, longest.italic, longest.colour
        self.text = "  ".join(c.text for c in self.cells if c.text)
        return self

    @property
    def words(self) -> list[Word]:
        return [word for cell in self.cells for word in cell.words]

    @property
    def content(self) -> list[Cell]:
        """The cells with letters or digits, without a heading in the same line."""
        cells = [c for c in self.cells if any(ch.isalnum() for ch in c.text)]
        return cells[1:] if "inline" in self.marks and len(cells) > 1 else cells


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box around all."""
    return (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))


def joined(words: Sequence[Word]) -> str:
    """Words as text; letter-spaced runs ("J A N E   D O E") become words again."""
    if len(words) >= 4 and sum(len(w.text) == 1 for w in words) >= 0.7 * len(words):
        return tidy(_unspaced(words))
    return tidy(" ".join(w.text for w in words))


def run_on(first: str, second: str) -> str:
    """Joins two lines of one text: a word broken with a hyphen becomes whole, a compound keeps its hyphen."""
    if first.endswith("-") and second[:1].islower() and len(first) > 2 and first[-2].isalpha():
        return first[:-1] + second
    if first.endswith("-") and second[:1].isalpha():
        return first + second
    return f"{first} {second}" if first else second


def _logical(words: list[Word]) -> list[Word]:
    """Right-to-left words with the numbers and Latin words among them put back in their own, left-to-right order."""
    if words[0].box[0] < words[-1].box[0]:
        return words
    out: list[Word] = []
    run: list[Word] = []
    for word in words:
        if is_rtl(word.text):
            out += sorted(run, key=lambda w: w.box[0])
            run = []
            out.append(word)
        else:
            run.append(word)
    return out + sorted(run, key=lambda w: w.box[0])


def _unspaced(words: Sequence[Word]) -> str:
    gaps = [after.box[0] - before.box[2] for before, after in zip(words, words[1:], strict=False)]
    letters = sorted(gaps)
    usual = letters[len(letters) // 3]
    size = max(w.size for w in words)
    out = words[0].text
    for gap, word in zip(gaps, words[1:], strict=True):
        out += (" " if gap > usual + 0.22 * size else "") + word.text
    return out


def cells_of(page: Page) -> list[Cell]:
    """The cells of a page in the order of the file; hidden words are left out."""
    cells: list[Cell] = []
    current: Cell | None = None
    for order, word in enumerate(page.words):
        if word.hidden:
            continue
        if current is not None and _continues(current.words[-1], word, len(current.words)):
            current.words.append(word)
            current.last = order
            continue
        current = Cell([word], page.number, order, last=order)
        cells.append(current)
    for cell in cells:
        cell.close()
    return _rejoined(cells)


def _continues(before: Word, word: Word, count: int) -> bool:
    a, b = before.box, word.box
    overlap = min(a[3], b[3]) - max(a[1], b[1])
    if overlap < 0.5 * min(a[3] - a[1], b[3] - b[1]):
        return False
    size = max(before.size, word.size)
    reach = GAP * size
    if b[0] >= a[0]:
        gap = b[0] - a[2]
        changes = (
            (before.bold != word.bold) + (before.colour != word.colour) + (abs(before.size - word.size) > 0.04 * size)
        )
        if changes >= 2 and abs(before.size - word.size) > 0.04 * size:
            reach = 0.45 * size  # a label and a title in types of their own, set close
        if len(before.text) == 1 and len(word.text) == 1 and count >= 2:
            reach = 2.2 * size  # between the words of letter-spaced text
        return -0.6 * size <= gap <= reach
    return -0.6 * size <= a[0] - b[2] <= reach  # right to left


def _rejoined(cells: list[Cell]) -> list[Cell]:
    """Cells that touch on one baseline but stood apart in the file (text drawn by font, or glyph by glyph) become one."""
    ordered = sorted(cells, key=lambda c: (round(c.box[1] / 3), c.box[0]))
    out: list[Cell] = []
    for cell in ordered:
        mate = None
        for other in reversed(out[-6:]):
            height = min(cell.box[3] - cell.box[1], other.box[3] - other.box[1])
            same_line = min(cell.box[3], other.box[3]) - max(cell.box[1], other.box[1]) > 0.6 * height
            gap = cell.box[0] - other.box[2]
            size = min(cell.size, other.size)
            if (
                same_line
                and -0.3 * size <= gap <= 0.5 * size
                and abs(cell.size - other.size) < 0.35 * max(cell.size, other.size)
            ):
                mate = other
                break
        if mate is None:
            out.append(cell)
            continue
        glue = cell.box[0] - mate.box[2] < 0.12 * min(cell.size, mate.size)
        if (
            glue
            and mate.words[-1].text
            and cell.words[0].text
            and mate.words[-1].text[-1].isalnum()
            and cell.words[0].text[0].isalnum()
        ):
            first, second = mate.words[-1], cell.words[0]
            merged = Word(
                first.text + second.text,
                around([first.box, second.box]),
                first.size,
                first.bold,
                first.italic,
                first.colour,
                first.source,
                False,
                min(first.confidence, second.confidence),
            )
            mate.words = [*mate.words[:-1], merged, *cell.words[1:]]
        else:
            mate.words = mate.words + cell.words
        mate.order, mate.last = min(mate.order, cell.order), max(mate.last, cell.last)
        mate.close()
    return sorted(out, key=lambda c: c.order)
