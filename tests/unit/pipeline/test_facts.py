"""The judge and the proof of the gates use the same facts: quality/compare is their one producer."""

from __future__ import annotations

from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.judging.compare import neighbour_facts
from gateway.pipeline.judging.judge import _cases
from gateway.quality.compare import compare
from gateway.quality.duplicates import Person
from gateway.store.engine import reading
from gateway.store.profiles import profile_rows
from gateway.store.tables import Batch
from support import stored


def test_the_judge_takes_every_fact_from_the_comparison(store: str) -> None:
    stored.batch()
    same_number = "+4930901820"
    ids = [
        stored.person("p1", name="Mira Okonjo", phone=same_number),
        stored.person("p2", name="Mira Okonjo", phone=same_number),  # a repeat by number alone
        stored.person("p3", name="Tomas Lind", email="tomas@quayside.org"),
        stored.person("p4", name="Ida Fenwick", email="TOMAS@quayside.org"),
    ]
    with reading() as session:
        loaded = {row.id: (row, value) for row, value in profile_rows(session, ids)}
        batch = session.get_one(Batch, "b1")
        agent = agent_of(stored.AGENT)
        cases, _ = _cases(session, agent, ids, batch, 1.0, {})
        facts = neighbour_facts(session, agent, loaded)
    expected = compare({identity: Person.of(value) for identity, (_, value) in loaded.items()})
    for case in cases:
        for name, value in expected[case.profile_id].facts().items():
            assert getattr(case, name) == facts[case.profile_id][name] == value, (case.profile_id, name)
    assert [case.repeats_in_batch for case in cases] == [False, True, False, True]


def test_single_corrected_profiles_repeat_nobody(store: str) -> None:
    stored.batch()
    ids = [stored.person(f"p{n}", email="mira@quayside.org", state="approved") for n in (1, 2)]
    with reading() as session:
        cases, _ = _cases(session, agent_of(stored.AGENT), ids, None, 1.0, {})
    assert not any(case.repeats_in_batch for case in cases)
