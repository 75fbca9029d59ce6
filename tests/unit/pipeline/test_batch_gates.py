"""Limits on a whole batch: a strange one stops before anything is sent, by whatever way it is judged; both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.insight import candidates
from gateway.insight.batches import batch_view
from gateway.model import ExtractedProfile, Mode, Reading
from gateway.pipeline import read
from gateway.pipeline.arrival.retry import retry_documents
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.pipeline.judging.judge import judge_batch
from gateway.pipeline.read import store_reading
from gateway.pipeline.report import finish_batch, totals
from gateway.pipeline.review.choices import APPROVE_PASSED
from gateway.pipeline.review.held import queue
from gateway.pipeline.review.review import answer_batch, decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Batch, Document, GateResult, PoolCandidate, Profile
from support.stages import process

AGENT = "pilots"
FILE = """id: pilots
title: Pilots
target: {{kind: own_pool, posting: pilots}}
default_mode: ingest
preset: lenient
fictional_contacts: mark
audit_share: 0
limits: {limits}
"""
GOOD = ["Mira Okonjo,mira.okonjo@example.org", "Ida Fenwick,ida.fenwick@example.org", "Jo Varga,jo.varga@example.org"]
NOBODY = ["Ana Beltrao,", "Otto Nkemelu,"]


@pytest.fixture
def limit(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """limit("{...}") writes the agent's file with these limits, as its owner would."""
    folder = tmp_path / "agents"
    folder.mkdir()
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()

    def write(limits: str) -> None:
        (folder / f"{AGENT}.yaml").write_text(FILE.format(limits=limits), "utf-8")

    return write


def drop(tmp_path: Path, *lists: list[str]) -> list[Path]:
    paths = []
    for number, lines in enumerate(lists):
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_text("\n".join(["Name,Email", *lines, ""]), "utf-8")
    return paths


def sent() -> int:
    with reading() as session:
        return len(session.scalars(select(PoolCandidate.id)).all())


def batch_of(batch_id: str) -> Batch:
    with reading() as session:
        return session.get_one(Batch, batch_id)


@pytest.mark.parametrize(
    ("limits", "code", "measured"),
    [
        ("{min_profiles: 5, max_hold_share: 0.3}", "BATCH_HOLDS", "2 of 5"),
        ("{min_profiles: 5, max_duplicate_share: 0.1}", "BATCH_DUPLICATES", "1 of 6"),
    ],
)
def test_a_strange_batch_sends_nobody_and_says_what_was_measured(
    limit: Callable[[str], None], tmp_path: Path, limits: str, code: str, measured: str
) -> None:
    limit(limits)
    extra = [GOOD[0]] if code == "BATCH_DUPLICATES" else []
    batch_id = run_batch(AGENT, drop(tmp_path, [*GOOD, *NOBODY, *extra]), actor="test")
    assert sent() == totals(batch_id).delivered == 0
    batch = batch_of(batch_id)
    assert (batch.state, batch.code) == ("waiting_review", code)
    assert measured in (batch.error or "")
    assert "limit: at most" in (batch.error or "")
    (found,) = batch_view(batch_id).findings
    assert (found["code"], found["measured"]) == (code, measured)
    held = next(one for one in queue(batch_id) if one.codes == (code,))
    person = candidates.candidate(held.profile_id)
    first = candidates.reasons(person, candidates.verdict(held.profile_id))[0]
    assert (first.code, first.measured) == (code, measured), "the desk says of each one what stopped its batch"
    assert first.threshold
    assert first.remedy


def test_a_stop_that_no_longer_stands_is_taken_from_the_batch(limit: Callable[[str], None], tmp_path: Path) -> None:
    limit("{min_profiles: 5, max_hold_share: 0.3}")
    batch_id = run_batch(AGENT, drop(tmp_path, [*GOOD, *NOBODY]), actor="test")
    limit("{min_profiles: 5, max_hold_share: 0.5}")
    assert judge_batch(batch_id) == {"passed": 3, "held": 2}
    batch = batch_of(batch_id)
    assert (batch.code, batch.error) == (None, None)
    deliver_batch(batch_id)
    finish_batch(batch_id)
    assert sent() == 3
    with reading() as session:
        row = session.scalars(select(GateResult).where(GateResult.gate == "BATCH_HOLDS")).one()
    assert (row.evaluated, row.unexpected) == (1, 0), "the rows are those of the newest judging"


def test_judged_again_by_narrower_limits_what_was_not_sent_stops(limit: Callable[[str], None], tmp_path: Path) -> None:
    limit("{min_profiles: 5}")
    batch_id = run_batch(AGENT, drop(tmp_path, [*GOOD, *NOBODY]), actor="test", canary=1)
    assert sent() == 1
    limit("{min_profiles: 5, max_hold_share: 0.3}")
    judge_batch(batch_id)
    deliver_batch(batch_id)
    assert sent() == 1, "who was sent before stays sent, nobody else is"
    assert batch_of(batch_id).code == "BATCH_HOLDS"
    assert {one.codes[0] for one in queue(batch_id)} == {"BATCH_HOLDS", "EMAIL_MISSING"}


def test_a_canary_does_not_go_before_a_stop(limit: Callable[[str], None], tmp_path: Path) -> None:
    limit("{min_profiles: 5, max_hold_share: 0.3}")
    batch_id = run_batch(AGENT, drop(tmp_path, [*GOOD, *NOBODY]), actor="test", canary=2)
    assert sent() == 0
    assert answer_batch(batch_id, APPROVE_PASSED, reviewer="rita") == 0, "a stopped batch did not pass every gate"
    deliver_reviewed()
    assert sent() == 0


def test_of_a_stopped_batch_only_whom_a_person_approves_is_sent(limit: Callable[[str], None], tmp_path: Path) -> None:
    limit("{min_profiles: 5, max_hold_share: 0.3}")
    batch_id = run_batch(AGENT, drop(tmp_path, [*GOOD, *NOBODY]), actor="test")
    chosen = next(one for one in queue(batch_id) if one.codes == ("BATCH_HOLDS",))
    decide(chosen.profile_id, "approve", reviewer="rita")
    deliver_reviewed()
    with reading() as session:
        states = session.scalars(select(Profile.state).where(Profile.batch_id == batch_id)).all()
    assert sorted(states) == ["delivered", *["held"] * 4]


def test_a_retry_lifts_a_stop_that_failed_documents_caused_and_can_cause_one(
    limit: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit("{min_profiles: 2, max_failed_share: 0.2, max_hold_share: 0.3}")
    paths = drop(tmp_path, GOOD[:1], GOOD[1:2])

    def timed_out(document_id: str, outcome: Reading, profiles: Iterator[ExtractedProfile]) -> int:
        with reading() as session:
            if session.get_one(Document, document_id).path == "1.csv":
                outcome = Reading("failed", "text/csv", code="TIMED_OUT", error="It took too long.")
        return store_reading(document_id, outcome, profiles)

    with monkeypatch.context() as patched:
        patched.setattr(read, "store_reading", timed_out)
        batch_id = run_batch(AGENT, paths, actor="test", mode=Mode.INGEST)
    assert (sent(), batch_of(batch_id).code) == (0, "BATCH_UNREADABLE")
    retry_documents(batch_id, None, actor="rita")
    process(batch_id)
    assert (sent(), batch_of(batch_id).code, batch_of(batch_id).state) == (2, None, "done")

    other = tmp_path / "other"
    other.mkdir()
    limit("{min_profiles: 2, max_hold_share: 0.3}")
    paths = drop(other, ["Lea Brandt,lea.brandt@example.org"], [*NOBODY, "Kim Orlov,kim.orlov@example.org"])
    with monkeypatch.context() as patched:
        patched.setattr(read, "store_reading", timed_out)
        batch_id = run_batch(AGENT, paths, actor="test", mode=Mode.INGEST)
    assert sent() == 3
    retry_documents(batch_id, None, actor="rita")
    process(batch_id)
    assert (sent(), batch_of(batch_id).code) == (3, "BATCH_HOLDS"), "what the retry brought stops before it is sent"
