"""Review that is planned: what waits, who has how much of it, how fast decisions come, and what forecasts were worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from sqlalchemy import func, select

from gateway.model import ProfileState as P
from gateway.pipeline.forecast import DECISION_S, Told, forecasts, seconds_between
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Assignment, Profile, Review, now

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Load:
    """One reviewer. given: held candidates that are theirs; decision_s: median seconds a decision this week."""

    reviewer: str
    given: int
    today: int
    week: int
    decision_s: float | None

    @property
    def minutes_left(self) -> float:
        return self.given * (self.decision_s or DECISION_S) / 60


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole of it. finish_error, held_error: medians over forecasts that came true, None without any."""

    held: int
    nobodys: int
    limit: int
    loads: list[Load]
    told: list[Told]
    finish_error: float | None
    held_error: float | None

    @property
    def minutes_left(self) -> float:
        """For everything held, at the pace of this week's reviewers."""
        known = [one.decision_s for one in self.loads if one.decision_s is not None]
        return self.held * (median(known) if known else DECISION_S) / 60


def plan() -> Plan:
    """Read anew each time: a week of decisions, and what waits."""
    with reading() as session:
        held = session.scalar(select(func.count()).select_from(Profile).where(Profile.state == P.HELD)) or 0
        given: dict[str, int] = dict(
            session.execute(
                select(Assignment.reviewer, func.count())
                .join(Profile, Profile.id == Assignment.profile_id)
                .where(Profile.state == P.HELD)
                .group_by(Assignment.reviewer)
            ).all()
        )
        decided = session.execute(
            select(Review.reviewer, Review.created_at, Review.bulk_of).where(Review.created_at >= now() - WEEK)
        ).all()
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    loads = []
    for name in sorted({*given, *(row.reviewer for row in decided)}):
        own = [row for row in decided if row.reviewer == name]
        pace = seconds_between([(name, row.created_at) for row in own if row.bulk_of is None])
        loads.append(
            Load(
                name,
                given.get(name, 0),
                sum(row.created_at >= midnight for row in own),
                len(own),
                median(pace) if pace else None,
            )
        )
    told = forecasts()
    finish = [one.finish_error for one in told if one.finish_error is not None]
    wrong = [one.held_error for one in told if one.held_error is not None]
    return Plan(
        held,
        held - sum(given.values()),
        settings().review_limit,
        loads,
        told,
        median(finish) if finish else None,
        median(wrong) if wrong else None,
    )
