"""Profile rows back as the value that was extracted, for judging and showing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway import model
from gateway.store.tables import Field, Profile

IN_LIST = 500


def profile_rows(session: Session, profile_ids: Sequence[str]) -> Iterator[tuple[Profile, model.ExtractedProfile]]:
    """Rows with their values, in slices so that memory stays bounded; order is by id."""
    for start in range(0, len(profile_ids), IN_LIST):
        part = sorted(profile_ids[start : start + IN_LIST])
        fields: dict[str, list[model.Field]] = {}
        for row in session.scalars(select(Field).where(Field.profile_id.in_(part)).order_by(Field.id)):
            fields.setdefault(row.profile_id, []).append(_field(row))
        for profile in session.scalars(select(Profile).where(Profile.id.in_(part)).order_by(Profile.id)):
            yield profile, _value(profile, tuple(fields.get(profile.id, ())))


def _field(row: Field) -> model.Field:
    evidence = None
    if row.source is not None:
        box = (row.box[0], row.box[1], row.box[2], row.box[3]) if row.box else None
        evidence = model.Evidence(row.source, row.rule or "", row.page, box, row.row, row.column)
    return model.Field(row.name, row.value, row.raw, row.confidence, evidence)


def _value(row: Profile, fields: tuple[model.Field, ...]) -> model.ExtractedProfile:
    data = row.data
    pages = data.get("pages")
    return model.ExtractedProfile(
        name=row.name,
        email=row.email,
        phone=row.phone,
        location=row.location,
        headline=data.get("headline"),
        links=tuple(data.get("links", ())),
        skills=tuple(data.get("skills", ())),
        languages=tuple(data.get("languages", ())),
        work=tuple(model.Work(**item) for item in data.get("work", ())),
        education=tuple(model.Education(**item) for item in data.get("education", ())),
        fields=fields,
        pages=(pages[0], pages[1]) if pages else None,
        row=data.get("row"),
        extra=dict(data.get("extra", {})),
        marks=tuple(data.get("marks", ())),
        signals=dict(data.get("signals", {})),
    )
