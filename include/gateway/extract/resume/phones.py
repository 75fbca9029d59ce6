"""Candidates for the phone number: every run of digits that could be dialled, read with the country the document speaks of."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gateway.extract.page.layout import Cell, Line
from gateway.extract.resume.contact import (
    Candidate,
    Person,
    below,
    cells,
    evidence,
    label_of,
    links_over,
    own,
    place_features,
    raw_text,
    unglued,
)
from gateway.extract.resume.countries import Countries
from gateway.model import Evidence
from gateway.values.dates import find_periods
from gateway.values.text import plain_signs
from gateway.values.values import phone_country

_PHONE = re.compile(
    r"(?<![\w@/.+])(?<![\w@/.+]-)(?:\d{1,3}\+|\+|00)?\s?\(?\+?[0-9٠-٩][0-9٠-٩\s().\u2010-\u2015/-]{4,44}[0-9٠-٩]\)?"
    r"(?:\s*(?:ext|x|anexo|ramal|доб|poste|int|w|dw)\.?\s*:?\s?\d{1,5}\b)?(?![\w@])(?!\.\w)",
    re.I,
)
_MISPLACED = re.compile(r"^(\d{1,3})\s?\+\s?(?=\d)")  # "91+6302885573"
_TURNED = re.compile(r"(?<![\w+])(\d[\d\s()-]{6,20}\d)\s?\+(?![\d\w])")  # right-to-left text prints the plus last
_DATE = re.compile(
    r"\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)?\d\d|(?:19|20)\d\d\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{1,2}"
)
_YEARS = re.compile(r"(?:\d{1,2}[./])?(?:19|20)\d\d\s?[-–—/ ]\s?(?:\d{1,2}[./])?(?:(?:19|20)\d\d|\d\d)")
_PARTS = re.compile(r"\s*/\s*|\s+(?=\(\d)|\s{2,}|\s[-–—]\s|\s+(?=0\d{2})")
_BEGUN = re.compile(r"(?<![\w@.+/-])(?:\+\d{1,3}|\(\+?\d{2,5}\)|0\d{2,4}(?!\d))[\d ().-]{0,9}$")
_REST = re.compile(r"\(?\d[\d ().-]{1,14}\d(?![\w@])")
MOST_DIGITS = 15
RIGHT_TO_LEFT = ("ar", "he", "fa", "ur")


def phone_candidates(person: Person, countries: Countries, *, everywhere: bool = False) -> list[Candidate]:
    """Numbers that could be dialled, in page order.

    everywhere  those among the referees and in the furniture as well
    """
    out: list[Candidate] = []
    for index, line, number, cell in cells(person, everywhere=everywhere):
        if sum(c.isdigit() for c in cell.text) >= 4 or _BEGUN.search(cell.text):
            out.extend(_phones_of(person, index, line, number, cell, countries))
    for page, link, index in links_over(person):
        if not link.uri.lower().startswith("tel:"):
            continue
        value, valid, guess = countries.read(link.uri)
        if value:
            placed = index >= 0
            features = place_features(person, index, person.lines[index]) if placed else {"own": 0.5, "first_page": 1.0}
            features |= {"tel": 1.0, "valid": float(valid), "plus": float("+" in link.uri), "digits": 0.8}
            features["guess"] = float(guess)
            box = Evidence("link", "tel", page=page, box=link.box)
            out.append(Candidate("phone", value, link.uri, box, index, features, valid=valid))
    for rank, candidate in enumerate(out):
        candidate.features["first"] = 1.0 / (1 + rank)
    return out


def _phones_of(
    person: Person, index: int, line: Line, number: int, cell: Cell, countries: Countries
) -> Iterator[Candidate]:
    text = _without_periods(plain_signs(unglued(cell.text)))
    over = _broken_over(person, index, cell, text, countries)
    if over is not None:
        features = place_features(person, index, line) | {
            "digits": sum(c.isdigit() for c in over[0]) / 12,
            "valid": 1.0,
        }
        features |= {"plus": float(over[0].startswith("+")), "guess": float(over[1][2]), "grouped": 1.0}
        kind = label_of(line, number, text[: text.rfind(over[0].split()[0])])
        features |= {
            "label": float(kind == "phone"),
            "fax": float(kind == "fax"),
            "notphone": float(kind == "notphone"),
        }
        where = evidence(line, cell, "continued", over[0].split()[0])
        yield Candidate("phone", str(over[1][0]), over[0], where, index, features, valid=True)
    for match in (*_PHONE.finditer(text), *_TURNED.finditer(text)):
        turned = match.re is _TURNED
        printed = match.group().strip(" ./-")
        if printed.startswith("(") and ")" not in printed:
            printed = printed[1:]
        whole = "+" + match.group(1) if turned else _MISPLACED.sub(r"+\1 ", printed)
        for raw, (value, valid, guess) in _readings(whole, countries, person, index, cell, match.end(), text):
            start = text.find(raw, match.start()) if raw in text else match.start()
            before = text[:start]
            raw_before = raw_text(cell)
            cut = raw_before.find(raw[:5]) if raw[:5] in raw_before else 0
            kind = label_of(line, number, raw_before[:cut] if cut > 0 else before)
            if not value:
                if not _is_unread(line, kind, raw, text):
                    continue
                value = raw  # as printed: no country is known
            features = place_features(person, index, line)
            features |= {
                "label": float(kind == "phone"),
                "fax": float(kind == "fax"),
                "notphone": float(kind == "notphone"),
                "labelled_else": float(kind in ("email", "address", "web")),
                "plus": float(raw.lstrip("( ").startswith(("+", "00"))),
                "valid": float(valid),
                "guess": float(guess),
                "grouped": min(1.0, len(re.findall(r"[\s().\u2010-\u2015/-]+", raw)) / 3),
                "digits": sum(c.isdigit() for c in raw) / 12,
                "alone": float(len(raw) >= 0.7 * len(text.strip())),
                "dotted_date": float(_DATE.fullmatch(raw) is not None or _YEARS.fullmatch(raw) is not None),
                "home_country": float(
                    bool(person.country) and value.startswith("+") and phone_country(value) == person.country
                ),
                "prose_before": float(len(before.split()) >= 4),
            }
            rule = "pattern, country guessed" if guess else "pattern"
            yield Candidate("phone", value, raw, evidence(line, cell, rule, raw), index, features, valid=valid)


def _broken_over(
    person: Person, index: int, cell: Cell, text: str, countries: Countries
) -> tuple[str, tuple[str | None, bool, bool]] | None:
    """A number whose country or area code ends the line, and whose rest begins the next: "... | (617)" above "555-0107 | ..."."""
    begun = _BEGUN.search(text)
    following = next(iter(person.lines[index + 1 : index + 2]), None)
    line = person.lines[index]
    if begun is None or following is None or following.page != line.page or following.region != line.region:
        return None
    close = 0 < following.box[1] - line.box[1] < 2.2 * max(line.size, 6.0)
    rest = _REST.match(plain_signs(following.cells[0].text)) if close else None
    if rest is None or cell is not line.cells[-1]:
        return None
    if countries.read(begun.group())[1]:
        return None  # whole as it stands
    whole = f"{begun.group().strip()} {rest.group().strip()}".replace("- ", "-")
    read = countries.read(whole)
    return (whole, read) if read[0] and read[1] else None


def _is_unread(line: Line, kind: str | None, raw: str, text: str) -> bool:
    """A number that appears to be a phone but has an unknown country: labelled, or grouped and alone among own data."""
    digits = sum(c.isdigit() for c in raw)
    if kind is not None:
        return kind == "phone" and 7 <= digits <= MOST_DIGITS
    alone = len(raw) >= 0.8 * len(text.strip()) and own(line.section) > 0
    return (
        alone
        and 9 <= digits <= 12
        and not _DATE.search(raw)
        and not _YEARS.search(raw)
        and bool(re.search(r"[\s()-]", raw))
    )


def _without_periods(text: str) -> str:
    """The text with ranges of dates blanked, so that no number begins in one or goes on into the next."""
    for period in find_periods(text):
        if period.is_range:
            start, end = period.span
            if text[:start].rstrip()[-1:] in set("+0123456789"):
                continue  # "+1 2015 - 2017 ...": inside a number after all
            text = text[:start] + "#" * (end - start) + text[end:]
    return text


def _readings(
    whole: str, countries: Countries, person: Person, index: int, cell: Cell, end: int, text: str
) -> Iterator[tuple[str, tuple[str | None, bool, bool]]]:
    """The number, or the several in one run of digits ("030 123456 / 0170 1234567", a postcode before a number)."""
    read = countries.read(whole)
    digits = sum(c.isdigit() for c in whole)
    pieces = [p for p in _PARTS.split(whole) if sum(c.isdigit() for c in p) >= 6]
    several = [(piece.strip(" -."), countries.read(piece)) for piece in pieces if piece != whole]
    good = [(piece, found) for piece, found in several if found[1]]
    if good and (not read[1] or (len(good) > 1 and digits > 13)):
        yield from good
        return
    if read[1]:
        yield whole, read
        return
    groups = whole.split()
    if person.language in RIGHT_TO_LEFT and 2 <= len(groups) <= 4:
        turned = " ".join(reversed(groups))  # a line from right to left shows the groups of a number in its own order
        found = countries.read(turned)
        if found[1]:
            yield turned, found
            return
    joined = _continued(person, index, cell, text, end, whole, countries)
    if joined:
        yield joined
    elif digits <= MOST_DIGITS + 2:
        yield whole, read


def _continued(
    person: Person, index: int, cell: Cell, text: str, end: int, raw: str, countries: Countries
) -> tuple[str, tuple[str | None, bool, bool]] | None:
    if end < len(text.rstrip()):
        return None
    beneath = below(person, index, cell)
    if beneath is None:
        return None
    rest = re.match(r"[\d\s().-]+", beneath.text)
    if not rest or not any(c.isdigit() for c in rest.group()):
        return None
    whole = f"{raw} {rest.group().strip()}"
    found = countries.read(whole)
    return (whole, found) if found[0] and found[1] else None
