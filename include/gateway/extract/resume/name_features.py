"""What speaks for a text being the person's name: its type and place, its words, its agreement with addresses and links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.extract.page.layout import Cell, Line
from gateway.extract.resume.contact import Person, place_features
from gateway.extract.resume.name_labels import is_full
from gateway.extract.resume.name_labels import key as key_of
from gateway.values.east_asian import name_form
from gateway.values.lexicon import bare, given_names, heading_of, hits, phrases, title_score
from gateway.values.places import city_countries, country_code
from gateway.values.text import fold, is_cjk
from gateway.values.values import PARTICLES, TITLES

ENOUGH = 0.33  # share of an address's letters that a name must account for to be in it


@dataclass(frozen=True, slots=True)
class Known:
    """Facts about a person's pages that are known before the name is searched.

    handles        folded local parts and link endings of the candidate's own (links.handle_words)
    contact_lines  indexes of lines with the candidate's own e-mail, phone or links
    largest        size of the largest text of the first page that is neither a document title nor a heading
    """

    person: Person
    handles: Sequence[str]
    contact_lines: Sequence[int]
    largest: float


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


def _all_in(tokens: Sequence[str], handles: Sequence[str]) -> bool:
    """True if one address contains every word: then even a text that reads like a job title is a name."""
    return len(tokens) > 1 and any(all(len(t) > 1 and t in handle for t in tokens) for handle in handles)


def features_of(known: Known, index: int, line: Line, number: int, cell: Cell, text: str, how: str) -> dict[str, float]:
    """The features of a text as a name; `how` it was cut from its cell, the number-th of the line."""
    person, handles, largest = known.person, known.handles, known.largest
    place = place_features(person, index, line)
    tokens = [t for t in (re.sub(r"[^\w]", "", t) for t in fold(text).replace(".", " ").split()) if t]
    # at the end of a name a particle is none: "Das", "Santa"
    plain = [t for at, t in enumerate(tokens) if t not in TITLES and (t not in PARTICLES or at == len(tokens) - 1 > 0)]
    usual = given_names()
    share = sum(t in usual for t in plain) / len(plain) if plain else 0.0
    cjk = is_cjk(text)
    key = bare(text)
    following = _following(person, index, cell)
    label = line.cells[number - 1].text if number > 0 else ""
    agree = agreement(text, handles)
    nearest = min((abs(index - other) for other in known.contact_lines), default=30)
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
        "labelled": float(how == "labelled" or is_full(key_of(label))),
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
