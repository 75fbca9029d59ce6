"""One day of an agent in figures, sent to subscribers of report.daily. Counts and codes, no personal data."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.model import BatchState, DocumentState, InterviewState, ProfileState
from gateway.pipeline.learning.observe import catch_up
from gateway.settings import settings
from gateway.store import outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Audit, Batch, Document, Event, Interview, Profile, Review, now

MOST = 5  # codes listed in the report


def report_daily(day: date | None = None) -> int:
    """Writes the report of that day (UTC; default: yesterday) once for every open agent. Returns the number written.

    An agent of whom nothing was received, decided or waits that day has none.
    """
    catch_up()  # what people checked before observations were kept is learned from too
    day = day or (now().astimezone(UTC).date() - timedelta(days=1))
    with reading() as session:
        agents = session.scalars(select(Agent.id).where(Agent.state == "open").order_by(Agent.id)).all()
        made = {agent_id: figures(session, agent_id, day) for agent_id in agents}
    written = 0
    page = settings().page("/analytics")
    for agent_id, numbers in made.items():
        if not any(numbers.values()):
            continue
        data: dict[str, Any] = {"numbers": numbers, "url": f"{page}?agent={agent_id}" if page else None}
        with writing() as session:
            written += bool(outbox.emit(session, "report.daily", agent_id, data, once=f"report.daily:{agent_id}:{day}"))
    return written


def figures(session: Session, agent_id: str, day: date) -> dict[str, int | float]:
    """Events of that day, and open work now, by name."""
    start = datetime.combine(day, time.min, UTC)
    end = start + timedelta(days=1)

    def came(subject: str, after: str) -> int:
        """Number of the agent's rows that entered that state that day, each counted once."""
        table: Any = {"batch": Batch, "document": Document, "profile": Profile}[subject]
        number = session.scalar(
            select(func.count(func.distinct(Event.subject_id)))
            .join(table, table.id == Event.subject_id)
            .where(
                Event.at >= start,
                Event.at < end,
                Event.kind == "state",
                Event.subject == subject,
                Event.after == after,
                table.agent_id == agent_id,
            )
        )
        return int(number or 0)

    told: dict[str, int | float] = {
        "batches received": came("batch", BatchState.RECEIVING),
        "batches failed": came("batch", BatchState.FAILED),
        "documents read": came("document", DocumentState.SUCCESS),
        "documents failed": came("document", DocumentState.FAILED),
        "candidates held": came("profile", ProfileState.HELD),
        "candidates ingested": came("profile", ProfileState.DELIVERED),
        "candidates discarded": came("profile", ProfileState.DISCARDED),
    }
    told["decisions by people"] = _count(
        session,
        select(func.count())
        .select_from(Review)
        .join(Profile, Profile.id == Review.profile_id)
        .where(Profile.agent_id == agent_id, Review.created_at >= start, Review.created_at < end),
    )
    waits, oldest = session.execute(
        select(func.count(), func.min(Profile.created_at)).where(
            Profile.agent_id == agent_id, Profile.state == ProfileState.HELD
        )
    ).one()
    told["candidates waiting now"] = waits
    if oldest is not None:
        told["oldest waits, hours"] = round((now() - oldest).total_seconds() / 3600, 1)
    audited = [Audit.agent_id == agent_id, Audit.decided_at >= start, Audit.decided_at < end]
    told["audited"] = _count(session, select(func.count()).select_from(Audit).where(*audited))
    told["audited and wrong"] = _count(
        session, select(func.count()).select_from(Audit).where(*audited, Audit.outcome == "wrong")
    )
    return told | _interviews(session, agent_id, start, end) | _codes(session, agent_id, start, end)


def _interviews(session: Session, agent_id: str, start: datetime, end: datetime) -> dict[str, int | float]:
    rows = session.execute(
        select(Event.after, func.count())
        .join(Interview, Interview.id == Event.subject_id)
        .where(
            Event.at >= start,
            Event.at < end,
            Event.subject == "interview",
            Event.after.in_([InterviewState.STARTED, InterviewState.COMPLETED]),
            Interview.agent_id == agent_id,
        )
        .group_by(Event.after)
    ).all()
    return {f"interviews {state}": number for state, number in rows}


def _codes(session: Session, agent_id: str, start: datetime, end: datetime) -> dict[str, int | float]:
    """The most frequent codes that held candidates that day."""
    rows = session.execute(
        select(Event.code, func.count())
        .join(Profile, Profile.id == Event.subject_id)
        .where(
            Event.at >= start,
            Event.at < end,
            Event.subject == "profile",
            Event.after == ProfileState.HELD,
            Event.code.is_not(None),
            Profile.agent_id == agent_id,
        )
        .group_by(Event.code)
        .order_by(func.count().desc(), Event.code)
        .limit(MOST)
    ).all()
    return {f"held by {code}": number for code, number in rows}


def _count(session: Session, query: Any) -> int:
    return int(session.scalar(query) or 0)
