"""Candidates for the person's name: cells and parts of cells that have the form of a name, with what speaks for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.extract.page.layout import Cell, Line, around, joined
from gateway.extract.page.words import Word
from gateway.extract.resume.contact import Candidate, Person, below, evidence, place_features
from gateway.extract.resume.name_labels import FULL, FormNames, form_names, is_label, trimmed
from gateway.extract.resume.name_labels import key as key_of
from gateway.model import Evidence
from gateway.values.east_asian import name_form, solid
from gateway.values.lexicon import bare, given_names, heading_of, hits, phrases, title_score
from gateway.values.places import city_countries, country_code
from gateway.values.text import fold, is_cjk, tidy
from gateway.values.values import PARTICLES, TITLES, is_plausible_name

_SPLIT = re.compile(r"\s*(?:[|│┃∣⎪¦‖§•·∙●◆◇■★☆/–—]|\s-\s|,|:|：)\s*")
_SAID = re.compile(
    r"(?:my name is|mi nombre es|me llamo|je m[’']appelle|ich hei(?:ß|ss)e|mein name ist|(?:o )?meu nome é|(?:eu )?me chamo|mi chiamo|"
    r"меня зовут|jag heter|mijn naam is|nazywam się|我叫|私は|저는)\s+(.+)$",
    re.I,
)
LARGE = 1.25
MAX_WORDS = 8
ENOUGH = 0.33  # share of an address's letters that a name must account for to be in it


def name_candidates(person: Person, handles: Sequence[str], contact_lines: Sequence[int]) -> list[Candidate]:
    """
    handles        folded local parts and link endings of the candidate's own (contact.handle_words)
    contact_lines  indexes of lines with the candidate's own e-mail, phone or links
    """
    first_page = person.pages[0].number
    sizes = sorted(
        (c.size for line in person.lines if line.page == first_page for c in line.cells if _is_text(c.text)),
        reverse=True,
    )
    largest = sizes[0] if sizes else 1.0
    form = form_names(person)
    others = {fold(text) for text in form.others}
    out = list(_labelled(person, form, largest, handles, contact_lines))
    counted: dict[str, int] = {}
    for index, line in enumerate(person.lines):
        for number, cell in enumerate(line.cells):
            top_size = cell.size >= 0.98 * largest and cell.size > 1.04 * person.body
            large = cell.size > LARGE * person.body or top_size
            if line.section not in ("top", "contact", "footer", "summary") and not large:
                continue
            in_row = list(_in_row(person, index, line, number, cell, largest, handles, contact_lines))
            out.extend(in_row)
            if not 2 <= len(cell.text) <= 110 or (line.section == "summary" and not large and index > 12):
                continue
            stacked = list(_stacked(person, index, line, cell, largest, handles, contact_lines))
            relaxed = line.page == first_page and (top_size or index < 3)
            for text, words, how in _parts(person, index, cell):
                if len(text.split()) > MAX_WORDS or not _has_form(person, text, relaxed or how == "said"):
                    continue
                if is_label(text) or heading_of(solid(text) if is_cjk(text) else text) or fold(text) in others:
                    continue
                key = fold(text)
                counted[key] = counted.get(key, 0) + 1
                where = evidence(line, cell, how)
                if words:
                    where = Evidence(where.source, how, page=line.page, box=around([w.box for w in words]))
                features = _features(person, index, line, number, cell, text, how, largest, handles, contact_lines)
                features["continued"] = float(any(map(_is_whole, (*stacked, *in_row))))
                respaced = _respaced(text, handles)
                if respaced:
                    again = _features(person, index, line, number, cell, respaced, how, largest, handles, contact_lines)
                    out.append(Candidate("name", respaced, text, where, index, again))
                out.append(Candidate("name", tidy(text).strip(" ,;-"), text, where, index, features))
            stacked = [c for c in stacked if not is_label(c.value) and fold(c.value) not in others]
            for shorter, longer in zip(stacked, stacked[1:], strict=False):
                shorter.features["continued"] = float(_is_whole(longer))
            out.extend(stacked)
    for candidate in out:
        candidate.features["twice"] = float(counted.get(fold(candidate.raw), 0) > 1)
    return out


def _is_whole(longer: Candidate) -> bool:
    """What a name goes on with is a name too, not the job title or employer beneath it."""
    return not any(longer.features[name] for name in ("title", "company", "institution", "heading", "cv_title"))


def _is_text(text: str) -> bool:
    """Words, not an icon; and not the document's title or a heading, which may be larger than the name."""
    return sum(c.isalpha() for c in text) >= 2 and not is_label(text) and heading_of(text) is None


def _has_form(person: Person, text: str, relaxed: bool) -> bool:
    """A name by its letters; `relaxed` takes one written without capitals ("jane roe"), as people head their own pages."""
    if is_cjk(text):
        return is_plausible_name(text) and name_form(text, person.language) > 0
    if is_plausible_name(text):
        return True
    return relaxed and 2 <= len(text.split()) <= 4 and text[:1].isalpha() and is_plausible_name(text.title())


def _parts(person: Person, index: int, cell: Cell) -> Iterator[tuple[str, list[Word], str]]:
    """The cell, its runs of one look, and what stands before or after a separator."""
    yield cell.text, cell.words, "cell"
    runs = _runs(cell.words)
    if 2 <= len(runs) <= 3:
        for run in runs:
            if len(run) < len(cell.words):
                yield joined(run).strip(" ,|–-"), run, "style"
    shorter = trimmed(cell.text)
    if shorter and shorter != cell.text:
        yield shorter, [], "trimmed"
    said = _SAID.search(cell.text)
    if said:
        yield _said(person, index, cell, said.group(1)), [], "said"
    pieces = _SPLIT.split(cell.text)
    if len(pieces) > 1:
        if pieces[0]:
            yield pieces[0], [], "before_separator"
        if is_label(pieces[0]) and len(pieces) > 1:
            yield pieces[1], [], "after_title"
        if len(pieces) > 2 and len(pieces[0].split()) <= 4:
            yield pieces[-1], [], "after_separator"
        rest = cell.text[len(pieces[0]) :].lstrip(" |•·/–—-,:：")
        if "," in cell.text and len(pieces) == 2 and len(rest.split()) <= 3 and rest.upper() != rest:
            turned = f"{rest} {pieces[0]}"
            if pieces[0].isupper():
                yield turned, [], "family_first"
    words = cell.text.split()
    if len(words) >= 3 and bare(words[-1]) in phrases("cvtitle"):
        yield " ".join(words[:-1]), [], "after_title"
    for size in (1, 2):
        if len(words) >= size + 2 and bare(" ".join(words[:size])) in phrases("cvtitle"):
            yield " ".join(words[size:]), [], "after_title"


def _said(person: Person, index: int, cell: Cell, rest: str) -> str:
    """The name in "My name is Jane", with what goes on in the next line."""
    words: list[str] = []
    for word in rest.split():
        if not word[:1].isupper() and not is_cjk(word):
            return " ".join(words)
        words.append(word.strip(",.!"))
        if word[-1] in ",.!":
            return " ".join(words)
    beneath = below(person, index, cell)
    follow = _SPLIT.split(beneath.text)[0].split() if beneath is not None else []
    if words and len(words) <= 2 and 1 <= len(follow) <= 2 and all(w[:1].isupper() for w in follow):
        words += [w.strip(",.!") for w in follow]
    return " ".join(words)


def _labelled(
    person: Person, form: FormNames, largest: float, handles: Sequence[str], contact_lines: Sequence[int]
) -> Iterator[Candidate]:
    for found in form.own:
        line, cell = person.lines[found.line], found.cells[0]
        features = _features(person, found.line, line, 0, cell, found.text, "labelled", largest, handles, contact_lines)
        where = evidence(line, cell, "labelled")
        where = Evidence(where.source, "labelled", page=line.page, box=around([c.box for c in found.cells]))
        yield Candidate("name", found.text, found.text, where, found.line, features)


def _in_row(
    person: Person,
    index: int,
    line: Line,
    number: int,
    cell: Cell,
    largest: float,
    handles: Sequence[str],
    contact_lines: Sequence[int],
) -> Iterator[Candidate]:
    """A name set with a wide gap between its words: two cells of one large look side by side."""
    if number + 1 >= len(line.cells) or cell.size < LARGE * person.body:
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
    if not _has_form(person, whole, False) or len(whole.split()) > 4:
        return
    features = _features(person, index, line, 0, cell, whole, "in_row", largest, handles, contact_lines)
    where = Evidence(evidence(line, cell, "in_row").source, "in_row", page=line.page, box=around([cell.box, after.box]))
    yield Candidate("name", whole, whole, where, index, features)


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    runs: list[list[Word]] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and last.bold == word.bold
            and last.colour == word.colour
            and abs(last.size - word.size) < 0.6
        ):
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs


def _stacked(
    person: Person,
    index: int,
    line: Line,
    cell: Cell,
    largest: float,
    handles: Sequence[str],
    contact_lines: Sequence[int],
) -> Iterator[Candidate]:
    """A name over two or three lines of large type: of one size, or of two when the person's address has both parts."""
    if cell.size < LARGE * person.body:
        return
    texts, boxes, last = [cell.text], [cell.box], cell
    for _ in range(2):
        beneath = _beneath(person, line, last)
        if beneath is None:
            return
        texts.append(beneath.text)
        boxes.append(beneath.box)
        one_look = abs(beneath.size - cell.size) < 0.5 and beneath.colour == cell.colour
        last = beneath
        whole = _glued(texts)
        if not _has_form(person, whole, True) or len(whole.split()) > 6:
            return
        if (
            is_label(beneath.text)
            or heading_of(beneath.text)
            or (not one_look and not _both_in(cell, beneath, handles))
        ):
            return
        features = _features(person, index, line, 0, cell, whole, "stacked", largest, handles, contact_lines)
        features["relative_size"] = max(features["relative_size"], beneath.size / largest)
        features["largest"] = max(features["largest"], float(beneath.size >= 0.98 * largest))
        features["stacked"] = len(texts) - 1.0
        yield Candidate(
            "name", whole, whole, Evidence("text", "stacked", page=line.page, box=around(boxes)), index, features
        )


def _all_in(tokens: Sequence[str], handles: Sequence[str]) -> bool:
    """One address holds every word: what reads like a job title is a name all the same."""
    return len(tokens) > 1 and any(all(len(t) > 1 and t in handle for t in tokens) for handle in handles)


def _both_in(first: Cell, second: Cell, handles: Sequence[str]) -> bool:
    """Two short texts of two looks that one address holds: one of them as a whole, the other at least by its initial."""
    words = (len(first.text.split()), len(second.text.split()))
    if max(words) > 2:
        return False
    if words == (1, 1) and abs(first.size - second.size) < 0.5 and title_score(second.text) < 0.5:
        if any(fold(x.text) in handle for x in (first, second) for handle in handles if len(x.text) > 2):
            return True  # one word above the other in two colours, one of them in the address
    for handle in handles:
        letters = re.sub(r"[^a-z]", "", handle)
        whole = [fold(x.text).replace(" ", "") for x in (first, second)]
        if whole[1] and whole[1] in letters and whole[0][:1] in letters.replace(whole[1], ""):
            return True
        if whole[0] and whole[0] in letters and whole[1][:1] in letters.replace(whole[0], ""):
            return True
    return False


def _beneath(person: Person, line: Line, cell: Cell) -> Cell | None:
    """The cell right beneath in the same look and column; lines of other columns may stand between in reading order."""
    best: Cell | None = None
    for other_line in person.lines[max(0, line.index - 3) : line.index + 8]:
        if other_line.page != line.page:
            continue
        for other in other_line.cells:
            drop = other.box[1] - cell.box[1]
            if other is cell or not 0.3 * cell.size < drop < 1.8 * max(cell.size, other.size):
                continue
            if other.bold != cell.bold or not 0.45 < other.size / cell.size < 2.2:
                continue
            aligned = abs(other.box[0] - cell.box[0]) < 0.6 * cell.size or abs(other.box[2] - cell.box[2]) < 4
            centred = abs(sum(other.box[::2]) - sum(cell.box[::2])) < cell.size
            shared = min(other.box[2], cell.box[2]) - max(other.box[0], cell.box[0])
            stepped = shared > 0.5 * min(other.box[2] - other.box[0], cell.box[2] - cell.box[0]) and (
                abs(other.size - cell.size) < 0.5 and other.colour == cell.colour
            )
            if (aligned or centred or stepped) and (best is None or other.box[1] < best.box[1]):
                best = other
    return best


def _respaced(text: str, handles: Sequence[str]) -> str | None:
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


def agreement(name: str, handles: Sequence[str]) -> float:
    """Share of the name's letters that the best handle accounts for: "jdoe" has the family name and an initial of "Jane Doe"."""
    tokens = [re.sub(r"[^\w]", "", t) for t in fold(name).replace(".", " ").split()]
    tokens = [t for t in tokens if t and t not in TITLES and t not in PARTICLES]
    if not tokens or not handles:
        return 0.0
    best = 0.0
    for handle in (re.sub(r"[^\w]|_", "", h) for h in handles):
        full = [t for t in tokens if len(t) >= 3 and t in handle]
        covered = sum(map(len, full)) / max(1, len(handle))
        rest = handle
        for token in full:
            rest = rest.replace(token, "", 1)
        initials = sum(1 for t in tokens if t not in full and t[0] in rest[:2]) if covered > ENOUGH else 0
        if full:
            share = min(1.0, (len(full) + 0.4 * initials) / min(2, len(tokens)))
            best = max(best, share * min(1.0, covered / ENOUGH))
    return best


def _features(
    person: Person,
    index: int,
    line: Line,
    number: int,
    cell: Cell,
    text: str,
    how: str,
    largest: float,
    handles: Sequence[str],
    contact_lines: Sequence[int],
) -> dict[str, float]:
    place = place_features(person, index, line)
    tokens = [t for t in (re.sub(r"[^\w]", "", t) for t in fold(text).replace(".", " ").split()) if t]
    # at the end of a name a particle is none: "Das", "Santa"
    plain = [t for at, t in enumerate(tokens) if t not in TITLES and (t not in PARTICLES or at == len(tokens) - 1 > 0)]
    known = given_names()
    share = sum(t in known for t in plain) / len(plain) if plain else 0.0
    cjk = is_cjk(text)
    key = bare(text)
    following = _following(person, index, cell)
    label = line.cells[number - 1].text if number > 0 else ""
    agree = agreement(text, handles)
    nearest = min((abs(index - other) for other in contact_lines), default=30)
    features = {
        name: place[name]
        for name in ("top", "contact_section", "footer", "references", "first_page", "early", "height")
    }
    features |= {
        "relative_size": cell.size / largest,
        "largest": float(cell.size >= 0.98 * largest),
        "stands_out": float(cell.size >= 0.98 * largest > 1.3 * person.body and line.page == person.pages[0].number),
        "above_body": min(2.0, cell.size / person.body) - 1,
        "bold": float(cell.bold),
        "agreement": agree,
        "no_handles": float(not handles),
        "known_names": share,
        "cjk": float(cjk),
        "east_asian_form": name_form(text, person.language) if cjk else 0.0,
        "non_latin": float(not cjk and not text.isascii() and not any(c < "\u0250" for c in text if c.isalpha())),
        "title": min(2.0, title_score(text)) / 2 * (0.3 if (share > 0.9 and agree) or _all_in(plain, handles) else 1.0),
        "company": min(1.0, 0.5 * (hits("company", text) + hits("legal", text))),
        "institution": min(1.0, 0.5 * hits("institution", text)),
        "heading": float(heading_of(text) is not None or line.heading),
        "cv_title": float(key in phrases("cvtitle") or any(w in phrases("cvtitle") for w in key.split() if len(w) > 3)),
        "place": float(bool(country_code(text)) or (bool(city_countries(text)) and share < 0.5)),
        "language_level": float(key in phrases("level")),
        "one_word": float(len(plain) == 1 and not cjk),
        "two_three": float(2 <= len(plain) <= 3),
        "many_words": float(len(plain) > 5),
        "labelled": float(how == "labelled" or key_of(label) in FULL),
        "part": float(how in ("style", "before_separator", "after_separator", "family_first")),
        "said": float(how == "said"),
        "style_part": float(how == "style"),
        "stacked": float(how == "stacked"),
        "title_below": min(2.0, title_score(following)) / 2 if following else 0.0,
        "near_contact": 1.0 / (1 + 0.3 * nearest),
        "digits_near": float(any(c.isdigit() for c in cell.text)),
        "capitals": float(text.isupper()),
        "lower_word": float(any(t.islower() and fold(t) not in PARTICLES and len(t) > 2 for t in text.split()))
        if not cjk
        else 0.0,
    }
    return features


def _following(person: Person, index: int, cell: Cell) -> str | None:
    for line in person.lines[index + 1 : index + 3]:
        for other in line.cells:
            if other.box[1] >= cell.box[1] and len(other.text) < 60:
                return other.text
    return None
