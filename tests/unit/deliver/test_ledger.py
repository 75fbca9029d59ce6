"""At most once, whatever happens between reserving and the answer. Each test is a hole that was thought of."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from gateway.deliver.port import Receipt
from gateway.errors import Conflict, Misconfigured, Transient
from gateway.pipeline.delivery import deliver as pipeline
from gateway.pipeline.delivery import ledger
from gateway.pipeline.delivery.deliver import deliver_batch, deliver_profiles
from gateway.pipeline.review.bulk import decide_many
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Delivery, Profile, now
from support.people import addresses, agent_file, batch, ledger_states, people, states
from support.scripted import LOST, Scripted, arrives_then, everyone_once


def test_what_arrived_without_an_answer_is_found_and_not_sent_again(target: Scripted) -> None:
    target.script = [arrives_then(LOST)]
    batch_id = batch()
    people(batch_id, addresses(3))
    assert deliver_batch(batch_id) == {"unknown": 3}
    assert deliver_batch(batch_id) == {"delivered": 3}
    everyone_once(target, 3)


def test_what_did_not_arrive_is_sent_again_after_the_target_said_so(target: Scripted) -> None:
    target.script = [LOST]
    batch_id = batch()
    people(batch_id, addresses(3))
    assert deliver_batch(batch_id) == {"unknown": 3}
    assert deliver_batch(batch_id) == {"delivered": 3}
    everyone_once(target, 3)


def test_unclear_rows_are_left_alone_until_their_request_cannot_be_on_its_way(target: Scripted) -> None:
    """Absence proves nothing while the request may still be queued somewhere."""
    target.settle_s, target.script = 3600.0, [LOST]
    batch_id = batch()
    people(batch_id, addresses(2))
    deliver_batch(batch_id)
    assert deliver_batch(batch_id) == {}
    assert states() == {"unknown": 2}
    with writing() as session:
        for row in session.scalars(select(Delivery)):
            row.due_at = now() - timedelta(seconds=1)
    assert deliver_batch(batch_id) == {"delivered": 2}


def test_rows_that_another_worker_is_sending_now_are_not_looked_for(target: Scripted, agent: Any) -> None:
    """The other worker reserved and is about to send; asking the target would prove an absence that ends in a second."""
    target.settle_s = 60.0
    batch_id = batch()
    ids = people(batch_id, addresses(2))
    sending = ledger.reserve(agent, target, ids)
    assert deliver_batch(batch_id) == {"passed": 2}
    assert target.arrived == []
    ledger.reconcile(sending, target.put(sending.requests))
    assert states() == {"delivered": 2}
    everyone_once(target, 2)


def test_a_killed_worker_of_reviewed_deliveries_leaves_nothing_stuck(target: Scripted, agent: Any) -> None:
    batch_id = batch()
    ids = people(batch_id, addresses(4), state="approved")
    sending = ledger.reserve(agent, target, ids[:2])
    target.take(sending.requests[:1])  # one arrived, then the worker was killed
    deliver_reviewed()
    assert states() == {"delivered": 4}
    everyone_once(target, 4)


def test_unknown_profiles_are_settled_by_whoever_delivers_next(target: Scripted) -> None:
    """Not only by a new run of their own batch."""
    target.script = [arrives_then(LOST)]
    first = batch()
    people(first, addresses(2))
    deliver_batch(first)
    with reading() as session:
        assert set(session.scalars(select(Delivery.code))) == {"DELIVERY_UNKNOWN"}
    second = batch()
    people(second, addresses(1, start=10))
    deliver_batch(second)
    assert states(first) == {"delivered": 2}


def test_an_export_that_a_crash_prevented_is_written_later(target: Scripted) -> None:
    batch_id = batch()
    people(batch_id, addresses(2), state="approved")

    def crash(posting: str, batch_id: str) -> None:
        raise RuntimeError("killed")

    target.finish = crash  # type: ignore[method-assign]
    with pytest.raises(RuntimeError):
        deliver_reviewed()
    del target.finish  # type: ignore[method-assign]
    assert states() == {"delivered": 2}
    deliver_reviewed()
    assert target.finished == [batch_id]


def test_an_unwritten_export_is_business_for_the_next_walk(target: Scripted, agent: Any) -> None:
    batch_id = batch()
    ids = people(batch_id, addresses(2), state="approved")
    sending = ledger.reserve(agent, target, ids)
    ledger.reconcile(
        sending, target.put(sending.requests)
    )  # killed here: nobody is approved any more, nothing exported
    assert pipeline.agents_with_pending() == ["tester"]
    deliver_reviewed()
    assert target.finished == [batch_id]
    assert pipeline.agents_with_pending() == []


def test_a_refused_person_does_not_swallow_the_next_resume_of_that_person(target: Scripted) -> None:
    target.script = [lambda t, requests, taken: [Receipt(requests[0].external_id, False, code="TARGET_REFUSED")]]
    first = batch()
    people(first, ["person.x@example.org"])
    assert deliver_batch(first) == {"refused": 1}
    second = batch()
    people(second, ["person.x@example.org"])
    assert deliver_batch(second) == {"delivered": 1}
    assert (states(first), states(second)) == ({"refused": 1}, {"delivered": 1})


def test_refused_then_approved_again_is_sent_once_more(target: Scripted) -> None:
    target.script = [lambda t, requests, taken: [Receipt(requests[0].external_id, False, code="TARGET_REFUSED")]]
    batch_id = batch()
    (profile_id,) = people(batch_id, addresses(1))
    deliver_batch(batch_id)
    decide(profile_id, "approve", reviewer="r")
    deliver_reviewed()
    assert states() == {"delivered": 1}
    everyone_once(target, 1)


def test_a_discarded_reservation_does_not_swallow_the_next_resume(target: Scripted) -> None:
    target.script = [Misconfigured("TARGET_KEY_REFUSED", "no")]
    first = batch()
    (profile_id,) = people(first, ["person.x@example.org"], state="approved")
    with pytest.raises(Misconfigured):
        deliver_reviewed()
    assert ledger_states() == {"reserved": 1}
    decide(profile_id, "discard", reviewer="r")
    second = batch()
    people(second, ["person.x@example.org"])
    assert deliver_batch(second) == {"delivered": 1}
    everyone_once(target, 1)


def test_the_same_person_in_two_batches_at_once_is_sent_once(target: Scripted, agent: Any) -> None:
    """Two workers, the same addresses, started together, many times."""
    emails = addresses(40)
    batches = [batch(), batch()]
    for batch_id in batches:
        people(batch_id, emails)
    with reading() as session:
        ids = {b: session.scalars(select(Profile.id).where(Profile.batch_id == b)).all() for b in batches}
    barrier, lock, failures = threading.Barrier(2), threading.Lock(), []

    def work(batch_id: str) -> None:
        try:
            barrier.wait()
            for start in range(0, 40, 5):
                sending = ledger.reserve(agent, target, ids[batch_id][start : start + 5])
                with lock:
                    receipts = target.put(sending.requests) if sending.requests else []
                ledger.reconcile(sending, receipts)
        except Exception as wrong:
            failures.append(wrong)

    threads = [threading.Thread(target=work, args=(b,)) for b in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    everyone_once(target, 40)
    assert states() == {"delivered": 40, "duplicate": 40}


def test_two_workers_on_the_same_unclear_rows_send_them_once(target: Scripted, agent: Any) -> None:
    """A cleared task beside its still running self: both look, both find nothing, one sends."""
    target.script = [LOST]
    batch_id = batch()
    people(batch_id, addresses(20))
    deliver_batch(batch_id)
    target.settle_s = 60.0
    both_looked = threading.Barrier(2, timeout=20)
    original, failures = target.find, []

    def find(posting: str, lookups: Any, since: Any) -> Any:
        answer = original(posting, lookups, since)
        both_looked.wait()
        return answer

    target.find = find  # type: ignore[method-assign]

    def work() -> None:
        try:
            deliver_profiles(agent, [])
        except Exception as wrong:
            failures.append(wrong)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    everyone_once(target, 20)
    assert states() == {"delivered": 20}


def test_a_worker_that_was_stopped_after_reserving_does_not_send(target: Scripted, agent: Any) -> None:
    batch_id = batch()
    ids = people(batch_id, addresses(2))
    sending = ledger.reserve(agent, target, ids)
    late = ledger.Sending(sending.requests, sending.attempts, sending.reserved_at - ledger.START_WITHIN_S - 1)
    with pytest.raises(Transient, match="SENDING_DELAYED"):
        pipeline._put(target, late)
    assert target.arrived == []
    assert ledger_states() == {"reserved": 2}
    assert deliver_batch(batch_id) == {"delivered": 2}


def test_a_late_answer_of_an_earlier_sending_does_not_move_a_later_one(target: Scripted, agent: Any) -> None:
    batch_id = batch()
    ids = people(batch_id, addresses(1))
    first = ledger.reserve(agent, target, ids)
    pipeline.reconcile(agent, target, pipeline.Walk())  # proved absent
    second = ledger.reserve(agent, target, ids)
    (external_id,) = second.attempts
    ledger.reconcile(first, [Receipt(external_id, False, code="TARGET_REFUSED")])
    ledger.give_back(first)
    assert ledger_states() == {"sent": 1}
    ledger.reconcile(first, [Receipt(external_id, True, "t1")])  # but an acceptance is a fact
    assert states() == {"delivered": 1}


@pytest.mark.parametrize(("state", "phone"), [("approved", "+14155550134"), ("passed", None)])
def test_what_a_person_let_be_sent_is_sent_again_as_it_was(
    target: Scripted, agent: Any, monkeypatch: pytest.MonkeyPatch, state: str, phone: str | None
) -> None:
    """Proved absent, an approval is an approval still: the guessed number that only a person lets pass goes along."""
    asked: list[str | None] = []
    put = target.put
    monkeypatch.setattr(target, "put", lambda given: [asked.append(given[0].phone), put(given)][1])
    target.script = [LOST]
    marked = {"phone": "+14155550134", "data": {"marks": ["PHONE_COUNTRY_GUESSED"]}}
    profile_ids = people(batch(), addresses(1), state=state, **marked)
    deliver_profiles(agent, profile_ids)
    deliver_profiles(agent, [])
    assert asked == [phone, phone]
    assert states() == {"delivered": 1}


@pytest.mark.parametrize(
    ("policy", "together", "phone"),
    [("leave_out", True, None), ("leave_out", False, "+14155550134"), ("hold", True, "+14155550134")],
)
def test_a_click_for_many_vouches_for_no_guessed_number(
    target: Scripted, agents_dir: Any, monkeypatch: pytest.MonkeyPatch, policy: str, together: bool, phone: str | None
) -> None:
    asked: list[str | None] = []
    put = target.put
    monkeypatch.setattr(target, "put", lambda given: [asked.append(given[0].phone), put(given)][1])
    agent = agent_file(agents_dir, {"kind": "own_pool", "posting": "P"}, phone_without_country=policy)
    marked = {"phone": "+14155550134", "data": {"marks": ["PHONE_COUNTRY_GUESSED"]}}
    profile_ids = people(batch(), addresses(1), state="held", **marked)
    if together:
        decide_many(profile_ids, "approve", reviewer="rita", expected=1)
    else:
        decide(profile_ids[0], "approve", reviewer="rita")
    deliver_profiles(agent, profile_ids)
    assert asked == [phone]


def test_nobody_can_take_back_a_decision_while_it_is_being_sent(target: Scripted, agent: Any) -> None:
    batch_id = batch()
    (profile_id,) = people(batch_id, addresses(1), state="approved")
    ledger.reserve(agent, target, [profile_id])
    for decision in ("undo", "discard"):
        with pytest.raises(Conflict):
            decide(profile_id, decision, reviewer="r")
    assert states() == {"approved": 1}


def test_what_the_target_has_is_delivered_whatever_was_decided_meanwhile(target: Scripted, agent: Any) -> None:
    """Judged again after a crash and held: the fact in the target wins, and nothing blows up."""
    batch_id = batch()
    ids = people(batch_id, addresses(2))
    sending = ledger.reserve(agent, target, ids)
    target.take(sending.requests[:1])
    with writing() as session:
        for profile in session.scalars(select(Profile)):
            change.move(session, profile, "held", actor="judge")
    deliver_profiles(agent, [])
    assert states() == {"delivered": 1, "held": 1}
    assert ledger_states() == {"confirmed": 1, "reserved": 1}
    everyone_once(target, 1)


def test_a_dry_run_is_never_sent_even_if_somebody_approves_in_it(target: Scripted) -> None:
    batch_id = batch(mode="dry_run")
    people(batch_id, addresses(1), state="approved")
    people(batch_id, addresses(1, start=5))
    assert deliver_batch(batch_id) == {"would_send": 2}
    deliver_reviewed()
    assert target.arrived == []
    assert ledger_states() == {}
