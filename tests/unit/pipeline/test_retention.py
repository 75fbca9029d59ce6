"""Periods by agent, legal hold, erasure by two people; the same one way to remove as `gateway erase`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.agents import load_agent
from gateway.cli import main
from gateway.errors import Conflict, Misconfigured
from gateway.intake import files
from gateway.pipeline.arrival.receive import sync_agent
from gateway.pipeline.erasure import holds
from gateway.pipeline.erasure import retention as periods
from gateway.pipeline.erasure.approved import erase_approved
from gateway.pipeline.erasure.choices import ERASE, KEEP
from gateway.pipeline.erasure.erase import erase, find
from gateway.pipeline.erasure.retention import apply_retention, periods_of
from gateway.pipeline.erasure.suppression import of_email
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store import keys
from gateway.store.engine import reading, writing
from gateway.store.tables import Delivery, Document, Erased, Event, Outbox, PoolCandidate, Profile, now
from support.forgotten import EMAIL, found, make_drop, read_in

FILE = settings().agents_dir / "backend-engineer.yaml"
Write = Callable[[str], None]


@pytest.fixture
def rules(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """rules("held_days: 30, ..."): the agent's file with these periods."""
    folder = tmp_path / "agents"
    folder.mkdir()
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    text = FILE.read_text("utf-8")

    def write(said: str) -> None:
        path = folder / FILE.name
        path.write_text(f"{text}\nretention: {{{said}}}\n" if said else text, "utf-8")
        sync_agent(load_agent(path))

    write("")
    return write


def later(days: float) -> datetime:
    return now() + timedelta(days=days)


def people(*states: str) -> list[Profile]:
    with reading() as session:
        return [
            one for one in session.scalars(select(Profile).order_by(Profile.id)) if one.state in states or not states
        ]


def test_what_has_no_period_is_kept(store: str, rules: Write, tmp_path: Path) -> None:
    read_in(make_drop(tmp_path / "drop"))
    assert apply_retention(actor="test", at=later(36_000)) == []
    with reading() as session:
        assert {one.days for one in periods_of(session, "backend-engineer")} == {None}
    assert found()


def test_each_class_goes_when_its_period_ends_and_not_before(store: str, rules: Write, tmp_path: Path) -> None:
    read_in(make_drop(tmp_path / "drop"))
    rules("held_days: 30, ingested_days: 90, discarded_days: 60, files_days: 10")
    held, ingested, duplicates = len(people("held")), len(people("delivered")), len(people("duplicate"))
    assert held
    assert ingested
    assert duplicates
    assert apply_retention(actor="test", at=later(9)) == []
    with reading() as session:
        lines = {one.name: (one.days, one.due, one.soon) for one in periods_of(session, "backend-engineer", later(1))}
    assert lines == {
        "held": (30, 0, held),
        "ingested": (90, 0, 0),
        "refused": (None, 0, 0),
        "discarded": (60, 0, 0),
        "files": (10, 0, 3),
    }
    for day, erased in (
        (11, {"files": 3}),
        (31, {"held": held}),
        (61, {"discarded": duplicates}),
        (91, {"ingested": ingested}),
    ):
        (would,) = apply_retention(actor="test", at=later(day), dry_run=True)
        (did,) = apply_retention(actor="test", at=later(day))
        assert {name: number for name, number in did.erased.items() if number} == erased, day
        assert would.erased == did.erased, "the dry run said so, and did nothing"
        assert did.complete
        receipt = json.loads((files.root() / "receipts" / f"{did.receipt}.json").read_bytes())
        assert keys.is_signed(receipt, keys.public_key())
        assert apply_retention(actor="test", at=later(day)) == [], "what is erased is erased once"
        if day == 11:
            assert not [path for path in Path(settings().files_root).rglob("*") if len(path.name) == 64]
            assert {one.name for one in people()} >= {"Anna Brook", "Quentin Barrowby"}, "what was read stays"
    assert {one.name for one in people()} == {None}
    with reading() as session:
        told = session.scalars(select(Outbox).where(Outbox.type == "retention.applied")).all()
        events = session.scalars(select(Event).where(Event.kind == "retention")).all()
        codes = {code for one in session.scalars(select(Profile)) for code in one.codes}
        assert session.scalars(select(Erased)).all() == [], "they may apply again"
        assert session.scalars(select(PoolCandidate)).all(), "the target keeps its own"
    assert codes == {"RETENTION_ENDED"}
    assert len(events) == 8, "each run that had something to do, dry ones too"
    assert len(told) == 4
    assert "30" not in str(told[0].data)


def test_who_comes_again_after_their_period_is_not_sent_twice(store: str, rules: Write, tmp_path: Path) -> None:
    drop = make_drop(tmp_path / "drop")
    read_in(drop)
    rules("held_days: 1, ingested_days: 1, discarded_days: 1, files_days: 1")
    apply_retention(actor="test", at=later(2))
    with reading() as session:
        assert EMAIL not in session.scalars(select(Delivery.email_norm)).all()
    again = run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.email_norm == EMAIL)).all()
        assert len(rows) == 1, "the ledger knows the person again"
        names = {one.name for one in session.scalars(select(Profile).where(Profile.batch_id == again))}
        states = {
            one.state
            for one in session.scalars(select(Profile).where(Profile.batch_id == again, Profile.email_norm == EMAIL))
        }
        assert len(session.scalars(select(PoolCandidate).where(PoolCandidate.external_id == rows[0].id)).all()) == 1
    assert "Quentin Barrowby" in names, "and is read in: nobody asked to be forgotten"
    assert states == {"duplicate"}
    apply_retention(actor="test", at=later(4))
    assert not [one.name for one in people() if one.name]


def test_legal_hold_keeps_a_person_and_everybody_in_the_same_document(store: str, rules: Write, tmp_path: Path) -> None:
    batch_id = read_in(make_drop(tmp_path / "drop"))
    rules("held_days: 1, ingested_days: 1, discarded_days: 1, files_days: 1")
    anna = next(one for one in people() if one.name == "Anna Brook")
    assert main(["retention", "hold", "--person", anna.id, "--reference", "case 2026-14"]) == 0
    (done,) = apply_retention(actor="test", at=later(2))
    assert done.held_back == 3, "Anna, Quentin beside her, and the document"
    kept = {(one.name, one.document_id) for one in people() if one.name}
    assert kept == {("Anna Brook", anna.document_id), ("Quentin Barrowby", anna.document_id)}
    with pytest.raises(Conflict, match=r"LEGAL_HOLD.*case 2026-14"):
        erase(profile_id=anna.id, actor="rita")
    with pytest.raises(Conflict, match="LEGAL_HOLD"):
        erase(email=EMAIL, actor="rita")
    assert main(["retention", "release", "--email", "anna.brook@example.org"]) == 0
    assert holds.listed() == []
    assert holds.hold(batch_id=batch_id, reference="case 2026-15", actor="rita") == 1
    (done,) = apply_retention(actor="test", at=later(2))
    assert (done.held_back, done.receipt) == (3, None)
    holds.release(batch_id=batch_id, actor="rita")
    apply_retention(actor="test", at=later(2))
    assert not [one.name for one in people() if one.name]
    with pytest.raises(Misconfigured, match="FORM_INCOMPLETE"):
        holds.hold(batch_id=batch_id, reference="asked by rita@example.org", actor="rita")
    with pytest.raises(Misconfigured, match="UNKNOWN_BATCH"):
        holds.hold(batch_id="b0", reference="x", actor="rita")
    with reading() as session:
        kinds = set(session.scalars(select(Event.kind)))
    assert {"legal_hold", "legal_hold_released"} <= kinds


def test_a_hold_by_address_is_for_whoever_comes_with_it(store: str, rules: Write, tmp_path: Path) -> None:
    holds.hold(profiles=find(EMAIL, None), address=EMAIL, reference="case 1", actor="rita")
    read_in(make_drop(tmp_path / "drop"))
    with pytest.raises(Conflict, match="LEGAL_HOLD"):
        erase(email=EMAIL, actor="rita")
    assert EMAIL not in str(holds.listed())


def test_the_limit_and_an_open_call_leave_the_rest_for_the_next_run(store: str, rules: Write, tmp_path: Path) -> None:
    read_in(make_drop(tmp_path / "drop"))
    rules("held_days: 1, ingested_days: 1, discarded_days: 1")
    with writing() as session:
        open_call = session.scalars(select(Delivery).where(Delivery.email_norm == EMAIL)).one()
        open_call.state = "unknown"
    due = len(people())
    (done,) = apply_retention(actor="test", at=later(2), limit=2)
    assert sum(done.erased.values()) + done.held_back == 2
    assert done.later == due - 2
    for _ in range(5):
        done = next(iter(apply_retention(actor="test", at=later(2), limit=2)), done)
    assert [one.email_norm for one in people() if one.name] == [EMAIL]


def test_a_file_that_is_wrong_stops_no_other_agent(store: str, rules: Write, tmp_path: Path) -> None:
    read_in(make_drop(tmp_path / "drop"))
    rules("held_days: 1")
    (settings().agents_dir / "broken.yaml").write_text("id: broken\nretention: {held_days: soon}\n")
    with pytest.raises(Misconfigured, match="AGENT_FILE_INVALID"):
        apply_retention(actor="test", at=later(2))
    assert not people("held")


def test_an_agent_whose_file_is_gone_goes_by_what_it_said(store: str, rules: Write, tmp_path: Path) -> None:
    rules("held_days: 1")
    read_in(make_drop(tmp_path / "drop"))
    (settings().agents_dir / FILE.name).unlink()
    (done,) = apply_retention(actor="test", at=later(2))
    assert done.erased["held"] > 0


def test_bytes_that_came_again_are_kept_as_long_as_the_newest(store: str, rules: Write, tmp_path: Path) -> None:
    drop = make_drop(tmp_path / "drop")
    read_in(drop)
    rules("files_days: 10")
    run_batch("backend-engineer", [drop], actor="test")
    with writing() as session:
        for row in session.scalars(select(Document).order_by(Document.created_at).limit(3)):
            row.created_at = later(-20)
    assert apply_retention(actor="test") == []


def test_the_command(
    store: str, rules: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    read_in(make_drop(tmp_path / "drop"))
    rules("held_days: 1")
    assert main(["retention", "--dry-run"]) == 0
    assert "nothing is due" in capsys.readouterr().out
    monkeypatch.setattr(periods, "now", lambda: later(2))
    assert main(["retention", "--dry-run", "--agent", "backend-engineer"]) == 0
    assert "would be: " in capsys.readouterr().out
    assert people("held")
    assert main(["retention"]) == 0
    assert "receipt e2" in capsys.readouterr().out
    assert not people("held")
    assert main(["retention", "--limit", "0"]) == 1
    assert main(["retention", "hold", "--email", EMAIL, "--reference", "case 7"]) == 0
    assert main(["retention", "holds"]) == 0
    said = capsys.readouterr().out
    assert "case 7" in said
    assert EMAIL not in said


def answer(option: str, name: str | None) -> dict[str, Any]:
    return {"chosen_options": [option], "responded_by_user": {"id": "7", "name": name} if name else None}


def test_an_erasure_wants_two_people(
    store: str, rules: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read_in(make_drop(tmp_path / "drop"))
    assert main(["erase", "--email", EMAIL, "--hash"]) == 0
    known_as = capsys.readouterr().out.strip()
    assert known_as == of_email(EMAIL)
    assert erase_approved(known_as, started_by="rita", answer=answer(KEEP, "tom")) is None
    for started, by in (("rita", "rita"), ("Rita", "rita"), ("7", "tom"), (None, "tom"), ("rita", None)):
        with pytest.raises(Conflict, match="ERASE_NOT_SECOND"):
            erase_approved(known_as, started_by=started, answer=answer(ERASE, by))
    assert found()
    receipt = erase_approved(known_as, started_by="rita", answer=answer(ERASE, "tom"))
    assert receipt
    assert found() == set()
    said = json.loads((files.root() / "receipts" / f"{receipt}.json").read_bytes())
    assert said["by"] == "rita, approved by tom"
    again = erase_approved(known_as, started_by="rita", answer=answer(ERASE, "tom"))
    assert again, "nobody has the address any more: that is an answer too"
    anna = next(one for one in people() if one.name == "Anna Brook")
    assert erase_approved(anna.id, started_by="rita", answer=answer(ERASE, "tom"))
    with pytest.raises(Misconfigured, match="UNKNOWN_PROFILE"):
        erase_approved("p0", started_by="rita", answer=answer(ERASE, "tom"))
