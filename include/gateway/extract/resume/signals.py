"""Signals on the page about how far a reading can be trusted: numbers for the risk model (quality/risk.py), no decision.

Beside the learned reader stands a plain one, kept on purpose: the largest line is the name, the first address the e-mail,
the first number phonenumbers accepts the phone. Two readers that work differently rarely make the same mistake.

Every signal is about 0..1, has a stable name and contains no personal data. Signals that are 0 or do not apply are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.extract.resume.contact import FOREIGN, Candidate, Person, own
from gateway.extract.resume.countries import Countries
from gateway.extract.resume.decide import Contact
from gateway.extract.resume.links import handle_words
from gateway.extract.resume.name_features import agreement
from gateway.values.lexicon import given_names, title_score
from gateway.values.text import fold, is_cjk
from gateway.values.values import find_emails, is_plausible_name, normalise_phone

_NUMBER = re.compile(r"(?<![\w@/.+-])[+(]{0,2}\d[\d\s().\u2010-\u2015/-]{5,20}\d(?![\w@])")
_YEARS = re.compile(r"(?:19|20)\d\d\D+(?:(?:19|20)\d\d|\d{1,2}\D)")
_NAME_FEATURES = (
    "largest",
    "relative_size",
    "known_names",
    "title",
    "company",
    "institution",
    "place",
    "heading",
    "one_word",
    "many_words",
    "part",
    "stacked",
    "continued",
    "twice",
    "labelled",
    "capitals",
    "lower_word",
    "first_page",
    "digits_near",
    "early",
)
_PLACE_FEATURES = ("own", "label", "work", "references", "other", "prose", "first_page", "footer")
MARGIN = 6.0  # log-odds between the choice and the next value beyond which more says nothing


def by_default_only(person: Person, contact: Contact) -> bool:
    """The phone's country comes from the agent's default and from nothing in the document."""
    if contact.phone is None or not contact.phone.value.startswith("+"):
        return False
    without = Countries(person, contact.emails)
    return without.read(contact.phone.raw)[0] != contact.phone.value


def signals_of(person: Person, contact: Contact, links: Sequence[str]) -> dict[str, float]:
    """The signals of one person's choice.

    links   addresses of the candidate's own pages, as kept
    """
    found: dict[str, float] = {}
    for field, chosen, pool in (
        ("name", contact.name, contact.names),
        ("email", contact.email, contact.emails),
        ("phone", contact.phone, contact.phones),
    ):
        if chosen is not None:
            found[f"{field}_margin"] = _margin(chosen, pool)
            found[f"{field}_score"] = _squeezed(chosen.score)
            wanted = _NAME_FEATURES if field == "name" else _PLACE_FEATURES
            found |= {f"{field}_{key}": chosen.features[key] for key in wanted if key in chosen.features}
    if contact.name is not None:
        found |= _of_name(person, contact.name, contact, links)
    if contact.phone is not None:
        found["phone_plus"] = contact.phone.features.get("plus", 0.0)
        found["phone_unused_range"] = float(not contact.phone.valid)
        found["phone_guess"] = contact.phone.features.get("guess", 0.0)
    found |= _on_the_page(person, contact)
    found |= _plain_reader(person, contact)
    return {key: round(min(2.0, max(-2.0, value)), 3) for key, value in found.items() if value}


def _squeezed(score: float) -> float:
    return max(-1.0, min(1.0, score / MARGIN))


def _margin(chosen: Candidate, pool: Sequence[Candidate]) -> float:
    """How far the next other value is behind, as a share of MARGIN; 1 without a rival."""
    rivals = [c.score for c in pool if fold(c.value) != fold(chosen.value)]
    return max(-1.0, min(1.0, (chosen.score - max(rivals)) / MARGIN)) if rivals else 1.0


def _of_name(person: Person, name: Candidate, contact: Contact, links: Sequence[str]) -> dict[str, float]:
    plain = [w for w in re.sub(r"[^\w\s]", " ", fold(name.value)).split() if w]
    known = given_names()
    found = {
        "name_agrees_link": agreement(name.value, handle_words(None, links)) if links else 0.0,
        "name_title_words": min(1.0, title_score(name.value)),
        "name_no_given": float(bool(plain) and not any(w in known for w in plain)),
        "name_cjk": float(is_cjk(name.value)),
    }
    if contact.email is not None:
        found["name_agrees_email"] = agreement(name.value, handle_words(contact.email.value, ()))
        far = abs(name.line - contact.email.line) if contact.email.line >= 0 else 0
        found["email_far_from_name"] = min(1.0, far / 30)
    if contact.phone is not None and contact.phone.line >= 0:
        found["phone_far_from_name"] = min(1.0, abs(name.line - contact.phone.line) / 30)
        if contact.email is not None and contact.email.line >= 0:
            found["phone_far_from_email"] = min(1.0, abs(contact.email.line - contact.phone.line) / 30)
    return found


def _on_the_page(person: Person, contact: Contact) -> dict[str, float]:
    """Other addresses, and unread numbers, in places of a candidate's own contact data."""
    chosen = contact.email.value if contact.email else None
    addresses = {value for line in person.lines for _, _, value in find_emails(line.text)}
    own_addresses = {c.value for c in contact.emails if c.features.get("own", 0) > 0}
    loose = sum("@" in line.text and not find_emails(line.text) for line in person.lines)
    digits = re.sub(r"\D", "", contact.phone.raw) if contact.phone else ""
    unread = anywhere = 0
    for line in person.lines:
        for match in _NUMBER.finditer(line.text):
            here = re.sub(r"\D", "", match.group())
            if 8 <= len(here) <= 15 and here[-7:] not in digits and not _YEARS.search(match.group()):
                unread += own(line.section) > 0
                anywhere += line.page == person.pages[0].number
    own_phones = {c.value for c in contact.phones if c.features.get("own", 0) > 0}
    return {
        "other_addresses": min(1.0, len(addresses - {chosen}) / 3),
        "other_own_addresses": min(1.0, len(own_addresses - {chosen}) / 2),
        "broken_address": min(1.0, loose / 2),
        "unread_numbers": min(1.0, unread / 2),
        "numbers_but_no_phone": float(contact.phone is None and anywhere > 0),
        "other_own_phones": min(1.0, len(own_phones - {contact.phone.value if contact.phone else None}) / 2),
        "put_aside": min(1.0, len(contact.notes) / 2),
    }


def _plain_reader(person: Person, contact: Contact) -> dict[str, float]:
    """1 where the plain reader found another value, 0 where it found the same, 0.5 where only one of the two found any."""
    name, email, phone = plain_reading(person)
    pairs = (
        ("plain_name_differs", name and fold(name), contact.name and fold(contact.name.value)),
        ("plain_email_differs", email, contact.email and contact.email.value),
        ("plain_phone_differs", phone and phone[-8:], contact.phone and re.sub(r"\D", "", contact.phone.raw)[-8:]),
    )
    return {key: 0.0 if plain == learned else 0.5 if not plain or not learned else 1.0 for key, plain, learned in pairs}


def plain_reading(person: Person) -> tuple[str | None, str | None, str | None]:
    """(name, e-mail, digits of the phone as printed) by three plain rules, whatever the sections are."""
    first = person.pages[0].number
    cells = [cell for line in person.lines if line.page == first for cell in line.cells]
    names = [cell for cell in cells if is_plausible_name(cell.text) and not any(c.isdigit() for c in cell.text)]
    largest = max(names, key=lambda cell: (round(cell.size, 1), -cell.box[1]), default=None)
    email = next((value for line in person.lines for _, _, value in find_emails(line.text)), None)
    phone = None
    for line in person.lines:
        if line.section in FOREIGN:
            continue
        for match in _NUMBER.finditer(line.text):
            digits = re.sub(r"\D", "", match.group())
            if len(digits) < 8 or _YEARS.search(match.group()):
                continue
            countries = (None, person.country) if person.country else (None,)
            if any(normalise_phone(match.group(), country)[0] for country in countries) or len(digits) >= 9:
                phone = digits
                break
        if phone:
            break
    return (largest.text if largest else None), email, phone
