"""News that only time brings, without a change of state. send_notices looks for it; each piece of news is sent once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from gateway.agents.notices import Notify
from gateway.agents.sources import Expected
from gateway.model import BatchState, ProfileState
from gateway.settings import settings
from gateway.store import outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Batch, Event, Outbox, Profile, SourceState, now

SILENT = "SOURCE_SILENT"


def look_out() -> int:
    """Writes messages for such news, and removes old finished messages; returns the number of messages written."""
    with reading() as session:
        agents = session.scalars(select(Agent.id).where(Agent.state == "open").order_by(Agent.id)).all()
    written = 0
    for agent_id in agents:
        with writing() as session:
            notify = outbox.channels(session, agent_id)
            written += _held(session, agent_id, notify) + _silent(session, agent_id, notify)
            written += _overdue(session, agent_id)
            written += _missed(session, agent_id)
    with writing() as session:
        old = now() - timedelta(days=settings().notice_keep_days)
        # Nothing ends before it was written: the index on that finds the few.
        session.execute(delete(Outbox).where(Outbox.created_at < old, or_(Outbox.sent_at < old, Outbox.dead_at < old)))
    return written


def _held(session: Session, agent_id: str, notify: Notify) -> int:
    """Candidates held for a long time: once a day while it lasts."""
    number, oldest = session.execute(
        select(func.count(), func.min(Profile.created_at)).where(
            Profile.agent_id == agent_id, Profile.state == ProfileState.HELD
        )
    ).one()
    if not number:
        return 0
    hours = _hours(oldest)
    page = settings().page("/review")
    data: dict[str, Any] = {
        "held": number,
        "hours": round(hours, 1),
        "url": (page and f"{page}?agent={agent_id}") or None,
    }
    written = 0
    for event, limit in (("held.ageing", notify.held_after_h), ("held.overdue", notify.held_overdue_h)):
        if limit is not None and hours >= limit:
            once = f"{event}:{agent_id}:{now():%Y-%m-%d}"
            written += len(outbox.emit(session, event, agent_id, data, once=once))
    return written


def _silent(session: Session, agent_id: str, notify: Notify) -> int:
    """Sources that should have sent something: once per silence."""
    written = 0
    for source, limit in notify.silent_after_h.items():
        chosen = [Batch.agent_id == agent_id] + ([] if source == "*" else [Batch.source == source])
        last: datetime | None = session.scalar(select(func.max(Batch.created_at)).where(*chosen))
        # A source that never sent anything is silent since the agent is known.
        since = last or session.get_one(Agent, agent_id).updated_at
        hours = _hours(since)
        if hours >= limit:
            once = f"source.silent:{agent_id}:{source}:{since:%Y%m%d%H%M%S}"
            data = {"source": source, "hours": round(hours, 1), "code": SILENT}
            written += len(outbox.emit(session, "source.silent", agent_id, data, once=once))
    return written


def _missed(session: Session, agent_id: str) -> int:
    """Regular batches (`expected` of a source) that did not come: once for each time they were due."""
    written = 0
    for one in (session.get_one(Agent, agent_id).config or {}).get("sources", ()):
        if not one.get("expected"):
            continue
        name = str(one["name"])
        state = session.get(SourceState, (agent_id, name))
        if state is None:  # never asked yet: pull_sources makes it known
            continue
        last: datetime | None = session.scalar(
            select(func.max(Batch.created_at)).where(Batch.agent_id == agent_id, Batch.source == name)
        )
        since = Expected.model_validate(one["expected"]).missed(now(), known_since=state.known_since, last=last)
        if since is not None:
            once = f"source.silent:{agent_id}:{name}:due:{since.astimezone(UTC):%Y%m%d%H%M%S}"
            data = {"source": name, "hours": round(_hours(last or state.known_since), 1), "code": SILENT}
            written += len(outbox.emit(session, "source.silent", agent_id, data, once=once))
    return written


def _overdue(session: Session, agent_id: str) -> int:
    """Batches that are not done in time: once a batch and attempt. Depends on no run and on no DAG but this one."""
    limit = now() - timedelta(hours=settings().batch_deadline_h)
    late = session.scalars(
        select(Batch)
        .where(Batch.agent_id == agent_id, Batch.state.in_([BatchState.RECEIVING, BatchState.RUNNING]))
        .where(Batch.created_at < limit)
        .order_by(Batch.id)
    ).all()
    return sum(tell_late(session, batch, limit) for batch in late)


def tell_late(session: Session, batch: Batch, limit: datetime) -> int:
    """Tells that a batch is late, if it began before the limit; returns the number of messages written."""
    begun = session.scalar(
        select(func.max(Event.at)).where(
            Event.subject_id == batch.id, Event.subject == "batch", Event.after == BatchState.RECEIVING
        )
    )
    begun = begun or batch.created_at
    if begun >= limit:  # an old batch that is read again
        return 0
    data = {
        "batch_id": batch.id,
        "state": str(batch.state),
        "hours": round(_hours(begun), 1),
        "url": settings().page(f"/batches/{batch.id}") or None,
    }
    once = f"deadline.missed:{batch.id}:{begun:%Y%m%d%H%M%S}"
    return len(outbox.emit(session, "deadline.missed", batch.agent_id, data, batch_id=batch.id, once=once))


def tell_late_run(run_id: str) -> int:
    """The same for the batch of an Airflow run, because Airflow says that the run is late. 0 where it is done by now."""
    again = re.fullmatch(r"retry-(b[0-9a-z-]+)-\d+", run_id)
    with writing() as session:
        batch = session.get(Batch, again[1] if again else run_id) or session.scalar(
            select(Batch).where(Batch.run_id == run_id)
        )
        if batch is None or batch.state not in (BatchState.RECEIVING, BatchState.RUNNING):
            return 0
        return tell_late(session, batch, now())


def _hours(since: datetime) -> float:
    return max(0.0, (now() - since).total_seconds() / 3600)
