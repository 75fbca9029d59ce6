"""Candidates for the person's name: cells and parts of cells that have the form of a name, with what speaks for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.extract.page.layout import Cell, Line, around, joined
from gateway.extract.page.words import Word
from gateway.extract.resume.contact import Candidate, Person, evidence, place_features
from gateway.model import Evidence
from gateway.values.lexicon import bare, given_names, heading_of, hits, phrases, title_score
from gateway.values.places import city_countries, country_code
from gateway.values.text import fold, is_cjk, tidy
from gateway.values.values import PARTICLES, TITLES, is_plausible_name

_SPLIT = re.compile(r"\s*(?:[|•·/–—]|\s-\s|,|:|：)\s*")
_NAME_LABELS = {
    "name",
    "full name",
    "nome",
    "nombre",
    "nom",
    "nom et prenom",
    "naam",
    "namn",
    "navn",
    "nimi",
    "imie i nazwisko",
    "jmeno",
    "jmeno a prijmeni",
    "nume",
    "nume si prenume",
    "nev",
    "adi soyadi",
    "ad soyad",
    "ho ten",
    "ho va ten",
    "nama",
    "nama lengkap",
    "фио",
    "имя",
    "имя и фамилия",
    "ονομα",
    "ονοματεπωνυμο",
    "الاسم",
    "الاسم الكامل",
    "שם",
    "שם מלא",
    "氏名",
    "名前",
    "姓名",
    "성명",
    "이름",
    "नाम",
    "nombre completo",
    "nome completo",
    "vor und nachname",
    "nombre y apellidos",
    "nome e cognome",
    "candidate",
    "applicant",
    "candidate name",
    "お名前",
    "nom complet",
    "fullt namn",
    "пib",
    "піб",
    "име",
}
LARGE = 1.25
MAX_WORDS = 8


def name_candidates(person: Person, handles: Sequence[str], contact_lines: Sequence[int]) -> list[Candidate]:
    """
    handles        folded local parts and link endings of the candidate's own (contact.handle_words)
    contact_lines  indexes of lines with the candidate's own e-mail, phone or links
    """
    first_page = person.pages[0].number
    largest = max(
        (c.size for line in person.lines if line.page == first_page for c in line.cells if _wordy(c.text)), default=1.0
    )
    out: list[Candidate] = []
    counted: dict[str, int] = {}
    for index, line in enumerate(person.lines):
        for number, cell in enumerate(line.cells):
            large = cell.size > LARGE * person.body or cell.size >= 0.98 * largest
            if line.section not in ("top", "contact", "footer", "summary") and not large:
                continue
            if not 2 <= len(cell.text) <= 110 or (line.section == "summary" and not large and index > 12):
                continue
            stacked = list(_stacked(person, index, line, cell, largest, handles, contact_lines))
            for text, words, how in _parts(cell):
                if not is_plausible_name(text) or len(text.split()) > MAX_WORDS:
                    continue
                if bare(text) in phrases("cvtitle") or heading_of(text) is not None:
                    continue
                key = fold(text)
                counted[key] = counted.get(key, 0) + 1
                where = evidence(line, cell, how)
                if words:
                    where = Evidence(where.source, how, page=line.page, box=around([w.box for w in words]))
                features = _features(person, index, line, number, cell, text, how, largest, handles, contact_lines)
                features["continued"] = float(bool(stacked))
                respaced = _respaced(text, handles)
                if respaced:
                    again = _features(person, index, line, number, cell, respaced, how, largest, handles, contact_lines)
                    out.append(Candidate("name", respaced, text, where, index, again))
                out.append(Candidate("name", tidy(text).strip(" ,;-"), text, where, index, features))
            for shorter, longer in zip(stacked, stacked[1:], strict=False):
                shorter.features["continued"] = float(longer is not None)
            out.extend(stacked)
    for candidate in out:
        candidate.features["twice"] = float(counted.get(fold(candidate.raw), 0) > 1)
    return out


def _wordy(text: str) -> bool:
    return sum(c.isalpha() for c in text) >= 2


def _parts(cell: Cell) -> Iterator[tuple[str, list[Word], str]]:
    """The cell, its runs of one look, and what stands before or after a separator."""
    yield cell.text, cell.words, "cell"
    runs = _runs(cell.words)
    if 2 <= len(runs) <= 3:
        for run in runs:
            if len(run) < len(cell.words):
                yield joined(run).strip(" ,|–-"), run, "style"
    pieces = _SPLIT.split(cell.text)
    if len(pieces) > 1:
        if pieces[0]:
            yield pieces[0], [], "before_separator"
        rest = cell.text[len(pieces[0]) :].lstrip(" |•·/–—-,:：")
        if bare(pieces[0]) in _NAME_LABELS:
            yield rest, [], "labelled"
        elif bare(pieces[0]) in phrases("cvtitle"):
            yield pieces[1], [], "after_title"
        if "," in cell.text and len(pieces) == 2 and len(rest.split()) <= 3 and rest.upper() != rest:
            turned = f"{rest} {pieces[0]}"
            if pieces[0].isupper():
                yield turned, [], "family_first"
    words = cell.text.split()
    if len(words) >= 3 and bare(words[-1]) in phrases("cvtitle"):
        yield " ".join(words[:-1]), [], "after_title"
    if len(words) >= 4 and bare(" ".join(words[:2])) in phrases("cvtitle"):
        yield " ".join(words[2:]), [], "after_title"


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
    """A name over two or three lines of the same large type."""
    if cell.size < LARGE * person.body:
        return
    texts, boxes, last = [cell.text], [cell.box], cell
    for line_below in person.lines[index + 1 : index + 3]:
        beneath = next((c for c in line_below.cells if abs(c.size - last.size) < 0.5 and c.bold == last.bold), None)
        if beneath is None or line_below.page != line.page or not 0 < beneath.box[1] - last.box[1] < 1.8 * last.size:
            return
        if beneath.colour != cell.colour:
            return
        texts.append(beneath.text)
        boxes.append(beneath.box)
        last = beneath
        whole = _glued(texts)
        if not is_plausible_name(whole):
            return
        features = _features(person, index, line, 0, cell, whole, "stacked", largest, handles, contact_lines)
        features["stacked"] = len(texts) - 1.0
        yield Candidate(
            "name", whole, whole, Evidence("text", "stacked", page=line.page, box=around(boxes)), index, features
        )


def _respaced(text: str, handles: Sequence[str]) -> str | None:
    """A name that lost its space (letter-spacing, OCR), parted as the person's own address parts it: "jane.doe@" for "JANEDOE"."""
    if " " in text or len(text) < 6:
        return None
    key = fold(text)
    for handle in handles:
        parts = [p for p in re.split(r"[^a-z]+", handle) if len(p) >= 2][:2]
        for first, second in ((0, 1), (1, 0)):
            if len(parts) == 2 and key == parts[first] + parts[second]:
                cut = len(parts[first])
                return f"{text[:cut]} {text[cut:]}"
    return None


def _glued(texts: Sequence[str]) -> str:
    out = texts[0]
    for text in texts[1:]:
        out += text if out.endswith("-") else " " + text
    return out


def agreement(name: str, handles: Sequence[str]) -> float:
    """Share of the name's letters that the best handle accounts for: "jdoe" has the family name and an initial of "Jane Doe"."""
    tokens = [re.sub(r"[^\w]", "", t) for t in fold(name).split()]
    tokens = [t for t in tokens if t and t not in TITLES and t not in PARTICLES]
    if not tokens or not handles:
        return 0.0
    best = 0.0
    for handle in (re.sub(r"[^\w]|_", "", h) for h in handles):
        full = [t for t in tokens if len(t) >= 3 and t in handle]
        initials = sum(1 for t in tokens if t not in full and t[0] in handle.replace("".join(full), ""))
        if full:
            best = max(best, min(1.0, (len(full) + 0.4 * initials) / min(2, len(tokens))))
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
    tokens = [t for t in (re.sub(r"[^\w]", "", t) for t in fold(text).split()) if t]
    plain = [t for t in tokens if t not in TITLES and t not in PARTICLES]
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
        "above_body": min(2.0, cell.size / person.body) - 1,
        "bold": float(cell.bold),
        "agreement": agree,
        "no_handles": float(not handles),
        "known_names": share,
        "cjk": float(cjk),
        "non_latin": float(not cjk and not text.isascii() and not any(c < "\u0250" for c in text if c.isalpha())),
        "title": min(2.0, title_score(text)) / 2 * (0.3 if share > 0.9 and agree else 1.0),
        "company": min(1.0, 0.5 * (hits("company", text) + hits("legal", text))),
        "institution": min(1.0, 0.5 * hits("institution", text)),
        "heading": float(heading_of(text) is not None or line.heading),
        "cv_title": float(key in phrases("cvtitle") or any(w in phrases("cvtitle") for w in key.split() if len(w) > 3)),
        "place": float(bool(country_code(text)) or (bool(city_countries(text)) and share < 0.5)),
        "language_level": float(key in phrases("level")),
        "one_word": float(len(plain) == 1 and not cjk),
        "two_three": float(2 <= len(plain) <= 3),
        "many_words": float(len(plain) > 5),
        "labelled": float(how == "labelled" or bare(label) in _NAME_LABELS),
        "part": float(how in ("style", "before_separator", "after_title", "family_first")),
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
