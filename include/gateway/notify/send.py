"""Takes due messages out of the outbox and sends them. At least once: after a crash between sending and recording, it sends again.

A message that is taken gets a due time ahead (GATEWAY_NOTICE_LEASE_S), so that two senders do not send the same, and one
whose sender died becomes due again automatically. Its id is the same on every attempt. Channels are independent: one that fails
keeps its messages, waits longer each time, and the others go on. Nothing here raises for a channel.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from gateway.agents import load_agents_lenient
from gateway.agents.notices import LOG, PERSON, Notify
from gateway.errors import GatewayError
from gateway.notify import health
from gateway.notify.people import channel_of
from gateway.notify.senders import MailSender, Message, Outcome, Sender, open_sender
from gateway.settings import settings
from gateway.store.engine import reading, writing
from gateway.store.tables import ChannelHealth, Outbox, now

log = logging.getLogger(__name__)
TAKE = 100
STRIKES = 3  # different messages that failed in a row: it is the channel, not the message
BACKOFF_S = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200)
MAX_ATTEMPTS = len(BACKOFF_S) + 1  # a good day and a half; then a person looks


@dataclass(slots=True)
class Sent:
    """The result of one call. later: failed attempts that will be repeated; dead: messages given up."""

    sent: int = 0
    later: int = 0
    dead: int = 0

    def as_dict(self) -> dict[str, int]:
        return {"sent": self.sent, "later": self.later, "dead": self.dead}


def waiting() -> ColumnElement[bool]:
    return and_(Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))


def send_due(*, patience_s: float = 0.0) -> Sent:
    """Sends the messages that are due now or within `patience_s`; returns the result. Raises only for the store."""
    done = Sent()
    until = time.monotonic() + patience_s
    while True:
        due = _due_channels()
        for agent_id, channel in due:
            _serve(agent_id, channel, done)
        if due:
            continue
        wait = _next_due_s()
        if wait is None or time.monotonic() + wait > until:
            return done
        time.sleep(max(0.05, wait))


def _open_for_business() -> ColumnElement[bool]:
    """A condition: the channel of the row is neither paused nor waiting after a failure."""
    stopped = select(ChannelHealth.channel).where(
        ChannelHealth.agent_id == Outbox.agent_id,
        ChannelHealth.channel == Outbox.channel,
        or_(ChannelHealth.paused_at.is_not(None), ChannelHealth.retry_at > now()),
    )
    return ~stopped.exists()


def _due_channels() -> list[tuple[str, str]]:
    with reading() as session:
        found = session.execute(
            select(Outbox.agent_id, Outbox.channel, func.min(Outbox.due_at))
            .where(waiting(), Outbox.due_at <= now(), _open_for_business())
            .group_by(Outbox.agent_id, Outbox.channel)
            .order_by(func.min(Outbox.due_at))
        ).all()
    return [(agent_id, channel) for agent_id, channel, _ in found]


def _next_due_s() -> float | None:
    """Seconds until a message may be sent: it is due, and its channel no longer waits. None if nothing waits."""
    with reading() as session:
        found = session.execute(
            select(func.min(Outbox.due_at), ChannelHealth.retry_at)
            .outerjoin(
                ChannelHealth, and_(ChannelHealth.agent_id == Outbox.agent_id, ChannelHealth.channel == Outbox.channel)
            )
            .where(waiting(), ChannelHealth.paused_at.is_(None))
            .group_by(Outbox.agent_id, Outbox.channel, ChannelHealth.retry_at)
        ).all()
    times = [max(due, retry) if retry else due for due, retry in found]
    return max(0.0, (min(times) - now()).total_seconds()) if times else None


def _serve(agent_id: str, channel: str, done: Sent) -> None:
    """Sends the due messages of one channel until there are none, or until the channel fails."""
    try:
        sender, together = _open(agent_id, channel)
    except GatewayError as wrong:
        if wrong.code == "CHANNEL_GONE":
            done.dead += health.give_up(agent_id, channel, wrong.code, wrong.sentence)
            return
        done.later += 1
        health.failed(agent_id, channel, Outcome(False, wrong.code, wrong.sentence))
        return
    if together:
        _serve_together(agent_id, channel, sender, done)
        return
    # The outcome is recorded after this many messages: a killed sender repeats no more than these.
    size = 2 * sender.parallel if sender.parallel > 1 else 1
    pool = ThreadPoolExecutor(sender.parallel) if sender.parallel > 1 else None
    proved = False
    try:
        while messages := _take(agent_id, channel):
            for start in range(0, len(messages), size):
                part = messages[start : start + size]
                outcomes = _send_all(sender, part, pool, proved=proved)
                proved = any(one is not None and one.sent for one in outcomes)
                broken = _broken(outcomes)
                if broken is not None:
                    rest = messages[start + size :]
                    _settle([*part, *rest], [*outcomes, *[None] * len(rest)], done)
                    health.failed(agent_id, channel, broken)
                    return
                _settle(part, outcomes, done)
            health.well(agent_id, channel)
    finally:
        if pool is not None:
            pool.shutdown()
        sender.close()


def _open(agent_id: str, channel: str) -> tuple[Sender, bool]:
    """The channel's sender, and whether its messages go together as one. Raises GatewayError as open_sender does."""
    if channel == LOG:
        return open_sender(channel, None), False
    notify = _notify(agent_id)
    if channel.startswith(PERSON):
        found = channel_of(channel, notify)
        return open_sender(channel, found[0] if found else None), bool(found and found[1])
    return open_sender(channel, notify.channel(channel)), False


def _serve_together(agent_id: str, channel: str, sender: Sender, done: Sent) -> None:
    """Sends what is due of somebody's digest as one mail, or as few as possible."""
    assert isinstance(sender, MailSender)
    try:
        while messages := _take(agent_id, channel):
            try:
                outcome = sender.send_together(messages)
            except GatewayError as wrong:  # an operator's own wording
                outcome = Outcome(False, wrong.code, wrong.sentence)
            _settle(messages, [outcome] * len(messages), done)
            if not outcome.sent:
                health.failed(agent_id, channel, outcome)
                return
            health.well(agent_id, channel)
    finally:
        sender.close()


def _broken(outcomes: Sequence[Outcome | None]) -> Outcome | None:
    """Why the channel itself fails, and not a single message; None while something gets through."""
    failures = [one for one in outcomes if one is not None and not one.sent and one.retry]
    gone = next((one for one in failures if one.gone), None)
    if gone is None and None not in outcomes and (not failures or len(failures) < len(outcomes)):
        return None
    return gone or failures[-1]


def _notify(agent_id: str) -> Notify:
    """The channels that the agent's file names now; none where the file is gone.

    raises   Misconfigured(AGENT_FILE_INVALID): a typing error in the file must not give its messages up
    """
    agents, wrong = load_agents_lenient(settings().agents_dir)
    if agent_id in agents:
        return agents[agent_id].notify
    for error in wrong:
        if error.subject == agent_id:
            raise error
    return Notify()


def _take(agent_id: str, channel: str) -> list[Message]:
    """The oldest due messages of the channel, reserved for the length of the lease."""
    with writing() as session:
        rows = session.scalars(
            select(Outbox)
            .where(waiting(), Outbox.agent_id == agent_id, Outbox.channel == channel, Outbox.due_at <= now())
            .order_by(Outbox.due_at, Outbox.id)
            .limit(TAKE)
            .with_for_update(skip_locked=True)
        ).all()
        until = now() + timedelta(seconds=settings().notice_lease_s)
        taken = [Message(r.id, r.type, r.agent_id, r.batch_id, r.data, r.created_at) for r in rows]
        if taken:
            session.execute(update(Outbox), [{"id": one.id, "due_at": until} for one in taken])
    return taken


def _send_all(
    sender: Sender, messages: Sequence[Message], pool: ThreadPoolExecutor | None, *, proved: bool
) -> list[Outcome | None]:
    """One outcome per message; None for those not tried because the channel failed before their turn.

    One by one until the first goes through (proved: some of the messages before did): a dead channel costs a few
    timeouts, not hundreds.
    """
    outcomes: list[Outcome | None] = [None] * len(messages)
    begun = 0
    for begun, message in enumerate([] if proved and pool else messages, 1):
        one = outcomes[begun - 1] = _attempt(sender, message)
        if one.sent and pool is not None:
            break
        if one.gone or _struck(outcomes[max(0, begun - STRIKES) : begun]):
            return outcomes
    rest = range(begun, len(messages))
    strikes, lock = 0, Lock()

    def attempt(place: int) -> None:
        nonlocal strikes
        if strikes >= STRIKES:
            return
        one = outcomes[place] = _attempt(sender, messages[place])
        with lock:
            strikes = strikes + 1 if not one.sent and one.retry else 0

    if pool is not None:
        list(pool.map(attempt, rest))
    return outcomes


def _struck(last: Sequence[Outcome | None]) -> bool:
    return len(last) == STRIKES and all(one is not None and not one.sent and one.retry for one in last)


def _attempt(sender: Sender, message: Message) -> Outcome:
    try:
        return sender.send(message)
    except GatewayError as wrong:  # an operator's own wording
        return Outcome(False, wrong.code, wrong.sentence)
    except Exception as wrong:  # unforeseen: its text may quote anything
        log.error("NOTICE_NOT_SENT: message %s failed unforeseen (%s)", message.id, type(wrong).__name__)
        return Outcome(
            False, "NOTICE_NOT_SENT", f"Sending failed unforeseen ({type(wrong).__name__}): it is tried again."
        )


def _settle(messages: Sequence[Message], outcomes: Sequence[Outcome | None], done: Sent) -> None:
    """Writes the outcome of each message in one transaction. A message that was not tried is due again at once."""
    at = now()
    changes: list[dict[str, object]] = []
    with writing() as session:
        known = select(Outbox.id, Outbox.attempts).where(Outbox.id.in_([one.id for one in messages]))
        attempts: dict[str, int] = dict(session.execute(known).all())
        for message, one in zip(messages, outcomes, strict=True):
            tried = attempts.get(message.id, 0) + 1
            change: dict[str, object] = {"id": message.id, "attempts": tried}
            if one is None:
                change |= {"attempts": tried - 1, "due_at": at}
            elif one.sent:
                done.sent += 1
                change |= {"sent_at": at, "code": None, "error": None}
            elif not one.retry or tried >= MAX_ATTEMPTS:
                done.dead += 1
                change |= {"dead_at": at, "code": one.code, "error": one.error}
                log.warning("%s: message %s is given up: %s", one.code, message.id, one.error)
            else:
                done.later += 1
                due = at + timedelta(seconds=_pause_s(tried, one.retry_after_s))
                change |= {"due_at": due, "code": one.code, "error": one.error}
            changes.append(change)
        groups: dict[tuple[str, ...], list[dict[str, object]]] = {}
        for change in changes:
            groups.setdefault(tuple(change), []).append(change)
        for group in groups.values():
            session.execute(update(Outbox), group)


def _pause_s(attempts: int, asked: float | None) -> float:
    """Delay until the next attempt: as the receiver asked, or from the table, plus up to a quarter."""
    usual = BACKOFF_S[min(attempts, len(BACKOFF_S)) - 1] * random.uniform(1.0, 1.25)  # noqa: S311  (spreads, guards nothing)
    return max(usual, asked or 0.0)
