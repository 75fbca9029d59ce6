"""What people find becomes observations, alarms and a calibration that is proposed, applied and undone."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from gateway.errors import Conflict, Misconfigured
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.judging.judge import judge_batch
from gateway.pipeline.learning import calibrate
from gateway.pipeline.learning.alarms import close_alarm
from gateway.pipeline.learning.observe import MISSING, catch_up
from gateway.pipeline.replay import replay_history
from gateway.pipeline.review.audit import decide_audit
from gateway.pipeline.review.review import decide
from gateway.quality.risk import limit_for
from gateway.store.engine import reading, writing
from gateway.store.tables import Alarm, Audit, Batch, Event, Field, Observation, Verdict
from support.stored import AGENT, batch, person


def judged(
    identity: str, *, outcome: str = "pass", state: str = "delivered", risk: float | None = 0.001, **of: Any
) -> None:
    """A profile with its verdict, drawn for an audit where it was delivered."""
    codes = ("RISK_TOO_HIGH",) if outcome == "hold" else ()
    of = {"email": f"{identity}@quayside.org", "phone": "+4930901820", **of}
    person(identity, state=state, codes=codes, **of)
    with writing() as session:
        verdict = Verdict(id=f"v-{identity}", profile_id=identity, profile_version=1, suite_version="a.r.e")
        verdict.outcome, verdict.quality, verdict.completeness = outcome, 0.9, 0.9
        verdict.findings = [{"code": code, "severity": "critical"} for code in codes]
        verdict.parts = {} if risk is None else {"risk": risk}
        session.add(verdict)
        if state == "delivered":
            session.add(Audit(profile_id=identity, batch_id="b1", agent_id=AGENT, wrong_fields=[]))


def observed(identity: str) -> dict[str, tuple[float, str, bool, bool]]:
    with reading() as session:
        rows = session.scalars(select(Observation).where(Observation.profile_id == identity))
        return {row.field: (row.said, row.source, row.right, row.automatic) for row in rows}


def alarms() -> list[tuple[str, bool]]:
    with reading() as session:
        return [(row.code, row.closed_at is None) for row in session.scalars(select(Alarm).order_by(Alarm.raised_at))]


def test_an_audit_says_of_each_value_whether_it_was_right(store: str) -> None:
    batch()
    judged("p1")
    decide_audit("p1", False, reviewer="rita", wrong_fields=["phone", "skills"])
    read = (0.9, "text", True, True)
    assert observed("p1") == {"name": read, "email": read, "phone": (0.9, "text", False, True)}
    judged("p2")
    decide_audit("p2", False, reviewer="rita")
    assert observed("p2")["?"] == (1.0, MISSING, False, True), "wrong, and nobody said what"


def test_a_correction_remembers_what_was_read_and_an_undo_forgets(store: str) -> None:
    batch()
    judged("p1", outcome="hold", state="held")
    decide("p1", "correct", reviewer="rita", corrections={"name": "Mira Okonjo-Berg", "email": "p1@quayside.org"})
    assert observed("p1") == {
        "name": (0.9, "text", False, False),
        "email": (0.9, "text", True, False),
        "phone": (0.9, "text", True, False),
    }
    decide("p1", "undo", reviewer="rita")
    assert observed("p1") == {}
    decide("p1", "approve", reviewer="rita")
    assert all(right for _, _, right, _ in observed("p1").values())


def test_a_bulk_decision_and_a_discard_say_nothing(store: str) -> None:
    batch()
    for name in ("p1", "p2"):
        judged(name, outcome="hold", state="held")
    decide("p1", "approve", reviewer="rita", bulk_of=40)
    decide("p2", "discard", reviewer="rita")
    assert (observed("p1"), observed("p2")) == ({}, {})


def test_what_was_checked_before_observations_were_kept_is_caught_up(store: str) -> None:
    batch()
    judged("p1")
    decide_audit("p1", True, reviewer="rita")
    with writing() as session:
        for row in session.scalars(select(Observation)):
            session.delete(row)
    assert (catch_up(), len(observed("p1")), catch_up()) == (1, 3, 0)


def test_reality_beyond_the_stated_error_raises_one_alarm_with_its_notice(store: str) -> None:
    batch()
    for n in range(6):
        judged(f"p{n}")
        decide_audit(f"p{n}", n not in (2, 4), reviewer="rita", wrong_fields=[] if n not in (2, 4) else ["email"])
        assert alarms() == ([("ERROR_ABOVE_STATED", True)] if n >= 4 else []), (
            "one wrong may be chance; two of five are not"
        )
    with reading() as session:
        (alarm,) = session.scalars(select(Alarm)).all()
        event = session.scalars(select(Event).where(Event.kind == "alarm")).one()
    assert "checked 5 automatic passes" in alarm.sentence
    assert (event.subject_id, event.code, event.rule) == (AGENT, "ERROR_ABOVE_STATED", alarm.id)
    with pytest.raises(Misconfigured, match="no alarm") as unknown:
        close_alarm("another", alarm.id, actor="olga")
    assert unknown.value.code == "UNKNOWN_ALARM"
    assert close_alarm(AGENT, alarm.id, actor="olga")
    assert not close_alarm(AGENT, alarm.id, actor="olga")
    judged("q")
    decide_audit("q", False, reviewer="rita", wrong_fields=["name"])
    assert alarms() == [("ERROR_ABOVE_STATED", False)], "evidence from before it was closed does not raise it again"


def test_a_calibration_is_proposed_applied_and_undone(store: str) -> None:
    batch()
    agent = agent_of(AGENT)
    limit = limit_for(agent.max_error)
    for n in range(4):
        judged(f"w{n}", risk=limit * 0.9)
        decide_audit(f"w{n}", False, reviewer="rita", wrong_fields=["email"])
    for n in range(8):
        judged(f"r{n}", risk=limit * 0.02)
        decide_audit(f"r{n}", True, reviewer="rita")
    with reading() as session:
        found = calibrate.proposal(session, agent)
    assert found is not None
    assert found.shifts["risk"] > 0
    assert (found.evidence["risk"]["wrong"], found.evidence["risk"]["wrong_then"]) == (4, 0)
    with pytest.raises(Conflict) as stale:
        calibrate.apply(agent, "another", actor="olga")
    assert stale.value.code == "PROPOSAL_CHANGED"
    made = calibrate.apply(agent, found.key, actor="olga")
    with reading() as session:
        assert calibrate.in_force(session, AGENT).shifts == found.shifts
        assert calibrate.proposal(session, agent) is None, "the evidence asks for no more"
    assert calibrate.undo(AGENT, made, actor="olga")
    assert not calibrate.undo(AGENT, made, actor="olga")
    with reading() as session:
        assert calibrate.in_force(session, AGENT).shifts == {}
        told = session.scalars(select(Event.kind).where(Event.subject == "agent", Event.actor == "olga")).all()
    assert told == ["recalibrated", "calibration_undone"]
    with pytest.raises(Conflict):
        calibrate.undo(AGENT, "c-unknown", actor="olga")


def cells(identity: str, said: float) -> None:
    with writing() as session:
        for row in session.scalars(select(Field).where(Field.profile_id == identity)):
            row.source, row.confidence = "cell", said


def test_rows_of_lists_have_a_calibration_of_each_field_that_a_replay_reproduces(store: str) -> None:
    batch()
    agent = agent_of(AGENT)
    for n in range(12):
        judged(f"p{n}", risk=None, of="b1")
        cells(f"p{n}", 0.97)
        decide_audit(f"p{n}", n % 3 > 0, reviewer="rita", wrong_fields=[] if n % 3 else ["email"])
    with reading() as session:
        found = calibrate.proposal(session, agent)
    assert found is not None
    assert set(found.shifts) == {"email"}
    assert found.shifts["email"] < -1

    batch("b2", state="running")
    person("new", of="b2", state="passed", codes=(), email="new@quayside.org", phone="+4930901825")
    cells("new", 0.97)
    judge_batch("b2")
    made = calibrate.apply(agent, found.key, actor="olga")
    judge_batch("b2")
    with reading() as session:
        again = session.get_one(Batch, "b2")
        assert again.statistics["calibration"] == {}, "a batch keeps the calibration of its first judging"
    batch("b3", state="running")
    person(
        "late", of="b3", state="passed", codes=(), email="late@quayside.org", phone="+4930901826", name="Ida Fenwick"
    )
    cells("late", 0.97)
    judge_batch("b3")
    with reading() as session:
        verdict = session.scalars(select(Verdict).where(Verdict.profile_id == "late")).one()
    low = [f for f in verdict.findings if f["code"] == "CONFIDENCE_LOW"]
    assert [(f["field"], float(f["measured"]) < 0.9) for f in low] == [("email", True)]
    assert verdict.parts["fact.email_shift"] == found.shifts["email"]
    assert replay_history(agent, "b3").reproduced
    calibrate.undo(AGENT, made, actor="olga")
    assert replay_history(agent, "b3").reproduced, "what was decided under a calibration stays explained by it"
