"""Audits: a person checks a random share of the automatic passes afterwards.

Drawn after delivery, so that nothing waits for it. Errors found are counted by agent and over time: the error
rate of the gates. It changes nothing at the target; a person who finds a wrong value acts there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from gateway.errors import Conflict, Misconfigured
from gateway.model import ProfileState as P
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.learning.alarms import learn
from gateway.quality.sampling import ErrorRate, audit_sample, error_rate
from gateway.quality.scores import FIELDS
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Batch, Profile, Review, now

RIGHT, WRONG = "right", "wrong"


@dataclass(frozen=True, slots=True)
class AuditItem:
    """One automatic pass to check. Personal: shown to reviewers only."""

    profile_id: str
    batch_id: str
    agent_id: str
    path: str
    ordinal: int
    name: str | None
    email: str | None
    phone: str | None
    sampled_at: datetime


def draw_audit(batch_id: str) -> int:
    """Draws the batch's sample from its delivered automatic passes; returns the number added.

    The same batch always has the same sample. Candidates delivered later (their answer came late) only add what keeps the
    agent's share. Profiles that a person has decided about were already checked and are not drawn.
    """
    with writing() as session:
        batch = session.get_one(Batch, batch_id, with_for_update={"key_share": True})
        decided = select(Review.id).where(Review.profile_id == Profile.id).exists()
        delivered = session.scalars(
            select(Profile.id)
            .where(Profile.batch_id == batch_id, Profile.state == P.DELIVERED, ~decided)
            .order_by(Profile.id)
        ).all()
        drawn = set(session.scalars(select(Audit.profile_id).where(Audit.batch_id == batch_id)))
        sample = audit_sample(delivered, agent_of(batch.agent_id).audit_share, batch_id)
        new = [identity for identity in sample if identity not in drawn][: max(0, len(sample) - len(drawn))]
        session.add_all(
            Audit(profile_id=identity, batch_id=batch_id, agent_id=batch.agent_id, wrong_fields=[]) for identity in new
        )
    return len(new)


def decide_audit(profile_id: str, right: bool, *, reviewer: str, wrong_fields: Collection[str] = ()) -> bool:
    """Writes a person's finding: every value right, or something wrong; False if the same answer was already given.

    wrong_fields   which values were wrong: name, email, phone, ...; none with a right one
    raises         Conflict(STATE_CONFLICT: somebody answered otherwise), Misconfigured(UNKNOWN_PROFILE: not in the sample |
                   DECISION_INVALID: unknown fields)
    """
    outcome = RIGHT if right else WRONG
    unknown = sorted(set(wrong_fields) - set(FIELDS))
    if unknown or (right and wrong_fields):
        raise Misconfigured(
            "DECISION_INVALID",
            f"Name wrong fields only with the answer wrong, out of {', '.join(FIELDS)}; got {unknown}.",
        )
    wrong = [name for name in FIELDS if name in wrong_fields]
    with writing() as session:
        row = session.get(Audit, profile_id, with_for_update=True)
        if row is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"Profile {profile_id!r} is not in the audit sample.")
        if row.outcome is not None:
            if (row.outcome, row.wrong_fields) == (outcome, wrong):
                return False
            raise Conflict(
                "STATE_CONFLICT",
                f"Profile {profile_id} was already audited and found {row.outcome}; that answer stays.",
            )
        row.outcome, row.wrong_fields, row.reviewer, row.decided_at = outcome, wrong, reviewer, now()
        profile = session.get_one(Profile, profile_id)
        change.record(session, "audited", profile, actor=reviewer, rule=outcome)
        learn(session, profile)
    return True


def audit_queue(agent_id: str | None = None, limit: int = 100) -> list[AuditItem]:
    """Audits drawn and not answered yet, oldest first."""
    query = (
        select(Profile, Audit.sampled_at)
        .join(Audit, Audit.profile_id == Profile.id)
        .where(Audit.outcome.is_(None))
        .options(selectinload(Profile.document))
        .order_by(Audit.sampled_at, Profile.id)
        .limit(limit)
    )
    if agent_id:
        query = query.where(Audit.agent_id == agent_id)
    with reading() as session:
        return [
            AuditItem(p.id, p.batch_id, p.agent_id, p.document.path, p.ordinal, p.name, p.email, p.phone, sampled_at)
            for p, sampled_at in session.execute(query)
        ]


def audit_error_rate(agent_id: str | None = None, since: datetime | None = None) -> ErrorRate:
    """The error rate of the answered audits; since: only those answered from then on."""
    query = select(Audit.outcome, func.count()).where(Audit.outcome.is_not(None)).group_by(Audit.outcome)
    if agent_id:
        query = query.where(Audit.agent_id == agent_id)
    if since:
        query = query.where(Audit.decided_at >= since)
    with reading() as session:
        found: dict[str, int] = {str(outcome): number for outcome, number in session.execute(query)}
    return error_rate(sum(found.values()), found.get(WRONG, 0))
