"""Where batches come from, as the page lists it: each source with its state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from gateway.agents import load_agents_lenient
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Batch, SourceClaim, SourceState, now


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source. state: new | good | failing | late | closed; expected: its cron, "" for none.

    open_claims   batches that are being fetched, or whose originals are not settled
    """

    agent_id: str
    name: str
    kind: str
    every_min: float | None
    afterwards: str
    expected: str
    state: str
    asked_at: datetime | None
    next_at: datetime | None
    arrived_at: datetime | None
    batches: int
    open_claims: int
    code: str | None
    error: str | None


def source_lines() -> list[SourceLine]:
    """Every source of every valid agent file."""
    agents, _ = load_agents_lenient(settings().agents_dir)
    listed = [(agent, source) for agent in agents.values() for source in agent.sources]
    if not listed:
        return []
    with reading() as session:
        states = {(row.agent_id, row.source): row for row in session.scalars(select(SourceState))}
        batches = {
            (row.agent_id, row.source): (row.number, row.last)
            for row in session.execute(
                select(
                    Batch.agent_id, Batch.source, func.count().label("number"), func.max(Batch.created_at).label("last")
                )
                .where(Batch.source.in_({source.name for _, source in listed}))
                .group_by(Batch.agent_id, Batch.source)
            )
        }
        claims = {
            (row.agent_id, row.source): row.number
            for row in session.execute(
                select(SourceClaim.agent_id, SourceClaim.source, func.count().label("number"))
                .where(SourceClaim.settled_at.is_(None))
                .group_by(SourceClaim.agent_id, SourceClaim.source)
            )
        }
    lines = []
    for agent, source in listed:
        key = (agent.id, source.name)
        row, (number, last) = states.get(key), batches.get(key, (0, None))
        state = "new" if row is None else "failing" if row.code else "good"
        if row is not None and state == "good" and source.expected is not None:
            missed = source.expected.missed(now(), known_since=row.known_since, last=last)
            state = "late" if missed is not None else state
        lines.append(
            SourceLine(
                agent.id,
                source.name,
                source.kind,
                source.every_min,
                source.afterwards,
                source.expected.cron if source.expected else "",
                "closed" if agent.state == "closed" else state,
                row.asked_at if row else None,
                row.next_at if row and source.every_min is not None else None,
                last,
                number,
                claims.get(key, 0),
                "SOURCE_SILENT" if state == "late" else row.code if row else None,
                row.error if row else None,
            )
        )
    return lines
