"""Messages to candidates, without anybody's data."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway.store.engine import reading
from gateway.store.tables import Invitation


def invitation_lines(agent_id: str | None, state: str | None, limit: int) -> list[dict[str, Any]]:
    """Messages, newest first: id, state, kind, agent, candidate's profile, times, code."""
    query = select(Invitation).order_by(Invitation.created_at.desc(), Invitation.id.desc()).limit(max(1, limit))
    if agent_id:
        query = query.where(Invitation.agent_id == agent_id)
    if state:
        query = query.where(Invitation.state == state)
    with reading() as session:
        return [
            {
                "id": row.id,
                "state": row.state,
                "kind": row.kind,
                "agent": row.agent_id,
                "profile": row.profile_id,
                "due_at": row.due_at,
                "sent_at": row.sent_at,
                "attempts": row.attempts,
                "code": row.code,
            }
            for row in session.scalars(query)
        ]
