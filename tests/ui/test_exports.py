"""Exports: whole, safe in each format, as the list is filtered, and read again by our own reader as they were written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.extract.dispatch import read_document
from gateway.insight import exports
from gateway.insight.exports import COLUMNS, Wanted, export_rows
from gateway.insight.files import as_xlsx
from gateway.model import Hints
from gateway.store.engine import reading, writing
from gateway.store.tables import Event, Profile

Client = Callable[..., TestClient]


@pytest.fixture
def formula(filled: str) -> str:
    """The batch, with a location that a spreadsheet would calculate."""
    with writing() as session:
        session.scalars(select(Profile).where(Profile.name == "Cleo Marsh")).one().location = "=HYPERLINK(1)"
    return filled


def csv_rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def sheet_rows(content: bytes) -> list[dict[str, Any]]:
    head, *rows = openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()
    return [{key.value: cell for key, cell in zip(head, row, strict=True)} for row in rows]


def test_exports_are_whole_safe_and_audited(client: Client, formula: str) -> None:
    user = client()
    answer = user.get(f"batches/{formula}/export.csv")
    assert f'filename="{formula}.csv"' in answer.headers["content-disposition"]
    rows = csv_rows(answer)
    assert list(rows[0]) == list(COLUMNS)
    by_name = {row["name"]: row for row in rows}
    assert by_name["Cleo Marsh"]["location"] == "'=HYPERLINK(1)"
    assert by_name["Cleo Marsh"]["phone"] == "+49305550103", "a number is no formula"
    assert by_name["Ben Harrow"]["codes"] == "EMAIL_MISSING"
    (without,) = (row for row in rows if row["file"] == "broken.pdf")
    assert (without["document_status"], without["name"]) == ("Failed", "")
    lines = [json.loads(line) for line in user.get(f"batches/{formula}/export.jsonl").text.splitlines()]
    cells = sheet_rows(user.get(f"batches/{formula}/export.xlsx").content)
    assert len(lines) == len(rows) == len(cells) == 6
    assert {line["phone"] for line in lines} >= {"+49305550103"}
    with reading() as session:
        looked = session.execute(select(Event.actor, Event.rule).where(Event.kind == "exported")).all()
    assert [tuple(row) for row in looked] == [("user", "csv"), ("user", "jsonl"), ("user", "xlsx")]
    for ending in ("csv", "jsonl", "xlsx"):
        assert client("viewer").get(f"batches/{formula}/export.{ending}").status_code == 403
        assert user.get(f"batches/b0/export.{ending}").status_code == 404


def test_a_files_states_are_the_pages_words_for_people_and_the_stores_for_programs(client: Client, filled: str) -> None:
    user = client()
    words = {row["name"]: row["status"] for row in csv_rows(user.get(f"batches/{filled}/export.csv"))}
    states = [json.loads(line) for line in user.get(f"batches/{filled}/export.jsonl").text.splitlines()]
    raw = {line["name"]: line["status"] for line in states}
    assert (words["Cleo Marsh"], raw["Cleo Marsh"]) == ("Ingested", "delivered")
    assert words["Ben Harrow"] == "Held"


def test_every_cell_of_a_workbook_is_text_or_a_number_of_ours(client: Client, formula: str) -> None:
    with writing() as session:
        session.scalars(select(Profile).where(Profile.name == "Ben Harrow")).one().name = "Ben\x0b <Harrow> & Co"
    rows = sheet_rows(client().get(f"batches/{formula}/export.xlsx").content)
    by_name = {row["name"].value: row for row in rows}
    assert by_name["Cleo Marsh"]["location"].value == "=HYPERLINK(1)", "as it was read"
    assert by_name["Cleo Marsh"]["location"].data_type == "s", "and never calculated"
    phone = by_name["Cleo Marsh"]["phone"]
    assert (phone.value, phone.data_type, phone.number_format) == ("+49305550103", "s", "@")
    assert by_name["Cleo Marsh"]["quality"].data_type == "n"
    assert "Ben\ufffd <Harrow> & Co" in by_name, "what XML cannot hold is replaced"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"state": "held"}, {"Ben Harrow", "Otto Lindqvist"}),
        ({"state": "delivered"}, {"Ada Quill", "Anna Brook", "Cleo Marsh"}),
        ({"state": "failed"}, {None}),
        ({"code": "EMAIL_MISSING"}, {"Ben Harrow"}),
        ({"q": "list.csv"}, {"Ada Quill", "Ben Harrow", "Cleo Marsh"}),
        ({"q": "quill"}, {"Ada Quill"}),
        ({"state": "held", "q": "list.csv"}, {"Ben Harrow"}),
        ({"q": "100%"}, set()),
    ],
)
def test_an_export_holds_what_the_list_beside_it_shows(
    client: Client, filled: str, query: dict[str, str], names: set[str | None]
) -> None:
    user = client()
    shown = user.get(f"batches/{filled}", params=query).text
    href = next(part.split('"')[0] for part in shown.split('href="')[1:] if "export.jsonl" in part)
    answer = user.get("http://testserver" + href.replace("&amp;", "&"))
    assert {json.loads(line)["name"] for line in answer.text.splitlines()} == names
    assert f"{filled}-part.jsonl" in answer.headers["content-disposition"]
    with reading() as session:
        (rule,) = session.scalars(select(Event.rule).where(Event.kind == "exported")).all()
    assert "quill" not in str(rule), "who was searched for is personal"
    assert str(rule).startswith("jsonl ")


def test_a_long_export_goes_on_where_a_slice_ended(filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(export_rows(filled))
    held = list(export_rows(filled, Wanted(state="held")))
    monkeypatch.setattr(exports, "SLICE", 2)
    assert list(export_rows(filled)) == whole
    assert list(export_rows(filled, Wanted(state="held"))) == held


def test_a_workbook_comes_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    row = dict.fromkeys(COLUMNS) | {"document_status": "success", "status": "held"}
    made = 0

    def rows() -> Any:
        nonlocal made
        for made in range(20_000):
            yield row | {"name": f"{hash((made, 'x')):x}", "profile_id": f"{hash((made, 'y')):x}"}

    pieces = as_xlsx(rows())
    assert next(pieces)
    assert made < 19_999, "the first piece leaves before the last row is asked for"
    assert len(list(pieces)) > 1


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_our_own_reader_reads_an_export_as_it_was_written(
    client: Client, formula: str, tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"export.{ending}"
    path.write_bytes(client().get(f"batches/{formula}/export.{ending}").content)
    found: list[Any] = []
    result = read_document(path, found.append, Hints(), limit_pages=10)
    assert result.status == "success", result.error
    with reading() as session:
        known = {profile.name: profile for profile in session.scalars(select(Profile))}
    read_again = {person.name: person for person in found if person.name}
    assert set(read_again) == set(known)
    for name, person in read_again.items():
        was = known[name]
        assert (person.email, person.phone, person.location) == (was.email, was.phone, was.location), name
        assert list(person.skills) == was.data.get("skills", []), name
        assert list(person.links) == was.data.get("links", []), name
