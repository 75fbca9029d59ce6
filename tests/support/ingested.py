"""Candidates as delivery leaves them: ingested, with the ledger's row."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Document, Interview, Invitation, Profile, now
from support.people import batch, people


def ingested(
    emails: list[str],
    *,
    agent_id: str = "nurses",
    target: str = "own_pool",
    posting: str = "P",
    consent: str | None = "applied on our page",
    at: datetime | None = None,
    url: str | None = None,
    language: str = "en",
    **changes: Any,
) -> list[str]:
    """Delivered profiles of a new batch; returns their ids."""
    batch_id = batch(agent_id)
    profile_ids = people(batch_id, emails, agent_id=agent_id, **changes)
    with writing() as session:
        session.get_one(Batch, batch_id).consent = consent
        session.get_one(Document, f"d{batch_id}").facts = {"language": language}
        for number, profile_id in enumerate(profile_ids):
            profile = session.get_one(Profile, profile_id)
            row = Delivery(
                id=f"x{profile_id[1:]}",
                target=target,
                posting=posting,
                email_norm=profile.email_norm,
                profile_id=profile_id,
                batch_id=batch_id,
                state="reserved",
                attempts=1,
                receipt={"target_id": f"T{number}", **({"url": f"{url}/{number}"} if url else {})},
            )
            change.create(session, row, actor="test")
            session.flush()
            change.move(session, row, "confirmed", actor="test")
            change.move(session, profile, "delivered", actor="test")
        session.flush()
        if at is not None:
            session.execute(update(Delivery).where(Delivery.batch_id == batch_id).values(updated_at=at))
    return profile_ids


def invitations(**chosen: Any) -> list[Invitation]:
    with reading() as session:
        return list(
            session.scalars(select(Invitation).filter_by(**chosen).order_by(Invitation.created_at, Invitation.id))
        )


def due_now() -> None:
    with writing() as session:
        session.execute(update(Invitation).where(Invitation.state == "planned").values(due_at=now()))


def begin(profile_id: str, state: str, *, sent_hours_ago: float) -> None:
    """The target told how far the person is, and the invitation left so long ago."""
    with writing() as session:
        delivery = session.scalars(select(Delivery).where(Delivery.profile_id == profile_id)).one()
        row = Interview(
            id=f"n{profile_id[1:]}",
            target="own_pool",
            posting="P",
            external_id="E",
            agent_id="nurses",
            delivery_id=delivery.id,
            profile_id=profile_id,
            batch_id=delivery.batch_id,
            state=state,
        )
        change.create(session, row, actor="test")
        session.execute(
            update(Invitation)
            .where(Invitation.profile_id == profile_id)
            .values(sent_at=now() - timedelta(hours=sent_hours_ago))
        )
