"""Scores whether two records are one person, with reasons for and against. Pure; it links nothing.

    exact      same address or number, and the names do not contradict: may be linked without a person
    likely     other facts speak for it: proposed to a person, never linked in silence
    different  nothing, or too little, speaks for it, or a shared address with contradicting names

Weights are base-2 logarithms of how much likelier an agreement is between records of one person than between those
of two (Fellegi and Sunter's model, as splink uses it), set by judgement: a name alone never makes "likely".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from gateway.model import ExtractedProfile
from gateway.values.agreement import folded, name_tokens

LIKELY_FROM = 0.75
_PRIOR = -4.0  # two records of one agent are one person once in 16, before anything is compared
_WEIGHTS = {
    "name": 4.0,
    "name_close": 2.5,
    "employer": 3.0,
    "school": 2.0,
    "link": 6.0,
    "local_part": 2.0,
    "place": 1.0,
    "email_differs": -1.0,
    "phone_differs": -1.0,
    "place_differs": -1.0,
    "school_differs": -0.5,
}
LARGEST_BLOCK = 200  # records sharing one name: beyond it a name says nothing, and pairs grow quadratically


@dataclass(frozen=True, slots=True)
class Person:
    """The compared facts. Texts as read; email and phone normalised."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    location: str | None = None
    employers: tuple[str, ...] = ()
    schools: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    @classmethod
    def of(cls, profile: ExtractedProfile) -> Person:
        return cls(
            profile.name,
            profile.email,
            profile.phone,
            profile.location,
            tuple(w.company for w in profile.work if w.company),
            tuple(e.institution for e in profile.education if e.institution),
            tuple(profile.links),
        )


@dataclass(frozen=True, slots=True)
class Likeness:
    """kind = exact | likely | different; score 0..1; reasons are sentences without personal data."""

    kind: str
    score: float
    reasons_for: tuple[str, ...] = ()
    reasons_against: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs in a newer record of the same person; None = missing."""

    field: str
    before: object
    after: object


def same_name(one: str, other: str) -> bool:
    """Whether these may be spellings of one person's name.

    Order, titles, middle names, initials, short forms and accents do not count against it; a given name that differs
    does, so that two members of a family stay two people. Names in different scripts cannot be compared: they may be.
    """
    a, b = sorted((name_tokens(one), name_tokens(other)), key=lambda words: (len(words), words))
    if not a or bool(re.search("[a-z]", "".join(a))) != bool(re.search("[a-z]", "".join(b))):
        return True
    left = list(b)
    unmatched = []
    for word in sorted(a, key=lambda w: (w not in b, -len(w), w)):  # equal words first, initials last
        fit = word if word in left else next((w for w in left if _same_word(word, w)), None)
        if fit is None:
            unmatched.append(word)
        else:
            left.remove(fit)
    return not unmatched or (len(a) >= 3 and len(unmatched) == 1 and _same_word(a[0], b[0]))


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long_ = sorted((one, other), key=len)
    if len(short) == 1 or len(short) >= 3:
        if long_.startswith(short):
            return True
        return len(short) >= 4 and OSA.normalized_similarity(short, long_) >= 0.8
    return False


def likeness(one: Person, other: Person) -> Likeness:
    """How similar two records are. Symmetric; a record compared with itself is exact if it has an address or a number."""
    contradicts = bool(one.name and other.name and not same_name(one.name, other.name))
    shared = [
        f"the same {shown}"
        for shown, x, y in (
            ("e-mail address", _email(one.email), _email(other.email)),
            ("phone number", one.phone, other.phone),
        )
        if x and x == y
    ]
    if shared and not contradicts:
        return Likeness("exact", 1.0, tuple(shared), ())
    if contradicts:
        return Likeness("different", 0.0, tuple(shared), ("the names contradict",))
    found = _compare(one, other)
    total = _PRIOR + sum(_WEIGHTS[key] for key, _ in found)
    score = round(1 / (1 + 2**-total), 4)
    kind = "likely" if score >= LIKELY_FROM and one.name and other.name else "different"
    return Likeness(
        kind,
        score,
        tuple(text for key, text in found if _WEIGHTS[key] > 0),
        tuple(text for key, text in found if _WEIGHTS[key] < 0),
    )


def _compare(one: Person, other: Person) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if one.name and other.name:
        alike = fuzz.token_sort_ratio(" ".join(name_tokens(one.name)), " ".join(name_tokens(other.name)))
        if alike >= 95:
            found.append(("name", "the same name"))
        elif alike >= 70:
            found.append(("name_close", "names that may be spellings of one"))
    if _overlap(one.employers, other.employers):
        found.append(("employer", "an employer in common"))
    if _overlap(one.schools, other.schools):
        found.append(("school", "a school in common"))
    elif one.schools and other.schools:
        found.append(("school_differs", "no school in common"))
    if _profiles(one.links) & _profiles(other.links):
        found.append(("link", "a profile address in common"))
    a, b = _email(one.email), _email(other.email)
    if a and b:
        same_local = a.partition("@")[0] == b.partition("@")[0] and len(a.partition("@")[0]) >= 6
        found.append(
            ("local_part", "e-mail addresses that differ only in the domain")
            if same_local
            else ("email_differs", "different e-mail addresses")
        )
    if one.phone and other.phone:
        found.append(("phone_differs", "different phone numbers"))
    if one.location and other.location:
        near = fuzz.token_set_ratio(folded(one.location), folded(other.location)) >= 85
        found.append(("place", "the same place") if near else ("place_differs", "different places"))
    return found


def _email(email: str | None) -> str | None:
    """For comparing: lower case, without a +tag."""
    if not email or "@" not in email:
        return None
    local, _, domain = email.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _overlap(one: Iterable[str], other: Iterable[str]) -> bool:
    """Any two entries that name the same organisation; short ones must be equal."""
    for a in map(folded, one):
        for b in map(folded, other):
            if a == b or (min(len(a), len(b)) >= 5 and fuzz.token_sort_ratio(a, b) >= 90):
                return True
    return False


def _profiles(links: Iterable[str]) -> set[str]:
    """Addresses of a person's own page: a path below a site, without scheme, www., query and trailing slash."""
    found = set()
    for link in links:
        bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", link.strip().lower())
        bare = re.split(r"[?#]", bare)[0].rstrip("/")
        if "/" in bare:
            found.add(bare)
    return found


def likely_pairs(
    new: Mapping[str, Person], known: Mapping[str, Person], *, with_exact: bool = False, crowded: Collection[str] = ()
) -> dict[str, list[tuple[str, Likeness]]]:
    """For each new record, those among new and known that are probably the same person, best first.

    Only records that share a name word pair, an address, a number or a profile page are compared, so that the cost
    grows with the records and not with their square. A record is never compared with itself (equal ids).
    with_exact   report exact matches too
    crowded      keys that too many records share for them to say anything, known among more records than these
    """
    blocks: dict[str, list[str]] = defaultdict(list)
    everyone = {**known, **new}
    for identity, person in everyone.items():
        for key in match_keys(person):
            blocks[key].append(identity)
    found: dict[str, list[tuple[str, Likeness]]] = {}
    for identity, person in new.items():
        near = {
            other
            for key in match_keys(person)
            if len(blocks[key]) <= LARGEST_BLOCK and key not in crowded
            for other in blocks[key]
            if other != identity
        }
        likes = [(other, likeness(person, everyone[other])) for other in sorted(near)]
        kept = [(o, like) for o, like in likes if like.kind == "likely" or (with_exact and like.kind == "exact")]
        if kept:
            found[identity] = sorted(kept, key=lambda pair: (-pair[1].score, pair[0]))
    return found


def match_keys(person: Person) -> set[str]:
    """What two records must share, at least once, to be compared at all. Personal: kept as hashes only."""
    keys = {f"l:{link}" for link in _profiles(person.links)}
    if email := _email(person.email):
        keys |= {f"e:{email}", f"u:{email.partition('@')[0]}"}
    if person.phone:
        keys.add(f"p:{person.phone}")
    words = sorted(set(name_tokens(person.name or "")))
    # Initial of one word with the other word in full: survives initials, order and middle names.
    keys |= {f"n:{a[0]} {b}" for a in words for b in words if a != b and len(b) > 1}
    return keys


def differences(before: ExtractedProfile, after: ExtractedProfile) -> tuple[FieldChange, ...]:
    """The differences of a newer résumé of the same person, field by field, for the version history."""
    names = ("name", "email", "phone", "location", "headline", "links", "skills", "languages", "work", "education")
    return tuple(
        FieldChange(name, _plain(old), _plain(new))
        for name in names
        if (old := getattr(before, name)) != (new := getattr(after, name))
    )


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [asdict(entry) if hasattr(entry, "__dataclass_fields__") else entry for entry in value]
    return value
