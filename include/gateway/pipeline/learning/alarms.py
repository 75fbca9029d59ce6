"""Alarms: raised once with a notice, open until a person closes them. Here too: the watch over the stated error."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.errors import Misconfigured
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.learning.calibrate import in_force
from gateway.pipeline.learning.observe import checked_passes, observe
from gateway.quality.bound import CERTAIN, e_value
from gateway.quality.risk import limit_for
from gateway.quality.sequential import ERROR_EVERY, ErrorWatch
from gateway.settings import settings
from gateway.store import change, ids, outbox
from gateway.store.engine import writing
from gateway.store.tables import Agent as AgentRow
from gateway.store.tables import Alarm, Profile, now

ACTOR = "watch"


def raise_alarm(session: Session, agent_id: str, code: str, about: str, sentence: str, data: dict[str, Any]) -> bool:
    """Raises an alarm with its notice, unless one about the same is open; True if it is new.

    about      tells alarms of one code apart ("" = the agent as a whole)
    sentence   what was measured and what to do; no personal data
    """
    agent = session.get_one(AgentRow, agent_id, with_for_update={"key_share": True})
    about = about[:200]
    same = Alarm.agent_id == agent_id, Alarm.code == code, Alarm.about == about
    if session.scalar(select(Alarm.id).where(*same, Alarm.closed_at.is_(None)).limit(1)) is not None:
        return False
    alarm = Alarm(
        id=ids.alarm_id(), agent_id=agent_id, code=code, about=about, sentence=sentence, data=data, raised_at=now()
    )
    session.add(alarm)
    change.record(session, "alarm", agent, actor=ACTOR, code=code, rule=alarm.id)
    page = settings().page(f"/agents/{agent_id}/reliability")
    told = {"code": code, "sentence": sentence, "url": page or None}
    outbox.emit(session, "alarm.raised", agent_id, told, once=f"alarm.raised:{alarm.id}")
    return True


def close_alarm(agent_id: str, alarm_id: str, *, actor: str) -> bool:
    """Closes an alarm: a person has looked into it. False if it is closed already; raises Misconfigured(UNKNOWN_CERTAIN)."""
    with writing() as session:
        alarm = session.get(Alarm, alarm_id, with_for_update=True)
        if alarm is None or alarm.agent_id != agent_id:
            raise Misconfigured("UNKNOWN_ALARM", f"Agent {agent_id} has no alarm {alarm_id!r}; its page lists them.")
        if alarm.closed_at is not None:
            return False
        alarm.closed_at, alarm.closed_by = now(), actor
        agent = session.get_one(AgentRow, agent_id)
        change.record(session, "alarm_closed", agent, actor=actor, code=alarm.code, rule=alarm.id)
    return True


def learn(session: Session, profile: Profile) -> None:
    """After each answer of a person: the profile's observations, and the alarm if they say that too much is wrong."""
    made = observe(session, profile)
    if any(not one.right and one.automatic for one in made):  # only a wrong pass can raise it
        with suppress(Misconfigured):  # an agent without a file lets nobody pass any more
            watch_error(session, agent_of(profile.agent_id))


def watch_error(session: Session, agent: Agent) -> bool:
    """Raises ERROR_ABOVE_STATED where what people found refutes the stated error; True if it is new.

    Two tests that may be looked at after each answer: over everything ever checked (at most one false alarm in 100 agents), and
    for a change (at most one in ERROR_EVERY checked passes). Evidence from before the last such alarm was closed does not
    raise it again.
    """
    last = session.scalar(
        select(func.max(Alarm.closed_at)).where(Alarm.agent_id == agent.id, Alarm.code == "ERROR_ABOVE_STATED")
    )
    calibration = in_force(session, agent.id)
    limit = limit_for(agent.max_error)
    since = max((at for at in (last, calibration.applied_at) if at is not None), default=None)
    found = checked_passes(session, agent.id, calibration.shifts.get("risk", 0.0), since)
    watch = ErrorWatch(agent.max_error)
    raised = False
    for risk, wrong in found:
        if risk is None or risk <= limit:  # under the calibration in force the others would not have passed
            raised = watch.add(wrong) or raised
    total = e_value(watch.wrong, watch.seen, agent.max_error)
    if not raised and total < CERTAIN:
        return False
    sentence = (
        f"People checked {watch.seen:,} automatic passes of {agent.title} and found {watch.wrong:,} wrong; stated were at most "
        f"{agent.max_error:.2%}. Look at what was wrong, then apply the proposed calibration, or state a larger error."
    )
    data = {"looked_at": watch.seen, "wrong": watch.wrong, "max_error": agent.max_error, "every": ERROR_EVERY}
    return raise_alarm(session, agent.id, "ERROR_ABOVE_STATED", "", sentence, data)
