"""What is kept of one person, for that person: whole, theirs alone, safe to open, and told in the trail."""

from __future__ import annotations

from pathlib import Path

import pikepdf
import pypdfium2 as pdfium
import pytest
from sqlalchemy import select

from gateway.cli import main
from gateway.insight import access_pdf
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
    text = access_document(email=EMAIL, actor="dpo").decode()
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
    text = access_document(profile_id=ines.id, actor="dpo").decode()
    assert "<script>" not in text
    assert "&lt;script&gt;Ines" in text
    assert "decided: correct" in text
    assert "rang her" in text


def test_the_command(batch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "person.html"
    assert main(["access", "--email", EMAIL, "--out", str(tmp_path / "person.doc")]) == 1
    assert ".pdf or .html" in capsys.readouterr().err
    assert main(["access", "--email", "nobody@example.org", "--out", str(out)]) == 1
    assert not out.exists()
    assert main(["access", "--email", EMAIL, "--out", str(out), "--by", "dpo"]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    assert EMAIL in out.read_text("utf-8")
    assert main(["access", "--email", EMAIL, "--out", str(out)]) == 1, "nothing is written over"


def test_the_pdf_says_the_same_and_shows_the_pages_with_their_boxes(batch: str, tmp_path: Path) -> None:
    out = tmp_path / "person.pdf"
    assert main(["access", "--email", EMAIL, "--out", str(out), "--by", "dpo"]) == 0
    assert out.stat().st_mode & 0o777 == 0o600
    with pikepdf.open(out) as pdf:
        html = pdf.attachments["person.html"].get_file().read_bytes().decode()
        pictures = [len(page.get_images()) for page in pdf.pages]
        boxes = [page.Contents.read_bytes().count(b" re") for page in pdf.pages]
    assert EMAIL in html
    text = text_of(out)
    for said in (
        EMAIL,
        "Quentin Barrowby",
        "own_pool, posting ENG-2041",
        "passed → delivered",
        "Page 2 of the document",
    ):
        assert said.replace("→", "") in text.replace("→", "") or said in text, said
    assert "Anna" not in text
    assert sum(pictures) == 2, "his own page, and his page of the file with two people"
    assert all(number >= 3 for number, count in zip(boxes, pictures, strict=True) if count), "a box a value"
    with reading() as session:
        assert set(session.scalars(select(Event.rule).where(Event.kind == "access_given"))) == {"pdf"}


def test_what_no_font_can_draw_is_written_by_its_code_and_a_shared_page_is_not_shown(
    batch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_pdf, "fonts", lambda: ())
    with writing() as session:
        mine = session.scalars(select(Profile).where(Profile.email_norm == EMAIL)).all()
        for one in mine:
            one.name = "中文"
            next(field for field in one.fields if field.name == "name").value = "中文"
        anna = session.scalars(select(Profile).where(Profile.name == "Anna Brook")).one()
        anna.data = {**anna.data, "pages": [1, 2]}
    (tmp_path / "person.pdf").write_bytes(access_document(email=EMAIL, actor="dpo", kind="pdf"))
    text = text_of(tmp_path / "person.pdf")
    assert "[U+4E2D][U+6587]" in text
    assert "Page 2 is not shown: values of somebody else stand on it." in text


def text_of(path: Path) -> str:
    with pdfium.PdfDocument(path) as document:
        pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    return " ".join(" ".join(pages).split())


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
