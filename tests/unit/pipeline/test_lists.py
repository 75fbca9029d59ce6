"""A list without one person's row says the same of everybody else, or there is no such copy."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from gateway.extract.dispatch import read_document
from gateway.extract.media_types import CSV, ODS, XLSX
from gateway.model import ExtractedProfile, Hints
from gateway.pipeline.erasure.lists import without_rows
from gateway.pipeline.erasure.parts import Part, part_of

ROWS = [
    ["name", "email", "phone", "notes"],
    ["Greta Hollingsworth", "greta@example.com", "+1 415 555 0134", "=1+1"],
    ["Quentin Barrowby", "quentin@example.org", "+1 312 555 0119", "0123"],
    [],
    ["Ines Marchetti", "ines@example.org", "+1 206 555 0144", 'says "hello", often'],
]


def write(path: Path, rows: list[list[str]], kind: str) -> Path:
    if kind == XLSX:
        book = openpyxl.Workbook()
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                book.active.cell(number, column, value).data_type = "s"
        book.save(path)
    else:
        mark = {"semicolon": ";", "tab": "\t"}.get(kind, ",")
        text = "\r\n".join(mark.join('"' + one.replace('"', '""') + '"' for one in row) for row in rows)
        path.write_text(text, "utf-16" if kind == "tab" else "utf-8")
    return path


def read(path: Path, name: str) -> list[ExtractedProfile]:
    people: list[ExtractedProfile] = []
    read_document(path, people.append, Hints(name=name), limit_pages=1)
    return people


@pytest.mark.parametrize("kind", ["comma", "semicolon", "tab", XLSX])
def test_the_others_stay_as_they_were(tmp_path: Path, kind: str) -> None:
    name = "list.xlsx" if kind == XLSX else "list.csv"
    source = write(tmp_path / name, ROWS, kind)
    before = read(source, name)
    quentin = next(one for one in before if one.name == "Quentin Barrowby")
    media_type = XLSX if kind == XLSX else CSV
    assert without_rows(source, tmp_path / "copy", media_type, [part_of(quentin)])
    after = read(tmp_path / "copy", name)
    assert [(one.name, one.email, one.phone, one.row, one.extra) for one in after] == [
        (one.name, one.email, one.phone, one.row, one.extra) for one in before if one is not quentin
    ]
    content = (tmp_path / "copy").read_bytes()
    if kind == XLSX:
        with zipfile.ZipFile(tmp_path / "copy") as packed:
            content = b"".join(packed.read(one) for one in packed.namelist())
    assert b"uentin" not in content
    assert without_rows(tmp_path / "copy", tmp_path / "again", media_type, [part_of(quentin)]), "done twice is done"
    assert (tmp_path / "again").read_bytes() == (tmp_path / "copy").read_bytes(), "and gives the same bytes"


@pytest.mark.parametrize(
    ("part", "media_type"),
    [
        (Part(row=2, strings=("quentin@example.org",)), CSV),
        (Part(row=99, strings=("quentin@example.org",)), CSV),
        (Part(row=3), CSV),
        (Part(strings=("quentin@example.org",)), CSV),
        (Part(row=3, strings=("quentin@example.org",)), ODS),
        (Part(row=3, strings=("quentin@example.org",)), XLSX),
    ],
    ids=["another's row", "no such row", "no strings", "no row", "another format", "damaged"],
)
def test_what_cannot_be_told_apart_has_no_copy(tmp_path: Path, part: Part, media_type: str) -> None:
    source = write(tmp_path / "list.csv", ROWS, "comma")
    assert not without_rows(source, tmp_path / "copy", media_type, [part])


def test_who_is_named_elsewhere_in_the_list_has_no_copy(tmp_path: Path) -> None:
    rows = [*ROWS, ["Otto Lind", "otto@example.org", "", "recommended by quentin@example.org"]]
    source = write(tmp_path / "list.csv", rows, "comma")
    quentin = next(one for one in read(source, "list.csv") if one.name == "Quentin Barrowby")
    assert not without_rows(source, tmp_path / "copy", CSV, [part_of(quentin)])
