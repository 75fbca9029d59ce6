"""What is known of one person, for that person: what was read, from where, what was done, when, by whom, and where it was sent.

One HTML document that needs nothing beside it, or a PDF (access_pdf.py). It is told in the trail that it was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from gateway.codes import CODES
from gateway.insight import labels
from gateway.insight.history import as_line
from gateway.pipeline.erasure import holds
from gateway.pipeline.erasure.erase import find
from gateway.pipeline.erasure.retention import CLASSES, rules_of
from gateway.pipeline.read import email_key
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import (
    Answer,
    Batch,
    Delivery,
    Document,
    Event,
    Field,
    Interview,
    Invitation,
    PoolCandidate,
    Profile,
    Review,
    Verdict,
    now,
)

TEMPLATE = Path(__file__).with_name("access.html")


@dataclass(frozen=True, slots=True)
class Value:
    """One value. where: page and box in points from the page's top left, or row and column; "" = a person entered it."""

    label: str
    value: str
    printed: str | None
    sure: str
    where: str
    rule: str | None


@dataclass(frozen=True, slots=True)
class Step:
    at: datetime
    who: str
    what: str
    why: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """One profile: the person as read from one document."""

    id: str
    agent: str
    batch: str
    document: str
    facts: tuple[tuple[str, str], ...]
    values: tuple[Value, ...]
    extra: tuple[tuple[str, str], ...]
    findings: tuple[tuple[str, str, str], ...]
    steps: tuple[Step, ...]
    sent: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Everything of one person."""

    made_at: datetime
    asked: str
    records: tuple[Record, ...]


def known_of(*, email: str | None = None, profile_id: str | None = None) -> Known:
    """Everything kept of the person, for every agent; records is empty where nobody has the address.

    raises   Misconfigured(FORM_INCOMPLETE | UNKNOWN_PROFILE)
    """
    people = find(email_key(email), profile_id)
    with reading() as session:
        rules = rules_of(session)
        stays = holds.of(session, people)
        records = tuple(_record(session, person, rules, stays) for person in people)
    return Known(now(), email or f"profile {profile_id}", records)


def access_document(
    *, email: str | None = None, profile_id: str | None = None, actor: str, kind: str = "html"
) -> bytes:
    """The document, html or pdf, and an event for each profile in it; raises as known_of does."""
    from gateway.insight.access_pdf import access_pdf  # which needs this module

    known = known_of(email=email, profile_id=profile_id)
    html = str(_template().render(known=known))
    made = access_pdf(known, html) if kind == "pdf" else html.encode()
    with writing() as session:
        for record in known.records:
            change.record(session, "access_given", session.get_one(Profile, record.id), actor=actor, rule=kind)
    return made


@lru_cache(maxsize=1)
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["at"] = lambda value: f"{value:%Y-%m-%d %H:%M} UTC"
    return environment.from_string(TEMPLATE.read_text("utf-8"))


def _record(session: Session, person: Profile, rules: dict[str, Any], stays: dict[str, str]) -> Record:
    document = session.get_one(Document, person.document_id)
    batch = session.get_one(Batch, person.batch_id)
    fields = session.scalars(select(Field).where(Field.profile_id == person.id).order_by(Field.id)).all()
    return Record(
        person.id,
        person.agent_id,
        person.batch_id,
        document.path,
        tuple(_facts(person, document, batch, rules, stays)),
        tuple(_value(field) for field in fields),
        tuple((str(key), str(value)) for key, value in person.data.get("extra", {}).items()),
        tuple(_findings(session, person.id)),
        tuple(_steps(session, person, document)),
        tuple(_sent(session, person.id)),
    )


def _facts(person: Profile, document: Document, batch: Batch, rules: dict[str, Any], stays: dict[str, str]) -> Any:
    yield "Arrived", f"{document.created_at:%Y-%m-%d %H:%M} UTC"
    yield "Kind of document", document.media_type
    yield "The document itself", "kept" if document.file_key else "no longer kept"
    for label, value in (("From", batch.source), ("Consent", batch.consent), ("Uploaded by", batch.uploaded_by)):
        if value:
            yield label, value
    yield "State", person.state
    if person.data.get("erased"):
        yield "Erased", f"receipt {person.data['erased']}"
        return
    name = next((one for one, states in CLASSES.items() if person.state in states), None)
    days = getattr(rules.get(person.agent_id), f"{name}_days", None) if name else None
    yield "Kept", f"{days} days from the last change of its state" if days else "no period is set"
    if person.id in stays:
        yield "Legal hold", stays[person.id]


def _value(field: Field) -> Value:
    where = labels.where_of(field.source, field.rule, field.page, field.row, field.column)
    if field.box:
        where += f", box {', '.join(f'{float(one):.0f}' for one in field.box)}"
    printed = field.raw.strip() if field.raw and field.raw.strip() != field.value else None
    return Value(labels.label_of(field.name), field.value, printed, f"{field.confidence:.0%}", where, field.rule)


def _findings(session: Session, profile_id: str) -> Any:
    for row in session.scalars(select(Verdict).where(Verdict.profile_id == profile_id).order_by(Verdict.created_at)):
        for item in row.findings:
            code = str(item["code"])
            yield code, CODES[code].means if code in CODES else code, f"{row.created_at:%Y-%m-%d %H:%M} UTC"


def _steps(session: Session, person: Profile, document: Document) -> Sequence[Step]:
    """What was done to the profile and its document, who decided what, who looked at it or exported its batch; oldest first."""
    events = session.scalars(
        select(Event)
        .where(
            or_(
                Event.subject_id.in_([person.id, document.id]),
                (Event.subject == "batch")
                & (Event.subject_id == person.batch_id)
                & Event.kind.in_(("exported", "looked")),
            )
        )
        .order_by(Event.id)
    ).all()
    steps = [Step(row.at, row.actor, _what(row), _why(row)) for row in events]
    for row in session.scalars(select(Review).where(Review.profile_id == person.id)):
        changed = [
            f"{labels.label_of(name)}: {as_line(row.before.get(name)) or 'nothing'} → {as_line(row.after.get(name)) or 'nothing'}"
            for name in sorted({*row.before, *row.after})
            if row.before.get(name) != row.after.get(name)
        ]
        note = [f"note: {row.note}"] if row.note else []
        steps.append(
            Step(row.created_at, row.reviewer, f"decided: {row.decision}", "; ".join([*changed, *note]) or None)
        )
    return sorted(steps, key=lambda one: one.at)


def _what(row: Event) -> str:
    if row.kind == "state":
        return f"{row.subject}: {row.before or 'new'} → {row.after}"
    return f"{row.subject}: {row.kind.replace('_', ' ')}"


def _why(row: Event) -> str | None:
    code = f"{row.code}: {CODES[row.code].means}" if row.code in CODES else row.code
    return "; ".join(one for one in (code, row.rule) if one) or None


def _sent(session: Session, profile_id: str) -> Any:
    """(where, what became of it) of every place that was told of the person."""
    deliveries = session.scalars(select(Delivery).where(Delivery.profile_id == profile_id)).all()
    for row in deliveries:
        told = ", ".join(f"{key} {value}" for key, value in row.receipt.items() if value)
        yield (
            f"{row.target}, posting {row.posting}",
            f"{row.state}, {row.updated_at:%Y-%m-%d %H:%M} UTC{'; ' + told if told else ''}",
        )
    pool = select(PoolCandidate).where(PoolCandidate.external_id.in_([row.id for row in deliveries]))
    for candidate in session.scalars(pool):
        yield "Our candidate pool", as_line(candidate.record) or ""
    for letter in session.scalars(select(Invitation).where(Invitation.profile_id == profile_id)):
        yield (
            f"Message to {letter.email_norm}: {letter.kind}",
            f"{letter.state}, {letter.updated_at:%Y-%m-%d %H:%M} UTC",
        )
    if (kept := session.get(Answer, profile_id)) is not None:
        entered = ", ".join(f"{name} {value}" for name, value in sorted(kept.values.items()))
        yield "Entered by the person themselves", f"{entered}, {kept.answered_at:%Y-%m-%d %H:%M} UTC"
    for talk in session.scalars(select(Interview).where(Interview.profile_id == profile_id)):
        score = f", score {talk.score:g}" if talk.score is not None else ""
        yield f"Interview at {talk.target}", f"{talk.state}{score}"
