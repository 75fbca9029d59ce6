"""A backup restored on an empty machine: batches go on, who was erased stays erased, nobody is sent twice."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.cli import main
from gateway.deliver.port import Lookup, Receipt, Request
from gateway.errors import Misconfigured, Transient
from gateway.intake import files
from gateway.pipeline import read as reading_stage
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.delivery import deliver, ledger
from gateway.pipeline.erasure.erase import erase
from gateway.pipeline.keeping import restore as restoring
from gateway.pipeline.keeping.backup import backup, verify
from gateway.pipeline.keeping.restore import restore
from gateway.pipeline.report import totals
from gateway.pipeline.review.persons import mark_duplicate
from gateway.pipeline.run import continue_batch, run_batch
from gateway.pipeline.trail import seal_and_anchor
from gateway.pipeline.trail import verify as verify_trail
from gateway.settings import settings
from gateway.store import dump, keys, sealing
from gateway.store.engine import engine, migrate, reading, writing
from gateway.store.tables import Base, Batch, Bookmark, Delivery, Document, Erased, Event, PoolCandidate, Profile, now
from support.forgotten import EMAIL, found, make_drop, read_in


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    return make_drop(tmp_path / "drop")


@pytest.fixture
def machines(
    store: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Machines:
    return Machines(store, tmp_path, monkeypatch, request)


class Machines:
    """The machine of the test, and empty ones to move to."""

    def __init__(
        self, store: str, folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        self.store, self.folder, self.monkeypatch, self.request = store, folder, monkeypatch, request
        self.number = 0

    def move(self, to: str | None = None) -> Path:
        """Another home and another database, empty; the old machine is gone."""
        engine().dispose()
        sealing._open.clear()
        sealing._newest.clear()
        self.number += 1
        home = self.folder / f"machine-{self.number}"
        self.monkeypatch.setenv("GATEWAY_HOME", str(home))
        if (to or self.store) == "sqlite":
            self.monkeypatch.delenv("GATEWAY_DATABASE_URL", raising=False)
        else:
            self.monkeypatch.setenv("GATEWAY_DATABASE_URL", self._database())
        settings.cache_clear()
        return home

    def _database(self) -> str:
        import psycopg

        base: str = self.request.getfixturevalue("postgres")
        name = f"r{os.urandom(6).hex()}"
        with psycopg.connect(base.format(name="postgres").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return base.format(name=name)


def rows() -> dict[str, list[str]]:
    """Every row of every table as text, without what the restore itself writes."""
    with reading() as session:
        return {
            table.name: sorted(
                json.dumps(list(row), default=str, sort_keys=True)
                for row in session.execute(select(table))
                if table.name != "bookmark" or row.name not in (ledger.RESTORED, "key:suppression.key")
            )
            for table in Base.metadata.sorted_tables
        }


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_everything_comes_back_on_an_empty_machine_with_either_database(
    machines: Machines, drop: Path, tmp_path: Path, to: str, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = read_in(drop)
    with reading() as session:
        mine = session.scalars(select(Profile).where(Profile.email_norm == EMAIL).order_by(Profile.id)).all()
        ines = session.scalars(select(Profile).where(Profile.name == "Ines Marchetti")).one()
    mark_duplicate(ines.id, next(one.id for one in mine if one.state == "delivered"), reviewer="rita")
    seal_and_anchor()
    before, kept = rows(), _files()
    assert main(["backup", str(tmp_path / "backups" / "one")]) == 0
    assert main(["backup", "--verify", str(tmp_path / "backups" / "one")]) == 0
    machines.move(to)
    assert main(["restore", str(tmp_path / "backups" / "one")]) == 0
    assert rows() == before
    assert _files() == kept
    assert verify_trail().broken is None, "anchors and their key came along"
    assert totals(batch).add_up()
    with writing() as session:
        session.add(Event(kind="state", subject="batch", subject_id="b", actor="test"))  # numbers go on
    assert main(["restore", str(tmp_path / "backups" / "one")]) == 1
    assert "RESTORE_NOT_EMPTY" in capsys.readouterr().err
    run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(PoolCandidate)) == len(before["pool_candidate"])


def _files() -> dict[str, bytes]:
    root = Path(settings().files_root)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_batch_in_the_middle_goes_on(
    machines: Machines, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = _stopped_in_the_middle(drop, monkeypatch)
    made = backup(tmp_path / "backup")
    machines.move()
    assert main(["restore", str(made.folder)]) == 0
    assert f"in the middle: gateway resume {batch} --force" in capsys.readouterr().out
    assert main(["resume", batch, "--force"]) == 0
    numbers = totals(batch)
    assert (numbers.processing, numbers.received, numbers.add_up()) == (0, 3, True)
    with reading() as session:
        assert session.scalars(select(Profile.id).where(Profile.email_norm == EMAIL)).all()
        assert session.get_one(Batch, batch).state == "waiting_review"


def _stopped_in_the_middle(drop: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Its worker dies after the first document was read: the batch stays as it is, without a word."""
    real = reading_stage.store_reading
    done: list[str] = []

    class Died(BaseException):
        pass

    def dies(document_id: str, *rest: object) -> int:
        if done:
            raise Died
        done.append(document_id)
        return real(document_id, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(reading_stage, "store_reading", dies)
        patch.setattr("gateway.pipeline.run.finish_batch", lambda _: None)
        with pytest.raises(Died):
            run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        assert session.scalars(select(Document.id).where(Document.state == "processing")).all()
        (batch,) = session.scalars(select(Batch.id).where(Batch.state == "running")).all()
    return batch


def test_who_was_erased_after_the_backup_stays_erased(
    machines: Machines, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = tmp_path / "backups"
    monkeypatch.setenv("GATEWAY_BACKUP_DIR", str(beside))
    settings.cache_clear()
    read_in(drop)
    made = backup()
    receipt = erase(email=EMAIL, actor="rita")
    assert (beside / "receipts" / f"{receipt['receipt']}.json").exists(), "at once, not with the next backup"
    forged = {**json.loads((beside / "receipts" / f"{receipt['receipt']}.json").read_bytes()), "receipt": "e-forged"}
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "forged.json").write_text(json.dumps(forged))
    (tmp_path / "more" / "nothing.json").write_text("{")
    machines.move()
    assert main(["restore", str(made.folder), "--receipts", str(tmp_path / "more")]) == 1
    said = capsys.readouterr().out
    assert f"erased again: 3 profiles of receipt {receipt['receipt']}" in said
    assert "NOT SIGNED BY US, nothing done: receipt e-forged" in said
    assert found() == set()
    with reading() as session:
        assert set(session.scalars(select(Erased.hash))) >= set(receipt["suppressed"])
    run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        assert not session.scalars(select(Profile.id).where(Profile.email_norm == EMAIL)).all(), "nor read in again"


def test_a_restore_that_is_killed_is_run_again(
    machines: Machines, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_BACKUP_DIR", str(tmp_path / "backups"))
    settings.cache_clear()
    read_in(drop)
    made = backup()
    erase(email=EMAIL, actor="rita")
    machines.move()
    for name in ("_keys", "_rows", "_erase_again"):
        with monkeypatch.context() as patch:
            patch.setattr(restoring, name, _dies)
            with pytest.raises(KeyboardInterrupt):
                restore(made.folder, actor="test")
    done = restore(made.folder, actor="test")
    assert list(done.erased_again.values()) == [3]
    assert found() == set()
    with pytest.raises(Misconfigured, match="RESTORE_NOT_EMPTY"):
        restore(made.folder, actor="test")


def _dies(*_: object) -> None:
    raise KeyboardInterrupt


class Far:
    """A target that keeps what it is given, and was given somebody after the backup."""

    kind, settle_s, idempotent, chunk_size = "own_pool", 0.0, False, 50  # as the agents' files say

    def __init__(self) -> None:
        self.has: list[str] = []
        self.looked: list[object] = []

    def smaller(self) -> None: ...

    def preflight(self, posting: str) -> None: ...

    def wait_turn(self) -> None: ...

    def put(self, requests: list[Request]) -> Iterator[Receipt]:
        for one in requests:
            self.has.append(one.email)
            yield Receipt(one.external_id, True, f"their-{len(self.has)}")

    def find(self, posting: str, lookups: list[Lookup], since: object) -> Iterator[Receipt]:
        self.looked.append(since)
        for one in lookups:
            if one.email_norm in self.has:
                yield Receipt(one.external_id, True, "theirs", matched="email")

    def finish(self, posting: str, batch_id: str) -> None: ...


def test_nobody_is_sent_twice_after_a_restore(
    machines: Machines, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = Far()
    monkeypatch.setattr(deliver, "target_of", lambda agent: far)
    monkeypatch.setattr(ledger, "OWN", "another")
    batch = _stopped_in_the_middle(drop, monkeypatch)
    made = backup(tmp_path / "backup")
    continue_batch(batch, actor="test", force=True)
    everybody = sorted(far.has)
    assert len(everybody) > 1
    far.has.remove(EMAIL)  # the others were sent before the machine was lost
    far.looked.clear()
    machines.move()
    restore(made.folder, actor="test")
    continue_batch(batch, actor="test", force=True)
    assert sorted(far.has) == everybody, "each once: he was sent, the others were found"
    assert far.looked == [made.at.replace(microsecond=0)], "what came to the target since the backup is looked at"
    with reading() as session:
        assert set(session.scalars(select(Delivery.state))) == {"confirmed"}
    with writing() as session:
        session.get_one(Bookmark, ledger.RESTORED).updated_at = now() - ledger.LOOK_FIRST - timedelta(hours=1)
    far.has.clear()
    run_batch("store-associate", [drop], actor="test")
    assert far.has, "a month later it sends as before"
    assert len(far.looked) == 1
    assert agent_of("store-associate").target.posting


def test_a_damaged_or_unfinished_backup_is_refused(
    home: Path, drop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read_in(drop)
    made = backup(tmp_path / "backup")
    assert verify(made.folder)["files"] == made.files
    document = next(path for path in (made.folder / "files" / "backend-engineer").rglob("*") if path.is_file())
    for damage in (
        lambda: document.write_bytes(b"another"),
        lambda: (made.folder / "tables" / "profile.jsonl.gz").unlink(),
        lambda: (made.folder / "files.jsonl").write_text(""),
        lambda: (made.folder / "manifest.json").write_text('{"version": 1}'),
        lambda: (made.folder / "manifest.json").unlink(),
    ):
        damage()
        assert main(["backup", "--verify", str(made.folder)]) == 1
        assert "BACKUP_INVALID" in capsys.readouterr().err
    assert main(["backup", "--verify"]) == 1
    assert main(["backup", str(made.folder)]) == 1, "nothing is written over"
    assert main(["backup"]) == 1
    assert "GATEWAY_BACKUP_DIR" in capsys.readouterr().err


def test_the_second_backup_takes_no_space_for_the_same_documents(
    home: Path, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_BACKUP_DIR", str(tmp_path / "backups"))
    settings.cache_clear()
    read_in(drop)
    first = backup(tmp_path / "backups" / "1")
    second = backup(tmp_path / "backups" / "2")
    assert (first.linked, second.linked) == (0, 3)
    shutil.rmtree(first.folder)
    assert verify(second.folder)


def test_a_backup_is_for_its_owner_alone_and_holds_no_master_key(
    home: Path, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    master = sealing.new_master()
    (home / "master").write_text(master)
    monkeypatch.setenv("GATEWAY_MASTER_KEY_FILE", str(home / "master"))
    monkeypatch.setenv("GATEWAY_ENCRYPT", "true")
    settings.cache_clear()
    read_in(drop)
    folder = tmp_path / "backup"
    assert main(["backup", str(folder)]) == 0
    content = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not [one for one in content if master.encode() in one]
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.rglob("*")]} == {0}
    import gzip

    texts = [
        gzip.decompress(path.read_bytes()) for path in (folder / "tables").iterdir() if path.name.startswith("field")
    ]
    assert not [text for text in texts if EMAIL.encode() in text], "what is sealed in the store is sealed in the backup"


def test_a_backup_with_an_object_store(
    machines: Machines, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_FILES_URL", "memory://backup-from")
    settings.cache_clear()
    read_in(drop)
    keys.public_key()
    made = backup(tmp_path / "backup")
    machines.move()
    monkeypatch.setenv("GATEWAY_FILES_URL", "memory://backup-to")
    settings.cache_clear()
    assert restore(made.folder, actor="test").files == made.files
    with reading() as session:
        key = session.scalars(select(Document.file_key)).first()
    with files.local(str(key)) as path:
        assert path.read_bytes()


def test_a_place_that_cannot_be_written_to_is_said(
    home: Path, drop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read_in(drop)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GATEWAY_BACKUP_DIR", str(tmp_path / "file"))
    settings.cache_clear()
    with pytest.raises(Transient, match="receipt is kept"):
        erase(email=EMAIL, actor="rita")
    assert list((Path(settings().files_root) / "receipts").iterdir())
    monkeypatch.setenv("GATEWAY_BACKUP_DIR", str(tmp_path / "there"))
    settings.cache_clear()
    backup()
    assert len(list((tmp_path / "there" / "receipts").iterdir())) == 1, "the next backup makes up for it"


def test_nothing_to_back_up_is_said(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine().dispose()
    (home / "gateway.db").unlink()
    assert main(["backup", str(tmp_path / "backup")]) == 1
    assert "STORE_MISSING" in capsys.readouterr().err
    migrate()
    assert dump.revision_of(engine().connect())
