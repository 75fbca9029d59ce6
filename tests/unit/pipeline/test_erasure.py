"""One person is forgotten everywhere: nothing of theirs is found afterwards, others keep theirs, and it is proved."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from sqlalchemy import Text, cast, select

from gateway.cli import main
from gateway.errors import Conflict, Misconfigured, Transient
from gateway.intake import cache
from gateway.pipeline.erasure import erase as erasing
from gateway.pipeline.erasure import kept
from gateway.pipeline.erasure.erase import erase
from gateway.pipeline.report import totals
from gateway.pipeline.review.persons import mark_duplicate
from gateway.pipeline.review.review import decide
from gateway.pipeline.run import run_batch
from gateway.pipeline.trail import verify
from gateway.settings import settings
from gateway.store import chain, keys
from gateway.store.engine import reading, writing
from gateway.store.tables import Base, Delivery, Document, Event, PoolCandidate, Profile, Review
from support.pdf_maker import make, read, resume

LIST = (
    "name,email,phone,location\n"
    "Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134,Portland\n"
    "Quentin Barrowby,quentin.barrowby@example.org,+1 312 555 0119,Chicago\n"
    "Ines Marchetti,,+1 206 555 0144,Seattle\n"
)
EMAIL = "quentin.barrowby@example.org"
STRINGS = ("quentin", "barrowby", "3125550119", "312 555 0119")


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    pages = resume("Quentin Barrowby", EMAIL, "+1 312 555 0119")
    make(folder / "Quentin Barrowby CV.pdf", pages)
    make(folder / "two.pdf", resume("Anna Brook", "anna.brook@example.org", "+1 415 555 0111"), pages)
    (folder / "list.csv").write_text(LIST, "utf-8")
    (folder / "batch.yaml").write_text("files: [Quentin Barrowby CV.pdf, two.pdf, list.csv]\n")
    return folder


@pytest.fixture
def batch(store: str, drop: Path) -> str:
    """Quentin in a résumé of his own, in a PDF with another person and in a list; one of him was delivered."""
    batch_id = run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        mine = session.scalars(select(Profile).where(Profile.email_norm == EMAIL)).all()
        assert len(mine) == 3
        cache.cached(mine[0].document.sha256, "1.png", lambda: b"a picture of quentin barrowby")
        held = session.scalars(select(Profile).where(Profile.name == "Ines Marchetti")).one()
    decide(held.id, "correct", reviewer="rita", corrections={"name": "Ines M."}, note="asked quentin barrowby's friend")
    decide(held.id, "undo", reviewer="rita")
    mark_duplicate(held.id, next(one.id for one in mine if one.state == "delivered"), reviewer="rita")
    return batch_id


def everything(store: str) -> Iterator[tuple[str, str]]:
    """(where, text) of every file below the home, the SQLite store's bytes among them, and of every row."""
    for path in settings().home.rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes().decode("latin-1") + str(path)
            if path.read_bytes()[:5] == b"%PDF-":
                with pikepdf.open(path) as pdf:
                    for page in pdf.pages:
                        content = page.get("/Contents")
                        yield f"{path}, unpacked", content.read_bytes().decode("latin-1") if content is not None else ""
    with reading() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(*[cast(column, Text) for column in table.columns])):
                yield table.name, " ".join(str(value) for value in row)


def found(store: str) -> set[str]:
    return {where for where, text in everything(store) for string in STRINGS if string in text.lower()}


def places(receipt: dict[str, Any]) -> dict[str, tuple[int, str]]:
    return {place["place"]: (place["found"], place["result"]) for place in receipt["places"]}


def test_nothing_of_the_person_is_found_and_others_keep_theirs(batch: str, store: str) -> None:
    assert {"profile", "field", "document", "delivery", "pool_candidate", "review"} <= found(store)
    before = totals(batch)
    receipt = erase(email=EMAIL.upper(), actor="rita")
    assert receipt["complete"], receipt
    assert found(store) == set()
    said = places(receipt)
    assert said["store: profiles"] == (4, "erased"), "a linked version is the same person, whatever its address"
    assert said["candidate pool"] == (1, "erased")
    assert said["exports of the pool"] == (1, "written anew")
    assert said["kept files, their pictures and names"] == (3, "erased")
    assert said["files with other people"] == (1, "erased"), "a list goes whole"
    after = totals(batch)
    assert after.add_up()
    assert (after.profiles, after.delivered) == (before.profiles, before.delivered), "counts still add up"
    with reading() as session:
        rows = {one.name: one for one in session.scalars(select(Profile)) if one.name}
        assert set(rows) == {"Anna Brook", "Greta Hollingsworth"}
        assert session.scalars(select(PoolCandidate.record)).all()
        anna = rows["Anna Brook"]
        assert [field.name for field in anna.fields], "evidence of others stays"
        path = Path(settings().files_root) / str(anna.document.file_key)
    (export,) = settings().pool.rglob("*.jsonl")
    assert "greta.hollingsworth" in export.read_text("utf-8")
    again, people = read(path)
    assert [one.name for one in people] == ["Anna Brook"], "her pages are still there, his are empty"
    assert again.pages == 2, "so that her page numbers hold"
    chain.seal()
    assert verify().broken is None, "who did what stays proved"


def test_a_second_run_finds_nothing_and_is_no_error(batch: str, store: str) -> None:
    erase(email=EMAIL, actor="rita")
    with reading() as session:
        events = len(session.scalars(select(Event)).all())
    said = places(erase(email=EMAIL, actor="rita"))
    assert {number for name, (number, _) in said.items() if name.startswith("store: ")} == {0}
    with reading() as session:
        assert len(session.scalars(select(Event)).all()) == events


@pytest.mark.parametrize("killed_at", ["clean", "_exports", "_rows", "_store_pages"])
def test_a_run_that_was_killed_goes_on(batch: str, store: str, killed_at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where = kept if killed_at == "clean" else erasing
    real = getattr(where, killed_at)
    calls = []

    def killed(*given: Any, **more: Any) -> Any:
        calls.append(given)
        if killed_at == "clean" and len(calls) == 1:
            return real(*given, **more)  # the first file is done, the second is not
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(where, killed_at, killed)
        with pytest.raises(KeyboardInterrupt):
            erase(email=EMAIL, actor="rita")
    assert erase(email=EMAIL, actor="rita")["complete"]
    assert found(store) == set()


def test_the_same_person_and_the_same_file_are_not_read_in_again(batch: str, store: str, drop: Path) -> None:
    erase(email=EMAIL, actor="rita")
    again = run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        names = {one.name for one in session.scalars(select(Profile).where(Profile.batch_id == again))}
        documents = {d.media_type: d for d in session.scalars(select(Document).where(Document.batch_id == again))}
        own = [d for d in session.scalars(select(Document).where(Document.batch_id == again)) if "erased" in d.path]
        # Anna is held as before: his pages stand beside hers in that file, whether he is read in or not.
        assert session.scalars(select(Delivery).where(Delivery.batch_id == again)).all() == []
    assert names == {"Anna Brook", "Greta Hollingsworth", "Ines Marchetti"}
    assert {d.code for d in documents.values()} == {"PERSON_ERASED"}
    assert len(own) == 1, "what came under his name does not keep it"
    erasing._store_pages()  # a name that came again stands in SQLite's log until that is emptied, which it is all the time
    assert found(store) == set()


def test_a_file_that_is_gone_keeps_nobody_from_being_erased(batch: str, store: str) -> None:
    with reading() as session:
        shared = session.scalars(select(Document).where(Document.path == "two.pdf")).one()
    (Path(settings().files_root) / str(shared.file_key)).unlink()
    assert erase(email=EMAIL, actor="rita")["complete"]
    assert found(store) == set()


def test_files_on_another_machine_are_not_called_erased(batch: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    Path(settings().files_root).rename(elsewhere)
    with pytest.raises(Transient, match="FILES_MISSING"):
        erase(email=EMAIL, actor="rita")
    shutil.rmtree(settings().files_root, ignore_errors=True)
    elsewhere.rename(settings().files_root)
    assert erase(email=EMAIL, actor="rita")["complete"], "nothing was lost by asking too early"


def test_drops_that_nobody_has_read_yet_are_told(batch: str) -> None:
    waiting = settings().inbox / "backend-engineer" / "drop"
    waiting.mkdir(parents=True)
    (waiting / "list.csv").write_text(LIST, "utf-8")
    assert places(erase(email=EMAIL, actor="rita"))["drops not read yet"] == (1, "ask")


def test_a_machine_with_another_key_reads_nobody_in_again(batch: str, drop: Path) -> None:
    erase(email=EMAIL, actor="rita")
    (settings().keys / keys.SUPPRESSION).unlink()  # a machine that was given no keys makes its own
    with pytest.raises(Misconfigured, match="KEY_INVALID"):
        run_batch("backend-engineer", [drop], actor="test")
    with pytest.raises(Misconfigured, match="KEY_INVALID"):
        erase(email="greta.hollingsworth@example.com", actor="rita")
    with reading() as session:
        assert EMAIL not in session.scalars(select(Profile.email_norm)).all()


def test_a_person_without_an_address_is_erased_by_id(store: str, drop: Path) -> None:
    for name in ("Quentin Barrowby CV.pdf", "two.pdf"):
        (drop / name).unlink()
    (drop / "batch.yaml").unlink()
    (drop / "list.csv").write_text("name,phone,location\nQuentin Barrowby,+1 312 555 0119,Chicago\n", "utf-8")
    run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        (profile,) = session.scalars(select(Profile)).all()
    receipt = erase(profile_id=profile.id, actor="rita")
    assert receipt["person"] == profile.id
    assert found(store) == set()
    run_batch("store-associate", [drop], actor="test")
    with reading() as session:
        assert session.scalars(select(Profile.name)).all() == [None], "the same file is known by its keyed hash"
        assert session.scalars(select(Profile.state)).all() == ["discarded"], "nobody waits in the queue for a decision"


def test_who_is_being_sent_is_erased_later(batch: str) -> None:
    with writing() as session:
        session.scalars(select(Delivery).where(Delivery.email_norm == EMAIL)).one().state = "unknown"
    with pytest.raises(Conflict, match="ERASE_LATER"):
        erase(email=EMAIL, actor="rita")


def test_an_address_in_a_log_is_told_and_the_receipt_is_not_complete(batch: str) -> None:
    (settings().home / "logs").mkdir()
    (settings().home / "logs" / "scheduler.log").write_text(f"somebody printed {EMAIL}\n")
    receipt = erase(email=EMAIL, actor="rita")
    assert places(receipt)["logs"] == (1, "left")
    assert not receipt["complete"]


def test_a_receipt_is_checked_without_the_store(batch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["erase", "--email", EMAIL]) == 1, "it must be meant"
    assert "--yes" in capsys.readouterr().err
    assert main(["erase", "--email", EMAIL, "--yes", "--by", "dpo"]) == 0
    text = capsys.readouterr().out
    receipt = json.loads(text)
    assert "barrowby" not in text
    (file,) = (Path(settings().files_root) / "receipts").iterdir()
    assert json.loads(file.read_text()) == receipt
    key = keys.public_key()
    (settings().keys / "signing.pem").unlink()
    assert main(["receipt", "verify", str(file), "--key", key]) == 0
    assert "Good: receipt e2" in capsys.readouterr().out
    assert main(["receipt", "verify", str(file)]) == 1, "another key signed it"
    for change in ({"complete": False}, {"places": []}, {"key": keys.public_key()}, {"signature": "AAAA"}):
        forged = tmp_path / "forged.json"
        forged.write_text(json.dumps(receipt | change))
        assert main(["receipt", "verify", str(forged), "--key", key]) == 1
    (tmp_path / "forged.json").write_text("no receipt")
    assert main(["receipt", "verify", str(tmp_path / "forged.json"), "--key", key]) == 1


def test_nobody_is_meant_is_said(home: Path) -> None:
    with pytest.raises(Misconfigured, match="UNKNOWN_PROFILE"):
        erase(profile_id="p0", actor="rita")
    with pytest.raises(Misconfigured, match="FORM_INCOMPLETE"):
        erase(email=" ", actor="rita")
    assert erase(email="nobody@example.org", actor="rita")["complete"], "that nothing is there is an answer too"
    with reading() as session:
        assert session.scalars(select(Review)).all() == []


def test_every_table_was_thought_of() -> None:
    """A new table fails here until somebody says whether it holds people: then erase() empties it, or it goes into the list."""
    emptied = {
        "profile",
        "field",
        "verdict",
        "review",
        "claim",
        "delivery",
        "document",
        "batch",
        "pool_candidate",
        "invitation",
        "interview",
    }
    nobody = {"agent", "event", "event_seal", "erased", "gate_result", "audit", "rate_limit", "alembic_version"}
    nobody |= {"outbox", "channel_health", "suppression", "bookmark"}
    assert set(Base.metadata.tables) <= emptied | nobody
