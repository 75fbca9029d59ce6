"""Held candidates given to people, so that an influx is shared out. A hint like a claim: anybody who may review may decide.

Nobody is given more than GATEWAY_REVIEW_LIMIT at a time; what is left stays open to all. A decision ends an assignment.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, select

from gateway.model import ProfileState as P
from gateway.settings import settings
from gateway.store import change
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Assignment, Profile, now


def assign(profile_ids: Sequence[str], reviewer: str, *, actor: str) -> int:
    """Gives held candidates that are nobody's to a person, oldest first, up to the limit; returns the number given."""
    if not reviewer.strip():
        return 0
    with writing() as session:
        room = settings().review_limit - open_of(reviewer)
        rows = session.scalars(
            select(Profile)
            .outerjoin(Assignment, Assignment.profile_id == Profile.id)
            .where(Profile.id.in_(profile_ids), Profile.state == P.HELD, Assignment.profile_id.is_(None))
            .order_by(Profile.created_at, Profile.id)
            .limit(max(0, room))
        ).all()
        for row in rows:
            values = {"profile_id": row.id, "reviewer": reviewer.strip()[:200], "actor": actor, "created_at": now()}
            session.execute(insert_into(session, Assignment).values(**values).on_conflict_do_nothing())
            change.record(session, "assigned", row, actor=actor)
    return len(rows)


def share_out(profile_ids: Sequence[str], reviewers: Sequence[str], *, actor: str) -> dict[str, int]:
    """The same for several people, in turns by who has least; returns how many each was given."""
    given = dict.fromkeys(dict.fromkeys(name.strip() for name in reviewers if name.strip()), 0)
    load = {name: open_of(name) for name in given}
    for profile_id in profile_ids:
        free = [name for name in given if load[name] < settings().review_limit]
        if not free:
            break
        name = min(free, key=lambda one: load[one])
        if assign([profile_id], name, actor=actor):
            given[name] += 1
            load[name] += 1
    return given


def give_back(profile_ids: Sequence[str], *, actor: str) -> int:
    """Takes assignments back, so that anybody's turn comes; returns the number."""
    with writing() as session:
        rows = session.scalars(select(Profile).join(Assignment, Assignment.profile_id == Profile.id)
                               .where(Profile.id.in_(profile_ids))).all()  # fmt: skip
        for row in rows:
            session.execute(delete(Assignment).where(Assignment.profile_id == row.id))
            change.record(session, "given_back", row, actor=actor)
    return len(rows)


def open_of(reviewer: str) -> int:
    """How many held candidates are somebody's now."""
    with reading() as session:
        query = select(func.count()).select_from(Assignment).join(Profile, Profile.id == Assignment.profile_id)
        return session.scalar(query.where(Assignment.reviewer == reviewer, Profile.state == P.HELD)) or 0
