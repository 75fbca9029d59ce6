"""What people found when they looked at automatic passes caps what passes next, and never what was decided."""

from __future__ import annotations

from gateway.insight.agents import criteria
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.judging.evidence import NO_CAP, looked_at, risk_cap
from gateway.pipeline.judging.judge import judge_batch
from gateway.pipeline.review.review import decide
from gateway.quality.risk import limit_for
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Batch, Verdict
from support.stored import AGENT, batch, person


def passed(identity: str, risk: float, *, wrong: bool | None, outcome: str = "pass") -> None:
    """A delivered profile with its verdict and, unless wrong is None, the answer of an audit."""
    person(identity, state="delivered", codes=(), email=f"{identity}@quayside.org")
    with writing() as session:
        session.add(
            Verdict(
                id=f"v-{identity}",
                profile_id=identity,
                profile_version=1,
                suite_version="a.r.e",
                outcome=outcome,
                quality=0.9,
                completeness=0.9,
                findings=[],
                parts={"risk": risk},
            )
        )
        if wrong is not None:
            said, fields = ("wrong", ["email"]) if wrong else ("right", [])
            session.add(Audit(profile_id=identity, batch_id="b1", agent_id=AGENT, outcome=said, wrong_fields=fields))


def test_audits_that_refute_the_stated_error_cap_the_risk(store: str) -> None:
    batch()
    agent = agent_of(AGENT)
    limit = limit_for(agent.max_error)
    with reading() as session:
        assert risk_cap(session, agent) == NO_CAP, "no evidence: the shipped bound holds"
    for n in range(8):
        passed(f"w{n}", limit * 0.9, wrong=True)
    for n in range(8):
        passed(f"r{n}", limit * 0.2, wrong=False)
    passed("open", limit * 0.9, wrong=None)
    passed("held", limit * 0.9, wrong=True, outcome="hold")
    with reading() as session:
        seen = looked_at(session, AGENT)
        cap = risk_cap(session, agent)
    assert sorted(seen) == sorted([(limit * 0.9, True)] * 8 + [(limit * 0.2, False)] * 8)
    assert cap < limit
    (said,) = [s for one in criteria(agent) for s in one.sentences if s.startswith("People checked")]
    assert "16 of its automatic passes and found 8 wrong. That refutes the stated error" in said


def test_a_correction_of_what_would_have_passed_is_evidence_too(store: str) -> None:
    batch()
    passed("p1", 0.001, wrong=None)
    person("p2", codes=("REVIEW_MODE",), email="p2@quayside.org", name="Mira")
    with writing() as session:
        verdict = Verdict(id="v2", profile_id="p2", profile_version=1, suite_version="a.r.e", outcome="pass")
        verdict.quality = verdict.completeness = 0.9
        verdict.findings, verdict.parts = [], {"risk": 0.002}
        session.add(verdict)
    decide("p2", "correct", reviewer="rita", corrections={"name": "Mira Okonjo"})
    with reading() as session:
        assert looked_at(session, AGENT) == [(0.002, True)]


def test_a_batch_judged_again_keeps_the_evidence_of_its_first_judging(store: str) -> None:
    batch("b2", state="running")
    person("again", of="b2", state="passed", codes=(), email="again@quayside.org", phone="+4930901820")
    judge_batch("b2")
    batch()
    limit = limit_for(agent_of(AGENT).max_error)
    for n in range(8):
        passed(f"w{n}", limit * 0.9, wrong=True)
    judge_batch("b2")
    with reading() as session:
        assert risk_cap(session, agent_of(AGENT)) < limit, "a new batch would be judged more strictly"
        assert session.get_one(Batch, "b2").statistics["risk_cap"] == NO_CAP
