"""What is kept of one person, for that person: whole, theirs alone, safe to open, and told in the trail."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.cli import main
from gateway.insight.access import access_document, known_of
from gateway.pipeline.erasure.erase import erase
from gateway.pipeline.review.review import decide
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.looks import looked
from gateway.store.tables import Batch, Event, Profile
from support.forgotten import EMAIL, make_drop, read_in


@pytest.fixture
def batch(store: str, tmp_path: Path) -> str:
    return read_in(make_drop(tmp_path / "drop"))


def test_it_says_what_from_where_by_whom_and_where_to(batch: str) -> None:
    with reading() as session:
        mine = session.scalars(select(Profile).where(Profile.email_norm == EMAIL)).all()
        delivered = next(one for one in mine if one.state == "delivered")
    looked("profile", delivered.id, actor="rita")
    with writing() as session:
        change.record(session, "exported", session.get_one(Batch, batch), actor="tom", rule="csv")
    known = known_of(email=EMAIL.upper())
    assert {record.document for record in known.records} == {"Quentin Barrowby CV.pdf", "two.pdf", "list.csv"}
    places = [one.where.lower() for record in known.records for one in record.values]
    assert any("page 1" in where and "box " in where for where in places), places
    assert any("row 3" in where for where in places), "the list's cell"
    one = next(record for record in known.records if record.id == delivered.id)
    assert {(step.who, step.what) for step in one.steps} >= {("rita", "profile: looked"), ("tom", "batch: exported")}
    assert any(step.what == "profile: passed → delivered" for step in one.steps)
    assert {where for where, _ in one.sent} == {"own_pool, posting ENG-2041", "Our candidate pool"}
    assert dict(one.facts)["Kept"] == "no period is set"
    text = access_document(email=EMAIL, actor="dpo")
    assert EMAIL in text
    assert "Anna" not in text
    assert "Greta" not in text
    with reading() as session:
        told = session.scalars(select(Event).where(Event.kind == "access_given")).all()
    assert {(row.subject_id, row.actor) for row in told} == {(row.id, "dpo") for row in mine}


def test_a_decision_is_told_with_what_it_changed_and_markup_stays_text(batch: str) -> None:
    with reading() as session:
        ines = session.scalars(select(Profile).where(Profile.name == "Ines Marchetti")).one()
    decide(ines.id, "correct", reviewer="rita", corrections={"name": "<script>Ines</script>"}, note="rang her")
    text = access_document(profile_id=ines.id, actor="dpo")
    assert "<script>" not in text
    assert "&lt;script&gt;Ines" in text
    assert "decided: correct" in text
    assert "rang her" in text


def test_the_command(batch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "person.html"
    assert main(["access", "--email", EMAIL, "--out", str(tmp_path / "person.pdf")]) == 1
    assert "prints that file to PDF" in capsys.readouterr().err
    assert main(["access", "--email", "nobody@example.org", "--out", str(out)]) == 1
    assert not out.exists()
    assert main(["access", "--email", EMAIL, "--out", str(out), "--by", "dpo"]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert EMAIL in out.read_text("utf-8")
    assert main(["access", "--email", EMAIL, "--out", str(out)]) == 1, "nothing is written over"


def test_nothing_is_left_to_tell_of_somebody_who_was_erased(batch: str) -> None:
    with reading() as session:
        identity = session.scalars(select(Profile.id).where(Profile.email_norm == EMAIL)).first()
    erase(email=EMAIL, actor="rita")
    assert known_of(email=EMAIL).records == ()
    records = known_of(profile_id=identity).records
    assert records
    for record in records:
        assert (record.values, record.extra) == ((), ())
        assert dict(record.facts)["Erased"].startswith("receipt e2")
