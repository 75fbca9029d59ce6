"""Checks of the store, agents and connections, the inbox, batches, deliveries and notices."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.agents import Agent, HeyMiloTarget, WebhookTarget
from gateway.agents.files import load_agents_lenient
from gateway.credentials import credentials
from gateway.errors import Misconfigured
from gateway.insight.doctor.lines import Line, Look, fault, ok, warning
from gateway.intake.inbox import look as look_at_inbox
from gateway.model import AgentState, BatchState
from gateway.model import DeliveryState as L
from gateway.model import ProfileState as P
from gateway.settings import settings
from gateway.store.engine import alembic_config, engine, reading
from gateway.store.tables import Batch, ChannelHealth, Delivery, Event, Outbox, Profile, now

SLOW_S = 2.0  # for a store to answer a question of one row
STUCK = timedelta(hours=1)  # without any event; a batch's longest silent step takes minutes
OVERDUE = timedelta(hours=1)
OLD = timedelta(days=7)
NOTICES = timedelta(days=1)


def store() -> Iterator[Line]:
    """The store is reachable, fast, and at the version of this code."""
    url = settings().store_url
    if not _is_there():
        yield warning("store", "There is no store yet.", "make run, or any command that reads a batch, creates it.")
        return
    started = time.monotonic()
    try:
        with engine().execution_options(gateway_write=False).connect() as connection:
            there = MigrationContext.configure(connection).get_current_heads()
    except SQLAlchemyError as wrong:
        yield fault(
            "store", f"It does not answer ({type(wrong).__name__}).", "Start the database; check GATEWAY_DATABASE_URL."
        )
        return
    took = time.monotonic() - started
    wanted = ScriptDirectory.from_config(alembic_config(url)).get_heads()
    kind = engine().dialect.name
    if set(there) != set(wanted):
        known = f"{', '.join(there) or 'nothing'}, this code needs {', '.join(wanted)}"
        yield fault(
            "migrations",
            f"The store is at {known}.",
            "Stop Airflow, then: python -m gateway_airflow.prepare (make run does).",
        )
    else:
        yield ok("migrations", f"The store is at {', '.join(there)}, as this code needs.")
    if took > SLOW_S:
        yield warning("store", f"{kind} took {took:.1f} s to answer.", "Check the database's load and disk.")
    else:
        yield ok("store", f"{kind} answers in {took * 1000:.0f} ms.")


def agents() -> Iterator[Line]:
    """Every agent file, and the connections they name."""
    good, bad = load_agents_lenient(settings().agents_dir)
    for wrong in bad:
        yield fault("agents", f"{wrong.code}: {wrong.sentence}", "python -m gateway agents check")
    if not good and not bad:
        yield warning(
            "agents", f"There is no agent file in {settings().agents_dir}.", "Put one YAML file per agent there."
        )
    elif good:
        closed = sum(agent.state == AgentState.CLOSED for agent in good.values())
        yield ok("agents", f"{len(good)} valid{f', {closed} of them closed' if closed else ''}.")
    wanted: dict[str, list[str]] = {}
    for agent in good.values():
        for connection in _connections(agent):
            wanted.setdefault(connection, []).append(agent.id)
    for connection, users in sorted(wanted.items()):
        try:
            credentials(connection)
        except Misconfigured as wrong:
            yield fault(f"connection {connection}", f"{wrong.code}: {wrong.sentence}", f"Needed by {', '.join(users)}.")
        else:
            yield ok(f"connection {connection}", f"Known; used by {', '.join(users)}.")


def _connections(agent: Agent) -> Iterator[str]:
    target = agent.target
    if isinstance(target, HeyMiloTarget | WebhookTarget):
        yield target.connection
    yield from (channel.connection for channel in agent.notify.channels)
    if agent.outreach.enabled:
        yield agent.outreach.connection


def inbox() -> Iterator[Line]:
    """The oldest unclaimed drop, and problems in the inbox that need a person."""
    config = settings()
    if not config.inbox.is_dir():
        yield warning(
            "inbox", f"There is no inbox at {config.inbox} yet.", "make run creates it, with a folder for each agent."
        )
        return
    known, _ = load_agents_lenient(config.agents_dir)
    found = look_at_inbox(config.inbox, set(known), quiet_s=config.quiet_period_s, alarm_s=config.claim_alarm_s)
    waiting = [drop for drop in found.drops if drop.complete and known[drop.agent_id].state != AgentState.CLOSED]
    oldest = max((time.time() - drop.changed_at for drop in waiting), default=0.0)
    for problem in found.problems:
        if problem.code != "INBOX_STALE":
            yield warning("inbox", f"{problem.code}: {problem.sentence}", "Do what the message says.")
    if oldest > max(config.claim_alarm_s, config.quiet_period_s):
        yield fault(
            "unclaimed drops",
            f"{len(waiting)} complete; the oldest waits for {_for(oldest)}.",
            "Is sense_inbox paused, or the scheduler stopped? python -m gateway ingest PATH works without Airflow.",
        )
    else:
        yield ok("unclaimed drops", f"{len(waiting)}{f', the oldest for {_for(oldest)}' if waiting else ''}.")


def batches() -> Iterator[Line]:
    """Batches that should progress but do not."""
    if not _is_there():
        return
    last = select(func.max(Event.at)).where(Event.batch_id == Batch.id).scalar_subquery()
    with reading() as session:
        rows = session.execute(
            select(Batch.id, Batch.state, func.coalesce(last, Batch.created_at).label("at"))
            .where(Batch.state.in_([BatchState.RECEIVING, BatchState.RUNNING]))
            .order_by(Batch.id)
        ).all()
        failed = session.scalar(select(func.count(Batch.id)).where(Batch.state == BatchState.FAILED)) or 0
    stuck = [row for row in rows if now() - row.at > STUCK]
    if stuck:
        named = ", ".join(row.id for row in stuck[:3]) + (", ..." if len(stuck) > 3 else "")
        yield fault(
            "batches",
            f"{len(stuck)} have not progressed for more than an hour: {named}.",
            "Open the batch's run and clear the failed task.",
        )
    else:
        yield ok("batches", f"{len(rows)} in progress, none is stuck.")
    if failed:
        yield warning(
            "failed batches", f"{failed} ended as failed.", "python -m gateway status lists them with the reason."
        )


def deliveries() -> Iterator[Line]:
    """Rows of the ledger that should be settled by now, and candidates who wait for a decision."""
    if not _is_there():
        return
    open_states = [L.RESERVED, L.SENT, L.UNKNOWN]
    with reading() as session:
        late = session.scalar(
            select(func.count(Delivery.id)).where(
                Delivery.state.in_(open_states), Delivery.updated_at < now() - OVERDUE
            )
        )
        held, oldest = session.execute(
            select(func.count(Profile.id), func.min(Profile.created_at)).where(Profile.state == P.HELD)
        ).one()
    if late:
        yield warning(
            "deliveries",
            f"{late} without an answer for more than an hour.",
            "Is deliver_reviewed paused, or the target unreachable? python -m gateway status --deliveries",
        )
    else:
        yield ok("deliveries", "None has waited for an answer for more than an hour.")
    if oldest is not None and now() - oldest > OLD:
        days = (now() - oldest).days
        yield warning(
            "review", f"{held} held; the oldest waits for {days} days.", "Review the oldest candidates first."
        )
    else:
        yield ok("review", f"{held} held.")


def notices() -> Iterator[Line]:
    """Channels that fail, and messages that will not be sent without help."""
    if not _is_there():
        return
    with reading() as session:
        dead = session.scalar(select(func.count(Outbox.id)).where(Outbox.dead_at > now() - NOTICES)) or 0
        channels = session.scalars(select(ChannelHealth).order_by(ChannelHealth.agent_id, ChannelHealth.channel)).all()
        waiting = session.scalar(
            select(func.min(Outbox.created_at)).where(Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))
        )
    for channel in channels:
        told = fault if channel.paused_at else warning
        how = "it is paused" if channel.paused_at else f"it failed {channel.failures} times in a row"
        yield told(
            f"channel {channel.channel}",
            f"{channel.agent_id}: {how} ({channel.code}).",
            "python -m gateway notify channels says why. Fix the cause, then resume the channel on the page under Notices.",
        )
    if dead:
        yield warning("notices", f"{dead} were given up in the last day.", "Notices on the page: send them again.")
    elif waiting is not None and now() - waiting > OVERDUE:
        yield warning(
            "notices", "The oldest has been waiting for more than an hour.", "Is send_notices paused? See its DAG."
        )
    else:
        yield ok("notices", "None has waited for more than an hour, and none was given up in the last day.")


def _is_there() -> bool:
    """False for an SQLite file that does not exist yet: a check must not create it."""
    url = settings().store_url
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()


def _for(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"


LOOKS: tuple[Look, ...] = (store, agents, inbox, batches, deliveries, notices)
