"""When each source was asked, when it is due, and how its last look went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents import Agent, load_agents_lenient
from gateway.codes import CODES
from gateway.errors import GatewayError, Misconfigured
from gateway.model import AgentState
from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.settings import settings
from gateway.store import outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Event, SourceState, now

LONGEST_H = 6.0  # between two looks at a source that fails
TELL_AFTER = 3  # failures in a row that may pass by themselves; what cannot is told at once


@dataclass(frozen=True, slots=True)
class Named:
    """One source of one agent."""

    agent_id: str
    source: str

    def as_dict(self) -> dict[str, str]:
        return {"agent": self.agent_id, "source": self.source}


def every() -> list[tuple[Agent, Any]]:
    """Every source of every open agent with a valid file."""
    agents, _ = load_agents_lenient(settings().agents_dir)
    return [(agent, source) for agent in agents.values() if agent.state == AgentState.OPEN for source in agent.sources]


def due(*, rung: Collection[Named] = (), at: datetime | None = None) -> list[Named]:
    """The sources to ask now: those whose time has come, and those that were rung. Reads nothing where no agent has any."""
    listed = every()
    if not listed:
        return []
    at = at or now()
    with reading() as session:
        next_at = {
            (row.agent_id, row.source): row.next_at
            for row in session.execute(select(SourceState.agent_id, SourceState.source, SourceState.next_at))
        }
    found = []
    for agent, source in listed:
        one = Named(agent.id, source.name)
        when = next_at.get((agent.id, source.name))
        if one in rung or (source.every_min is not None and (when is None or when <= at)):
            found.append(one)
    return found


def source_of(agent_id: str, name: str) -> tuple[Agent, Any]:
    """The agent and its source. Raises Misconfigured(UNKNOWN_AGENT | AGENT_FILE_INVALID | UNKNOWN_SOURCE)."""
    agent = agent_of(agent_id)
    source = next((one for one in agent.sources if one.name == name), None)
    if source is None:
        raise Misconfigured("UNKNOWN_SOURCE", f"Agent {agent_id} has no source {name!r}: see `sources` in its file.")
    return agent, source


def begin(agent: Agent, source: Any) -> dict[str, Any]:
    """The cursor of the source, whose row is made if it is new; the next look is put off, so that two do not meet."""
    sync_agent(agent)
    with writing() as session:
        row = _row(session, agent.id, source.name)
        row.asked_at = now()
        row.next_at = now() + timedelta(minutes=source.every_min or 10)
        return dict(row.cursor)


def ended(
    agent: Agent,
    source: Any,
    cursor: dict[str, Any],
    *,
    arrived: bool,
    waits_s: float | None,
    problem: GatewayError | None,
) -> None:
    """Keeps how a look went, and tells the agent's channels of a source that fails.

    waits_s   something incomplete is there: look again in that many seconds, if that is earlier
    """
    at = now()
    with writing() as session:
        row = _row(session, agent.id, source.name)
        row.cursor = cursor
        row.arrived_at = at if arrived else row.arrived_at
        minutes = source.every_min or 10
        if problem is None:
            row.failures, row.failing_since, row.code, row.error = 0, None, None, None
            if waits_s is not None:
                minutes = min(minutes, max(waits_s, 5) / 60)
        else:
            row.failures += 1
            row.failing_since = row.failing_since or at
            row.code, row.error = problem.code, problem.sentence
            minutes = min(minutes * 2 ** min(row.failures - 1, 10), max(LONGEST_H * 60, minutes))
            _tell(session, row, problem)
        row.next_at = at + timedelta(minutes=minutes)


def _tell(session: Session, row: SourceState, problem: GatewayError) -> None:
    """Once per failing spell and code."""
    if row.failures < TELL_AFTER and not isinstance(problem, Misconfigured):
        return
    fix = CODES[problem.code].fix
    data = {"source": row.source, "code": problem.code, "sentence": f"{problem.sentence} {fix}"}
    once = f"source.failing:{row.agent_id}:{row.source}:{problem.code}:{row.failing_since:%Y%m%d%H%M%S}"
    outbox.emit(session, "source.failing", row.agent_id, data, once=once)


def _row(session: Session, agent_id: str, source: str) -> SourceState:
    row = session.get(SourceState, (agent_id, source), with_for_update=True)
    if row is None:
        row = SourceState(agent_id=agent_id, source=source, cursor={}, known_since=now(), failures=0, next_at=now())
        session.add(row)
        session.flush()
    return row


def asked_for(agent_id: str, name: str, *, actor: str) -> None:
    """Keeps that a person asks a source out of turn. Raises as `source_of`."""
    source_of(agent_id, name)
    with writing() as session:
        session.add(Event(kind="source_asked", subject="agent", subject_id=agent_id, actor=actor, rule=name))
