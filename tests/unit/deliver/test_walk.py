"""One walk through what waits for a target: its answers, its pauses, its refusals. Nobody is lost and nobody twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.deliver.port import Receipt
from gateway.errors import Misconfigured, Refused, Transient
from gateway.pipeline.delivery import deliver as pipeline
from gateway.pipeline.delivery import ledger
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.store.engine import reading
from gateway.store.tables import Batch, Delivery, Event, Profile
from support.people import addresses, agent_file, batch, ledger_states, people, states
from support.scripted import LOST, Scripted, arrives_then, everyone_once


def test_answers_are_matched_by_id_whatever_their_order_and_number(target: Scripted) -> None:
    def scrambled(t: Scripted, requests: Any, taken: list[Receipt]) -> list[Receipt]:
        t.take(requests)
        strange = Receipt("x-not-ours", True, "t")
        refused = Receipt(taken[0].external_id, False, code="TARGET_REFUSED")
        return [strange, taken[4], taken[4], taken[1], refused, taken[0]]  # shuffled, short, repeated, contradicting

    target.script = [scrambled]
    batch_id = batch()
    people(batch_id, addresses(6))
    assert deliver_batch(batch_id) == {"delivered": 3, "unknown": 3}
    with reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.state == "confirmed")).all()
        assert all(row.receipt["target_id"] == f"t-{row.id}" for row in rows)
    assert deliver_batch(batch_id) == {"delivered": 3}
    everyone_once(target, 6)


def test_a_call_too_large_is_sent_in_halves(target: Scripted) -> None:
    from gateway.deliver.port import TooLarge

    target.chunk_size = 8
    target.script = [TooLarge("CALL_TOO_LARGE", "-"), TooLarge("CALL_TOO_LARGE", "-")]
    batch_id = batch()
    people(batch_id, addresses(8))
    assert deliver_batch(batch_id) == {"delivered": 8}
    assert target.chunk_size == 2
    everyone_once(target, 8)


def test_a_pause_is_waited_out_and_nobody_is_lost(target: Scripted) -> None:
    target.script = [Transient("RATE_LIMITED", "-", 1.0)] * 3
    batch_id = batch()
    people(batch_id, addresses(3))
    assert deliver_batch(batch_id) == {"delivered": 3}
    everyone_once(target, 3)


def test_a_target_that_is_down_ends_the_task_and_the_next_one_goes_on(target: Scripted) -> None:
    target.chunk_size = 1
    target.script = [Transient("TARGET_UNREACHABLE", "-")] * pipeline.STRIKES
    batch_id = batch()
    people(batch_id, addresses(5))
    with pytest.raises(Transient):
        deliver_batch(batch_id)
    assert states() == {"passed": 5}
    assert deliver_batch(batch_id) == {"delivered": 5}
    everyone_once(target, 5)


def test_a_refused_key_stops_at_once_and_nothing_is_lost(target: Scripted) -> None:
    target.script = [Misconfigured("TARGET_KEY_REFUSED", "-")]
    batch_id = batch()
    people(batch_id, addresses(3))
    with pytest.raises(Misconfigured):
        deliver_batch(batch_id)
    assert (states(), ledger_states()) == ({"passed": 3}, {"reserved": 3})
    assert deliver_batch(batch_id) == {"delivered": 3}


def test_a_closed_posting_holds_what_waits_with_the_reason(target: Scripted) -> None:
    target.chunk_size = 2
    target.script = [None, Refused("TARGET_GONE", "The posting is not there.")]
    batch_id = batch()
    people(batch_id, addresses(5))
    assert deliver_batch(batch_id) == {"delivered": 2, "held": 3}
    with reading() as session:
        assert session.get_one(Batch, batch_id).code == "TARGET_GONE"
        held = session.scalars(select(Profile).where(Profile.state == "held")).all()
    assert all(profile.codes == ["TARGET_GONE"] for profile in held)
    for profile in held:
        decide(profile.id, "approve", reviewer="r")
    deliver_reviewed()
    assert states() == {"delivered": 5}
    everyone_once(target, 5)


def test_one_agents_closed_door_does_not_keep_the_others_waiting(
    store: str, agents_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = {"a-first": Scripted(), "b-second": Scripted()}
    targets["a-first"].closed = Misconfigured("TARGET_KEY_REFUSED", "-")
    monkeypatch.setattr(pipeline, "target_of", lambda agent, live=True: targets[agent.id])
    for number, agent_id in enumerate(targets):
        agent_file(agents_dir, {"kind": "own_pool", "posting": agent_id}, agent_id)
        people(batch(agent_id), addresses(1, start=number), "approved", agent_id)
    with pytest.raises(Misconfigured):
        deliver_reviewed()
    assert len(targets["b-second"].arrived) == 1


def test_a_target_that_loses_what_it_takes_is_given_up_and_told(target: Scripted) -> None:
    batch_id = batch()
    people(batch_id, addresses(1))
    target.script = [LOST] * ledger.MAX_ATTEMPTS
    for _ in range(ledger.MAX_ATTEMPTS):
        deliver_batch(batch_id)
    deliver_batch(batch_id)
    assert states() == {"refused": 1}
    with reading() as session:
        assert session.scalars(select(Delivery.code)).all() == ["TARGET_LOSES"]


def test_an_unforeseen_failure_counts_as_unanswered_and_tells_no_content(target: Scripted) -> None:
    target.script = [arrives_then(ValueError("person.0@example.org is strange"))]
    batch_id = batch()
    people(batch_id, addresses(2))
    deliver_batch(batch_id)
    assert states() == {"unknown": 2}
    assert deliver_batch(batch_id) == {"delivered": 2}
    everyone_once(target, 2)


def test_every_step_leaves_an_event(target: Scripted) -> None:
    target.script = [LOST]
    batch_id = batch()
    people(batch_id, addresses(1))
    deliver_batch(batch_id)
    deliver_batch(batch_id)
    with reading() as session:
        told = session.scalars(select(Event.after).where(Event.subject == "delivery").order_by(Event.id)).all()
    assert told == ["reserved", "sent", "unknown", "reserved", "sent", "confirmed"]


def test_a_profile_without_address_or_name_is_held_not_sent(target: Scripted) -> None:
    batch_id = batch()
    people(batch_id, ["person.1@example.org"], name=" ")
    people(batch_id, ["person.2@example.org"], email=None)
    people(batch_id, ["person.3@example.org"], email_norm=None)
    assert deliver_batch(batch_id) == {"held": 3}
    assert target.arrived == []
