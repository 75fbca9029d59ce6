"""Calls of our hooks, without anybody's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from gateway.insight.listing import Listed, page_within
from gateway.store.engine import reading
from gateway.store.tables import Inbound

SIZE = 50


@dataclass(frozen=True, slots=True)
class CallLine:
    """One call. state: waiting | done | dead; refs: how many interviews or messages it named."""

    id: str
    kind: str
    agent_id: str
    state: str
    refs: int
    attempts: int
    received_at: datetime
    done_at: datetime | None
    code: str | None
    error: str | None


def call_page(*, page: int = 1, size: int = SIZE) -> Listed[CallLine]:
    """Calls, newest first."""
    with reading() as session:
        total = session.scalar(select(func.count()).select_from(Inbound)) or 0
        number = page_within(page, size, total)
        rows = session.scalars(
            select(Inbound)
            .order_by(Inbound.received_at.desc(), Inbound.id.desc())
            .limit(size)
            .offset((number - 1) * size)
        ).all()
    lines = tuple(
        CallLine(
            row.id,
            row.kind,
            row.agent_id,
            "done" if row.done_at else "dead" if row.dead_at else "waiting",
            len(row.refs),
            row.attempts,
            row.received_at,
            row.done_at,
            row.code,
            row.error,
        )
        for row in rows
    )
    return Listed(lines, number, size, total)
