"""Names set over two or three lines, with a wide gap between their words, or without the space between them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.extract.page.layout import Cell, Line, around
from gateway.extract.resume.contact import Candidate, Person, evidence
from gateway.extract.resume.name_features import Known, features_of
from gateway.extract.resume.name_labels import is_label
from gateway.model import Evidence
from gateway.values.east_asian import name_form
from gateway.values.lexicon import given_names, heading_of, title_score
from gateway.values.text import fold, is_cjk
from gateway.values.values import is_plausible_name

LARGE = 1.25  # times the size of the body: type that sets a name apart


def has_form(person: Person, text: str, relaxed: bool) -> bool:
    """True if the letters can be a name; `relaxed` accepts one without capitals ("jane roe"), as some people write it."""
    if is_cjk(text):
        return is_plausible_name(text) and name_form(text, _east_asian(person)) > 0
    if is_plausible_name(text):
        return True
    return relaxed and 2 <= len(text.split()) <= 4 and text[:1].isalpha() and is_plausible_name(text.title())


def _east_asian(person: Person) -> str | None:
    """The document's language; Japanese where headings in another language stand over text with kana."""
    if person.language in ("ja", "zh", "ko"):
        return person.language
    return "ja" if any("\u3041" <= char <= "\u30fa" for line in person.lines for char in line.text) else person.language


def names_in_row(known: Known, index: int, line: Line, number: int, cell: Cell) -> Iterator[Candidate]:
    """A name with a wide gap between its words: two cells of one large style side by side."""
    if number + 1 >= len(line.cells) or cell.size < LARGE * known.person.body:
        return
    after = line.cells[number + 1]
    if (
        abs(after.size - cell.size) > 0.5
        or after.bold != cell.bold
        or after.colour != cell.colour
        or is_label(after.text)
    ):
        return
    if max(len(cell.text.split()), len(after.text.split())) > 2 or title_score(after.text) > 0.5:
        return
    glue = "" if is_cjk(cell.text) and len(cell.text) == len(after.text) == 1 else " "
    whole = f"{cell.text}{glue}{after.text}"
    if not has_form(known.person, whole, False) or len(whole.split()) > 4:
        return
    features = features_of(known, index, line, 0, cell, whole, "in_row")
    where = Evidence(evidence(line, cell, "in_row").source, "in_row", page=line.page, box=around([cell.box, after.box]))
    yield Candidate("name", whole, whole, where, index, features)


def stacked_names(known: Known, index: int, line: Line, cell: Cell) -> Iterator[Candidate]:
    """A name over two or three lines of large type: of one size, or of two when the person's address has both parts."""
    if cell.size < LARGE * known.person.body:
        return
    texts, boxes, last = [cell.text], [cell.box], cell
    for _ in range(3):
        beneath = _beneath(known.person, line, last)
        if beneath is None:
            return
        texts.append(beneath.text)
        boxes.append(beneath.box)
        one_look = abs(beneath.size - cell.size) < 0.5 and beneath.colour == cell.colour and beneath.bold == cell.bold
        last = beneath
        whole = _glued(texts)
        if not has_form(known.person, whole, True) or len(whole.split()) > 6:
            return
        if (
            is_label(beneath.text)
            or heading_of(beneath.text)
            or (not one_look and not _both_in(cell, beneath, known.handles) and not _given_above(known, cell, beneath))
        ):
            return
        features = features_of(known, index, line, 0, cell, whole, "stacked")
        features["relative_size"] = max(features["relative_size"], beneath.size / known.largest)
        features["largest"] = max(features["largest"], float(beneath.size >= 0.98 * known.largest))
        features["stacked"] = min(2.0, len(texts) - 1.0)
        yield Candidate(
            "name", whole, whole, Evidence("text", "stacked", page=line.page, box=around(boxes)), index, features
        )


def _given_above(known: Known, first: Cell, second: Cell) -> bool:
    """A given name above a family name in a look of its own, the pair heading the page: "Jane" light and small, "ROE" bold and large."""
    if (
        len(first.text.split()) > 2
        or len(second.text.split()) > 2
        or max(first.size, second.size) < 0.98 * known.largest
    ):
        return False
    if second.size < 0.85 * first.size:
        return False  # a job title below the whole name
    given = [fold(word).strip(".") for word in first.text.split()]
    if not all(word in given_names() or len(word) == 1 for word in given) or len(given[0]) < 2:
        return False
    return min(first.size, second.size) >= LARGE * known.person.body and title_score(second.text) < 0.5


def _both_in(first: Cell, second: Cell, handles: Sequence[str]) -> bool:
    """Two short texts of two looks that one address holds: one of them as a whole, the other at least by its initial."""
    words = (len(first.text.split()), len(second.text.split()))
    initials = "".join(word[:1] for word in second.text.split())
    if max(words) > 2 or first.text.replace(" ", "").casefold() == initials.casefold():
        return False  # a monogram above the name
    one_size = words == (1, 1) and abs(first.size - second.size) < 0.5 and title_score(second.text) < 0.5
    if one_size and any(fold(x.text) in handle for x in (first, second) for handle in handles if len(x.text) > 2):
        return True  # one word above the other in two colours, one of them in the address
    for handle in handles:
        letters = re.sub(r"[^a-z]", "", handle)
        whole = [fold(x.text).replace(" ", "") for x in (first, second)]
        for full, other in (whole, whole[::-1]):
            if full and other and full in letters and _begins(letters.replace(full, "", 1), other):
                return True
    return False


def _begins(rest: str, word: str) -> bool:
    """What an address holds besides one name begins the other ("j", "jan"), or goes on after it ("janemail")."""
    return bool(rest) and (word.startswith(rest) or rest.startswith(word) or (len(rest) <= 3 and rest[0] == word[0]))


def _beneath(person: Person, line: Line, cell: Cell) -> Cell | None:
    """The cell directly below in the same style and column; lines of other columns may come between in reading order."""
    best: Cell | None = None
    best_key = (True, 0.0)
    for other_line in person.lines[max(0, line.index - 3) : line.index + 8]:
        if other_line.page != line.page:
            continue
        for other in other_line.cells:
            drop = other.box[1] - cell.box[1]
            one_look = abs(other.size - cell.size) < 0.5 and other.colour == cell.colour and other.bold == cell.bold
            # paragraphs of one word each, as in the cell of a table, stand further apart than lines
            reach = 2.4 if one_look and max(len(cell.text.split()), len(other.text.split())) <= 2 else 1.8
            if other is cell or not 0.3 * cell.size < drop < reach * max(cell.size, other.size):
                continue
            if not 0.45 < other.size / cell.size < 2.2:
                continue
            aligned = abs(other.box[0] - cell.box[0]) < 0.6 * cell.size or abs(other.box[2] - cell.box[2]) < 4
            centred = abs(sum(other.box[::2]) - sum(cell.box[::2])) < cell.size
            shared = min(other.box[2], cell.box[2]) - max(other.box[0], cell.box[0])
            stepped = shared > 0.5 * min(other.box[2] - other.box[0], cell.box[2] - cell.box[0]) and (
                abs(other.size - cell.size) < 0.5 and other.colour == cell.colour
            )
            # of two lines beneath, the one that looks alike: a narrow neighbour column may begin under it as well
            key = (not one_look, other.box[1])
            if (aligned or centred or stepped) and (best is None or key < best_key):
                best, best_key = other, key
    return best


def respaced(text: str, handles: Sequence[str]) -> str | None:
    """A name that lost a space (letter-spacing, OCR), parted as the person's own address parts it: "jane.doe@" for "JANEDOE"."""
    words = text.split()
    if len(words) > 3:
        return None
    for number, word in enumerate(words):
        key = fold(word)
        if len(key) < 6 or len(key) != len(word):
            continue
        for handle in handles:
            parts = [p for p in re.split(r"[^a-z]+", handle) if len(p) >= 2][:4]
            for first in parts:
                if key != first and key.startswith(first) and key[len(first) :] in parts:
                    parted = [*words[:number], word[: len(first)], word[len(first) :], *words[number + 1 :]]
                    return " ".join(parted)
    return None


def _glued(texts: Sequence[str]) -> str:
    out = texts[0]
    for text in texts[1:]:
        out += text if out.endswith("-") else " " + text
    return out
