"""One bad drop never stops the inbox, and one bad file never stops its batch."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DataError

from gateway.errors import Refused, Transient
from gateway.intake import arrivals, files, inbox, register
from gateway.model import Mode
from gateway.pipeline import read
from gateway.pipeline.arrival import receive, upload
from gateway.pipeline.lines import document_lines
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Batch, Document
from support.drops import GOOD, drop

MANIFESTS = {
    "a day that does not exist": b"received_on: 2026-02-30\n",
    "a number of 5,000 digits": b"canary: " + b"9" * 5000 + b"\n",
    "500 open brackets": b"[" * 500,
    "a tag that lies": b"canary: !!int abc\n",
    "a NUL in a value": b'source: "a\\0b"\n',
    "bytes that are not text": b"source: \xff\xfe\n",
    "an anchor that holds itself": b"a: &a [*a]\n",
    "a Python object": b"!!python/object/apply:os.system ['true']\n",
}


@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS.keys())
def test_a_bad_manifest_holds_its_own_batch_and_the_other_agents_drop_goes_on(
    store: str, home: Path, manifest: bytes
) -> None:
    drop(home, "backend-engineer", "a-bad", {"batch.yaml": manifest, "list.csv": GOOD})
    drop(home, "store-associate", "b-good", {"list.csv": GOOD})
    sensed = receive.sense()
    with reading() as session:
        batches = {b.agent_id: b.code for b in session.scalars(select(Batch))}
    assert sorted(batches) == ["backend-engineer", "store-associate"]
    assert len(sensed.batch_ids) == 2
    assert batches["backend-engineer"] == "MANIFEST_INVALID"
    assert batches["store-associate"] is None


def test_a_claimed_drop_whose_agent_is_gone_is_told(store: str, home: Path) -> None:
    left = home / "inbox" / inbox.CLAIMED / "gone-agent" / "b20261101-000000-aaaaaa"
    left.mkdir(parents=True)
    (left / "list.csv").write_bytes(GOOD)
    (problem,) = [one for one in receive.sense().problems if one.where == "gone-agent"]
    assert problem.code == "UNKNOWN_AGENT"
    assert left.name in problem.sentence
    assert (left / "list.csv").exists()


def test_a_yaml_date_is_a_date(store: str, home: Path) -> None:
    drop(home, "store-associate", "a", {"batch.yaml": b"received_on: 2026-01-01\n", "list.csv": GOOD})
    receive.sense()
    with reading() as session:
        assert session.scalars(select(Batch.code)).all() == [None]


def test_what_nobody_foresaw_in_a_drop_sets_it_aside(store: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "backend-engineer", "a-bad", {"list.csv": GOOD})
    drop(home, "store-associate", "b-good", {"list.csv": GOOD})
    real = receive.open_claimed

    def choked(agent: Any, *args: Any, **more: Any) -> Any:
        if agent.id == "backend-engineer":
            raise DataError("INSERT", {}, Exception("greta.hollingsworth@example.com"))
        return real(agent, *args, **more)

    monkeypatch.setattr(receive, "open_claimed", choked)
    sensed = receive.sense()
    assert [problem.code for problem in sensed.problems] == ["DROP_SET_ASIDE"]
    assert "greta" not in sensed.problems[0].sentence
    assert len(sensed.batch_ids) == 1
    (kept,) = (home / "inbox" / inbox.SET_ASIDE / "backend-engineer").iterdir()
    assert (kept / "list.csv").read_bytes() == GOOD
    assert receive.sense().problems == (), "what was set aside is not looked at again"


def test_a_store_that_is_away_sets_nothing_aside(store: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "store-associate", "a", {"list.csv": GOOD})

    def away(*_: Any, **__: Any) -> None:
        raise Transient("TARGET_UNAVAILABLE", "The store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(receive, "open_claimed", away)
        with pytest.raises(Transient):
            receive.sense()
    assert len(receive.sense().batch_ids) == 1, "the claimed drop is found again"


def test_an_inbox_folder_that_is_a_file_leaves_the_others_alone(store: str, home: Path) -> None:
    (home / "inbox").mkdir(exist_ok=True)
    (home / "inbox" / "backend-engineer").write_bytes(b"")
    drop(home, "store-associate", "a", {"list.csv": GOOD})
    sensed = receive.sense()
    assert len(sensed.batch_ids) == 1
    assert "CLAIM_FAILED" in {problem.code for problem in sensed.problems}


def test_an_inbox_that_cannot_be_written_to_has_a_code(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def read_only(self: Path, *args: Any, **more: Any) -> Any:
        if self.name == ".lock":
            raise OSError(30, "Read-only file system")
        return real(self, *args, **more)

    monkeypatch.setattr(Path, "open", read_only)
    with pytest.raises(Transient) as raised, inbox.locked(home / "inbox"):
        pass
    assert raised.value.code == "CLAIM_FAILED"


def test_names_in_another_code_page_are_shown_and_stored_as_text(store: str, home: Path) -> None:
    folder = drop(home, "store-associate", "a", {"list.csv": GOOD})
    Path(os.fsdecode(os.fsencode(folder) + b"/Lebenslauf M\xfcller.csv")).write_bytes(GOOD.replace(b"greta", b"otto"))
    bad = Path(os.fsdecode(os.fsencode(home / "inbox" / "store-associate") + b"/M\xe4rz"))
    bad.mkdir()
    (bad / "x.csv").write_bytes(GOOD.replace(b"greta", b"ines"))
    (bad / "_READY").touch()
    for batch_id in receive.sense().batch_ids:
        receive.register_batch(batch_id)
    with reading() as session:
        paths = sorted(session.scalars(select(Document.path)))
        assert {d.code for d in session.scalars(select(Document))} == {None}
    assert paths == ["Lebenslauf Müller.csv", "list.csv", "x.csv"]


def test_a_damaged_lzma_member_fails_by_itself(store: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("bad.csv", GOOD * 50)
    data = bytearray(packed.getvalue())
    start = 30 + len("bad.csv") + 9
    data[start : start + 40] = b"\xff" * 40
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "a.zip").write_bytes(data)
    (folder / "b.csv").write_bytes(GOOD)
    batch_id = run_batch("store-associate", [folder], mode=Mode.INGEST, actor="test")
    states = {line["path"]: (line["status"], line["code"]) for line in document_lines(batch_id)}
    assert states["b.csv"][0] == "success"
    assert [code for path, (_, code) in states.items() if path.startswith("a.zip")] == ["ZIP_MEMBER_BROKEN"]


def test_what_nobody_foresaw_in_a_file_fails_that_file(store: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "store-associate", "a", {"bad.csv": GOOD, "good.csv": GOOD})
    real = register.media_type

    def choked(path: Path) -> str:
        if path.name == "bad.csv":
            raise ValueError("greta.hollingsworth@example.com")
        return real(path)

    monkeypatch.setattr(register, "media_type", choked)
    (batch_id,) = receive.sense().batch_ids
    receive.register_batch(batch_id)
    with reading() as session:
        documents = {d.path: (d.code, d.error) for d in session.scalars(select(Document))}
    assert documents["good.csv"] == (None, None)
    assert documents["bad.csv"][0] == "READER_FAILED"
    assert "greta" not in str(documents["bad.csv"][1])


def test_a_file_that_cannot_be_read_fails_by_itself(store: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drop(home, "store-associate", "a", {"bad.csv": GOOD, "good.csv": GOOD + b"\n"})
    real = Path.open

    def torn(self: Path, *args: Any, **more: Any) -> Any:
        if self.name == "bad.csv" and args == ("rb",):
            raise OSError(5, "Input/output error")
        return real(self, *args, **more)

    (batch_id,) = receive.sense().batch_ids
    monkeypatch.setattr(Path, "open", torn)
    receive.register_batch(batch_id)
    with reading() as session:
        codes = {d.path: d.code for d in session.scalars(select(Document))}
    assert codes == {"bad.csv": "FILE_UNREADABLE", "good.csv": None}


def test_a_file_that_grows_while_it_is_kept_has_the_hash_of_what_was_kept(
    store: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = drop(home, "store-associate", "a", {"list.csv": GOOD})
    assert folder.exists()
    (batch_id,) = receive.sense().batch_ids
    real = files._pieces

    def growing(path: Path) -> Any:
        with path.open("ab") as handle:
            handle.write(GOOD)
        yield from real(path)

    monkeypatch.setattr(files, "_pieces", growing)
    receive.register_batch(batch_id)
    with reading() as session:
        document = session.scalars(select(Document)).one()
    assert document.size_bytes == 2 * len(GOOD)
    with files.local(str(document.file_key)) as path:
        assert files.sha256(path) == document.sha256


def test_a_sparse_giant_is_refused_before_it_is_read(store: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = drop(home, "store-associate", "a", {})
    with (folder / "giant.pdf").open("wb") as handle:
        handle.truncate(settings().max_file_bytes + 1)
    (batch_id,) = receive.sense().batch_ids
    monkeypatch.setattr(files, "_pieces", lambda _: pytest.fail("it was read"))
    receive.register_batch(batch_id)
    with reading() as session:
        assert session.scalars(select(Document.code)).all() == ["FILE_TOO_LARGE"]


def test_an_upload_says_what_it_leaves_out_and_keeps_what_only_looks_unfinished(store: str, home: Path) -> None:
    upload_id = upload.begin("store-associate", by="ana")
    for name in ("Thumbs.db", "folder/desktop.ini", ".DS_Store"):
        with pytest.raises(Refused) as raised:
            upload.Incoming(upload_id, name, by="ana")
        assert raised.value.code == "SYSTEM_FILE"
    incoming = upload.Incoming(upload_id, "people.csv.part", by="ana", announced=len(GOOD))
    incoming.write(GOOD)
    incoming.keep()
    upload.submit(upload_id, by="ana", mode=Mode.INGEST)
    receive.register_batch(upload_id)
    with reading() as session:
        documents = [(d.path, d.code) for d in session.scalars(select(Document))]
    assert documents == [("people.csv.part", None)]


def test_a_claimer_killed_before_its_hand_over_starts_no_run_and_loses_nothing(
    store: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(home, "store-associate", "a", {"list.csv": GOOD})

    def away(*_: Any) -> None:
        raise Transient("CLAIM_FAILED", "The files store does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(arrivals, "hand_over", away)
        sensed = receive.sense()
    assert sensed.runs == {}, "nobody could read it yet"
    assert [problem.code for problem in sensed.problems] == ["CLAIM_FAILED"]
    (batch_id,) = receive.sense().batch_ids
    assert receive.register_batch(batch_id)["documents"] == 1
    assert not arrivals.is_there("store-associate", batch_id)


def test_machines_that_share_only_the_files_store_and_the_database(
    store: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_FILES_URL", f"memory://shared-{tmp_path.name}")
    settings.cache_clear()
    drop(home, "store-associate", "a", {"list.csv": GOOD})
    (batch_id,) = receive.sense().batch_ids
    upload_id = upload.begin("store-associate", by="ana")
    incoming = upload.Incoming(upload_id, "more.csv", by="ana")
    incoming.write(GOOD.replace(b"greta", b"vera").replace(b"Greta", b"Vera"))
    incoming.keep()
    upload.submit(upload_id, by="ana", mode=Mode.INGEST)
    other = tmp_path / "another-machine"
    monkeypatch.setenv("GATEWAY_INBOX_DIR", str(other / "inbox"))
    settings.cache_clear()
    for each in (batch_id, upload_id):
        receive.register_batch(each)
        for chunk in read.plan_chunks(each):
            assert read.read_chunk(chunk)["success"] == 1
