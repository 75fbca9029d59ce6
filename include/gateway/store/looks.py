"""Who was shown whose data: an event a person, thing and day, so that reading on costs no write."""

from __future__ import annotations

from sqlalchemy import select

from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Event, now


def looked(subject: str, subject_id: str, *, actor: str) -> None:
    """Records that `actor` was shown a document or a profile. Names no batch, because nothing in the batch has changed."""
    at = now()
    once = f"looked:{at:%Y-%m-%d}:{subject_id}:{actor}"[:200]
    with reading() as session:
        if session.scalar(select(Event.id).where(Event.once == once)) is not None:
            return
    said = {"at": at, "kind": "looked", "subject": subject, "subject_id": subject_id, "actor": actor, "once": once}
    with writing() as session:
        session.execute(insert_into(session, Event).values(**said).on_conflict_do_nothing())
