"""What a hold costs: minutes of a reviewer, by the code that holds, and how often a person had something to put right."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from gateway.pipeline.statistics import OUTCOMES, listed
from gateway.store.tables import Profile, Review, now

DAYS = 90
PAUSE = timedelta(minutes=15)  # a longer gap between two decisions of a person was not spent on the second
USUAL_MIN = 1.5  # before anything is known, as if WEIGHT decisions had taken that long
WEIGHT = 5
USUAL_FIX = 0.5  # before anything is known: every second hold needs a person
MOST = 50_000  # newest decisions that are counted


@dataclass(frozen=True, slots=True)
class Cost:
    """minutes: of one decision by the code that held; fix: chance that it changed something; both with a mean of all codes."""

    minutes: dict[str, float] = field(default_factory=dict)
    fix: dict[str, float] = field(default_factory=dict)
    mean_minutes: float = USUAL_MIN
    mean_fix: float = USUAL_FIX

    def of(self, codes: tuple[str, ...]) -> float:
        """Minutes for a candidate held by these codes: the longest of them, because one look serves all."""
        return max((self.minutes.get(code, self.mean_minutes) for code in codes), default=0.0)

    def chance(self, codes: tuple[str, ...]) -> float:
        """Chance that a person has to change something: that of the likeliest code."""
        return max((self.fix.get(code, self.mean_fix) for code in codes), default=0.0)

    def worth(self, codes: tuple[str, ...]) -> float:
        """Fixes an hour of a reviewer: what is looked at first where time is short."""
        return 60 * self.chance(codes) / max(0.05, self.of(codes))


def cost_of(session: Session, agent_id: str | None = None) -> Cost:
    """From the decisions of the last DAYS: the time between two decisions of one person, if they did not pause."""
    query = (
        select(Review.reviewer, Review.created_at, Review.decision, cast(Review.codes, Text), Review.bulk_of)
        .where(Review.created_at >= now() - timedelta(days=DAYS))
        .order_by(Review.created_at.desc())
        .limit(MOST)
    )
    if agent_id:
        query = query.join(Profile, Profile.id == Review.profile_id).where(Profile.agent_id == agent_id)
    last: dict[str, datetime] = {}
    spent: dict[str, list[float]] = defaultdict(list)
    fixed: dict[str, list[bool]] = defaultdict(list)
    for reviewer, at, decision, codes, bulk in reversed(session.execute(query).all()):
        before, last[reviewer] = last.get(reviewer), at
        if decision not in OUTCOMES or (bulk or 1) > 1:
            continue
        for code in ("", *listed(codes)):
            fixed[code].append(OUTCOMES[decision] != "unchanged")
            if before is not None and at - before <= PAUSE:
                spent[code].append((at - before).total_seconds() / 60)
    minutes = _mean(spent.pop("", []), USUAL_MIN)
    fix = _mean(fixed.pop("", []), USUAL_FIX)
    return Cost(
        {code: round(_mean(found, minutes), 2) for code, found in spent.items()},
        {code: round(_mean(found, fix), 3) for code, found in fixed.items()},
        round(minutes, 2),
        round(fix, 3),
    )


def _mean(found: list[float] | list[bool], usual: float) -> float:
    return (sum(found) + WEIGHT * usual) / (len(found) + WEIGHT)
