"""The only place where a state changes. Every change is allowed by the table below, appends an event, and writes
its messages to others (store/outbox.py).

batch     receiving -> running -> waiting_review | done | failed; waiting_review -> running | done; failed -> running;
          done -> running (run again) | waiting_review (a decision was taken back);
          from rest back to receiving: documents are read again, and the batch waits for that run;
          running -> receiving: its run died, and it waits for the next
document  processing -> success | failed; failed -> processing (retry)
profile   extracted -> passed | held | duplicate; the rest is in the table
delivery  reserved -> sent -> confirmed | refused | unknown; unknown -> confirmed | reserved (proved absent);
          sent -> reserved (never left); a fact found in the target confirms from any open state
invitation  planned -> sending -> sent | refused | unclear; sending -> planned (never left); the rest is in the table
interview   invited -> started -> completed -> scored, steps may be missed; knocked_out from any of them
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from gateway.errors import Conflict
from gateway.model import BatchState as B
from gateway.model import DeliveryState as L
from gateway.model import DocumentState as D
from gateway.model import InterviewState as I
from gateway.model import InvitationState as V
from gateway.model import ProfileState as P
from gateway.store import outbox
from gateway.store.engine import insert_into
from gateway.store.tables import Agent, Batch, Delivery, Document, Event, Interview, Invitation, Profile, now

ALLOWED: dict[str, dict[str | None, set[str]]] = {
    "agent": {None: {"open", "closed"}, "open": {"closed"}, "closed": {"open"}},
    "batch": {
        None: {B.RECEIVING},
        B.RECEIVING: {B.RUNNING, B.FAILED},
        B.RUNNING: {B.WAITING_REVIEW, B.DONE, B.FAILED, B.RECEIVING},
        B.WAITING_REVIEW: {B.RUNNING, B.DONE, B.RECEIVING},
        B.FAILED: {B.RUNNING, B.RECEIVING},
        B.DONE: {B.RUNNING, B.WAITING_REVIEW, B.RECEIVING},
    },
    "document": {
        None: {D.PROCESSING, D.SUCCESS, D.FAILED},
        D.PROCESSING: {D.SUCCESS, D.FAILED},
        D.FAILED: {D.PROCESSING},
    },
    "profile": {
        None: {P.EXTRACTED},
        P.EXTRACTED: {P.PASSED, P.HELD, P.DUPLICATE},
        P.PASSED: {P.HELD, P.DELIVERED, P.REFUSED, P.UNKNOWN, P.DUPLICATE},
        P.HELD: {P.PASSED, P.APPROVED, P.DISCARDED, P.DUPLICATE, P.DELIVERED},
        P.APPROVED: {P.HELD, P.DELIVERED, P.REFUSED, P.UNKNOWN, P.DUPLICATE, P.DISCARDED},
        P.UNKNOWN: {P.DELIVERED, P.REFUSED, P.PASSED, P.APPROVED},
        P.REFUSED: {P.HELD, P.DISCARDED, P.APPROVED},
        P.DUPLICATE: {P.HELD, P.APPROVED, P.DELIVERED},
        P.DISCARDED: {P.HELD, P.DELIVERED},
    },
    "delivery": {
        None: {L.RESERVED},
        L.RESERVED: {L.SENT, L.REFUSED, L.CONFIRMED},
        L.SENT: {L.CONFIRMED, L.REFUSED, L.UNKNOWN, L.RESERVED},
        L.UNKNOWN: {L.CONFIRMED, L.REFUSED, L.RESERVED},
        L.REFUSED: {L.RESERVED},
    },
    "invitation": {
        None: {V.PLANNED, V.SKIPPED},
        V.PLANNED: {V.SENDING, V.SKIPPED, V.REFUSED},
        V.SENDING: {V.SENT, V.PLANNED, V.REFUSED, V.UNCLEAR},
        V.UNCLEAR: {V.PLANNED, V.SENT, V.REFUSED},
        V.SENT: {V.REFUSED},  # it came back, hours after the server had taken it
        V.REFUSED: {V.PLANNED},
        V.SKIPPED: {V.PLANNED},
    },
    "interview": {
        None: {I.INVITED, I.STARTED, I.COMPLETED, I.SCORED, I.KNOCKED_OUT},
        I.INVITED: {I.STARTED, I.COMPLETED, I.SCORED, I.KNOCKED_OUT},
        I.STARTED: {I.COMPLETED, I.SCORED, I.KNOCKED_OUT},
        I.COMPLETED: {I.SCORED, I.KNOCKED_OUT},
        I.SCORED: {I.KNOCKED_OUT},
    },
}

Row = Agent | Batch | Document | Profile | Delivery | Invitation | Interview


def move(session: Session, row: Row, to: str, *, actor: str, code: str | None = None, rule: str | None = None) -> bool:
    """Moves one row to a state and appends the event; False if it already has that state (nothing is appended).

    raises   Conflict(STATE_CONFLICT) when the table above does not allow the step
    """
    subject = row.__tablename__
    before: str | None = row.state
    if before == to:
        return False
    if to not in ALLOWED[subject].get(before, set()):
        raise Conflict(
            "STATE_CONFLICT", f"{subject} {row.id} is {before} and cannot become {to}: reload and decide again."
        )
    row.state = str(to)
    if not isinstance(row, Agent):
        _stamp(row)
    session.add(_event("state", row, subject, before, str(to), actor, code, rule))
    outbox.of_change(session, row, str(to), code)
    return True


def create(session: Session, row: Row, *, actor: str, code: str | None = None, rule: str | None = None) -> None:
    """Adds a new row in its first state and appends the event."""
    subject = row.__tablename__
    if row.state not in ALLOWED[subject][None]:
        raise Conflict("STATE_CONFLICT", f"A new {subject} cannot begin as {row.state}.")
    session.add(row)
    session.add(_event("state", row, subject, None, row.state, actor, code, rule))
    outbox.of_change(session, row, str(row.state), code)


def record(
    session: Session, kind: str, row: Row, *, actor: str, code: str | None = None, rule: str | None = None
) -> None:
    """Appends an event that changes no state (a correction, a reading, a look at personal data)."""
    session.add(_event(kind, row, row.__tablename__, row.state, row.state, actor, code, rule))


def first_time(session: Session, once: str, *, kind: str, batch_id: str, actor: str) -> bool:
    """True for exactly one caller of the step named `once`; decided by a unique row, not by a query first."""
    values: dict[str, Any] = {
        "at": now(),
        "kind": kind,
        "subject": "batch",
        "subject_id": batch_id,
        "batch_id": batch_id,
        "actor": actor,
        "once": once,
    }
    done = session.execute(insert_into(session, Event).values(**values).on_conflict_do_nothing().returning(Event.id))
    return done.scalar_one_or_none() is not None


def _stamp(row: Batch | Document | Profile | Delivery | Invitation | Interview) -> None:
    if isinstance(row, Batch):
        row.finished_at = now() if row.state in (B.DONE, B.FAILED) else None
    else:
        row.updated_at = now()


def _event(
    kind: str, row: Row, subject: str, before: str | None, after: str, actor: str, code: str | None, rule: str | None
) -> Event:
    batch_id = row.id if isinstance(row, Batch) else getattr(row, "batch_id", None)
    return Event(
        kind=kind,
        subject=subject,
        subject_id=row.id,
        batch_id=batch_id,
        before=before,
        after=after,
        actor=actor,
        code=code,
        rule=rule,
    )
