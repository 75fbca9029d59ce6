"""What every decision of a person leaves behind: a review row, and enough to take the decision back exactly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from gateway.errors import Conflict
from gateway.model import BatchState
from gateway.pipeline.read import email_key
from gateway.store import change, ids
from gateway.store.tables import Batch, Field, Profile, Review

COLUMNS = ("name", "email", "phone", "location")
DATA = ("headline", "links", "skills", "languages", "work", "education")
VALUES = (*COLUMNS, *DATA)
_FIELD = ("name", "value", "raw", "confidence", "source", "rule", "page", "box", "row", "column")


def write_review(
    session: Session,
    profile: Profile,
    decision: str,
    *,
    reviewer: str,
    codes: Sequence[str],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    other_id: str | None = None,
    note: str | None = None,
    bulk_of: int | None = None,
) -> None:
    """Appends the profile's next review row. codes: the codes that held it when it was decided; bulk_of: see Review."""
    sequence = session.scalar(select(func.max(Review.sequence)).where(Review.profile_id == profile.id)) or 0
    session.add(
        Review(
            id=ids.review_id(),
            profile_id=profile.id,
            sequence=sequence + 1,
            decision=decision,
            codes=list(codes),
            other_id=other_id,
            before=before or {},
            after=after or {},
            reviewer=reviewer,
            note=note,
            bulk_of=bulk_of,
        )
    )


def reviews(session: Session, profile_id: str) -> list[Review]:
    """The profile's decisions, oldest first."""
    return list(session.scalars(select(Review).where(Review.profile_id == profile_id).order_by(Review.sequence)))


def standing(decisions: Iterable[Review]) -> Review | None:
    """The decision that an undo would reverse: the newest that has not been undone yet."""
    open_: list[Review] = []
    for row in decisions:
        if row.decision != "undo":
            open_.append(row)
        elif open_:
            open_.pop()
    return open_[-1] if open_ else None


def decided_by_another(session: Session, profile: Profile) -> Conflict:
    """The message for the second of two reviewers: who was first, and the state now."""
    last = standing(reviews(session, profile.id))
    who = f"{last.reviewer} was first: it" if last is not None else "It"
    return Conflict(
        "STATE_CONFLICT",
        f"{who} is {profile.state} now. Your decision was not saved; open the candidate to check again.",
    )


def snapshot(session: Session, profile: Profile, names: Iterable[str]) -> dict[str, Any]:
    """These values of a profile with their evidence, JSON-ready: {"version", "values", "fields"}. Personal."""
    wanted = list(names)
    rows = session.scalars(select(Field).where(Field.profile_id == profile.id, _of(wanted)).order_by(Field.id))
    return {
        "version": profile.version,
        "values": {name: value_of(profile, name) for name in wanted},
        "fields": [{key: getattr(row, key) for key in _FIELD} for row in rows],
    }


def restore(session: Session, profile: Profile, kept: dict[str, Any]) -> None:
    """Restores the values, evidence and version that snapshot() returned."""
    write_values(session, profile, kept["values"], kept["fields"])
    profile.version = kept["version"]


def write_values(session: Session, profile: Profile, values: dict[str, Any], fields: Sequence[dict[str, Any]]) -> None:
    """Replaces these values and all their field rows. The caller sets the version."""
    data = dict(profile.data)
    for name, value in values.items():
        if name in COLUMNS:
            setattr(profile, name, value)
        elif value in (None, [], ""):
            data.pop(name, None)
        else:
            data[name] = value
    profile.data = data
    profile.email_norm = email_key(profile.email)
    session.execute(delete(Field).where(Field.profile_id == profile.id, _of(values)))
    if fields:
        session.execute(insert(Field), [{**row, "profile_id": profile.id} for row in fields])


def value_of(profile: Profile, name: str) -> Any:
    """One value by its field's name; None if there is none."""
    return getattr(profile, name) if name in COLUMNS else profile.data.get(name)


def reopen(session: Session, profile: Profile, *, reviewer: str) -> None:
    """Sets a finished batch back to waiting for review, because one of its profiles was put back."""
    batch = session.get_one(Batch, profile.batch_id)
    if batch.state == BatchState.DONE:
        change.move(session, batch, BatchState.WAITING_REVIEW, actor=reviewer, rule="undo")


def _of(names: Iterable[str]) -> Any:
    """Field rows of these values, including entries of lists ("work[1].company")."""
    return or_(*[(Field.name == name) | Field.name.startswith(f"{name}[", autoescape=True) for name in names])
