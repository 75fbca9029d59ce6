"""Channels that fail: they wait longer each time, are paused after a day, and a person resumes them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, Update, func, select, update
from sqlalchemy.orm import Session

from gateway.agents.notices import LOG
from gateway.errors import Misconfigured
from gateway.notify.senders import Outcome
from gateway.settings import settings
from gateway.store import change, outbox
from gateway.store.engine import writing
from gateway.store.tables import Agent, ChannelHealth, Outbox, now

log = logging.getLogger(__name__)
PAUSES_S = (5, 30, 120, 600, 1800)  # between looks at a channel that fails
ENOUGH = 5  # failures before a channel is paused, however long they took


def failed(agent_id: str, channel: str, why: Outcome) -> None:
    """Records that a channel fails. After GATEWAY_NOTICE_PAUSE_AFTER_H, or at once if it is gone, the channel is paused."""
    at = now()
    with writing() as session:
        row = _row(session, agent_id, channel)
        row.failures += 1
        row.failing_since = row.failing_since or at
        row.code, row.error = why.code, why.error
        pause = max(PAUSES_S[min(row.failures, len(PAUSES_S)) - 1], why.retry_after_s or 0)
        row.retry_at = at + timedelta(seconds=pause)
        long = (at - row.failing_since).total_seconds() >= settings().notice_pause_after_h * 3600
        if row.paused_at is None and (why.gone or (long and row.failures >= ENOUGH)):
            row.paused_at = at
            _tell(session, agent_id, channel, why)
    log.warning("%s: agent %s, channel %s: %s", why.code, agent_id, channel, why.error)


def _tell(session: Session, agent_id: str, channel: str, why: Outcome) -> None:
    """Notifies the agent's other channels, and always the log."""
    number = session.scalar(
        select(func.count()).where(
            Outbox.agent_id == agent_id, Outbox.channel == channel, Outbox.sent_at.is_(None), Outbox.dead_at.is_(None)
        )
    )
    data = {
        "channel": channel,
        "code": why.code,
        "sentence": why.error,
        "waiting": number or 0,
        "url": settings().page("/notices") or None,
    }
    if LOG not in outbox.emit(session, "channel.paused", agent_id, data, without=(channel,)):
        outbox.emit(session, "channel.paused", agent_id, data, only=LOG)


def well(agent_id: str, channel: str) -> None:
    """A message was sent: clears the recorded failures of the channel."""
    with writing() as session:
        row = session.get(ChannelHealth, (agent_id, channel))
        if row is not None and (row.failures or row.paused_at):
            session.delete(row)


def _waiting(agent_id: str, channel: str) -> Update:
    """An UPDATE of the channel's messages that are neither sent nor given up."""
    unsent = (Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))
    return update(Outbox).where(Outbox.agent_id == agent_id, Outbox.channel == channel, *unsent)


def resume(agent_id: str, channel: str, *, actor: str) -> int:
    """Allows the channel to be tried again now; returns the number of messages waiting for it."""
    with writing() as session:
        _audit(session, "channel_resumed", [agent_id], actor, channel)
        row = session.get(ChannelHealth, (agent_id, channel))
        if row is not None:
            session.delete(row)
        done = session.execute(_waiting(agent_id, channel).values(due_at=now()))
        return int(done.rowcount)  # type: ignore[attr-defined]


def give_up(agent_id: str, channel: str, code: str, sentence: str) -> int:
    """Gives up all messages for this channel, because the agent's file no longer has it."""
    with writing() as session:
        done = session.execute(_waiting(agent_id, channel).values(dead_at=now(), code=code, error=sentence))
        return int(done.rowcount)  # type: ignore[attr-defined]


def resend(
    message_ids: Sequence[str] = (),
    *,
    actor: str,
    dead: bool = False,
    agent_id: str | None = None,
    channel: str | None = None,
) -> int:
    """Queues messages again, from now on, with the same id: the named ones, or all dead ones. Returns their number.

    A message that was sent may be sent again too: its receiver drops the id if it has it, and gets it if it lost it.
    raises   Misconfigured(UNKNOWN_MESSAGE) when one that was named is not there
    """
    chosen: list[ColumnElement[bool]] = []
    if message_ids:
        chosen.append(Outbox.id.in_(message_ids))
    if dead:
        chosen.append(Outbox.dead_at.is_not(None))
    if agent_id:
        chosen.append(Outbox.agent_id == agent_id)
    if channel:
        chosen.append(Outbox.channel == channel)
    if not (message_ids or dead):
        return 0
    with writing() as session:
        known = set(session.scalars(select(Outbox.id).where(Outbox.id.in_(message_ids)))) if message_ids else set()
        if missing := sorted(set(message_ids) - known):
            raise Misconfigured(
                "UNKNOWN_MESSAGE", f"There is no message {missing[0]!r}: list them with `gateway notify list`."
            )
        whose = session.scalars(select(Outbox.agent_id).where(*chosen).distinct().order_by(Outbox.agent_id)).all()
        _audit(session, "notices_resent", whose, actor, channel or "")
        done = session.execute(
            update(Outbox)
            .where(*chosen)
            .values(sent_at=None, dead_at=None, due_at=now(), attempts=0, code=None, error=None)
        )
        return int(done.rowcount)  # type: ignore[attr-defined]


def test_channel(agent_id: str, channel: str, *, actor: str) -> str:
    """Writes a test message to one channel, to be sent like any other; returns its id.

    raises   Misconfigured(UNKNOWN_AGENT) for one that never had a batch
    """
    with writing() as session:
        if session.get(Agent, agent_id) is None:
            raise Misconfigured(
                "UNKNOWN_AGENT", f"Nothing was ever received for agent {agent_id!r}, so there is nothing to report yet."
            )
        _audit(session, "channel_tested", [agent_id], actor, channel)
        outbox.emit(session, "channel.test", agent_id, {}, only=channel)
        session.flush()
        return str(
            session.scalar(
                select(Outbox.id)
                .where(Outbox.agent_id == agent_id, Outbox.channel == channel, Outbox.type == "channel.test")
                .order_by(Outbox.created_at.desc())
                .limit(1)
            )
        )


def _audit(session: Session, kind: str, agent_ids: Sequence[str], actor: str, channel: str) -> None:
    """Who did what to an agent's channel, in the trail of events."""
    for agent_id in agent_ids:
        agent = session.get(Agent, agent_id)
        if agent is not None:
            change.record(session, kind, agent, actor=actor, rule=channel[:100] or None)


def _row(session: Session, agent_id: str, channel: str) -> ChannelHealth:
    row = session.get(ChannelHealth, (agent_id, channel), with_for_update=True)
    if row is None:
        row = ChannelHealth(agent_id=agent_id, channel=channel, failures=0)
        session.add(row)
    return row
