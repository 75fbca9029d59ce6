"""Failed documents read again: they go through the whole pipeline, and nothing else goes through it twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.errors import Conflict, Misconfigured, Refused
from gateway.insight.batches import batch_view
from gateway.model import ExtractedProfile, Mode, Reading
from gateway.pipeline import read
from gateway.pipeline.arrival import receive
from gateway.pipeline.arrival.retry import retry_documents
from gateway.pipeline.lines import document_lines
from gateway.pipeline.read import store_reading
from gateway.pipeline.report import finish_batch, review_request, totals
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Document, Event, PoolCandidate, Profile
from support.pdf_maker import make, run
from support.stages import process

AGENT = "backend-engineer"
GRETA = "Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
OTTO = "Name,Email,Phone\nOtto Nkemelu,otto.nkemelu@example.com,+1 312 555 0119\n"


@pytest.fixture
def batch(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Greta is ingested; Otto's list takes too long at first; an empty file fails for good."""
    given = tmp_path / "given"
    given.mkdir()
    (given / "greta.csv").write_text(GRETA, "utf-8")
    (given / "otto.csv").write_text(OTTO, "utf-8")
    (given / "half.pdf.part").write_bytes(b"%PDF-1.7")

    def timed_out(document_id: str, outcome: Reading, profiles: Iterator[ExtractedProfile]) -> int:
        with reading() as session:
            if session.get_one(Document, document_id).path == "otto.csv":
                outcome = Reading("failed", "text/csv", code="TIMED_OUT", error="It took too long.")
        return store_reading(document_id, outcome, profiles)

    with monkeypatch.context() as patched:
        patched.setattr(read, "store_reading", timed_out)
        batch_id = run_batch(AGENT, [given], actor="test", mode=Mode.INGEST)
    lines = {line["path"]: line for line in document_lines(batch_id)}
    assert lines["otto.csv"]["code"] == "TIMED_OUT"
    assert lines["greta.csv"]["outcome"] == "ingested"
    return batch_id


def pool() -> list[str]:
    with reading() as session:
        return sorted(record["name"] for record in session.scalars(select(PoolCandidate.record)))


def attempts() -> dict[str, int]:
    with reading() as session:
        return dict(session.execute(select(Delivery.email_norm, Delivery.attempts)).all())


def test_a_retried_document_is_read_judged_and_delivered_and_nothing_else_is_sent_again(batch: str) -> None:
    before = attempts()
    retry = retry_documents(batch, None, actor="rita")
    assert (retry.run_id, retry.documents, retry.left) == (f"retry-{batch}-1", 1, 1)
    numbers = totals(batch)
    assert (numbers.processing, numbers.failed, numbers.add_up()) == (1, 1, True)
    assert receive.sense().runs == {batch: f"retry-{batch}-1"}, "the sweep starts this run, not the first one again"
    process(batch)
    assert receive.sense().runs == {}
    numbers = totals(batch)
    assert (numbers.success, numbers.failed, numbers.delivered, numbers.add_up()) == (2, 1, 2, True)
    assert pool() == ["Greta Hollingsworth", "Otto Nkemelu"]
    assert attempts() == before | {"otto.nkemelu@example.com": 1}, "who was sent once is not sent again"
    with reading() as session:
        assert session.get_one(Batch, batch).state == "done"
        read_again = select(func.count(Event.id)).where(Event.subject == "document", Event.after == "success")
        assert session.scalar(read_again) == 2, "the document that was read is not read again"
        asked = session.scalars(select(Event.actor).where(Event.rule == "retry", Event.subject == "document")).all()
        assert asked == ["rita"]


def test_only_what_was_named_is_retried(batch: str) -> None:
    with reading() as session:
        ids = dict(session.execute(select(Document.path, Document.id)).all())
    with pytest.raises(Refused, match="NOTHING_TO_RETRY"):
        retry_documents(batch, [ids["half.pdf.part"]], actor="rita")
    with pytest.raises(Refused, match="NOTHING_TO_RETRY"):
        retry_documents(batch, [ids["greta.csv"], "d0"], actor="rita")
    assert retry_documents(batch, [ids["otto.csv"], ids["half.pdf.part"]], actor="rita").documents == 1


def test_a_batch_under_way_is_not_retried_and_the_second_click_is_told(batch: str) -> None:
    retry_documents(batch, None, actor="rita")
    with pytest.raises(Conflict, match="STATE_CONFLICT"):
        retry_documents(batch, None, actor="sam")
    with pytest.raises(Misconfigured, match="UNKNOWN_BATCH"):
        retry_documents("b0", None, actor="sam")


def test_a_batch_with_nothing_left_to_read_says_so(batch: str) -> None:
    retry_documents(batch, None, actor="rita")
    process(batch)
    with pytest.raises(Refused, match="NOTHING_TO_RETRY"):
        retry_documents(batch, None, actor="rita")


def test_a_retry_asks_again_only_about_those_it_held(batch: str) -> None:
    assert review_request(batch) == []
    with writing() as session:  # the agent meant this batch for review, after Greta was sent
        session.get_one(Batch, batch).mode = Mode.REVIEW
    retry_documents(batch, None, actor="rita")
    process(batch)
    (asked,) = review_request(batch)
    assert (asked["trigger_run_id"], asked["conf"]["held"]) == (f"review-{batch}-1", 1)
    with writing() as session:
        half = session.scalars(select(Document).where(Document.path == "half.pdf.part")).one()
        half.file_key = session.scalars(select(Document.file_key).where(Document.path == "greta.csv")).one()
    retry_documents(batch, None, actor="rita")
    process(batch)
    numbers = totals(batch)
    assert (numbers.held, numbers.duplicate, numbers.delivered, numbers.add_up()) == (1, 1, 1, True)
    assert review_request(batch) == [], "nobody new is held: the question before still stands"


def test_a_run_that_died_in_the_middle_of_reading_is_taken_up_again(batch: str) -> None:
    retry_documents(batch, None, actor="rita")
    receive.register_batch(batch)
    assert finish_batch(batch)["state"] == "failed", "its worker died before the document was read"
    retry = retry_documents(batch, None, actor="rita")
    assert (retry.run_id, retry.documents) == (f"retry-{batch}-2", 1)
    process(batch)
    assert totals(batch).delivered == 2


def test_retry_is_offered_and_done_only_where_it_can_help(batch: str) -> None:
    """An encrypted file says the same to every reader; the page offered to read it again all the same."""
    with writing() as session:
        otto = session.scalars(select(Document).where(Document.path == "otto.csv")).one()
        otto.code = "ENCRYPTED_PDF"
    view = batch_view(batch)
    assert (view.retryable, view.lost) == (0, 2)
    with pytest.raises(Refused, match="NOTHING_TO_RETRY"):
        retry_documents(batch, None, actor="rita")
    assert retry_documents(batch, [otto.id], actor="rita").documents == 1, "whoever names it means it"


def test_a_document_refused_as_no_resume_is_read_as_one_and_held(store: str, tmp_path: Path) -> None:
    page = [
        run(60, 70, "Dear Ms Oyelaran,"),
        run(60, 90, "I would like to work in your bakery, as I did in others."),
        run(60, 130, "Kind regards"),
        run(60, 144, "Greta Hollingsworth, greta.hollingsworth@example.com"),
    ]
    batch_id = run_batch(AGENT, [make(tmp_path / "letter.pdf", page)], actor="test", mode=Mode.INGEST)
    with reading() as session:
        assert session.scalars(select(Document.code)).one() == "NOT_A_RESUME"
    retry_documents(batch_id, None, actor="rita", as_resume=True)
    process(batch_id)
    with reading() as session:
        document = session.scalars(select(Document)).one()
        assert (document.state, document.facts["as_resume"]) == ("success", True)
        profile = session.scalars(select(Profile)).one()
        assert (profile.state, "RESUME_DOUBTFUL" in profile.codes) == ("held", True)
    assert pool() == []
