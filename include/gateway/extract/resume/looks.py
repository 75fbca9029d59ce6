"""The looks of a document's headings, and whether a line is one of them.

Headings share a look: type size, weight, colour, capitals. The looks of lines that are known headings tell the others; a column of
its own (a sidebar) may have a look of its own.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from gateway.extract.page.layout import Cell, Line
from gateway.extract.resume.headings import guessed_heading, known_heading
from gateway.values.lexicon import bare, hits, phrases, title_score
from gateway.values.text import fold, is_cjk

# Sections that a one-word label inside another section must not open ("Website" under "Contact", "Languages: Go" under "Skills").
WEAK = {"links", "contact", "languages", "summary", "projects", "other", "references"}
LABELS = 3  # times a word stands alone in its line from which it is a label
RULING = 3  # sections whose headings share a look from which that look is the document's
_LABEL = re.compile(r"^([^:：]{2,40})\s*[:：]\s*(\S.*)?$")


def is_heading_cell(cell: Cell) -> bool:
    """True if the cell alone reads like a section heading (used before lines are known)."""
    text = cell.text
    return 2 <= len(text) <= 44 and known_heading(text) is not None


def body_size(lines: Sequence[Line]) -> float:
    """The type size of most letters, to half a point."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


Look = tuple[float, bool, int | None, bool]  # size, bold, colour, capitals


def look_of(cell: Cell) -> Look:
    """The look of a cell's text."""
    return (round(cell.size * 2) / 2, cell.bold, cell.colour, cell.text.isupper())


@dataclass(slots=True)
class Looks:
    """The looks of lines that are known headings."""

    body: float  # type size of the text
    counts: Counter[Look]  # known headings of each look that is not the body's
    ruling: Look | None  # the look of most sections' headings, where it is beyond doubt
    columns: dict[int, set[Look]]  # left edge of a column -> looks of the headings in it alone
    inline: dict[
        tuple[int, Look], set[str]
    ]  # left edge and look of known headings with text next to them -> their sections
    labels: set[str]  # known words that are labels here
    apart: set[int]  # ids of recognised lines with room above them

    def rules_out(self, line: Line) -> bool:
        """True for a line in a lesser type than the headings of its document have, in a column that keeps to theirs."""
        if self.ruling is None or not line.cells:
            return False
        look = look_of(line.cells[0])
        plainer = (self.ruling[1] or self.ruling[3]) and not look[1] and not look[3]
        lesser = look[0] < 0.95 * self.ruling[0] or (look[0] <= self.ruling[0] and plainer)
        return lesser and not self.is_own(line)

    def is_own(self, line: Line) -> bool:
        """True for the look that the headings of the line's column have, other than those of the page."""
        return look_of(line.cells[0]) in self.columns.get(_edge(line), ())

    def is_in_margin(self, line: Line) -> bool:
        """True for a known heading with its text beside it, as those of several other sections stand."""
        return len(self.inline.get((_edge(line), look_of(line.cells[0])), ())) >= RULING


def _set_apart(lines: Sequence[Line]) -> set[int]:
    """Ids of the recognised lines with clearly more room above them than lines usually have: a picture tells no weight, and size badly."""
    steps = {
        id(line): line.box[1] - above.box[1]
        for above, line in zip(lines, lines[1:], strict=False)
        if line.words and line.words[0].source == "ocr" and (above.page, above.region) == (line.page, line.region)
    }
    usual = median(steps.values()) if steps else 0.0
    return {key for key, step in steps.items() if step > 1.3 * usual}


def _labels(lines: Sequence[Line]) -> set[str]:
    """Known words that stand under every entry ("Highlights"): the headings of a document are few and differ."""
    weak: Counter[str] = Counter()
    for line in lines:
        if len(line.cells) == 1 and len(line.text) <= 30 and (found := known_heading(line.text)) and found[0] in WEAK:
            weak[bare(line.text)] += 1
    return {text for text, count in weak.items() if count >= LABELS}


def _edge(line: Line) -> int:
    return round(line.box[0] / 12)


def heading_looks(lines: Sequence[Line]) -> Looks:
    """The looks of lines that are known headings, where that look is not the body's."""
    looks: Counter[Look] = Counter()
    sections: dict[Look, set[str]] = defaultdict(set)
    columns: dict[int, dict[Look, set[str]]] = defaultdict(lambda: defaultdict(set))
    inline: dict[tuple[int, Look], set[str]] = defaultdict(set)
    for line in lines:
        if line.cells and is_heading_cell(line.cells[0]) and (found := known_heading(line.cells[0].text)):
            look = look_of(line.cells[0])
            looks[look] += 1
            sections[look].add(found[0])
            columns[_edge(line)][look].add(found[0])
            if len(line.cells) > 1:
                inline[(_edge(line), look)].add(found[0])
    plain = Counter(look_of(cell) for line in lines for cell in line.cells)
    for look in list(looks):
        if plain[look] > 1.5 * looks[look] + 2:
            del looks[look]
    ruling = max(looks, key=lambda k: (len(sections[k]), k[0]), default=None)
    if ruling is not None and (len(sections[ruling]) < RULING or plain[ruling] > 2 * looks[ruling]):
        ruling = None
    own: dict[int, set[Look]] = {}
    body = body_size(lines)
    for edge, found_here in columns.items():
        if ruling is not None and ruling in found_here:
            continue
        best = max(found_here, key=lambda k: (len(found_here[k]), k[0]))
        here = [cell for line in lines if _edge(line) == edge for cell in line.cells[:1]]
        alike = sum(look_of(cell) == best for cell in here)
        if len(found_here[best]) >= 2 and alike <= 1.5 * len(found_here[best]) + 2 and best[0] >= 0.8 * body:
            own[edge] = {best}
    if ruling is not None:
        kept = {look for found_here in own.values() for look in found_here}
        for look in list(looks):
            if look != ruling and look not in kept and look[0] < 0.95 * ruling[0]:
                del looks[look]
    return Looks(body, looks, ruling, own, inline, _labels(lines), _set_apart(lines))


def continues(above: Line, line: Line) -> bool:
    """True if the line is the second one of a heading that a narrow column breaks ("Employment" above "history")."""
    close = (
        0 < line.box[1] - above.box[1] < 1.45 * line.size and above.page == line.page and above.region == line.region
    )
    same = len(above.cells) == len(line.cells) == 1 and look_of(above.cells[0])[1:3] == look_of(line.cells[0])[1:3]
    recognised = bool(line.words) and line.words[0].source == "ocr"  # its size depends on its letters
    same = same and abs(above.size - line.size) < (0.25 * line.size if recognised else 0.3)
    if not close or not same or len(line.text) > 30:
        return False
    return known_heading(f"{above.text} {line.text}") is not None or known_heading(line.text) is None


def heading_in(line: Line, look_book: Looks, section: str, first: bool) -> tuple[str, str | None, bool] | None:
    """(section, language, whether text of the section is in the same line)."""
    looks, body = look_book.counts, look_book.body
    cells = [c for c in line.cells if any(ch.isalnum() for ch in c.text)]
    while len(cells) > 1 and cells[0].text in ("年", "月", "年月", "日"):
        cells = cells[1:]  # the head of a table of dates: "年  月  免許・資格"
    if not cells:
        return None
    cell = cells[0]
    text = cell.text
    if bare(text) in look_book.labels:
        return None
    found = known_heading(text) if len(text) <= 44 else None
    if found is None and len(cells) == 1 and (guess := _guess(cell, body, looks, section)):
        return guess, None, False
    if found is not None:
        return _as_known(line, cells, found, look_book, section, first)
    label = _LABEL.match(text)
    if label and label.group(2):
        found = known_heading(label.group(1))
        if (
            found
            and found[0] in ("skills", "languages", "education", "other", "references")
            and section not in ("skills", "work", "languages")
        ):
            return found[0], found[1], True
    return ("other", None, False) if len(cells) == 1 and _looks_like_one(cell, look_book, section) else None


def _as_known(
    line: Line, cells: Sequence[Cell], found: tuple[str, str], look_book: Looks, section: str, first: bool
) -> tuple[str, str | None, bool] | None:
    """The same for a line whose first cell is a known heading: it may be a label or a word of a list."""
    name, language = found
    looks, body, own = look_book.counts, look_book.body, look_book.is_own(line)
    cell, text = cells[0], cells[0].text
    look = look_of(cell)
    lesser = look_book.rules_out(line)
    named = len(text.split()) > 1 and (title_score(text) >= 1.2 or hits("degree", text))
    if lesser and name != "references" and (name in WEAK or named):
        return None  # under headings of one look, a word of a lesser type is a label, a degree, a position
    strong = own or (look in looks and (looks[look] > 1 or cell.bold or cell.size > body * 1.08 or cell.text.isupper()))
    styled = cell.bold or cell.size > body * 1.08 or cell.text.isupper()
    set_apart = own or (styled and (first or name == "references" or cell.size > body * 1.08))
    recognised = (
        cell.words[0].source == "ocr" and name not in WEAK and (cell.text.isupper() or id(line) in look_book.apart)
    )
    if looks and not set_apart and not recognised and cell.size < 0.88 * _dominant(looks):
        return None  # a word of a smaller type than the headings': a label, an entry
    if len(cells) == 1:
        if not styled and not strong and section != "top" and _is_label(text, name):
            return None
        # Under a strong heading look, a plainer known word is a label or an entry ("Profile" in a list of links).
        many = bool(looks) and looks.most_common(1)[0][1] >= 3
        if looks and not strong and not styled and name in WEAK and (many or text[:1].islower()):
            return None
        return name, language, False
    if section == "skills" and name in WEAK - {"languages"} and not look_book.is_in_margin(line):
        return None  # "Leadership   Coaching, planning": a group of skills
    if strong or (styled and not cells[1].bold) or (cell.bold and look_book.is_in_margin(line)):
        if _is_label(text, name) and not strong:
            return None
        return name, language, True
    return None


def _looks_like_one(cell: Cell, look_book: Looks, section: str) -> bool:
    """True for a line of unknown words in the look of the known headings."""
    look, text = look_of(cell), cell.text
    if look_book.counts[look] < 2 or len(text) > 40 or any(c.isdigit() for c in text):
        return False
    if sum(c.isalpha() for c in text) < (2 if is_cjk(text) else 4):  # "USA" beneath a city is none
        return False
    size, bold, _, upper = look
    distinct = size > look_book.body * 1.08 or upper or bold
    title = section == "work" and title_score(text) >= 1.2
    return distinct and section != "top" and len(text.split()) <= 5 and not text.endswith((".", ",")) and not title


def _guess(cell: Cell, body: float, looks: Counter[Look], section: str) -> str | None:
    """The section of a line that looks like a heading and is made of words of headings."""
    guess = guessed_heading(cell.text)
    if guess is None:
        return None
    name, whole = guess
    same = looks[look_of(cell)] >= 2 or (bool(looks) and looks.most_common(1)[0][0] == look_of(cell))
    large = cell.size > 1.12 * body and cell.size >= 0.95 * _dominant(looks)
    if not whole and not (same and (cell.size > 1.08 * body or cell.text.isupper() or cell.bold)):
        return None
    if (name == "contact" and not (whole and large)) or (
        name in WEAK and name != "contact" and section not in ("top", "other") and not same
    ):
        return None
    if same or large:
        return name
    # without headings to compare with: bold or capitals, alone in its line
    return name if not looks and (cell.bold or cell.text.isupper()) and name not in WEAK else None


def _dominant(looks: Counter[Look]) -> float:
    """The type size of most headings; 0 when no look stands out."""
    if not looks:
        return 0.0
    look, count = looks.most_common(1)[0]
    larger = [other for other, n in looks.items() if other[0] > look[0] and n >= 2]
    return max((other[0] for other in larger), default=look[0] if count >= 3 else 0.0)


def _is_label(text: str, name: str) -> bool:
    key = fold(text).strip(" :：.")
    return name in ("contact", "links", "summary") or any(
        key in phrases(kind) for kind in ("phone", "email", "address", "web")
    )
