"""`extract` and `ingest` read a file alike: the store keeps bytes without a name, the name goes along."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.cli import main
from gateway.extract import media_types
from gateway.model import Mode
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading
from gateway.store.profiles import profile_rows
from gateway.store.tables import Document, Profile
from support import CORPUS, PROJECT
from support import resume_files as made

FIELDS = ("name", "email", "phone", "location", "row")
MADE = {
    "one_column.csv": b"Name\nGreta Hollingsworth\nOtto Nkemelu\nIngeborg Tanaka\n",
    "no_header.csv": b"Greta Hollingsworth\nOtto Nkemelu\nIngeborg Tanaka\n",
    "unclosed.csv": 'Name,Email\n"Jürgen Tanaka,j.tanaka@example.org\nOtto Nkemelu,otto@example.org\n'.encode(
        "latin-1"
    ),
    "notes.txt": b"Greta Hollingsworth\nOtto Nkemelu\nIngeborg Tanaka\n",
}


def by_extract(paths: list[Path], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert main(["extract", *map(str, paths), "--country", "DE"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return {
        line["file"]: (line["status"], line["code"], [tuple(p.get(f) for f in FIELDS) for p in line["profiles"]])
        for line in lines
    }


def by_ingest(paths: list[Path], tmp_path: Path) -> dict[str, Any]:
    batch_id = run_batch("backend-engineer", paths, actor="test", mode=Mode.DRY_RUN)
    found = {}
    with reading() as session:
        for document in session.scalars(select(Document).where(Document.batch_id == batch_id)):
            ids = session.scalars(
                select(Profile.id).where(Profile.document_id == document.id).order_by(Profile.ordinal)
            ).all()
            profiles = [p for _, p in sorted(profile_rows(session, ids), key=lambda pair: pair[0].ordinal)]
            found[document.path] = (
                document.state,
                document.code,
                [
                    (p.name, p.email, p.phone if (p.phone or "").startswith("+") else None, p.location, p.row)
                    for p in profiles
                ],
            )
    return found


def test_both_commands_give_the_same_for_awkward_lists(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, content in MADE.items():
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / name for name in MADE]
    extracted = by_extract(paths, capsys)
    assert len(extracted["one_column.csv"][2]) == 3
    assert by_ingest(paths, tmp_path) == extracted


@pytest.mark.corpus
def test_both_commands_give_the_same_for_every_list_of_the_corpus(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = sorted((CORPUS / "csv").glob("*.csv"))
    assert len(paths) > 20
    assert by_ingest(paths, tmp_path) == by_extract(paths, capsys)


def everything(folder: Path) -> list[Path]:
    """A file of every type that is read, some that are refused, a list in a ZIP, and the project's own samples."""
    for name, make in made.FORMATS.items():
        make(folder / name)
    refused = {
        "picture.pdf": b"\xff\xd8\xff\xe0 a photograph",
        "picture.jpg": b"\xff\xd8\xff\xe0 another photograph",
        "empty.csv": b"",
        "program.docx": b"MZ\x90\x00" + bytes(200),
        "notes.pdf": b"Greta Hollingsworth\ngreta@example.org\n",
        "old.doc": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"),
    }
    for name, content in {**MADE, **refused}.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "packed.zip", "w") as archive:
        archive.writestr("lists/names.csv", b"Name\nMiriam Castellano\nJoris Adeyemi\nHana Lindqvist\n")
    samples = sorted(path for path in (PROJECT / "include" / "samples").rglob("*") if path.is_file())
    return [*sorted(folder.iterdir()), *samples]


def test_both_commands_give_the_same_for_every_type_and_every_sample(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    paths = everything(folder)
    extracted, ingested = by_extract(paths, capsys), by_ingest(paths, tmp_path)
    assert ingested == extracted
    assert len(extracted["packed.zip!/lists/names.csv"][2]) == 3
    with reading() as session:
        kinds = dict(session.execute(select(Document.path, Document.media_type)).tuples().all())
    assert set(media_types.READERS) <= set(kinds.values())
    assert kinds["packed.zip!/lists/names.csv"] == media_types.CSV, "its name counts inside an archive too"
