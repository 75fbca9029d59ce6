"""Reviewers' findings about an agent's automatic passes, and the limit that follows from them.

Uses the answers to the audit sample, and decisions about profiles that passed every gate but were held by review mode or a canary.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.pipeline.learning.calibrate import in_force
from gateway.quality.bound import kept_limit
from gateway.quality.risk import ladder, limit_for
from gateway.quality.scores import CONTACT
from gateway.quality.sequential import shifted
from gateway.store.tables import Audit, Profile, Review, Verdict

NO_CAP = 1.0
_LOOKED = ("approve", "correct")
IN_LIST = 500


def looked_at(session: Session, agent_id: str) -> list[tuple[float, bool]]:
    """(risk, whether name, e-mail or phone was wrong) of each automatic pass that a person checked, by profile id.

    The risk is as the calibration in force would make it: passes that it would hold now say nothing about what passes now.
    """
    shift = in_force(session, agent_id).shifts.get("risk", 0.0)
    first: dict[str, tuple[str, float]] = {}
    verdicts = (
        select(Verdict.profile_id, Verdict.outcome, Verdict.parts)
        .where(Verdict.profile_version == 1)
        .order_by(Verdict.created_at, Verdict.id)
    )
    answers: dict[str, bool] = {
        row.profile_id: bool(set(row.wrong_fields) & set(CONTACT)) or (row.outcome == "wrong" and not row.wrong_fields)
        for row in session.scalars(select(Audit).where(Audit.agent_id == agent_id, Audit.outcome.is_not(None)))
    }
    decided = (
        select(Review.profile_id, Review.decision, Review.after)
        .join(Profile, Profile.id == Review.profile_id)
        .where(Profile.agent_id == agent_id, Review.decision.in_(_LOOKED))
        .order_by(Review.profile_id, Review.sequence)
    )
    for row in session.execute(decided):
        answers.setdefault(row.profile_id, row.decision == "correct" and bool(set(row.after) & set(CONTACT)))
    wanted = sorted(answers)
    for start in range(0, len(wanted), IN_LIST):  # of all verdicts of the agent, only those that somebody checked
        for row in session.execute(verdicts.where(Verdict.profile_id.in_(wanted[start : start + IN_LIST]))):
            if "risk" in row.parts:
                more = shift - float(row.parts.get("fact.risk_shift", 0.0))
                first.setdefault(row.profile_id, (row.outcome, shifted(float(row.parts["risk"]), more)))
    return [(risk, answers[identity]) for identity, (outcome, risk) in sorted(first.items()) if outcome == "pass"]


def risk_cap(session: Session, agent: Agent) -> float:
    """The highest risk that the agent's own evidence lets pass; NO_CAP as long as it does not refute the stated error."""
    limit = limit_for(agent.max_error)
    kept = kept_limit(limit, looked_at(session, agent.id), ladder(), agent.max_error)
    return NO_CAP if kept >= limit else kept
