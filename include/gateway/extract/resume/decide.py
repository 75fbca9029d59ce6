"""Name, e-mail and phone of one person, decided together.

The candidates' scores come first. Values of other people (`owner`) are set aside with the reason. An address that repeats the name
beats one that does not. Nothing that a simple pattern finds is lost: if no candidate passes its threshold, the best one that
belongs to nobody else is taken, if it certainly is an address or number; it is marked as a last resort, so that a person checks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.extract.resume.contact import Candidate, Person, email_candidates
from gateway.extract.resume.countries import Countries
from gateway.extract.resume.links import handle_words
from gateway.extract.resume.name_features import agreement
from gateway.extract.resume.names import name_candidates
from gateway.extract.resume.owner import letterhead_of, owner_of
from gateway.extract.resume.phones import phone_candidates
from gateway.extract.resume.scorer import model, rank
from gateway.model import Hints, Note
from gateway.values.lexicon import given_names
from gateway.values.text import fold

AGREES = 0.65  # of names.agreement: the family name and an initial, or two names
PARTLY = (
    0.45  # of names.agreement: one of two names; enough where no address of the candidate's own stands anywhere else
)
NEARLY = 1.5  # below the threshold a name still counts when it heads the page


@dataclass(slots=True)
class Contact:
    """The choice for each field, all its candidates, and the values set aside."""

    name: Candidate | None = None
    email: Candidate | None = None
    phone: Candidate | None = None
    names: list[Candidate] = field(default_factory=list)
    emails: list[Candidate] = field(default_factory=list)
    phones: list[Candidate] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    brands: frozenset[int] = frozenset()  # lines that name an organisation whose letterhead the page has


def threshold(name: str) -> float:
    return float(model()["fields"][name].get("threshold", 0.0))


def decide(person: Person, hints: Hints, links: Sequence[Candidate]) -> Contact:
    """
    links  the candidate's own, as kept
    """
    found = rank(email_candidates(person, everywhere=True))
    phones = rank(phone_candidates(person, Countries(person, found, hints.country), everywhere=True))
    addresses = [link.value for link in links]
    out = Contact()
    found, phones = _without_letterhead(person, found, phones, links, out)
    first = next((c for c in found if owner_of(person, c, False) is None), None)
    out.names = _names(person, first.value if first else None, addresses, [*found, *phones], links, out.brands)
    out.name = _named(out.names)
    out.emails = _own(person, found, out, "An e-mail address")
    for candidate in out.emails:
        if out.name and agreement(out.name.value, handle_words(candidate.value, ())) >= AGREES:
            candidate.features["repeats_name"] = 1.0
    out.emails = rank(out.emails)
    out.email = _best(out.emails) or next(iter(out.emails), None)
    if out.email and first and out.email.value != first.value:
        out.names = _names(person, out.email.value, addresses, [*found, *phones], links, out.brands)
        out.name = _named(out.names)
    out.phones = _own(person, phones, out, "A phone number")
    for candidate in out.phones:
        if out.email and candidate.valid and _side_by_side(person, candidate, out.email):
            candidate.features["beside_email"] = 1.0
    out.phones = rank(out.phones)
    out.phone = _best(out.phones) or next((c for test in (_is_phone, _is_unread) for c in out.phones if test(c)), None)
    for chosen in (out.name, out.email, out.phone):
        if chosen is not None and chosen.score <= threshold(chosen.field):
            chosen.features["last_resort"] = 1.0
    return out


def _names(
    person: Person,
    email: str | None,
    links: Sequence[str],
    contacts: Sequence[Candidate],
    own: Sequence[Candidate],
    brands: frozenset[int] = frozenset(),
) -> list[Candidate]:
    touch = [c.line for c in contacts if c.features.get("own", 0) > 0] + [c.line for c in own]
    return rank(name_candidates(person, handle_words(email, links), touch, brands))


def _without_letterhead(
    person: Person, emails: list[Candidate], phones: list[Candidate], links: Sequence[Candidate], out: Contact
) -> tuple[list[Candidate], list[Candidate]]:
    """The candidates without an agency's, where its letterhead heads the page and somebody else is named beneath it.

    A person's own site reads the same ("Jane Roe" above hello@janeroe.example). Then nobody else is named.
    """
    head = letterhead_of(person, emails)
    if head is None:
        return emails, phones
    own = [c for c in emails if c.line not in head.touch]
    handle = next((c.value for c in own if c.features.get("own", 0) > 0), None)
    names = _names(person, handle, [link.value for link in links], [*own, *phones], links, head.brands)
    name = _best(names)
    if name is None or (handle is None and not (head.certain and name.features.get("known_names", 0) >= 0.5)):
        return emails, phones
    out.brands = head.brands
    for what, values in (("An e-mail address", emails), ("A phone number", phones)):
        pages = {c.value: c.evidence.page for c in values if c.line in head.touch and c.valid}
        for page in pages.values():
            out.notes.append(Note("CONTACT_NOT_OWN", f"{what} was left out: it is {_WHOSE['agency']}.", page=page))
    return own, [c for c in phones if c.line not in head.touch]


def _named(names: Sequence[Candidate]) -> Candidate | None:
    """The best name; if none is certain, the largest or first line of the first page, if names or the address support it."""
    best = _best(names)
    if best is not None or not names:
        return _in_full(best, names) if best else None
    for candidate in names[:5]:
        seen = candidate.features
        against = any(seen.get(name) for name in ("heading", "place", "part", "company", "institution", "digits_near"))
        if against or (seen.get("title") and seen.get("agreement", 0) < AGREES and not _is_surname(candidate)):
            continue
        known = seen.get("known_names", 0) >= 0.5 or seen.get("agreement", 0) > 0.5
        lone = seen.get("largest") and seen.get("first_page") and seen.get("above_body", 0) > 0.5
        first = seen.get("first_line") and (known or candidate.score > threshold("name") - NEARLY)
        if (lone and known) or first:
            return candidate
    return None


def _is_surname(candidate: Candidate) -> bool:
    """An occupation as a family name ("Grace Baker"): behind a given name, largest and first, the real occupation or an address close by."""
    seen = candidate.features
    near = seen.get("title_below", 0) >= 0.5 or seen.get("near_contact", 0) >= 0.6
    leads = near and seen.get("first_line") and seen.get("largest")
    words = fold(candidate.value.partition(",")[0]).split()
    return bool(leads) and 2 <= len(words) <= 3 and words[0] in given_names() and seen.get("relative_size", 0) >= 0.98


def _in_full(best: Candidate, names: Sequence[Candidate]) -> Candidate:
    """The name with its last word, if that is in a separate line and the whole name is repeated (in a running header)."""
    short = fold(best.value)
    agrees = best.features.get("agreement", 0)
    for candidate in names:
        seen = candidate.features
        grown = seen.get("agreement", 0) > agrees + 0.3 and not seen.get("company") and seen.get("title", 0) < 0.5
        if candidate.line == best.line and grown and fold(candidate.value).startswith(short + " "):
            return candidate  # the address has the last word too
    lines: dict[str, set[int]] = {}
    for candidate in names:
        value = fold(candidate.value)
        if candidate.line != best.line and (
            candidate.features.get("stacked") or candidate.features.get("title", 0) > 0.5
        ):
            continue
        if value.startswith(short + " ") and len(value.split()) <= len(short.split()) + 2:
            lines.setdefault(value, set()).add(candidate.line)
    longer = next((value for value, at in lines.items() if len(at) > 1 and best.line in at), None)
    return next((c for c in names if fold(c.value) == longer and c.line == best.line), best)


def _best(candidates: Sequence[Candidate]) -> Candidate | None:
    return candidates[0] if candidates and candidates[0].score > threshold(candidates[0].field) else None


def _own(person: Person, candidates: Sequence[Candidate], out: Contact, what: str) -> list[Candidate]:
    """The candidates that belong to nobody else; adds a note for each value set aside."""
    own: list[Candidate] = []
    aside: dict[str, tuple[str, int | None]] = {}
    agreeing = [_agreement(person, out, candidate) for candidate in candidates]
    least = AGREES
    if not any(owner_of(person, c, agrees >= AGREES) is None for c, agrees in zip(candidates, agreeing, strict=True)):
        least = PARTLY
    for candidate, agrees in zip(candidates, agreeing, strict=True):
        owner = owner_of(person, candidate, agrees >= least)
        if owner is None:
            own.append(candidate)
        elif candidate.field == "email" or _is_phone(candidate):
            aside.setdefault(candidate.value, (owner, candidate.evidence.page))
    kept = {candidate.value for candidate in own}
    for value, (owner, page) in aside.items():
        if value not in kept:
            out.notes.append(Note("CONTACT_NOT_OWN", f"{what} was left out: it is {_WHOSE[owner]}.", page=page))
    return own


def _agreement(person: Person, out: Contact, candidate: Candidate) -> float:
    """How much an address repeats the name; 1 for a number in a footer with the candidate's own address, below the referees."""
    if candidate.field == "email":
        return agreement(out.name.value, handle_words(candidate.value, ())) if out.name else 0.0
    lines = (candidate.line, out.email.line if out.email else -1)
    if out.email is None or min(lines) < 0 or any(person.lines[n].section != "references" for n in lines):
        return 0.0
    return float(_one_block(candidate, out.email))


def _one_block(candidate: Candidate, email: Candidate) -> bool:
    """True if the number stands right beside or beneath the address."""
    here, there = candidate.evidence.box, email.evidence.box
    if here is None or there is None or candidate.evidence.page != email.evidence.page:
        return False
    height = max(here[3] - here[1], there[3] - there[1])
    return abs(here[1] - there[1]) < 1.8 * height


def _is_unread(candidate: Candidate) -> bool:
    """A number among the own data without a known country: shown as printed, for a person to complete."""
    seen = candidate.features
    return not candidate.value.startswith("+") and seen.get("own", 0) > 0 and not seen.get("fax")


def _side_by_side(person: Person, candidate: Candidate, email: Candidate) -> bool:
    """In one line with the address, or in a line next to its own."""
    if min(candidate.line, email.line) < 0 or abs(candidate.line - email.line) > 1:
        return False
    return person.lines[candidate.line].page == person.lines[email.line].page


_WHOSE = {
    "referee": "a referee's or a relative's",
    "agency": "the agency's that presents the candidate",
    "employer": "an employer's office",
    "furniture": "the template's",
}


def _is_phone(candidate: Candidate) -> bool:
    """A number that certainly is a phone, wherever it is: in use, and labelled as a phone, dialled by a link or international."""
    seen = candidate.features
    if not candidate.valid or any(seen.get(name) for name in ("fax", "notphone", "dotted_date", "labelled_else")):
        return False
    called = seen.get("label") or seen.get("tel") or seen.get("plus") or seen.get("beside_email")
    return bool(called or (seen.get("alone") and seen.get("digits", 0) >= 9 / 12 and not seen.get("guess")))
