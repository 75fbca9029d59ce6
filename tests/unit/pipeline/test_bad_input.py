"""Whatever arrives: a clear code and sentence for it, and the rest of the batch done."""

from __future__ import annotations

import errno
import os
import shutil
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest
from sqlalchemy import select

from gateway.codes import CODES
from gateway.errors import Misconfigured, Refused, Transient
from gateway.intake import files, inbox
from gateway.model import Mode
from gateway.pipeline.arrival import receive
from gateway.pipeline.lines import document_lines
from gateway.pipeline.report import totals
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading
from gateway.store.tables import Batch, Document, Event

SAMPLES = Path(__file__).resolve().parents[3] / "include" / "samples" / "backend-engineer"
GOOD = b"Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"


def put(home: Path, files_: dict[str, bytes], agent: str = "backend-engineer") -> Path:
    folder = home / "inbox" / agent / "drop"
    folder.mkdir(parents=True)
    for name, content in files_.items():
        (folder / name).write_bytes(content)
    (folder / "_READY").touch()
    return folder


def test_every_kind_of_bad_file_has_its_code_and_the_good_one_is_ingested(store: str, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    whole = (SAMPLES / "resume-oakfield.pdf").read_bytes()
    shutil.copyfile(SAMPLES / "resume-encrypted.pdf", folder / "encrypted.pdf")
    (folder / "truncated.pdf").write_bytes(whole[:200])
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "program.pdf").write_bytes(b"MZ\x90\x00" + bytes(200))
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + bytes(40))
    (folder / "half.pdf.part").write_bytes(whole[:100])
    (folder / "link.pdf").symlink_to("/etc/hostname")
    with zipfile.ZipFile(folder / "slip.zip", "w") as archive:
        archive.writestr("../../outside.csv", GOOD)
    (folder / "list.csv").write_bytes(GOOD)
    batch_id = run_batch("backend-engineer", [folder], actor="test")
    rows = {row["path"]: row for row in document_lines(batch_id)}
    assert rows.pop("list.csv")["outcome"] == "ingested"
    assert {path: row["status"] for path, row in rows.items()} == dict.fromkeys(rows, "failed")
    codes = {path.split("!")[0]: row["code"] for path, row in rows.items()}
    assert codes["encrypted.pdf"] == "ENCRYPTED_PDF"
    assert codes["empty.pdf"] == "EMPTY_FILE"
    assert codes["link.pdf"] == "NOT_A_FILE"
    assert codes["half.pdf.part"] == "UNFINISHED_UPLOAD"
    assert codes["broken.zip"] == "ZIP_BROKEN"
    for path, row in rows.items():
        assert row["code"] in CODES, path
        assert row["error"], path
        assert row["error"].rstrip().endswith("."), f"{path}: a sentence, not a fragment"
    numbers = totals(batch_id)
    assert numbers.add_up()
    assert (numbers.delivered, numbers.failed) == (1, len(rows))
    assert not list(tmp_path.rglob("outside.csv"))


def test_unknown_agent_is_told_with_the_known_ones(store: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(GOOD)
    with pytest.raises(Misconfigured) as raised:
        run_batch("nobody", [tmp_path / "a.csv"], actor="test")
    assert raised.value.code == "UNKNOWN_AGENT"
    assert "backend-engineer" in raised.value.sentence
    with reading() as session:
        assert session.scalars(select(Batch)).all() == []


def test_a_broken_agent_file_stops_its_agent_only(
    store: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.settings import settings

    agents = tmp_path / "agents"
    agents.mkdir()
    shutil.copyfile(settings().agents_dir / "backend-engineer.yaml", agents / "backend-engineer.yaml")
    (agents / "broken.yaml").write_text("id: broken\ntitel: typing error\n")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(agents))
    settings.cache_clear()
    put(home, {"list.csv": GOOD})
    waiting = put(home, {"list.csv": GOOD}, agent="broken")
    sensed = receive.sense()
    assert len(sensed.batch_ids) == 1
    assert [trouble.code for trouble in sensed.problems] == ["AGENT_FILE_INVALID"]
    assert "broken.yaml" in sensed.problems[0].sentence
    assert (waiting / "list.csv").exists()


def test_troubles_are_events_once_a_day(store: str, home: Path) -> None:
    (home / "inbox" / "stranger").mkdir(parents=True)
    for _ in range(3):
        assert [trouble.code for trouble in receive.sense().problems] == ["UNKNOWN_AGENT"]
    with reading() as session:
        assert [e.code for e in session.scalars(select(Event).where(Event.kind == "trouble"))] == ["UNKNOWN_AGENT"]


def test_a_full_disk_while_claiming_leaves_the_drop_and_the_next_look_claims_it(
    store: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = put(home, {"list.csv": GOOD})
    real = Path.rename

    def full(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "rename", full)
    sensed = receive.sense()
    assert sensed.batch_ids == ()
    assert [trouble.code for trouble in sensed.problems] == ["DISK_FULL"]
    assert (folder / "list.csv").exists()
    monkeypatch.setattr(Path, "rename", real)
    assert len(receive.sense().batch_ids) == 1


def test_a_full_disk_while_registering_is_tried_again_and_loses_nothing(
    store: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, {"a.csv": GOOD, "b.csv": GOOD.replace(b"greta", b"otto").replace(b"Greta", b"Otto")})
    (batch_id,) = receive.sense().batch_ids
    real = files._copy_hashed

    def full(path: Path, sink: BinaryIO, sealed_for: str | None) -> tuple[str, int]:
        sink.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "_copy_hashed", full)
    with pytest.raises(Transient) as raised:
        receive.register_batch(batch_id)
    assert raised.value.code == "DISK_FULL"
    assert raised.value.retry_after_s
    monkeypatch.setattr(files, "_copy_hashed", real)
    assert receive.register_batch(batch_id)["documents"] == 2
    assert receive.register_batch(batch_id)["documents"] == 2
    with reading() as session:
        for document in session.scalars(select(Document)):
            with files.local(str(document.file_key)) as path:
                assert files.sha256(path) == document.sha256
    assert not list((home / "files").rglob("*.part"))


def test_a_claim_cut_off_before_its_row_is_found_again(store: str, home: Path) -> None:
    """The move is done, the worker dies, no batch row exists: the next look makes it."""
    put(home, {"list.csv": GOOD})
    (drop,) = inbox.look(home / "inbox", {"backend-engineer"}, quiet_s=0, alarm_s=900).drops
    with inbox.locked(home / "inbox"):
        inbox.claim(home / "inbox", drop, "b20260101-000000-aaaaaa")
    assert receive.sense().batch_ids == ("b20260101-000000-aaaaaa",)
    assert receive.register_batch("b20260101-000000-aaaaaa")["documents"] == 1


def test_a_batch_claimed_and_never_started_is_offered_again(store: str, home: Path) -> None:
    put(home, {"list.csv": GOOD})
    (batch_id,) = receive.sense().batch_ids
    assert receive.sense().batch_ids == (batch_id,)
    receive.register_batch(batch_id)
    assert receive.sense().batch_ids == ()


def test_a_closed_agent_keeps_its_drop_in_the_inbox(
    store: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway.settings import settings

    agents = tmp_path / "agents"
    agents.mkdir()
    text = (settings().agents_dir / "backend-engineer.yaml").read_text("utf-8")
    (agents / "backend-engineer.yaml").write_text(text.replace("default_mode:", "state: closed\ndefault_mode:"))
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(agents))
    settings.cache_clear()
    folder = put(home, {"list.csv": GOOD})
    sensed = receive.sense()
    assert sensed.batch_ids == ()
    assert "AGENT_CLOSED" in {trouble.code for trouble in sensed.problems}
    assert folder.exists()
    with pytest.raises(Misconfigured) as raised:
        receive.open_batch("backend-engineer", [folder], actor="test")
    assert raised.value.code == "AGENT_CLOSED"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "FORM_INCOMPLETE"),
        ({"agent": "backend-engineer"}, "FORM_INCOMPLETE"),
        ({"agent": "backend-engineer", "path": "/etc"}, "PATH_REFUSED"),
        ({"agent": "backend-engineer", "path": "include/samples/../../pyproject.toml"}, "PATH_REFUSED"),
        ({"agent": "backend-engineer", "path": "include/samples/nothing-here"}, "NOTHING_THERE"),
    ],
)
def test_the_trigger_form_refuses_clearly(home: Path, form: dict[str, str], code: str) -> None:
    from gateway.store.tables import now

    with pytest.raises((Misconfigured, Refused)) as raised:
        receive.open_from_form(form, run_id="manual__1", at=now())
    assert raised.value.code == code


def test_the_same_run_finds_its_batch_again(store: str, home: Path) -> None:
    from gateway.store.tables import now

    at = now()
    form = {"agent": "backend-engineer", "path": "include/samples/backend-engineer", "mode": "review", "canary": 2}
    first = receive.open_from_form(form, run_id="manual__1", at=at)
    assert receive.open_from_form(form, run_id="manual__1", at=at) == first
    with reading() as session:
        (batch,) = session.scalars(select(Batch)).all()
    assert (batch.mode, batch.canary, batch.run_id) == (Mode.REVIEW, 2, "manual__1")
    assert receive.sense().batch_ids == (), "its run is there already; the sensor must not start a second"


def test_limits_name_themselves(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.settings import settings

    monkeypatch.setenv("GATEWAY_MAX_BATCH_FILES", "2")
    monkeypatch.setenv("GATEWAY_MAX_FILE_BYTES", "1000")
    settings.cache_clear()
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "a.csv").write_bytes(GOOD)
    (folder / "b.csv").write_bytes(GOOD + b"x,y@example.com,\n" * 100)
    (folder / "c.csv").write_bytes(GOOD.replace(b"greta", b"otto"))
    batch_id = run_batch("backend-engineer", [folder], actor="test")
    rows = {row["path"]: row for row in document_lines(batch_id)}
    assert rows["b.csv"]["code"] == "FILE_TOO_LARGE"
    assert "1,000 bytes" in rows["b.csv"]["error"]
    assert rows["c.csv"]["code"] == "BATCH_TOO_MANY_FILES"
    assert rows["a.csv"]["status"] == "success"
