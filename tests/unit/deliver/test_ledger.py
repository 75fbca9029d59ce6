"""At most once, whatever happens between reserving and the answer. Each test is a hole that was thought of."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.deliver.port import Receipt, Request, Unanswered
from gateway.errors import Conflict, Misconfigured, Refused, Transient
from gateway.pipeline.delivery import deliver as pipeline
from gateway.pipeline.delivery import ledger
from gateway.pipeline.delivery.deliver import deliver_batch, deliver_profiles
from gateway.pipeline.review.bulk import decide_many
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Event, Profile, now
from support.people import addresses, agent_file, batch, ledger_states, people, states


class Scripted:
    """A target in memory. `script` says what each put does; what arrived is in `arrived`, one entry a sending."""

    kind = "own_pool"
    idempotent = False

    def __init__(self, script: Sequence[Any] = (), chunk: int = 100, settle_s: float = 0.0) -> None:
        self.script, self.chunk_size, self.settle_s = list(script), chunk, settle_s
        self.arrived: list[str] = []
        self.emails: list[str] = []
        self.closed: Exception | None = None
        self.finished: list[str] = []
        self.hidden: set[str] = set()

    def preflight(self, posting: str) -> None:
        if self.closed:
            raise self.closed

    def wait_turn(self) -> None: ...

    def smaller(self) -> None:
        self.chunk_size = max(1, self.chunk_size // 2)

    def put(self, requests: Sequence[Request]) -> list[Receipt]:
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        taken = [Receipt(request.external_id, True, f"t-{request.external_id}") for request in requests]
        if callable(step):
            return step(self, requests, taken)
        self.take(requests)
        return taken

    def take(self, requests: Sequence[Request]) -> None:
        self.arrived += [request.external_id for request in requests]
        self.emails += [request.email for request in requests]

    def find(self, posting: str, lookups: Any, since: Any) -> list[Receipt]:
        return [
            Receipt(s.external_id, True, f"t-{s.external_id}", matched="external_id")
            for s in lookups
            if s.external_id in self.arrived and s.external_id not in self.hidden
        ]

    def finish(self, posting: str, batch_id: str) -> None:
        self.finished.append(batch_id)

    def show(self, requests: Any) -> list[Any]:
        return []


def arrives_then(failure: Exception) -> Any:
    def step(target: Scripted, requests: Any, taken: Any) -> Any:
        target.take(requests)
        raise failure

    return step


LOST = Unanswered("DELIVERY_UNKNOWN", "no answer")


@pytest.fixture
def agent(store: str, agents_dir: Path) -> Any:
    return agent_file(agents_dir, {"kind": "own_pool", "posting": "P-1"})


@pytest.fixture
def target(agent: Any, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    made = Scripted()
    monkeypatch.setattr(pipeline, "target_of", lambda agent, live=True: made)
    monkeypatch.setattr(pipeline.time, "sleep", lambda s: None)
    return made


def everyone_once(target: Scripted, number: int) -> None:
    assert sorted(target.emails) == sorted(set(target.emails)), "somebody was sent twice"
    assert len(target.emails) == number


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
