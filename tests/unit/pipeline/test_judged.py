"""What judging leaves: gate rows from Great Expectations' own results, counts, Data Docs; on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.errors import Misconfigured
from gateway.model import Mode
from gateway.pipeline.judging import datadocs
from gateway.pipeline.judging.datadocs import open_data_docs
from gateway.pipeline.judging.judge import judge_batch
from gateway.pipeline.report import totals
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.versions import proposals_for, versions_of
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading
from gateway.store.tables import Batch, Event, GateResult, Profile

LIST = """Name,Email,Phone,Country
Mira Okonjo,mira.okonjo@example.org,+1 415 555 0134,US
Tomas Lindqvist,tomas@gmial.com,+1 415 555 0135,US
Ana Beltrao,,+1 415 555 0136,US
Ida Fenwick,ida.fenwick@example.org,,US
Ida Fenwick,ida.fenwick@example.org,,US
"""
AGENT = "regional-nurse"


@pytest.fixture
def batch(store: str, tmp_path: Path) -> str:
    path = tmp_path / "people.csv"
    path.write_text(LIST, "utf-8")
    return run_batch(AGENT, [path], actor="test", mode=Mode.INGEST)


def gate_rows(batch_id: str) -> dict[str, GateResult]:
    with reading() as session:
        return {row.gate: row for row in session.scalars(select(GateResult).where(GateResult.batch_id == batch_id))}


def test_a_row_a_gate_with_its_counts(batch: str) -> None:
    rows = gate_rows(batch)
    missing = rows["EMAIL_MISSING email critical"]
    assert (missing.evaluated, missing.unexpected, missing.field) == (5, 1, "email")
    typo = rows["EMAIL_TYPO_DOMAIN email critical"]
    assert (typo.evaluated, typo.unexpected) == (4, 1), "an address that is not there is not judged"
    assert {row.agent_id for row in rows.values()} == {AGENT}
    with reading() as session:
        statistics = session.get_one(Batch, batch).statistics
        held = session.scalars(select(Profile).where(Profile.batch_id == batch, Profile.state == "held")).all()
    assert {row.suite_version for row in rows.values()} == {statistics["suite_version"]}
    judged = statistics["judged"]
    assert sum(judged[word] for word in ("passed", "held", "duplicate")) == 5
    assert judged["duplicate"] == judged["codes"]["DUPLICATE_IN_BATCH"] == 1
    assert judged["held"] == len(held)
    assert judged["codes"]["EMAIL_MISSING"] == 1


def test_gates_on_the_batch_are_rows_too(store: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Name,Email,Phone\n" + "Ana Beltrao,,+1 415 555 0136\n" * 30, "utf-8")
    rows = gate_rows(run_batch(AGENT, [path], actor="test"))
    assert (rows["BATCH_HOLDS"].evaluated, rows["BATCH_HOLDS"].unexpected) == (1, 1)
    assert rows["BATCH_DUPLICATES"].severity == "critical"


def test_judging_again_after_the_delivery_is_still_about_the_whole_batch(batch: str) -> None:
    before = {gate: (row.evaluated, row.unexpected) for gate, row in gate_rows(batch).items()}
    with reading() as session:
        statistics = session.get_one(Batch, batch).statistics
    again = judge_batch(batch)
    assert totals(batch).delivered == again["passed"] == 2, "some were sent, and are judged along"
    assert again == {word: statistics["judged"][word] for word in ("passed", "held", "duplicate")}
    assert {gate: (row.evaluated, row.unexpected) for gate, row in gate_rows(batch).items()} == before
    with reading() as session:
        assert session.get_one(Batch, batch).statistics == statistics


def test_judging_again_leaves_what_a_person_took_back_alone(batch: str) -> None:
    with reading() as session:
        linked = session.scalars(
            select(Profile.id).where(Profile.batch_id == batch, Profile.state == "duplicate")
        ).one()
    decide(linked, "undo", reviewer="rita")
    judge_batch(batch)
    with reading() as session:
        assert session.get_one(Profile, linked).state == "held"


def test_data_docs_are_kept_shown_to_reviewers_only_by_name_and_audited(batch: str, home: Path) -> None:
    page = open_data_docs(batch, "index.html", actor="rita").decode()
    assert "The e-mail domain is not a misspelt well-known provider" in page
    for secret in ("Okonjo", "gmial", "415555", "Fenwick", "people.csv"):
        assert secret not in page
    assert "The gates" in open_data_docs(batch, "suite.html", actor="rita").decode()
    with reading() as session:
        looks = session.scalars(select(Event).where(Event.kind == "data_docs").order_by(Event.id)).all()
        assert [(e.actor, e.rule, e.subject_id) for e in looks] == [
            ("rita", "index.html", batch),
            ("rita", "suite.html", batch),
        ]
        assert session.get_one(Batch, batch).statistics["data_docs"] is True
    for name in ("../../gateway.db", "index.htm", "/etc/passwd", ""):
        with pytest.raises(Misconfigured) as raised:
            open_data_docs(batch, name, actor="rita")
        assert raised.value.code == "UNKNOWN_DATA_DOCS"
    with pytest.raises(Misconfigured) as raised:
        open_data_docs("../files", "index.html", actor="rita")
    assert raised.value.code == "UNKNOWN_BATCH"


def test_a_batch_whose_data_docs_cannot_be_written_is_judged_all_the_same(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> Path:
        raise PermissionError("no place for mira.okonjo@example.org")

    monkeypatch.setattr(datadocs, "write_data_docs", refuse)
    path = tmp_path / "people.csv"
    path.write_text(LIST, "utf-8")
    batch_id = run_batch(AGENT, [path], actor="test")
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        assert batch.state == "waiting_review"
        assert (batch.statistics["data_docs"], batch.statistics["data_docs_code"]) == (False, "DATA_DOCS_NOT_WRITTEN")
    assert "DATA_DOCS_NOT_WRITTEN" in caplog.text
    assert "mira" not in caplog.text
    with pytest.raises(Misconfigured) as raised:
        open_data_docs(batch_id, "index.html", actor="rita")
    assert raised.value.code == "UNKNOWN_DATA_DOCS"


def test_a_newer_resume_of_a_delivered_person_is_a_new_version_with_its_differences(store: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("Name,Email,Phone,City\nMira Okonjo,mira@example.org,+1 415 555 0134,Oakland\n", "utf-8")
    second.write_text("Name,Email,Phone,City\nMira Okonjo,MIRA@example.org,+1 415 555 0199,Oakland\n", "utf-8")
    run_batch("store-associate", [first], actor="test")
    later = run_batch("store-associate", [second], actor="test")
    with reading() as session:
        (newer,) = session.scalars(select(Profile).where(Profile.batch_id == later)).all()
    assert (newer.state, newer.codes) == ("duplicate", ["DUPLICATE_DELIVERED"])
    old, new = versions_of(newer.id)
    assert (old.kept, old.state, new.profile_id, new.code) == (True, "delivered", newer.id, "DUPLICATE_DELIVERED")
    changes = {change.field: (change.before, change.after) for change in new.changes}
    assert changes["phone"] == ("+14155550134", "+14155550199")
    assert "name" not in changes


def test_the_judge_keeps_whom_to_propose(store: str, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    header = "Name,Email,Phone,Country,Company,Title\n"
    first.write_text(
        header + "Mira Okonjo,mira@quayside.example,+1 415 555 0151,US,Quayside Surveys,Surveyor\n", "utf-8"
    )
    second.write_text(
        header + "Mira Okonjo,mo@tidewater.example,+1 415 555 0150,US,Quayside Surveys,Surveyor\n", "utf-8"
    )
    run_batch(AGENT, [first], actor="test")
    batch_id = run_batch(AGENT, [second], actor="test")
    with reading() as session:
        (profile,) = session.scalars(select(Profile).where(Profile.batch_id == batch_id)).all()
    (proposal,) = proposals_for(profile.id)
    assert proposal.kind == "likely"
    assert proposal.reasons_for
    assert proposal.reasons_against


def test_a_canary_that_was_delivered_still_counts_when_the_batch_is_judged_again(store: str, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(LIST, "utf-8")
    batch_id = run_batch(AGENT, [path], actor="test", mode=Mode.INGEST, canary=1)
    assert totals(batch_id).delivered == 1
    judge_batch(batch_id)
    with reading() as session:
        codes = session.scalars(select(Profile.codes).where(Profile.batch_id == batch_id)).all()
    assert ["CANARY_WAIT"] in codes
