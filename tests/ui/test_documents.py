"""Evidence on the page: boxes on pages, rows of lists, masks, pictures and downloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.settings import settings
from gateway.store.engine import reading, writing
from gateway.store.tables import Document, Event, Profile
from support.pdf_maker import make, read, resume

Client = Callable[..., TestClient]


def document_of(name: str) -> str:
    with reading() as session:
        return session.scalars(select(Document.id).where(Document.path.endswith(name))).one()


def test_a_pdf_shows_its_page_with_a_box_for_every_value(client: Client, filled: str) -> None:
    answer = client("user").get(f"/documents/{document_of('anna.pdf')}")
    assert answer.status_code == 200
    assert "Anna Brook" in answer.text
    assert '/pages/1.png"' in answer.text
    assert 'viewBox="0 0 595.0 842.0"' in answer.text
    boxes = re.findall(r'class="mark" id="m-(\S+)" href="#f-(\S+)"', answer.text)
    assert len(boxes) >= 6
    for mark, field in boxes:
        assert mark == field
        assert f'id="f-{field}"' in answer.text
    assert "style=" not in answer.text


def test_how_a_file_was_made_is_told_to_those_who_may_see_it(client: Client, filled: str) -> None:
    address = f"/documents/{document_of('anna.pdf')}"
    with writing() as session:
        row = session.get_one(Document, document_of("anna.pdf"))
        assert row.facts["origin"]["made"]
        said = {"program": "Writer of <Anna>", "made": "2024-05-01", "changed": "2024-06-01", "restricted": True}
        row.facts = {**row.facts, "origin": said}
    told = "made with Writer of &lt;Anna&gt; on 2024-05-01, changed on 2024-06-01, protected against copying or changes"
    assert told in client("user").get(address).text
    assert "Writer of" not in client("viewer").get(address).text


def test_a_box_lies_on_its_value(client: Client, filled: str) -> None:
    text = client("user").get(f"/documents/{document_of('anna.pdf')}").text
    x, y, width, height = (
        float(found)
        for found in re.search(r'-name" href.*?<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', text).groups()  # type: ignore[union-attr]
    )
    assert 55 <= x <= 62
    assert 45 <= y <= 60  # printed with its base line at 70, 22 points high
    assert 70 <= y + height <= 80
    assert 90 <= width <= 160


def test_a_viewer_sees_the_shape_and_nobody_s_data(client: Client, filled: str) -> None:
    viewer = client("viewer")
    answer = viewer.get(f"/documents/{document_of('anna.pdf')}")
    assert answer.status_code == 200
    for personal in ("Anna", "Brook", "anna.brook", "5550111", "anna.pdf", "Harbour Bread", ".png", "/file"):
        assert personal not in answer.text, personal
    assert 'class="mark"' in answer.text
    listed = viewer.get(f"/documents/{document_of('list.csv')}").text
    for personal in ("Quill", "quill", "5550101", "Köln", "Rust"):
        assert personal not in listed, personal
    assert viewer.get(f"/documents/{document_of('anna.pdf')}/pages/1.png").status_code == 403
    assert viewer.get(f"/documents/{document_of('anna.pdf')}/file").status_code == 403


def test_a_list_shows_the_row_and_the_cells_used(client: Client, filled: str) -> None:
    text = client("user").get(f"/documents/{document_of('list.csv')}").text
    assert "Row 3" in text
    assert "Ben Harrow" in text
    assert re.search(r'<th scope="row">phone</th><td>\+49 30 5550102</td>\s*<td><a[^>]*>Phone</a>', text)


def test_a_failed_document_says_why(client: Client, filled: str) -> None:
    text = client("user").get(f"/documents/{document_of('broken.pdf')}").text
    assert "Failed" in text
    assert "Nobody was found in this document" in text


def test_the_picture_is_made_once_and_kept_private(
    client: Client, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, where = client("user"), f"/documents/{document_of('anna.pdf')}/pages/1.png"
    first = user.get(where)
    assert first.status_code == 200
    assert first.headers["content-type"] == "image/png"
    assert first.headers["cache-control"].startswith("private")
    assert first.content.startswith(b"\x89PNG")
    kept = list((settings().home / "cache").rglob("*.png"))
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o077 == 0

    def never(*_: object, **__: object) -> bytes:
        raise AssertionError("drawn twice")

    monkeypatch.setattr("gateway.insight.evidence.page_png", never)
    assert user.get(where).content == first.content


@pytest.mark.parametrize(("name", "page", "code"), [("broken.pdf", 1, None), ("anna.pdf", 9, "PAGE_NOT_SHOWN")])
def test_a_page_that_cannot_be_drawn_says_so_in_its_place(
    client: Client, filled: str, name: str, page: int, code: str | None
) -> None:
    answer = client("user").get(f"/documents/{document_of(name)}/pages/{page}.png")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["x-gateway-code"] in answer.text
    assert code in (None, answer.headers["x-gateway-code"])


def test_a_file_that_is_gone_is_said(client: Client, filled: str) -> None:
    identity = document_of("anna.pdf")
    with writing() as session:
        session.get_one(Document, identity).file_key = "backend-engineer/00/none"
    user = client("user")
    assert user.get(f"/documents/{identity}/pages/1.png").headers["x-gateway-code"] == "FILE_GONE"
    assert user.get(f"/documents/{identity}/file").status_code == 400
    assert user.get(f"/documents/{identity}").status_code == 200


def test_a_download_is_an_attachment_and_recorded(client: Client, filled: str) -> None:
    identity = document_of("anna.pdf")
    answer = client("user", "rita").get(f"/documents/{identity}/file")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == f'attachment; filename="{identity}.pdf"'
    assert answer.content.startswith(b"%PDF")
    with reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "file_downloaded")).one()
    assert (event.subject_id, event.actor) == (identity, "rita")


def test_one_person_s_pages_of_a_file_with_several_can_be_downloaded(client: Client, filled: str) -> None:
    """The file is replaced by one with another page behind Anna's: what comes is her page, and nothing of the other."""
    identity = document_of("anna.pdf")
    user = client("user", "rita")
    with writing() as session:
        document = session.get_one(Document, identity)
        [anna] = document.profiles
        key, profile = document.file_key, anna.id
        path = Path(settings().files_root) / str(key)
        make(path, resume("Anna Brook", "anna.brook@example.org", "1"), resume("Otto Lindqvist", "o@example.org", "2"))
        assert "pages.pdf" not in user.get(f"/documents/{identity}").text, "one person: the whole file is theirs"
        session.add(Profile(**{**_columns(anna), "id": "p-second", "ordinal": 1, "data": {"pages": [2, 2]}}))
    assert f"/candidates/{profile}/pages.pdf" in user.get(f"/documents/{identity}").text
    assert "pages.pdf" not in client("viewer").get(f"/documents/{identity}").text
    answer = user.get(f"/candidates/{profile}/pages.pdf")
    assert answer.headers["content-disposition"] == f'attachment; filename="{profile}.pdf"'
    (path.parent / "alone.pdf").write_bytes(answer.content)
    found, [person] = read(path.parent / "alone.pdf")
    assert (found.pages, person.name) == (1, "Anna Brook")
    with reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "file_downloaded")).one()
        assert (event.subject_id, event.actor) == (profile, "rita")
        listed = session.scalars(select(Profile.id).where(Profile.name == "Cleo Marsh")).one()
    assert user.get(f"/candidates/{listed}/pages.pdf").status_code == 404, "a row of a list has no pages"


def _columns(row: Profile) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in Profile.__table__.columns}


def test_a_long_list_opens_at_the_one_asked_for(client: Client, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.insight.evidence.PROFILES", 2)
    user, identity = client("user"), document_of("list.csv")
    with reading() as session:
        cleo = session.scalars(select(Profile.id).where(Profile.name == "Cleo Marsh")).one()
    first = user.get(f"/documents/{identity}").text
    assert "Ada Quill" in first
    assert "Cleo Marsh" not in first
    assert 'rel="next"' in first
    other = user.get(f"/documents/{identity}?profile={cleo}").text
    assert f'id="profile-{cleo}"' in other
    assert "Ada Quill" not in other
    assert "Ada Quill" in user.get(f"/documents/{identity}?profile=p0").text


def test_unknown_documents_are_not_found(client: Client, home: Path) -> None:
    user = client("user")
    assert user.get("/documents/d0").status_code == 404
    assert user.get("/documents/d0/pages/1.png").status_code == 404
    assert user.get("/documents/d0/file").status_code == 404
