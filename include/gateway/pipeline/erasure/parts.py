"""Which part of a document is one person's."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.model import ExtractedProfile
from gateway.store.tables import Profile


@dataclass(frozen=True, slots=True)
class Part:
    """pages: first and last, from 1, of a PDF. row: of a list. strings: the person's own, by which the row is known again."""

    pages: tuple[int, int] | None = None
    row: int | None = None
    strings: tuple[str, ...] = ()


def part_of(person: Profile | ExtractedProfile) -> Part:
    if isinstance(person, ExtractedProfile):
        pages, row = person.pages, person.row
        raws = {one.raw for one in person.fields if one.name in ("name", "email", "phone")}
    else:
        pages, row = person.data.get("pages"), person.data.get("row")
        raws = {one.raw for one in person.fields if one.name in ("name", "email", "phone")}
    known = {text.strip().casefold() for text in (person.name, person.email, person.phone, *raws) if text}
    return Part((pages[0], pages[1]) if pages else None, row, tuple(sorted(one for one in known if len(one) > 2)))
