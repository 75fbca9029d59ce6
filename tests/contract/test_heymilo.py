"""HeyMilo's API as the gateway uses it, against a double that keeps its contract and misbehaves on request."""

from __future__ import annotations

import time
from typing import Any

import pytest
from sqlalchemy import select

from gateway.deliver.client import retry_after_s
from gateway.deliver.heymilo import why_closed
from gateway.errors import Misconfigured, Refused, Transient
from gateway.pipeline.delivery.deliver import deliver_batch, preflight_batch
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.store.engine import reading
from gateway.store.tables import Batch, Delivery, Event, Profile
from support.heymilo import World
from support.people import addresses, batch, connection, ledger_states, people, states


def arrived(world: World) -> list[str]:
    return [row["email"] for row in world.candidates.get("POST1", [])]


def everyone_once(world: World, number: int) -> None:
    assert len(arrived(world)) == len(set(arrived(world))) == number
    with reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.state == "confirmed")).all()
    by_id = {row["metadata"]["external_id"]: row["interview_id"] for row in world.candidates["POST1"]}
    assert {row.id: row.receipt["target_id"] for row in rows} == by_id


@pytest.mark.parametrize("chunk", [1, 4, 50])
def test_candidates_arrive_with_everything_the_api_takes(world: World, heymilo: Any, store: str, chunk: int) -> None:
    heymilo(chunk=chunk)
    batch_id = batch()
    people(batch_id, addresses(9))
    assert deliver_batch(batch_id) == {"delivered": 9}
    everyone_once(world, 9)
    row = world.candidates["POST1"][0]
    assert row["metadata"].keys() == {"external_id", "source_batch", "document_sha256", "profile_id"}
    assert row["data"]["work"] == [{"name": "Oak & Sons", "position": "Fitter", "startDate": "2019-04"}]
    assert row["data"]["skills"][1] == {"name": "Örtliche Planung"}
    with reading() as session:
        receipt = session.scalars(select(Delivery.receipt)).first()
    assert receipt is not None
    assert receipt["url"].startswith("https://candidates.example.org/i/")


@pytest.mark.parametrize("chunk", [1, 10])
@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "error_before", "error_after", "half_answer", "html", "429", "429_after"]
)
def test_one_fault_costs_nobody_and_doubles_nobody(
    world: World, heymilo: Any, fault: str, chunk: int, monkeypatch: Any
) -> None:
    heymilo(chunk=chunk)
    monkeypatch.setattr("gateway.deliver.client.random.uniform", lambda a, b: 0.02)
    world.faults = ["none", fault] if chunk == 1 else [fault]
    batch_id = batch()
    people(batch_id, addresses(6))
    deliver_batch(batch_id)
    deliver_batch(batch_id)
    assert states() == {"delivered": 6}
    everyone_once(world, 6)


@pytest.mark.parametrize("fault", ["shuffle", "short", "repeat", "no_metadata"])
@pytest.mark.parametrize("same_interview", [True, False])
def test_strange_bulk_answers(world: World, heymilo: Any, fault: str, same_interview: bool) -> None:
    heymilo()
    world.faults, world.same_interview = [fault], same_interview
    batch_id = batch()
    people(batch_id, addresses(10))
    deliver_batch(batch_id)
    deliver_batch(batch_id)
    assert states() == {"delivered": 10}
    everyone_once(world, 10)


@pytest.mark.parametrize("shape", ["422_fastapi", "422_envelope"])
@pytest.mark.parametrize("chunk", [1, 10])
def test_a_refused_record_names_its_field_and_stops_no_other(
    world: World, heymilo: Any, shape: str, chunk: int
) -> None:
    heymilo(chunk=chunk)
    world.faults = [shape]
    batch_id = batch()
    people(batch_id, addresses(5))
    deliver_batch(batch_id)
    deliver_batch(batch_id)
    assert states() == {"delivered": 4, "refused": 1}
    everyone_once(world, 4)
    with reading() as session:
        row = session.scalars(select(Delivery).where(Delivery.state == "refused")).one()
    assert row.code == "TARGET_REFUSED"
    assert row.error is not None
    assert "email" in row.error
    assert "@" not in row.error


def test_a_record_refused_again_and_again_is_found_among_many(world: World, heymilo: Any) -> None:
    heymilo(chunk=16)
    batch_id = batch()
    people(batch_id, [*addresses(20), "refuse-me@example.org", *addresses(20, start=20)])
    for _ in range(3):
        deliver_batch(batch_id)
    assert states() == {"delivered": 40, "refused": 1}
    everyone_once(world, 40)


def test_a_refused_candidate_can_be_approved_again(world: World, heymilo: Any) -> None:
    heymilo(chunk=1)
    world.faults = ["422_envelope"]
    batch_id = batch()
    (profile_id,) = people(batch_id, addresses(1))
    deliver_batch(batch_id)
    decide(profile_id, "approve", reviewer="r")
    deliver_reviewed()
    assert states() == {"delivered": 1}


def test_calls_shrink_when_they_are_too_large_and_everybody_arrives(world: World, heymilo: Any) -> None:
    heymilo(chunk=32)
    world.max_items = 5
    batch_id = batch()
    people(batch_id, addresses(23))
    assert deliver_batch(batch_id) == {"delivered": 23}
    everyone_once(world, 23)


def test_a_wrong_key_stops_at_once_without_retry(world: World, server: str, heymilo: Any, monkeypatch: Any) -> None:
    heymilo()
    connection(monkeypatch, "heymilo_default", server, "wrong")
    batch_id = batch()
    people(batch_id, addresses(3))
    with pytest.raises(Misconfigured, match="TARGET_KEY_REFUSED"):
        deliver_batch(batch_id)
    assert world.calls == 1
    assert states() == {"passed": 3}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"status": "draft"}, "TARGET_CLOSED"),
        ({"status": "expired"}, "TARGET_CLOSED"),
        ({"status": "something new"}, "TARGET_CLOSED"),
        ({"finalized": False}, "TARGET_CLOSED"),
        ({"archived": True}, "TARGET_CLOSED"),
        ({"deadline": 1.0}, "TARGET_CLOSED"),
        ({"test_posting": False}, "TARGET_NOT_TEST"),
    ],
)
def test_a_closed_posting_stops_the_batch_before_anything_is_read(
    world: World, heymilo: Any, changes: Any, code: str
) -> None:
    heymilo()
    world.open_posting("POST1", **changes)
    batch_id = batch()
    with pytest.raises(Refused, match=code):
        preflight_batch(batch_id)
    with reading() as session:
        row = session.get_one(Batch, batch_id)
    assert (row.state, row.code) == ("failed", code)
    assert world.writes == 0


def test_a_posting_that_is_gone_holds_the_batch(world: World, heymilo: Any) -> None:
    heymilo()
    batch_id = batch()
    people(batch_id, addresses(3))
    world.postings.clear()
    assert deliver_batch(batch_id) == {"held": 3}
    with reading() as session:
        assert session.get_one(Batch, batch_id).code == "TARGET_GONE"


def test_a_real_posting_is_taken_where_the_agent_says_so(world: World, heymilo: Any) -> None:
    heymilo(test_posting_required=False)
    world.open_posting("POST1", test_posting=False, deadline=None)
    preflight_batch(batch())


def test_reviews_and_dry_runs_ask_nothing(world: World, heymilo: Any) -> None:
    heymilo()
    for mode in ("review", "dry_run"):
        preflight_batch(batch(mode=mode))
    assert world.calls == 0


def test_someone_already_in_the_posting_by_another_way_is_not_sent_for_ever(world: World, heymilo: Any) -> None:
    """The API gives the old interview back, without our id: recognised by the address, at last in the whole list."""
    heymilo()
    world.same_interview = True
    old = world.take("POST1", {"name": "Before", "email": "Person.0@Example.org", "metadata": {"ats_stage": "x"}})
    old["created_at"] = time.time() - 90 * 86_400
    batch_id = batch()
    people(batch_id, addresses(2))
    for _ in range(3):
        deliver_batch(batch_id)
    assert states() == {"delivered": 2}
    assert len(arrived(world)) == 2
    with reading() as session:
        receipts = {r.email_norm: r.receipt for r in session.scalars(select(Delivery))}
    assert receipts["person.0@example.org"] == {
        "target_id": old["interview_id"],
        "url": old["interview_url"],
        "matched": "email",
    }


def test_a_row_that_slips_between_two_pages_is_not_taken_for_absent(world: World, heymilo: Any) -> None:
    heymilo(chunk=500)
    world.faults, world.list_faults = ["drop_after"], ["none", "shift"]
    batch_id = batch()
    people(batch_id, addresses(230))
    deliver_batch(batch_id)
    assert deliver_batch(batch_id) == {"delivered": 230}
    everyone_once(world, 230)


@pytest.mark.parametrize("fault", ["error", "429"])
def test_a_list_that_fails_proves_nothing(world: World, heymilo: Any, fault: str) -> None:
    heymilo()
    batch_id = batch()
    people(batch_id, addresses(4))
    world.faults = ["drop_after"]
    deliver_batch(batch_id)
    world.list_faults = [fault]
    if fault == "error":
        with pytest.raises(Transient):
            deliver_batch(batch_id)
        assert ledger_states() == {"unknown": 4}
    deliver_batch(batch_id)
    everyone_once(world, 4)


@pytest.mark.parametrize("chunk", [1, 10])
def test_queued_candidates_are_unknown_until_the_list_shows_them(world: World, heymilo: Any, chunk: int) -> None:
    heymilo(chunk=chunk, wait_for_answer=False, queue_settle_s=0.3)
    world.queue_delay_s = 0.2
    batch_id = batch()
    people(batch_id, addresses(3))
    deliver_batch(batch_id)
    assert states() == {"unknown": 3}
    time.sleep(0.4)
    assert deliver_batch(batch_id) == {"delivered": 3}
    everyone_once(world, 3)


def test_queued_jobs_that_never_appear_are_sent_again(world: World, heymilo: Any) -> None:
    heymilo(wait_for_answer=False, queue_settle_s=0)
    world.queue_delay_s = None
    batch_id = batch()
    people(batch_id, addresses(2))
    deliver_batch(batch_id)
    world.queue_delay_s = 0.0
    deliver_batch(batch_id)
    deliver_batch(batch_id)
    assert states() == {"delivered": 2}
    everyone_once(world, 2)


def test_an_unanswered_call_is_looked_for_in_the_same_run_when_patience_allows(
    world: World, heymilo: Any, monkeypatch: Any
) -> None:
    from gateway.settings import settings

    monkeypatch.setenv("GATEWAY_DELIVER_PATIENCE_S", "5")
    settings.cache_clear()
    heymilo(settle_s=0.3)
    world.faults = ["drop_after"]
    batch_id = batch()
    people(batch_id, addresses(4))
    assert deliver_batch(batch_id) == {"delivered": 4}
    everyone_once(world, 4)


def test_nothing_is_sent_where_nobody_listens(heymilo: Any, monkeypatch: Any) -> None:
    heymilo()
    connection(monkeypatch, "heymilo_default", "http://127.0.0.1:9", "k")
    batch_id = batch()
    people(batch_id, addresses(2))
    with pytest.raises(Transient, match="TARGET_UNREACHABLE"):
        deliver_batch(batch_id)
    assert states() == {"passed": 2}


def test_phone_numbers_without_country_are_left_out_and_it_is_said(world: World, heymilo: Any) -> None:
    heymilo()
    batch_id = batch()
    people(batch_id, addresses(1), phone="(202) 555-0101")
    deliver_batch(batch_id)
    assert world.calls == 2  # the preflight, and the one write
    with reading() as session:
        assert "PHONE_LEFT_OUT" in session.scalars(select(Event.code).where(Event.kind == "trimmed")).all()


def test_no_personal_data_and_no_key_in_logs_or_exceptions(
    world: World, heymilo: Any, caplog: pytest.LogCaptureFixture, server: str, monkeypatch: Any
) -> None:
    heymilo(chunk=3)
    caplog.set_level("DEBUG")
    world.faults = ["422_fastapi", "drop_before", "html", "422_envelope", "error_after", "429_after"]
    batch_id = batch()
    people(batch_id, addresses(12))
    said: list[str] = []
    for _ in range(4):
        try:
            deliver_batch(batch_id)
        except Transient as wrong:
            said.append(str(wrong))
    with reading() as session:
        errors = " ".join(str(error) for error in session.scalars(select(Delivery.error)))
        names = session.scalars(select(Profile.name)).all()
    told = caplog.text + errors + " ".join(said)
    assert "example.org" not in told.replace("candidates.example.org", "")
    assert not any(str(name) in told for name in names)
    assert "test-key" not in told


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3", 3.0), ("0.5", 0.5), ("-4", 0.0), ("soon", None), (None, None), ("99999", 600.0), ("nan", None)],
)
def test_retry_after(text: str | None, seconds: float | None) -> None:
    assert retry_after_s(text) == seconds


def test_retry_after_as_a_date() -> None:
    from email.utils import formatdate

    found = retry_after_s(formatdate(time.time() + 30, usegmt=True))
    assert found is not None
    assert 27 < found <= 30


def test_an_ats_draft_says_what_it_waits_for() -> None:
    assert "activation" in str(why_closed({"status": "draft", "ats_metadata": {"pending_activation": True}}, 0))
