"""The chain over all events: each link hashes the one before it, so that no event can be changed, deleted or moved unseen.

Writers append events and ignore the chain; a single sealer links new events in batches (several writers would
have to wait for one another). Its order is the order of sealing: an event whose transaction committed late gets a later
link, wherever its id is. Until it is sealed an event proves nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, exists, func, insert, select, text
from sqlalchemy.orm import Session

from gateway.store.engine import reading, writing
from gateway.store.tables import Event, EventSeal

SLICE = 5_000  # events of one transaction: about a tenth of a second
LATE = 10_000  # ids below the newest sealed one among which late commits are looked for each time
LOCK = 0x67617465  # PostgreSQL's advisory lock of sealers
START = hashlib.sha256(b"candidate-ingestion-gateway: events, version 1").digest()
# All that an event says. `once` is left out: it is a lock that is given back, not something said.
SAID = (
    Event.id,
    Event.at,
    Event.kind,
    Event.subject,
    Event.subject_id,
    Event.batch_id,
    Event.before,
    Event.after,
    Event.code,
    Event.actor,
    Event.rule,
)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link; sequence 0 before the first."""

    sequence: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """One link with its current event; said is None if the event is gone."""

    sequence: int
    event_id: int
    hash: bytes
    said: tuple[Any, ...] | None


def seal(*, everything: bool = False) -> int:
    """Links all events that have no link; returns their number. Safe to call at any time, also concurrently.

    everything   looks at all ids, not only at the newest: finds even what committed very late
    """
    done = 0
    while True:
        with writing() as session:
            number = _seal_slice(session, everything)
        done += number
        if number < SLICE:
            return done


def _seal_slice(session: Session, everything: bool) -> int:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})  # SQLite's writer is alone anyway
    last = head(session)
    newest = session.scalar(select(func.max(EventSeal.event_id))) or 0
    unsealed = select(*SAID).where(~exists().where(EventSeal.event_id == Event.id)).order_by(Event.id).limit(SLICE)
    if not everything:
        unsealed = unsealed.where(Event.id > newest - LATE)
    made = []
    for said in session.execute(unsealed):
        last = Head(last.sequence + 1, link_hash(last.hash, last.sequence + 1, tuple(said)))
        made.append({"sequence": last.sequence, "event_id": said.id, "hash": last.hash})
    if made:
        session.execute(insert(cast(Table, EventSeal.__table__)), made)  # past the ORM: half the time
    return len(made)


def head(session: Session) -> Head:
    row = session.execute(
        select(EventSeal.sequence, EventSeal.hash).order_by(EventSeal.sequence.desc()).limit(1)
    ).one_or_none()
    return Head(row.sequence, bytes(row.hash)) if row else Head(0, START)


def link_hash(before: bytes, sequence: int, said: tuple[Any, ...]) -> bytes:
    """The hash of one link; said: an event's values in the order of SAID."""
    identity, at, *rest = said
    content = json.dumps([sequence, identity, at.isoformat(timespec="microseconds"), *rest], ensure_ascii=True)
    return hashlib.sha256(before + content.encode()).digest()


def links() -> Iterator[Link]:
    """Every link in order, with its event; uses bounded memory."""
    with reading() as session:
        rows = session.execute(
            select(EventSeal.sequence, EventSeal.event_id, EventSeal.hash, *SAID)
            .outerjoin(Event, Event.id == EventSeal.event_id)
            .order_by(EventSeal.sequence)
            .execution_options(yield_per=SLICE)
        )
        for sequence, event_id, hashed, *said in rows:
            yield Link(sequence, event_id, bytes(hashed), None if said[0] is None else tuple(said))


def unsealed() -> int:
    """Events without a link."""
    with reading() as session:
        return session.scalar(select(func.count(Event.id)).where(~exists().where(EventSeal.event_id == Event.id))) or 0
