"""One day of an agent in figures, shown on the page and sent to subscribers of report.daily. Counts and codes, no personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.insight.advice import Advice, advice
from gateway.insight.agents import known_agents
from gateway.insight.analytics import Bucket, analytics
from gateway.insight.prices import Price
from gateway.model import BatchState, DocumentState, InterviewState, ProfileState
from gateway.pipeline.learning.observe import catch_up
from gateway.settings import settings
from gateway.store import outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Audit, Batch, Document, Event, Interview, Profile, Review, now

MOST = 5  # codes, prices and pieces of advice in the report
DAYS = 14


def report_daily(day: date | None = None) -> int:
    """Writes the report of that day (UTC; default: yesterday) once for every open agent. Returns the number written.

    An agent of whom nothing was received, decided or waits that day has none.
    """
    catch_up()  # what people checked before observations were kept is learned from too
    day = day or yesterday()
    with reading() as session:
        agents = session.scalars(select(Agent.id).where(Agent.state == "open").order_by(Agent.id)).all()
    written = 0
    for agent_id in agents:
        one = report_of(agent_id, day)
        if not any(one.numbers.values()):
            continue
        data: dict[str, Any] = {
            "numbers": one.numbers,
            "rates": one.rates,
            "days": one.days,
            "advice": [f"{said.sentence} {said.step}" for said in one.advice],
            "url": settings().page(f"/agents/{agent_id}/day?day={day}") or None,
        }
        with writing() as session:
            written += bool(outbox.emit(session, "report.daily", agent_id, data, once=f"report.daily:{agent_id}:{day}"))
    return written


@dataclass(frozen=True, slots=True)
class Report:
    """One agent's day. days: the last DAYS as {"day", "passed", "held"}, candidates by the day they were received.

    rates    shares of 0..1 and durations over the last 30 days; None where nothing was counted
    prices   what each reason to hold costs over the last 30 days, dearest first
    """

    agent_id: str
    day: date
    numbers: dict[str, int | float]
    rates: dict[str, float | None]
    days: list[dict[str, Any]]
    prices: list[Price]
    advice: list[Advice]


def yesterday() -> date:
    return now().astimezone(UTC).date() - timedelta(days=1)


def report_of(agent_id: str, day: date) -> Report:
    """The report of that day: its events, and the 30 days up to it."""
    month = analytics(agent_id, 30, datetime.combine(day, time.max, UTC))
    with reading() as session:
        numbers = figures(session, agent_id, day)
    days = [
        {"day": one.start.isoformat(), "passed": max(0, one.profiles - sum(one.held.values())), "held": _held(one)}
        for one in month.buckets
    ]
    agent = known_agents()[0].get(agent_id)
    rates = {
        "held, last 7 days": _share(month.buckets[-7:]),
        "held, the weeks before": _share(month.buckets[:-7]),
        "audited and wrong": month.audits.rate.rate,
        "allowed to be wrong": agent.max_error if agent else None,
        "minutes until read, median": _in(month.settled.median, 60),
        "minutes until read, nine of ten": _in(month.settled.p90, 60),
        "hours until all decided, median": _in(month.finished.median, 3600),
    }
    return Report(agent_id, day, numbers, rates, days[-DAYS:], month.prices[:MOST], advice(month)[:MOST])


def _held(bucket: Bucket) -> int:
    """Candidates held that day; one may carry several codes, so that the codes' sum is an upper bound."""
    return min(bucket.profiles, sum(bucket.held.values()))


def _share(buckets: Sequence[Bucket]) -> float | None:
    found = sum(one.profiles for one in buckets)
    return round(sum(map(_held, buckets)) / found, 3) if found else None


def _in(seconds: float | None, unit: int) -> float | None:
    return None if seconds is None else round(seconds / unit, 1)


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
