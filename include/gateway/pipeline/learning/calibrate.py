"""An agent's own calibration: proposed from what people found, applied by a person, undone by a person.

It only ever makes the gate more careful than the shipped one: passes that were checked say that confidences are too high, and
nothing that was held says that they are too low, because people do not choose at random what they decide.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.errors import Conflict
from gateway.pipeline.learning.observe import checked_passes
from gateway.quality.bound import CERTAIN, e_value
from gateway.quality.risk import limit_for
from gateway.quality.scores import CONTACT
from gateway.quality.sequential import overconfident, shift_of, shifted
from gateway.store import change, ids
from gateway.store.engine import writing
from gateway.store.tables import Agent as AgentRow
from gateway.store.tables import Calibration, Observation, now

STEP, MOST = 0.25, 6.0  # log-odds: the ladder on which a shift of the risk is looked for


@dataclass(frozen=True, slots=True)
class InForce:
    """The calibration in force: {} without one."""

    shifts: dict[str, float] = field(default_factory=dict)
    id: str | None = None
    applied_at: datetime | None = None
    applied_by: str | None = None
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A calibration that the evidence asks for. shifts: all that would be in force; evidence: what they rest on, by name.

    key   belongs to the shifts: what a person agrees to is what they saw
    """

    shifts: dict[str, float]
    evidence: dict[str, dict[str, float]]

    @property
    def key(self) -> str:
        return hashlib.sha256(json.dumps(self.shifts, sort_keys=True).encode()).hexdigest()[:12]


def in_force(session: Session, agent_id: str) -> InForce:
    row = session.scalars(
        select(Calibration)
        .where(Calibration.agent_id == agent_id, Calibration.undone_at.is_(None))
        .order_by(Calibration.applied_at.desc(), Calibration.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return InForce()
    return InForce({k: float(v) for k, v in row.shifts.items()}, row.id, row.applied_at, row.applied_by, row.evidence)


def proposal(session: Session, agent: Agent) -> Proposal | None:
    """The calibration that the evidence asks for beyond the one in force; None if it asks for none."""
    present = in_force(session, agent.id).shifts
    shifts, evidence = dict(present), {}
    if risk := _risk(session, agent, present.get("risk", 0.0)):
        shifts["risk"], evidence["risk"] = risk
    for name in CONTACT:
        checked = _cells(session, agent.id, name, present.get(name, 0.0))
        if overconfident(checked) >= CERTAIN and (more := shift_of(checked)) < 0:
            shifts[name] = round(present.get(name, 0.0) + more, 2)
            wrong = sum(not right for _, right in checked)
            evidence[name] = {
                "looked_at": len(checked),
                "wrong": wrong,
                "stated": round(sum(1 - said for said, _ in checked), 1),
            }
    return Proposal(shifts, evidence) if evidence else None


def _risk(session: Session, agent: Agent, present: float) -> tuple[float, dict[str, float]] | None:
    """The smallest shift of the risk under which what still passes does not refute the stated error."""
    limit = limit_for(agent.max_error)
    known = [(risk, wrong) for risk, wrong in checked_passes(session, agent.id) if risk is not None]

    def left(shift: float) -> list[bool]:
        return [wrong for risk, wrong in known if shifted(risk, shift) <= limit]

    now_passing = left(present)
    if e_value(sum(now_passing), len(now_passing), agent.max_error) < CERTAIN:
        return None
    shift = present
    while shift < present + MOST:
        shift = round(shift + STEP, 2)
        passing = left(shift)
        if e_value(sum(passing), len(passing), agent.max_error) < CERTAIN:
            break
    return shift, {
        "looked_at": len(now_passing),
        "wrong": sum(now_passing),
        "stated": round(agent.max_error * len(now_passing), 1),
        "would_pass": len(left(shift)),
        "wrong_then": sum(left(shift)),
    }


def _cells(session: Session, agent_id: str, name: str, shift: float) -> list[tuple[float, bool]]:
    """(confidence as calibrated now, whether right) of what was checked of a field in rows of tables that passed."""
    rows = session.execute(
        select(Observation.said, Observation.right).where(
            Observation.agent_id == agent_id,
            Observation.automatic.is_(True),
            Observation.source == "cell",
            Observation.field == name,
        )
    )
    return [(shifted(said, shift), right) for said, right in rows]


def apply(agent: Agent, key: str, *, actor: str) -> str:
    """Puts the proposal with that key in force for whatever is judged from now on; returns the calibration's id.

    Batches that were judged keep the calibration they were judged with.
    raises   Conflict(PROPOSAL_CHANGED): people checked more in the meantime, and the proposal is another or none
    """
    with writing() as session:
        row = session.get_one(AgentRow, agent.id, with_for_update=True)
        found = proposal(session, agent)
        if found is None or found.key != key:
            raise Conflict(
                "PROPOSAL_CHANGED",
                f"The proposal for {agent.id} has changed since it was shown: reload the page and look at the new one.",
            )
        made = Calibration(
            id=ids.calibration_id(),
            agent_id=agent.id,
            shifts=found.shifts,
            evidence=found.evidence,
            applied_by=actor,
            applied_at=now(),
        )
        session.add(made)
        change.record(session, "recalibrated", row, actor=actor, rule=made.id)
        return made.id


def undo(agent_id: str, calibration_id: str, *, actor: str) -> bool:
    """Takes the calibration in force back: the one before it applies again. False if it is undone already.

    raises   Conflict(PROPOSAL_CHANGED): it is not the one in force
    """
    with writing() as session:
        row = session.get_one(AgentRow, agent_id, with_for_update=True)
        made = session.get(Calibration, calibration_id)
        if made is not None and made.agent_id == agent_id and made.undone_at is not None:
            return False
        if made is None or in_force(session, agent_id).id != calibration_id:
            raise Conflict(
                "PROPOSAL_CHANGED",
                f"That calibration of {agent_id} is not the one in force: reload the page and undo the newest.",
            )
        made.undone_at, made.undone_by = now(), actor
        change.record(session, "calibration_undone", row, actor=actor, rule=made.id)
    return True
