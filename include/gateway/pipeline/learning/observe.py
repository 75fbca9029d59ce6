"""Observations: one row for each contact value that a person checked. They are derived: the same history gives the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.orm import Session

from gateway.pipeline.review.decided import reviews
from gateway.pipeline.statistics import family_of, kind_of, sender_of
from gateway.quality.scores import CONTACT
from gateway.quality.sequential import shifted
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Batch, Document, Field, Observation, Profile, Review, Verdict

MISSING = "missing"  # the source of a value that was not found although the document has it
LOOKED = ("approve", "correct")
SLICE = 200


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a person found: the wrong contact values ("?" = one of them), and what they were read as before a correction."""

    wrong: frozenset[str]
    at: datetime
    read_as: Mapping[str, Any]


def observe(session: Session, profile: Profile) -> list[Observation]:
    """Writes the observations of a profile anew; none if nobody checked it, only a bulk decision did, or it was discarded."""
    session.flush()
    session.execute(delete(Observation).where(Observation.profile_id == profile.id))
    answer = _answer(session, profile)
    first = session.scalars(
        select(Verdict)
        .where(Verdict.profile_id == profile.id, Verdict.profile_version == 1)
        .order_by(Verdict.created_at, Verdict.id)
        .limit(1)
    ).first()
    if answer is None or first is None:
        return []
    document = session.get_one(Document, profile.document_id)
    batch = session.get_one(Batch, profile.batch_id)
    kind = kind_of(document.media_type, document.facts)
    risk = first.parts.get("risk")
    shared = {
        "profile_id": profile.id,
        "agent_id": profile.agent_id,
        "automatic": first.outcome == "pass",
        "risk": None if risk is None else shifted(float(risk), -float(first.parts.get("fact.risk_shift", 0.0))),
        "family": family_of(kind, document.facts),
        "language": str(document.facts.get("language") or "unknown")[:16],
        "sender": sender_of(batch.source),
        "seen_at": answer.at,
    }
    made = [
        Observation(**shared, field=name, said=said, source=source, right=name not in answer.wrong)
        for name, (said, source) in _said(session, profile, answer).items()
    ]
    session.add_all(made)
    session.flush()
    return made


def _answer(session: Session, profile: Profile) -> _Answer | None:
    audit = session.get(Audit, profile.id)
    if audit is not None and audit.outcome is not None and audit.decided_at is not None:
        named = frozenset(set(audit.wrong_fields) & set(CONTACT))
        unnamed = frozenset({"?"}) if audit.outcome == "wrong" and not audit.wrong_fields else frozenset()
        return _Answer(named | unnamed, audit.decided_at, {})
    standing: list[Review] = []
    for row in reviews(session, profile.id):
        if row.decision != "undo":
            standing.append(row)
        elif standing:
            standing.pop()
    if not standing or standing[-1].decision not in LOOKED or (standing[-1].bulk_of or 1) > 1:
        return None
    wrong: set[str] = set()
    read_as: dict[str, Any] = {}
    for row in standing:
        if row.decision == "correct":
            changed = {name for name in CONTACT if name in row.after and row.after[name] != row.before.get(name)}
            wrong |= changed
            for one in row.before.get("kept", {}).get("fields", ()):
                read_as.setdefault(one["name"], one)
            for name in row.after:
                read_as.setdefault(name, None)  # nothing had been read
    return _Answer(frozenset(wrong), standing[-1].created_at, read_as)


def _said(session: Session, profile: Profile, answer: _Answer) -> dict[str, tuple[float, str]]:
    """field -> (confidence, source) as the reader gave them; what was wrongly not found is MISSING."""
    rows = session.execute(
        select(Field.name, Field.value, Field.confidence, Field.source).where(
            Field.profile_id == profile.id, Field.name.in_(CONTACT)
        )
    )
    found = {name: (confidence, source or "unknown") for name, value, confidence, source in rows if value}
    for name, one in answer.read_as.items():
        if name in CONTACT:
            found.pop(name, None)
            if one is not None and one["value"]:
                found[name] = one["confidence"], one["source"] or "unknown"
    found = {name: said for name, said in found.items() if said[1] != "person"}
    return found | dict.fromkeys(answer.wrong - found.keys(), (1.0, MISSING))


def checked_passes(
    session: Session, agent_id: str, risk_shift: float = 0.0, since: datetime | None = None
) -> list[tuple[float | None, bool]]:
    """(risk with that shift, or None; whether a contact value was wrong) of each checked automatic pass, by time of the check."""
    chosen = [Observation.agent_id == agent_id, Observation.automatic.is_(True)]
    if since is not None:
        chosen.append(Observation.seen_at > since)
    rows = session.execute(
        select(func.max(Observation.risk), func.sum(case((Observation.right.is_(True), 0), else_=1)))
        .where(*chosen)
        .group_by(Observation.profile_id)
        .order_by(func.max(Observation.seen_at), Observation.profile_id)
    )
    return [(None if risk is None else shifted(risk, risk_shift), bool(wrong)) for risk, wrong in rows]


def catch_up(limit: int = 5_000) -> int:
    """Writes the observations of what was checked before they were kept; returns how many profiles were looked at."""
    with reading() as session:
        seen = select(Observation.profile_id).where(Observation.profile_id == Profile.id).exists()
        audited = select(Audit.profile_id).where(Audit.profile_id == Profile.id, Audit.outcome.is_not(None)).exists()
        decided = (
            select(Review.id)
            .where(Review.profile_id == Profile.id, Review.decision.in_(LOOKED), Review.bulk_of.is_(None))
            .exists()
        )
        ids: Sequence[str] = session.scalars(
            select(Profile.id).where(~seen, or_(audited, decided)).order_by(Profile.id).limit(limit)
        ).all()
    for start in range(0, len(ids), SLICE):
        with writing() as session:
            for profile in session.scalars(select(Profile).where(Profile.id.in_(ids[start : start + SLICE]))):
                observe(session, profile)
    return len(ids)
