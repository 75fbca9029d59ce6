"""Messages of the outbox and their channels. No message contains personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from gateway.agents import load_agents_lenient
from gateway.agents.notices import LOG, key_of
from gateway.insight.listing import Listed, page_within
from gateway.notify.people import ALL, choices
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import ChannelHealth, Outbox

SIZE = 50
STATES = ("waiting", "sent", "dead")


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message. state: waiting | sent | dead; due_at is when a waiting one is tried next."""

    id: str
    type: str
    agent_id: str
    batch_id: str | None
    channel: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    code: str | None
    error: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """One channel of an agent, as its file names it. state: good | failing | paused | gone (messages, but no such channel)."""

    agent_id: str
    channel: str
    events: tuple[str, ...]
    state: str
    waiting: int
    sent: int
    dead: int
    last_sent: datetime | None
    failing_since: datetime | None
    code: str | None
    error: str | None


def message_page(
    *,
    agent_id: str | None = None,
    state: str | None = None,
    channel: str | None = None,
    page: int = 1,
    size: int = SIZE,
) -> Listed[MessageLine]:
    """Messages, newest first."""
    chosen: list[ColumnElement[bool]] = []
    if agent_id:
        chosen.append(Outbox.agent_id == agent_id)
    if channel:
        chosen.append(Outbox.channel == channel)
    if state == "waiting":
        chosen += [Outbox.sent_at.is_(None), Outbox.dead_at.is_(None)]
    elif state == "sent":
        chosen.append(Outbox.sent_at.is_not(None))
    elif state == "dead":
        chosen.append(Outbox.dead_at.is_not(None))
    with reading() as session:
        total = session.scalar(select(func.count()).select_from(Outbox).where(*chosen)) or 0
        number = page_within(page, size, total)
        rows = session.scalars(
            select(Outbox)
            .where(*chosen)
            .order_by(Outbox.created_at.desc(), Outbox.id.desc())
            .limit(size)
            .offset((number - 1) * size)
        ).all()
    lines = tuple(
        MessageLine(
            id=row.id,
            type=row.type,
            agent_id=row.agent_id,
            batch_id=row.batch_id,
            channel=row.channel,
            state="sent" if row.sent_at else "dead" if row.dead_at else "waiting",
            attempts=row.attempts,
            created_at=row.created_at,
            due_at=row.due_at,
            sent_at=row.sent_at,
            code=row.code,
            error=row.error,
            data=row.data,
        )
        for row in rows
    )
    return Listed(lines, number, size, total)


def channel_lines() -> list[ChannelLine]:
    """Every channel in an agent's file, and channels that are no longer in a file but have waiting messages."""
    agents, _ = load_agents_lenient(settings().agents_dir)
    named: dict[tuple[str, str], tuple[str, ...]] = {}
    for agent in agents.values():
        if agent.notify.log:
            named[agent.id, LOG] = ("status",)
        for channel in agent.notify.channels:
            named[agent.id, key_of(channel)] = channel.events
    for choice in choices():
        for agent_id in agents if choice.agent_id == ALL else [choice.agent_id]:
            named[agent_id, choice.key] = choice.wants.events
    waiting = func.count().filter(Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))
    with reading() as session:
        found: dict[tuple[str, str], Sequence[Any]] = {
            (agent_id, channel): rest
            for agent_id, channel, *rest in session.execute(
                select(
                    Outbox.agent_id,
                    Outbox.channel,
                    waiting,
                    func.count(Outbox.sent_at),
                    func.count(Outbox.dead_at),
                    func.max(Outbox.sent_at),
                ).group_by(Outbox.agent_id, Outbox.channel)
            )
        }
        health = {(row.agent_id, row.channel): row for row in session.scalars(select(ChannelHealth))}
    lines = []
    for key in sorted({*named, *(key for key, numbers in found.items() if numbers[0])}):
        numbers = found.get(key, (0, 0, 0, None))
        sick = health.get(key)
        state = "gone" if key not in named else "good"
        if sick is not None:
            state = "paused" if sick.paused_at else "failing"
        lines.append(
            ChannelLine(
                *key,
                events=named.get(key, ()),
                state=state,
                waiting=numbers[0],
                sent=numbers[1],
                dead=numbers[2],
                last_sent=numbers[3],
                failing_since=sick.failing_since if sick else None,
                code=sick.code if sick else None,
                error=sick.error if sick else None,
            )
        )
    return lines
