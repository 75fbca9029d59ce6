"""Held profiles for the command line and for notices: a queue and its numbers. The page has gateway.insight.queue."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from gateway.model import ProfileState as P
from gateway.store.engine import reading
from gateway.store.tables import Profile


@dataclass(frozen=True, slots=True)
class HeldProfile:
    """One line of the queue. Personal: shown to reviewers only."""

    profile_id: str
    batch_id: str
    agent_id: str
    path: str
    ordinal: int
    name: str | None
    email: str | None
    codes: tuple[str, ...]


def queue(batch_id: str | None = None, agent_id: str | None = None, limit: int = 100) -> list[HeldProfile]:
    """Held profiles, oldest first."""
    query = (
        select(Profile)
        .where(Profile.state == P.HELD)
        .options(selectinload(Profile.document))
        .order_by(Profile.created_at, Profile.id)
        .limit(limit)
    )
    if batch_id:
        query = query.where(Profile.batch_id == batch_id)
    if agent_id:
        query = query.where(Profile.agent_id == agent_id)
    with reading() as session:
        return [
            HeldProfile(p.id, p.batch_id, p.agent_id, p.document.path, p.ordinal, p.name, p.email, tuple(p.codes))
            for p in session.scalars(query)
        ]


def held_count(batch_id: str) -> int:
    with reading() as session:
        return (
            session.scalar(select(func.count(Profile.id)).where(Profile.batch_id == batch_id, Profile.state == P.HELD))
            or 0
        )


def held_codes(batch_id: str) -> dict[str, int]:
    """Number of held profiles by code, as shown in notices."""
    counted: dict[str, int] = {}
    with reading() as session:
        for codes in session.scalars(
            select(Profile.codes).where(Profile.batch_id == batch_id, Profile.state == P.HELD)
        ):
            for code in codes:
                counted[code] = counted.get(code, 0) + 1
    return dict(sorted(counted.items()))
