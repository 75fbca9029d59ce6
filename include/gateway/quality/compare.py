"""What comparing the profiles of one batch with each other, and with earlier ones, says about each: facts for a Case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gateway.quality.duplicates import Person, likely_pairs, same_name

PROPOSED = 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counts named as Case's fields; alike: ids of those who are, or are likely, the same person, best first."""

    other_names_with_email: int = 0
    other_names_with_phone: int = 0
    likely_duplicates: int = 0
    repeats_in_batch: bool = False
    alike: tuple[str, ...] = ()

    def facts(self) -> dict[str, Any]:
        """The arguments for Case.of(..., **comparison.facts())."""
        whole = asdict(self)
        whole.pop("alike")
        return whole


def compare(
    batch: Mapping[str, Person],
    earlier: Mapping[str, Person] | None = None,
    *,
    silent: Collection[str] = (),
    crowded: Collection[str] = (),
) -> dict[str, Comparison]:
    """A Comparison for each profile of the batch, by id. The only producer of these facts: judge, replay and proof share it.

    batch     the profiles in the order they were read: a repeat is one that a profile before it already has by
              address or, without an address, by number
    earlier   profiles of the same agent from before, at least those with a key of the batch; ids in batch too are left out
    crowded   keys (duplicates.match_keys) that too many earlier profiles have for them to say anything
    silent    ids of the batch whose names say nothing against others: discarded, or linked to another profile
    """
    everyone = {**(earlier or {}), **{k: v for k, v in batch.items() if k not in silent}}
    by_email = _names(everyone, lambda person: _email(person))
    by_phone = _names(everyone, lambda person: person.phone)
    others = {k: v for k, v in (earlier or {}).items() if k not in batch}
    likely = likely_pairs(batch, others, with_exact=True, crowded=crowded)
    seen: set[str] = set()
    found: dict[str, Comparison] = {}
    for identity, person in batch.items():
        key = _email(person) or person.phone
        found[identity] = Comparison(
            other_names_with_email=_others(person, by_email.get(_email(person) or "", ())),
            other_names_with_phone=_others(person, by_phone.get(person.phone or "", ())),
            likely_duplicates=sum(like.kind == "likely" for _, like in likely.get(identity, ())),
            repeats_in_batch=key is not None and key in seen,
            alike=tuple(other for other, _ in likely.get(identity, ())[:PROPOSED]),
        )
        if key:
            seen.add(key)
    return found


def _email(person: Person) -> str | None:
    return person.email.casefold() if person.email else None


def _names(people: Mapping[str, Person], key: Callable[[Person], str | None]) -> dict[str, tuple[str, ...]]:
    names: dict[str, set[str]] = defaultdict(set)
    for person in people.values():
        value = key(person)
        if value and person.name:
            names[value].add(person.name)
    return {value: tuple(sorted(found)) for value, found in names.items()}


def _others(person: Person, names: tuple[str, ...]) -> int:
    return sum(1 for name in names if person.name and not same_name(person.name, name))
