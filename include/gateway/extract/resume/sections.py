"""The section of each line, and the language of a document.

A heading is a line, or the first cell of a row, that is a known heading in one of forty languages; lines that look like the known
headings of the document but have other words open a section "other".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.extract.page.layout import Cell, Line, around
from gateway.extract.resume.headings import guessed_heading, known_heading
from gateway.extract.resume.margins import headed, rejoin
from gateway.extract.resume.unheaded import mark_unheaded
from gateway.model import Box
from gateway.values.lexicon import phrases, title_score
from gateway.values.table_words import is_table_head
from gateway.values.text import fold, is_cjk, script

# Sections that a one-word label inside another section must not open ("Website" under "Contact", "Languages: Go" under "Skills").
_WEAK = {"links", "contact", "languages", "summary", "projects", "other", "references"}
HEAD_OF_PAGE = 110.0  # points below the first line within which a sidebar starts; side by side further down is a grid
_LABEL = re.compile(r"^([^:：]{2,40})\s*[:：]\s*(\S.*)?$")
# "Designed with ... by ...": the template's own line
_CREDIT = re.compile(
    r"^\W*(?:theme\s+)?(?:designed|powered|made|built|generated|typeset|template|created)\s+(?:with|by|using|in|on)\b.{0,60}$",
    re.I,
)


def is_heading_cell(cell: Cell) -> bool:
    """True if the cell alone reads like a section heading (used before lines are known)."""
    text = cell.text
    return 2 <= len(text) <= 44 and known_heading(text) is not None


def mark_sections(lines: Sequence[Line], heights: dict[int, float] | None = None) -> Counter[str]:
    """Sets section, heading and part of every line; returns the languages of the headings found, with counts.

    heights  of the pages in points, to find footers; a footer is a section of its own

    Columns keep their own running section: a column that goes on overleaf continues what stood above it.
    """
    for line in lines:  # they may have been marked before, among other lines
        line.heading = False
        line.marks -= {"inline", "unknown"}
    body = _body_size(lines)
    languages: Counter[str] = Counter()
    looks = _heading_looks(lines, body)
    boxes, tops = _extents(lines)
    regions: list[_Region] = []
    part, section, current = 0, "top", 0
    footers = _footers(lines, heights or {})
    headings = {id(line) for line in lines if line.cells and is_heading_cell(line.cells[0])}
    dates = rejoin(lines, headings)
    margin = headed(lines, headings)
    largest = max((line.size for line in lines), default=0.0)
    previous: Line | None = None
    kept: set[tuple[int, tuple[float, bool, int | None, bool]]] = set()  # looks of headings by column
    for line in lines:
        if apart := _apart(line, footers, dates):
            line.section, line.part = apart, -1
            continue
        if not any(c.isalnum() for c in line.text):
            line.section, line.part = section, current  # list marks that stand apart from their text
            continue
        if not regions or boxes[line.region] is not regions[-1].box:
            section, current = _entering(line, boxes[line.region], regions, tops[line.page])
            if line.size >= 0.95 * largest and largest > 1.25 * body:
                section, current = "top", 0  # the name at the head of a column
            regions.append(_Region(line.page, boxes[line.region], section, current))
        first = previous is None or previous.region != line.region
        # a column keeps the look of its headings, smaller in a sidebar than in the main text
        first = first or (bool(line.cells) and (line.region, _look(line.cells[0])) in kept)
        if id(line) in margin and margin[id(line)].index <= line.index:
            section, current = margin[id(line)].section, margin[id(line)].part
            regions[-1].section, regions[-1].part = section, current
        found = _heading(line, body, looks, section, first)
        if found is not None and previous is not None and (looks or found[0] in _WEAK) and _runs_on(previous, line):
            found = None
        previous = line
        if found is not None:
            section, language, inline = found
            regions[-1].headings += 1
            if inline:
                line.marks.add("inline")
            if language:
                languages[language] += 1
            part += 1
            current = part
            line.heading = not inline
            if line.heading and language and line.cells[0].bold:
                kept.add((line.region, _look(line.cells[0])))
            if language is None and section == "other":
                line.marks.add("unknown")
        line.section, line.part = section, current
        regions[-1].section, regions[-1].part = section, current
    _unknown_lists(lines)
    mark_unheaded(lines)
    return languages


def _extents(lines: Sequence[Line]) -> tuple[dict[int, Box], dict[int, float]]:
    """The box of each region and the top of each page's text."""
    boxes: dict[int, Box] = {}
    tops: dict[int, float] = {}
    for line in lines:
        boxes[line.region] = around([boxes[line.region], line.box]) if line.region in boxes else line.box
        tops[line.page] = min(line.box[1], tops.get(line.page, line.box[1]))
    return boxes, tops


def _apart(line: Line, footers: set[int], dates: set[int]) -> str | None:
    """The section of a line that belongs to none of the text's: a template's credit, a footer, the head row of a table, a date that was moved."""
    if _CREDIT.search(line.text) or id(line) in dates:
        return "furniture"
    if is_table_head([cell.text for cell in line.cells]):
        return "furniture"
    return "footer" if id(line) in footers else None


def _unknown_lists(lines: Sequence[Line]) -> None:
    """A section under an unknown heading that holds nothing but short items is a list of skills ("Technical", "Core stack")."""
    parts: dict[int, list[Line]] = {}
    for line in lines:
        if line.section == "other" and not line.heading:
            parts.setdefault(line.part, []).append(line)
    unknown = {line.part for line in lines if line.heading and line.section == "other" and "unknown" in line.marks}
    for part in unknown & set(parts):
        texts = [cell.text for line in parts[part] for cell in line.cells]
        short = all(
            len(t.split()) <= 4 and len(t) <= 40 and not any(c.isdigit() for c in t) and "@" not in t for t in texts
        )
        if short and not any(t.endswith(".") for t in texts):
            for line in lines:
                if line.part == part:
                    line.section = "skills"


@dataclass(slots=True)
class _Region:
    """State of one column while its lines are read."""

    page: int
    box: Box
    section: str
    part: int
    headings: int = 0


def _entering(line: Line, box: Box, regions: Sequence[_Region], page_top: float) -> tuple[str, int]:
    """The section a column starts in: that of the text it continues, or "top" for a column that starts afresh."""
    last = regions[-1] if regions else None
    if last is None:
        return "top", 0
    if last.page == line.page:
        beside = min(last.box[3], box[3]) - max(last.box[1], box[1]) > 0.3 * min(
            last.box[3] - last.box[1], box[3] - box[1]
        )
        widths = sorted((last.box[2] - last.box[0], box[2] - box[0]))
        if (
            beside
            and box[1] < page_top + HEAD_OF_PAGE
            and widths[0] < 0.75 * widths[1]
            and last.section != "references"
        ):
            first_of_page = [r for r in regions if r.page == line.page and r.box[2] <= box[0] + 5]
            overleaf = _overleaf(box, regions, line.page) if line.page > 1 and first_of_page else None
            return overleaf or ("top", 0)
        if beside and last.headings == 1 and last.box[1] < box[1] - 2 and last.box[2] <= box[0] + 5:
            return last.section, last.part  # the second column of entries under one heading
        above = [
            r
            for r in regions
            if r.page == line.page and r.box[3] <= box[1] + 5 and r.box[0] < box[2] and box[0] < r.box[2]
        ]
        if above:
            nearest = min(above, key=lambda r: (abs(r.box[0] - box[0]) > 12, -r.box[3]))
            return nearest.section, nearest.part
        return last.section, last.part
    return _overleaf(box, regions, line.page) or (last.section, last.part)


def _overleaf(box: Box, regions: Sequence[_Region], page: int) -> tuple[str, int] | None:
    """The section of the column on the previous page that began at the same position."""
    before = [r for r in regions if r.page == page - 1 and abs(r.box[0] - box[0]) < 25]
    return (before[-1].section, before[-1].part) if before else None


def _runs_on(previous: Line, line: Line) -> bool:
    """True if the line is the second half of a wrapped text in the same type: "Project" of "Master of\nProject"."""
    close = 0 <= line.box[1] - previous.box[1] < 1.3 * line.size and line.region == previous.region
    same = previous.bold == line.bold and abs(previous.size - line.size) < 0.2 and previous.colour == line.colour
    return close and same and not previous.heading and len(previous.text) > len(line.text) and previous.section != "top"


def _footers(lines: Sequence[Line], heights: dict[int, float]) -> set[int]:
    """Ids of lines at the foot of their page, set off from the text above, without a heading among them."""
    out: set[int] = set()
    for page, height in heights.items():
        here = sorted((line for line in lines if line.page == page), key=lambda line: line.box[1])
        if len(here) < 4:
            continue
        for index in range(len(here) - 1, max(0, len(here) - 8), -1):
            block = here[index:]
            gap = block[0].box[1] - max(line.box[3] for line in here[:index])
            if block[0].box[1] < 0.8 * height:
                break
            if gap > 2.2 * block[0].size:
                edges = Counter(round(line.box[0]) for line in here[:index])
                indented = all(edges[round(line.box[0])] < 3 or line.size < 0.95 * here[0].size for line in block)
                # the head of an entry whose dates stand overleaf
                head = any(title_score(line.text) >= 1.2 and "@" not in line.text for line in block) and any(
                    abs(line.box[0] - other.box[0]) < 1.5 and line.bold == other.bold
                    for line in block[:1]
                    for other in here[:index]
                )
                if indented and not head and not any(line.cells and is_heading_cell(line.cells[0]) for line in block):
                    out.update(id(line) for line in block)
                break
    return out


def _body_size(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _look(cell: Cell) -> tuple[float, bool, int | None, bool]:
    return (round(cell.size * 2) / 2, cell.bold, cell.colour, cell.text.isupper())


def _heading_looks(lines: Sequence[Line], body: float) -> Counter[tuple[float, bool, int | None, bool]]:
    """Looks of lines that are known headings, where that look is not the body's."""
    looks: Counter[tuple[float, bool, int | None, bool]] = Counter()
    for line in lines:
        if line.cells and is_heading_cell(line.cells[0]):
            looks[_look(line.cells[0])] += 1
    plain = Counter(_look(cell) for line in lines for cell in line.cells)
    for look in list(looks):
        if plain[look] > 1.5 * looks[look] + 2:
            del looks[look]
    return looks


def _heading(
    line: Line, body: float, looks: Counter[tuple[float, bool, int | None, bool]], section: str, first: bool
) -> tuple[str, str | None, bool] | None:
    """(section, language, whether text of the section is in the same line)."""
    cells = [c for c in line.cells if any(ch.isalnum() for ch in c.text)]
    while len(cells) > 1 and cells[0].text in ("年", "月", "年月", "日"):
        cells = cells[1:]  # the head of a table of dates: "年  月  免許・資格"
    if not cells:
        return None
    cell = cells[0]
    text = cell.text
    found = known_heading(text) if len(text) <= 44 else None
    look = _look(cell)
    if found is None and len(cells) == 1 and (guess := _guess(cell, body, looks, section)):
        return guess, None, False
    if found is not None:
        name, language = found
        strong = look in looks and (looks[look] > 1 or cell.bold or cell.size > body * 1.08 or cell.text.isupper())
        styled = cell.bold or cell.size > body * 1.08 or cell.text.isupper()
        set_apart = styled and (first or name == "references" or cell.size > body * 1.08)
        if looks and not set_apart and cell.size < 0.88 * _dominant(looks):
            return None  # a word of a smaller type than the headings': a label, an entry
        if len(cells) == 1:
            if not styled and not strong and section != "top" and _is_label(text, name):
                return None
            # Under a strong heading look, a plainer known word is a label or an entry ("Profile" in a list of links).
            if looks and not strong and not styled and looks.most_common(1)[0][1] >= 3 and name in _WEAK:
                return None
            return name, language, False
        if strong or (styled and not cells[1].bold):
            if _is_label(text, name) and not strong:
                return None
            return name, language, True
        return None
    label = _LABEL.match(text)
    if label and label.group(2):
        found = known_heading(label.group(1))
        if (
            found
            and found[0] in ("skills", "languages", "education", "other", "references")
            and section not in ("skills", "work", "languages")
        ):
            return found[0], found[1], True
    if (
        len(cells) == 1
        and looks
        and look in looks
        and looks[look] >= 2
        and len(text) <= 40
        and not any(c.isdigit() for c in text)
        and sum(c.isalpha() for c in text) >= (2 if is_cjk(text) else 4)  # "USA" beneath a city is none
    ):
        size, bold, _, upper = look
        distinct = size > body * 1.08 or upper or bold
        title = section == "work" and title_score(text) >= 1.2
        if distinct and section != "top" and len(text.split()) <= 5 and not text.endswith((".", ",")) and not title:
            return "other", None, False
    return None


def _guess(cell: Cell, body: float, looks: Counter[tuple[float, bool, int | None, bool]], section: str) -> str | None:
    """The section of a line that looks like a heading and is made of words of headings."""
    guess = guessed_heading(cell.text)
    if guess is None:
        return None
    name, whole = guess
    same = looks[_look(cell)] >= 2 or (bool(looks) and looks.most_common(1)[0][0] == _look(cell))
    large = cell.size > 1.12 * body and cell.size >= 0.95 * _dominant(looks)
    if not whole and not (same and (cell.size > 1.08 * body or cell.text.isupper() or cell.bold)):
        return None
    if name == "contact" or (name in _WEAK and section not in ("top", "other") and not same):
        return None
    if same or large:
        return name
    # without headings to compare with: bold or capitals, alone in its line
    return name if not looks and (cell.bold or cell.text.isupper()) and name not in _WEAK else None


def _dominant(looks: Counter[tuple[float, bool, int | None, bool]]) -> float:
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


_STOPWORDS = {
    "en": "the and of with for in to a on is at from by years experience team",
    "de": "und der die das mit von für in im zu den des ein auf bei jahre",
    "fr": "et de la le les des en du pour avec un une dans ans sur au",
    "es": "y de la el en los con para del las por un una años se",
    "pt": "e de da do em os com para dos uma um na no anos por",
    "it": "e di il la con per in del dei una un della anni nel al",
    "nl": "en de van het een in met voor op te bij jaar aan der den",
    "sv": "och i att en med för av på som till ett år om vid den",
    "da": "og i at en med for af på som til et år om ved den",
    "nb": "og i å en med for av på som til et år om ved den",
    "fi": "ja on oli sekä kanssa vuotta yli olen että kuin myös",
    "pl": "i w z na do oraz dla od się za przez lat roku we po",
    "cs": "a v s na do pro od se za let roku ve po je při",
    "hu": "és a az egy volt év hogy is mint évek csapat",
    "ro": "și de la în cu pentru din un o ani pe prin al",
    "tr": "ve ile bir için bu yıl olarak da de yıllık",
    "vi": "và của với năm cho trong các một người là có",
    "id": "dan di yang dengan untuk dari tahun pada dalam",
}
_BY_SCRIPT = {"kana": "ja", "hangul": "ko", "greek": "el", "hebrew": "he", "thai": "th", "devanagari": "hi"}


def language_of(text: str, headings: Counter[str]) -> str | None:
    """ISO 639-1 of the language a document is written in: its script, the little words in it, and its headings."""
    kind = script(text[:6000])
    if kind == "cjk":
        return "ja" if re.search(r"[\u3040-\u30ff]", text) else "zh"
    if kind in _BY_SCRIPT:
        return _BY_SCRIPT[kind]
    if kind == "arabic":
        return "fa" if re.search("[پچژگ]", text) else "ar"
    if kind == "cyrillic":
        return "uk" if re.search("[їєґі]", text) else "ru"
    tokens = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    if len(re.findall("[\u1ea0-\u1ef9ăđơư]", text)) > 0.01 * len(text):
        return "vi"
    scores = {language: sum(tokens[w] for w in words.split()) for language, words in _STOPWORDS.items()}
    for language, count in headings.items():
        scores[language] = scores.get(language, 0) + count
    best = max(scores, key=lambda k: scores[k])
    return best if scores[best] >= 3 else None
