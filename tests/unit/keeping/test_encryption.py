"""What is encrypted at rest, that everything works with it, and how its keys are exchanged."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from sqlalchemy import Text, select, type_coerce

from gateway.cli import main
from gateway.credentials import Credentials
from gateway.errors import Misconfigured, Unreadable
from gateway.intake import arrivals, cache, files
from gateway.pipeline import encryption
from gateway.pipeline.encryption import encrypt_kept, rotate, sealed_columns
from gateway.pipeline.erasure.erase import erase
from gateway.pipeline.review.review import decide
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store import columns, sealing
from gateway.store.engine import reading, writing
from gateway.store.tables import Base, DataKey, Document, Field, PoolCandidate, Profile, Review
from support.forgotten import EMAIL, everything, found, make_drop, read_in
from support.sealed import plain_values, sealed_size

IN_THE_CLEAR = {
    "profile",
    "document",
    "delivery",
    "batch",
}  # what lists search and what keeps a person from being sent twice


def use_master(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_GATEWAY_MASTER", '{"password": "' + ",".join(keys) + '"}')


def turn_on(monkeypatch: pytest.MonkeyPatch, *keys: str) -> None:
    use_master(monkeypatch, *keys)
    monkeypatch.setenv("GATEWAY_ENCRYPT", "true")
    settings.cache_clear()


@pytest.fixture
def master(store: str, monkeypatch: pytest.MonkeyPatch) -> str:
    key = sealing.new_master()
    turn_on(monkeypatch, key)
    return key


def in_files() -> set[str]:
    """Files below the home, the inbox and the database apart, in which the person's strings stand."""
    home = settings().home
    return {
        where
        for where, text in everything()
        if where.startswith(str(home)) and "gateway.db" not in where and "barrowby" in text.lower()
    }


def test_files_and_values_are_sealed_and_everything_works(master: str, store: str, tmp_path: Path) -> None:
    batch = read_in(make_drop(tmp_path / "drop", workbook=True))
    exports = {where for where in in_files() if "/pool/" in where}
    assert in_files() == exports, "the pool's export is for other programs; no kept file, no picture says anything"
    assert found() - exports - {where for where in found() if "gateway.db" in where} <= IN_THE_CLEAR
    assert plain_values() == 0
    with reading() as session:
        person = session.scalars(select(Profile).where(Profile.email_norm == EMAIL)).first()
        assert person is not None
        assert person.data.keys() - {"gw1:"}
        assert {one.raw for one in person.fields} >= {EMAIL}
        assert session.scalars(select(PoolCandidate.record)).first()
        keys = session.scalars(select(Document.file_key)).all()
        assert all(str(key).endswith(files.SEALED) for key in keys)
    with files.local(str(keys[0])) as path:
        assert path.read_bytes()
        folder = path.parent
    assert not folder.exists(), "the copy is gone when it was read"
    held = _held(batch)
    decide(held, "correct", reviewer="rita", corrections={"name": "Ines M."}, note="a friend of quentin barrowby")
    with reading() as session:
        review = session.scalars(select(Review)).one()
        assert review.note == "a friend of quentin barrowby"
        assert review.after["name"] == "Ines M."
    assert found() - exports - {where for where in found() if "gateway.db" in where} <= IN_THE_CLEAR
    assert erase(email=EMAIL, actor="rita")["complete"]
    assert found() == set()
    assert run_batch("backend-engineer", [tmp_path / "drop"], actor="test"), (
        "the others of his documents are read again"
    )


def _held(batch: str) -> str:
    with reading() as session:
        return (
            session.scalars(select(Profile.id).where(Profile.batch_id == batch, Profile.state == "held")).first() or ""
        )


def test_search_order_and_the_ledger_need_no_key(master: str, tmp_path: Path) -> None:
    read_in(make_drop(tmp_path / "drop"))
    with reading() as session:
        assert session.scalars(select(Profile.id).where(Profile.name.ilike("%barrow%"))).all()
    before = _confirmed()
    run_batch("backend-engineer", [tmp_path / "drop"], actor="test")
    assert _confirmed() == before, "nobody is sent twice"


def _confirmed() -> int:
    with reading() as session:
        return len(session.scalars(select(PoolCandidate.id)).all())


def test_rotation_wraps_keys_again_writes_nothing_else_and_goes_on_after_a_kill(
    master: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_in(make_drop(tmp_path / "drop"))
    with writing() as session:
        for month in ("2026-01", "2026-02", "2026-03"):
            identity = f"k{month.replace('-', '')}aaa"
            row = sealing.wrapped(identity, os.urandom(32), sealing.masters()[0])
            session.add(DataKey(id=identity, month=month, **row))
    before = _kept()
    new = sealing.new_master()
    use_master(monkeypatch, new, master)
    real, done = sealing.wrapped, []

    def killed(*given: object) -> object:
        done.append(1)
        if len(done) == 3:
            raise KeyboardInterrupt
        return real(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(sealing, "wrapped", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate()
    assert main(["keys", "rotate"]) == 0
    assert "2 data keys wrapped again" in capsys.readouterr().out
    assert rotate() == 0
    assert _kept() == before, "files and values were not touched"
    use_master(monkeypatch, new)
    sealing._open.clear()
    assert main(["keys", "list"]) == 0
    with reading() as session:
        assert session.scalars(select(Field.raw).where(Field.raw.is_not(None))).all(), "the old key is needed no more"
    use_master(monkeypatch, master)
    sealing._open.clear()
    assert main(["keys", "list"]) == 1
    assert "CANNOT BE OPENED HERE" in capsys.readouterr().out
    with reading() as session, pytest.raises(Misconfigured, match="MASTER_KEY_MISSING"):
        session.scalars(select(Field.raw)).all()


def _kept() -> dict[str, bytes]:
    kept = {str(path): path.read_bytes() for path in Path(settings().files_root).rglob("*.sealed")}
    with reading() as session:
        rows = session.execute(select(Field.id, type_coerce(Field.raw, Text()))).all()
    return kept | {str(row[0]): row[1].encode() for row in rows}


def test_what_was_kept_before_is_encrypted_later_and_a_killed_run_goes_on(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read_in(make_drop(tmp_path / "drop"))
    with pytest.raises(Misconfigured, match="ENCRYPTION_OFF"):
        encrypt_kept()
    with reading() as session:
        said = {row.id: (row.value, row.raw) for row in session.scalars(select(Field))}
    plain = plain_values()
    assert plain > 20
    turn_on(monkeypatch, sealing.new_master())
    real, done = encryption.seal_text, []

    def killed(*given: str) -> str:
        done.append(1)
        if len(done) > 10:
            raise KeyboardInterrupt
        return real(*given)

    with monkeypatch.context() as patch:
        patch.setattr(encryption, "seal_text", killed)
        with pytest.raises(KeyboardInterrupt):
            encrypt_kept()
    assert main(["keys", "encrypt"]) == 0
    assert "values encrypted" in capsys.readouterr().out
    assert plain_values() == 0
    assert not [path for path in Path(settings().files_root).rglob("*") if len(path.name) == 64]
    with reading() as session:
        assert {row.id: (row.value, row.raw) for row in session.scalars(select(Field))} == said
    assert encrypt_kept() == encryption.Encrypted(0, 0, 0)
    monkeypatch.delenv("GATEWAY_ENCRYPT")
    settings.cache_clear()
    with reading() as session:
        assert {row.id: (row.value, row.raw) for row in session.scalars(select(Field))} == said, "off, it still opens"


def test_a_document_being_read_keeps_its_file(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_in(make_drop(tmp_path / "drop"))
    with writing() as session:
        document = session.scalars(select(Document).where(Document.path == "list.csv")).one()
        document.state = "processing"
    turn_on(monkeypatch, sealing.new_master())
    assert encrypt_kept().later == 1
    with files.local(str(document.file_key)) as path:
        assert path.exists()


def test_without_a_master_key_nothing_is_written_in_the_clear(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_ENCRYPT", "true")
    settings.cache_clear()
    with pytest.raises(Misconfigured, match="MASTER_KEY_MISSING"), writing():
        pass
    (home / "cv.txt").write_text("quentin")
    with pytest.raises(Misconfigured, match="MASTER_KEY_MISSING"):
        files.keep(home / "cv.txt", "a")
    monkeypatch.setenv("AIRFLOW_CONN_GATEWAY_MASTER", '{"password": "c2hvcnQ="}')
    with pytest.raises(Misconfigured, match="KEY_INVALID"):
        files.keep(home / "cv.txt", "a")
    assert not list(home.rglob("*.sealed"))


def test_a_key_file_is_as_good_as_a_connection(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = home / "master"
    key.write_text(sealing.new_master() + "\n")
    monkeypatch.setenv("GATEWAY_MASTER_KEY_FILE", str(key))
    monkeypatch.setenv("GATEWAY_ENCRYPT", "true")
    settings.cache_clear()
    (home / "cv.txt").write_text("quentin")
    kept, *_ = files.keep(home / "cv.txt", "a")
    with files.local(kept) as path:
        assert path.read_text() == "quentin"
    monkeypatch.setenv("GATEWAY_MASTER_KEY_FILE", str(home / "none"))
    settings.cache_clear()
    with pytest.raises(Misconfigured, match="KEY_INVALID"):
        sealing.masters()


def test_a_changed_moved_or_cut_file_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turn_on(monkeypatch, sealing.new_master())
    for name in ("one", "two"):
        (home / name).write_bytes(name.encode() * 200_000)
    one, two = (files.keep(home / name, "a")[0] for name in ("one", "two"))
    root = Path(settings().files_root)
    good = (root / one).read_bytes()
    assert len(good) == sealed_size(600_000)
    piece = sealing.PIECE + sealing.TAG
    head = len(good) - sealed_size(600_000) + 34
    swapped = good[:head] + good[head + piece : head + 2 * piece] + good[head : head + piece] + good[head + 2 * piece :]
    for bad in (good[:-1], good[: head + piece], good[:head], good[:-1] + bytes([good[-1] ^ 1]), swapped, b""):
        (root / one).write_bytes(bad)
        with pytest.raises(Unreadable, match="SEALED_DAMAGED"), files.local(one):
            pass
    (root / one).write_bytes((root / two).read_bytes())
    with pytest.raises(Unreadable, match="SEALED_DAMAGED"), files.local(one):
        pass
    (root / one).write_bytes(good)
    with files.local(one) as path:
        assert path.read_bytes() == b"one" * 200_000


def test_a_changed_value_is_refused_and_a_text_like_a_sealed_one_is_a_text(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("gw1:", "gw1:=x", "gw1:bm8="):
        assert columns.open_text(columns.seal_text(text, "field.raw"), "field.raw") == text
    turn_on(monkeypatch, sealing.new_master())
    sealing.ensure()
    sealed = columns.seal_text("quentin", "field.raw")
    with pytest.raises(Unreadable, match="SEALED_DAMAGED"):
        columns.open_text(sealed, "field.value")
    for bad in (sealed[:-4], "gw1:*", sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:]):
        with pytest.raises(Unreadable, match="SEALED_DAMAGED"):
            columns.open_text(bad, "field.raw")


@pytest.mark.parametrize("size", [0, 1, sealing.PIECE - 1, sealing.PIECE, sealing.PIECE + 1, 3 * sealing.PIECE])
def test_every_size_comes_back(home: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    turn_on(monkeypatch, sealing.new_master())
    content = os.urandom(size)
    sealed = b"".join(sealing.seal_pieces([content[: size // 3], content[size // 3 :]], "a"))
    assert len(sealed) == sealed_size(size)
    assert b"".join(sealing.open_pieces(io.BytesIO(sealed), "a")) == content


def test_an_object_store_holds_no_drop_in_the_clear(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_FILES_URL", "memory://sealed-arrivals")
    turn_on(monkeypatch, sealing.new_master())
    folder = home / "claimed" / "b1"
    folder.mkdir(parents=True)
    (folder / "Quentin Barrowby.txt").write_text("quentin barrowby")
    arrivals.hand_over(folder, "a", "b1")
    kept = [path.read_bytes() for path in files.root().rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert not [content for content in kept if b"arrowby" in content]
    with arrivals.fetched("a", "b1") as there:
        assert (there / "Quentin Barrowby.txt").read_text() == "quentin barrowby"


def test_a_picture_is_sealed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    turn_on(monkeypatch, sealing.new_master())
    made: list[int] = []
    for _ in range(2):
        assert cache.cached("a" * 64, "1.png", lambda: made.append(1) or b"quentin") == b"quentin"  # type: ignore[func-returns-value]
    assert made == [1]
    (path,) = [path for path in (home / "cache").rglob("*") if path.is_file()]
    assert b"quentin" not in path.read_bytes()


def test_a_copy_left_by_a_killed_process_is_removed(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(files.tempfile, "gettempdir", lambda: str(tmp_path))
    left = tmp_path / f"{files.COPY}dead"
    left.mkdir()
    (left / "document").write_text("quentin")
    os.utime(left, (0, 0))
    with files.temporary() as mine:
        assert not left.exists()
        os.utime(mine, (0, 0))
        with files.temporary():
            assert mine.exists(), "somebody works in it"


def test_no_sealed_column_is_searched() -> None:
    """SQL sees ciphertext: a condition on such a column would find nothing, in silence."""
    assert {f"{table}.{name}" for table, name in sealed_columns()} == {
        "profile.data",
        "field.value",
        "field.raw",
        "verdict.findings",
        "review.before",
        "review.after",
        "review.note",
        "pool_candidate.record",
        "answer.given",
    }
    assert Base.metadata.tables["profile"].c.data.type.about == "profile.data"  # type: ignore[attr-defined]


def test_airflow_s_secrets_backend_is_asked_where_nothing_else_has_the_key(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gateway_airflow.hooks import connections

    monkeypatch.delenv("AIRFLOW_CONN_GATEWAY_MASTER", raising=False)
    key = sealing.new_master()
    asked: list[str] = []

    def none(name: str) -> Credentials:
        asked.append(name)
        raise Misconfigured("CONNECTION_MISSING", "none")

    monkeypatch.setattr(connections, "from_airflow", none)
    assert sealing.masters() == ()
    monkeypatch.setattr(connections, "from_airflow", lambda name: Credentials(name, "", key))
    (master,) = sealing.masters()
    assert key not in repr(master)
    assert asked == ["gateway_master"]
    sealing._known.clear()
