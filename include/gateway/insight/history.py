"""What happened to a candidate: decisions with their changes, automatic steps, and the rows of the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from gateway.insight import labels
from gateway.insight.candidates import CONTACT
from gateway.insight.documents import web_link
from gateway.store.engine import reading
from gateway.store.looks import SHOWN
from gateway.store.tables import Delivery, Event, Review


@dataclass(frozen=True, slots=True)
class Change:
    """One field a person changed; both values are personal."""

    label: str
    kind: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a candidate's history: "<actor> approved it" for a decision, else "Held for review" by the actor.

    note   a reviewer's free text, personal
    """

    at: datetime
    actor: str
    says: str
    decision: bool = False
    code: str | None = None
    note: str | None = None
    other_id: str | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The delivery of the candidate; link is the target's own page, None if it gave none.

    link   opens the candidate's interview to whoever has it: as personal as the candidate
    """

    target: str
    posting: str
    state: str
    code: str | None
    target_id: str | None
    link: str | None
    at: datetime


def history(profile_id: str) -> tuple[Moment, ...]:
    """A candidate's history, newest first: decisions with their changes, and every automatic step."""
    with reading() as session:
        reviews = session.scalars(select(Review).where(Review.profile_id == profile_id)).all()
        events = session.scalars(
            select(Event)
            .where(Event.subject_id == profile_id, Event.subject == "profile", Event.kind.not_in(SHOWN))
            .order_by(Event.id)
        ).all()
    moments = [
        Moment(
            row.created_at,
            row.reviewer,
            _said(row),
            decision=True,
            note=row.note,
            other_id=row.other_id,
            changes=_changes(row),
        )
        for row in reviews
    ]
    moments += [
        Moment(row.at, row.actor, _step(row), code=row.code)
        for row in events
        if row.rule not in _DECISIONS  # a decision's own step is told by the decision
    ]
    return tuple(sorted(moments, key=lambda one: one.at, reverse=True))


def receipts(profile_id: str) -> tuple[Receipt, ...]:
    """Rows of the ledger about a candidate, newest first."""
    with reading() as session:
        rows = session.scalars(
            select(Delivery).where(Delivery.profile_id == profile_id).order_by(Delivery.id.desc())
        ).all()
    return tuple(
        Receipt(
            row.target,
            row.posting,
            row.state,
            row.code,
            row.receipt.get("target_id"),
            web_link(row.receipt.get("url")),
            row.updated_at,
        )
        for row in rows
    )


_DECISIONS = {
    "approve": "approved it",
    "correct": "corrected and approved it",
    "discard": "discarded it",
    "duplicate": "marked it as a duplicate",
    "merge": "merged it into another candidate",
    "undo": "undid the decision",
}
_STEPS = {
    "extracted": "Read from the document",
    "passed": "Passed every gate",
    "held": "Held for review",
    "approved": "Approved",
    "discarded": "Discarded",
    "duplicate": "Linked as a duplicate",
    "delivered": "Ingested",
    "refused": "Refused by the target",
    "unknown": "Sent; no answer came",
}
_KINDS = {
    "merged": "Received values from another version",
    "unmerged": "Returned the values from another version",
    "audited": "Audited",
}


def _said(review: Review) -> str:
    said = _DECISIONS.get(review.decision, review.decision)
    taken = [labels.label_of(name).lower() for name in review.after.get("taken", ())]
    many = f" with {review.bulk_of - 1:,} others, in one click" if review.bulk_of and review.bulk_of > 1 else ""
    return f"{said}, with its {', '.join(taken)}" if taken else said + many


def _step(event: Event) -> str:
    if event.kind == "state":
        return _STEPS.get(event.after or "", f"Became {event.after}")
    said = _KINDS.get(event.kind, event.kind.replace("_", " ").capitalize())
    return f"{said}: {event.rule}" if event.kind == "audited" and event.rule else said


def _changes(review: Review) -> tuple[Change, ...]:
    return tuple(
        Change(
            labels.label_of(name),
            labels.kind_of(name),
            as_line(review.before.get(name)),
            as_line(review.after.get(name)),
        )
        for name in CONTACT
        if review.before.get(name) != review.after.get(name)
    )


def as_line(value: object) -> str | None:
    """A stored value as one line for people; None if empty."""
    if value in (None, "", [], {}):
        return None
    if isinstance(value, list):
        return "; ".join(text for item in value if (text := as_line(item)))
    if isinstance(value, dict):
        return ", ".join(text for item in value.values() if (text := as_line(item)))
    return str(value)
