"""Review: decisions stand once, the first wins, and an approval never outweighs a target."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.errors import Conflict, Misconfigured
from gateway.pipeline.report import finish_batch, review_request, totals
from gateway.pipeline.review.choices import APPROVE_ALL, APPROVE_PASSED, DISCARD_ALL, KEEP_HELD
from gateway.pipeline.review.held import queue
from gateway.pipeline.review.review import answer_batch, decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading
from gateway.store.tables import Batch, Delivery, Event, Field, PoolCandidate, Profile, Review

ROWS = (
    "Name,Email,Phone\n"
    "Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
    "Otto Nkemelu,,+1 312 555 0119\n"
)


@pytest.fixture
def batch(store: str, tmp_path: Path) -> str:
    """One that passes and one without an email, both held: the batch was for review only."""
    (tmp_path / "list.csv").write_text(ROWS, "utf-8")
    from gateway.model import Mode

    return run_batch("backend-engineer", [tmp_path / "list.csv"], actor="test", mode=Mode.REVIEW)


def held(batch_id: str) -> dict[str, str]:
    return {str(item.name): item.profile_id for item in queue(batch_id)}


def test_the_request_names_codes_and_no_people(batch: str) -> None:
    (request,) = review_request(batch)
    assert request["trigger_run_id"] == f"review-{batch}"
    assert request["conf"]["held"] == 2
    assert request["conf"]["codes"] == {"EMAIL_MISSING": 1, "REVIEW_MODE": 1}
    assert "Greta" not in str(request)


def test_approve_passed_leaves_what_a_gate_held(batch: str) -> None:
    assert answer_batch(batch, APPROVE_PASSED, reviewer="rita") == 1
    assert set(held(batch)) == {"Otto Nkemelu"}
    assert deliver_reviewed()["delivered"] == 1
    assert totals(batch).delivered == 1


def test_approve_all_holds_again_what_no_target_takes(batch: str) -> None:
    assert answer_batch(batch, APPROVE_ALL, reviewer="rita") == 2
    done = deliver_reviewed()
    assert (done["delivered"], done["held"]) == (1, 1)
    (left,) = queue(batch)
    assert left.codes[0] == "EMAIL_MISSING"
    assert answer_batch(batch, APPROVE_ALL, reviewer="rita") == 1, "asked again, it may be answered again"


def test_keep_held_decides_nothing(batch: str) -> None:
    assert answer_batch(batch, KEEP_HELD, reviewer="timeout") == 0
    assert len(held(batch)) == 2


def test_discard_all_closes_the_batch(batch: str) -> None:
    assert answer_batch(batch, DISCARD_ALL, reviewer="rita") == 2
    assert deliver_reviewed()["batches_closed"] == 1
    with reading() as session:
        assert session.get_one(Batch, batch).state == "done"
        assert session.scalars(select(PoolCandidate)).all() == []
    assert totals(batch).add_up()


def test_a_correction_is_evidence_and_delivers(batch: str) -> None:
    otto = held(batch)["Otto Nkemelu"]
    assert decide(
        otto, "correct", reviewer="rita", corrections={"email": " Otto.Nkemelu@example.com "}, expected_version=1
    )
    assert deliver_reviewed()["delivered"] == 1
    with reading() as session:
        profile = session.get_one(Profile, otto)
        assert (profile.state, profile.version, profile.email) == ("delivered", 2, "otto.nkemelu@example.com")
        field = session.scalars(select(Field).where(Field.profile_id == otto, Field.name == "email")).one()
        assert (field.source, field.confidence) == ("person", 1.0)
        review = session.scalars(select(Review)).one()
        assert (review.before["email"], review.after) == (None, {"email": "otto.nkemelu@example.com"})
        assert review.codes == ["EMAIL_MISSING"], "what held it: the price of a criterion is counted from it"
        assert (
            session.scalars(select(Event).where(Event.subject_id == otto, Event.actor == "rita")).one().after
            == "approved"
        )


def test_the_first_decision_stands_and_the_second_is_told(batch: str) -> None:
    greta = held(batch)["Greta Hollingsworth"]
    assert decide(greta, "approve", reviewer="rita")
    assert not decide(greta, "approve", reviewer="sam"), "the same decision again is no second one"
    deliver_reviewed()
    with pytest.raises(Conflict) as raised:
        decide(greta, "discard", reviewer="sam")
    assert raised.value.code == "STATE_CONFLICT"


def test_a_reviewer_who_saw_an_older_version_is_told(batch: str) -> None:
    otto = held(batch)["Otto Nkemelu"]
    decide(otto, "correct", reviewer="rita", corrections={"email": "o@example.com"}, expected_version=1)
    with pytest.raises(Conflict) as raised:
        decide(otto, "correct", reviewer="sam", corrections={"email": "p@example.com"}, expected_version=1)
    assert raised.value.code == "VERSION_CONFLICT"


def test_undo_takes_back_what_was_not_sent(batch: str) -> None:
    greta = held(batch)["Greta Hollingsworth"]
    decide(greta, "discard", reviewer="rita")
    assert decide(greta, "undo", reviewer="rita")
    assert greta in held(batch).values()


@pytest.mark.parametrize(
    "corrections",
    [{"email": "not an address"}, {"phone": "12"}, {"salary": "1"}, {}],
    ids=["email", "phone", "field", "none"],
)
def test_a_wrong_correction_changes_nothing(batch: str, corrections: dict[str, str]) -> None:
    otto = held(batch)["Otto Nkemelu"]
    with pytest.raises(Misconfigured) as raised:
        decide(otto, "correct", reviewer="rita", corrections=corrections)
    assert raised.value.code == "CORRECTION_INVALID"
    assert "not an address" not in raised.value.sentence
    with reading() as session:
        assert session.get_one(Profile, otto).version == 1
        assert session.scalars(select(Review)).all() == []


def test_the_same_person_in_the_next_batch_is_a_duplicate_and_the_ledger_has_one_row(
    batch: str, tmp_path: Path
) -> None:
    answer_batch(batch, APPROVE_PASSED, reviewer="rita")
    deliver_reviewed()
    (tmp_path / "later.csv").write_text(ROWS + "Ines Baptista,ines.baptista@example.org,+1 206 555 0190\n", "utf-8")
    later = run_batch("backend-engineer", [tmp_path / "later.csv"], actor="test")
    numbers = totals(later)
    assert (numbers.duplicate, numbers.delivered, numbers.held) == (1, 1, 1)
    with reading() as session:
        emails = [d.email_norm for d in session.scalars(select(Delivery))]
    assert sorted(emails) == ["greta.hollingsworth@example.com", "ines.baptista@example.org"]
    assert finish_batch(later)["state"] == "waiting_review"


def test_undoing_a_correction_brings_back_value_evidence_and_version(batch: str) -> None:
    greta = held(batch)["Greta Hollingsworth"]

    def evidence() -> list[tuple[str, str, str | None, str | None]]:
        with reading() as session:
            rows = session.scalars(select(Field).where(Field.profile_id == greta, Field.name == "email")).all()
            return [(row.value, row.raw, row.source, row.column) for row in rows]

    before = evidence()
    assert decide(greta, "correct", reviewer="rita", corrections={"email": "typo@example.com"})
    assert evidence() != before
    assert decide(greta, "undo", reviewer="rita")
    assert not decide(greta, "undo", reviewer="rita"), "undone once"
    assert evidence() == before
    with reading() as session:
        profile = session.get_one(Profile, greta)
        assert (profile.state, profile.version, profile.codes) == ("held", 1, ["REVIEW_MODE"])
        assert profile.email == profile.email_norm == "greta.hollingsworth@example.com"


def test_an_undo_after_the_delivery_is_refused_and_says_why(batch: str) -> None:
    greta = held(batch)["Greta Hollingsworth"]
    decide(greta, "approve", reviewer="rita")
    deliver_reviewed()
    with pytest.raises(Conflict) as raised:
        decide(greta, "undo", reviewer="rita")
    assert raised.value.code == "ALREADY_DELIVERED"
    assert greta in raised.value.sentence
    assert "target" in raised.value.sentence


def test_an_undo_reopens_a_batch_that_was_done(batch: str) -> None:
    answer_batch(batch, DISCARD_ALL, reviewer="rita")
    assert deliver_reviewed()["batches_closed"] == 1
    with reading() as session:
        someone = session.scalars(select(Profile.id).where(Profile.batch_id == batch)).first()
    decide(str(someone), "undo", reviewer="sam")
    with reading() as session:
        assert session.get_one(Batch, batch).state == "waiting_review"
