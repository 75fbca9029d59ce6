"""A folder as a source: what becomes a batch, when, what happens to the originals, and what a kill leaves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.intake import arrivals
from gateway.settings import settings
from gateway.sources import ledger, pull, state
from gateway.sources.kinds.folder import FolderReader
from gateway.sources.port import Item
from gateway.store.engine import reading, writing
from gateway.store.tables import Event, Outbox, SourceClaim, SourceItem, SourceState, now
from support.sources import AGENT, agent_with, batches, claims, look, names_in, received

Use = Callable[..., Path]


@pytest.fixture
def use(store: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Use:
    """use(complete=..., afterwards=...): the agent gets a folder as its source; returns the folder."""

    def made(**said: Any) -> Path:
        folder = tmp_path / "share"
        folder.mkdir(exist_ok=True)
        agent_with(home, monkeypatch, {"name": "agency", "kind": "folder", "path": str(folder), "quiet_s": 0, **said})
        return folder

    return made


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"Name,Email\n{name},{name}@example.com\n", "utf-8")


def test_each_folder_is_a_batch_and_the_loose_files_are_one(use: Use) -> None:
    folder = use()
    put(folder, "a.csv", "b.csv", "monday/c.csv", "monday/sub/d.csv", ".hidden.csv", "Thumbs.db")
    done = look()
    assert len(done.batches) == 2
    assert sorted(names_in(one) for one in done.batches) == [["a.csv", "b.csv"], ["c.csv", "sub/d.csv"]]
    for batch in batches():
        assert (batch.source, batch.run_id) == ("agency", batch.id)
    assert look().batches == [], "left where they are, and never fetched again"
    put(folder, "monday/e.csv")
    [later] = look().batches
    assert names_in(later) == ["e.csv"]


def test_a_batch_is_quiet_by_our_own_clock(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with an old time may still be growing, and a server's clock may be wrong."""
    folder = use(quiet_s=60)
    put(folder, "a.csv")
    os.utime(folder / "a.csv", (1, 1))
    began = time.time()
    clock = [began]
    monkeypatch.setattr(pull.time, "time", lambda: clock[0])
    assert (look().batches, look().waiting) == ([], 1)
    with reading() as session:
        row = session.get_one(SourceState, (AGENT, "agency"))
        assert row.next_at <= now() + timedelta(seconds=61), "looked at again when it may be complete"
    clock[0] = began + 59
    (folder / "a.csv").write_text("Name,Email\nA,a@example.com\n", "utf-8")
    assert look().waiting == 1
    clock[0] = began + 118
    assert look().waiting == 1
    clock[0] = began + 119
    assert len(look().batches) == 1


def test_a_file_that_is_still_uploaded_keeps_its_batch_waiting(use: Use) -> None:
    folder = use()
    put(folder, "a.csv", "b.csv.part")
    assert look().waiting == 1
    (folder / "b.csv.part").rename(folder / "b.csv")
    [batch] = look().batches
    assert names_in(batch) == ["a.csv", "b.csv"]


def test_a_marker_completes_what_is_there(use: Use) -> None:
    folder = use(complete="marker", marker="DONE")
    put(folder, "x/a.csv")
    assert look().waiting == 1
    (folder / "x" / "DONE").touch()
    [batch] = look().batches
    assert names_in(batch) == ["a.csv"]
    put(folder, "x/b.csv")
    assert look().waiting == 1, "the old marker says nothing about the new file"
    os.utime(folder / "x" / "DONE", (5, 5))
    assert len(look().batches) == 1


def test_a_manifest_lists_what_belongs_to_it(use: Use) -> None:
    folder = use(complete="manifest", mode="review", consent="contract 7")
    put(folder, "x/a.csv")
    (folder / "x" / "batch.yaml").write_text("files: [a.csv, b.csv]\nmode: ingest\nsource: somebody\n", "utf-8")
    assert look().waiting == 1
    put(folder, "x/b.csv")
    [batch_id] = look().batches
    [batch] = batches()
    assert (batch.source, batch.mode, batch.consent) == ("agency", "review", "contract 7"), "the agent's file decides"
    assert batch.manifest["source"] == "somebody"
    assert names_in(batch_id) == ["a.csv", "b.csv"]


def test_a_manifest_that_is_wrong_makes_a_review(use: Use) -> None:
    folder = use(mode="ingest")
    put(folder, "x/a.csv")
    (folder / "x" / "batch.yaml").write_text("mode: [", "utf-8")
    look()
    [batch] = batches()
    assert (batch.mode, batch.code, batch.source) == ("review", "MANIFEST_INVALID", "agency")


@pytest.mark.parametrize("afterwards", ["move", "delete"])
def test_originals_go_once_the_batch_is_safe_and_may_come_again(use: Use, afterwards: str) -> None:
    folder = use(afterwards=afterwards, complete="marker")
    put(folder, "x/a.csv")
    (folder / "x" / "_READY").touch()
    os.utime(folder / "x" / "a.csv", (7, 7))
    [first] = look().batches
    kept = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    wanted = [f".taken/{first}/_READY", f".taken/{first}/a.csv"] if afterwards == "move" else []
    assert sorted(kept) == wanted
    assert not (folder / "x").exists()
    put(folder, "x/a.csv")
    (folder / "x" / "_READY").touch()
    os.utime(folder / "x" / "a.csv", (7, 7))
    assert len(look().batches) == 1, "the same name, size and time: a new delivery all the same"
    assert received() == ["a.csv", "a.csv"]


def test_what_changed_meanwhile_is_not_removed(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = use(afterwards="delete")
    put(folder, "a.csv", "b.csv")
    real = FolderReader.fetch

    def slow(self: FolderReader, item: Item, into: Path) -> None:
        real(self, item, into)
        if item.name == "a.csv":
            (folder / "a.csv").write_text("Name,Email\nNew,new@example.com\n", "utf-8")

    monkeypatch.setattr(FolderReader, "fetch", slow)
    look()
    assert [p.name for p in folder.iterdir()] == ["a.csv"]


def test_a_file_that_is_too_large_is_counted_and_stays(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = use(afterwards="delete")
    monkeypatch.setenv("GATEWAY_MAX_FILE_BYTES", "1000")
    settings.cache_clear()
    put(folder, "a.csv")
    (folder / "large.pdf").write_bytes(b"x" * 5000)
    [batch] = look().batches
    assert names_in(batch) == ["a.csv", "large.pdf"]
    with reading() as session:
        assert session.scalar(select(Event.id).where(Event.code == "FILE_TOO_LARGE")) is not None
    assert [p.name for p in folder.iterdir()] == ["large.pdf"]
    assert look().batches == []


class Killed(BaseException):
    """The process ends here."""


POINTS = {
    "after the claim": (pull, "_take"),
    "in the middle of a download": (FolderReader, "fetch"),
    "before the hand-over": (pull.arrivals, "hand_over"),
    "after the hand-over": (pull, "open_claimed"),
    "after the batch is open": (pull.ledger, "taken"),
    "before the originals are settled": (FolderReader, "settle"),
    "after the originals are settled": (pull.ledger, "settled"),
}


@pytest.mark.parametrize("afterwards", ["leave", "delete"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_nothing_is_lost_and_nothing_comes_twice(
    use: Use, point: str, afterwards: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = use(afterwards=afterwards)
    put(folder, "a.csv", "b.csv", "x/c.csv")

    def kill(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(*POINTS[point], kill)
        patched.setattr(pull.ledger, "give_back", lambda _: None)  # a killed process gives nothing back
        with pytest.raises(Killed):
            pull.pull(AGENT, "agency")
    look()
    expire()
    look()
    look()
    assert received() == ["a.csv", "b.csv", "c.csv"]
    assert all(one.taken_at and one.settled_at for one in claims())
    left = sorted(p.name for p in folder.rglob("*.csv"))
    assert left == (["a.csv", "b.csv", "c.csv"] if afterwards == "leave" else [])
    assert not list((settings().home / pull.PULLING).iterdir())
    with reading() as session:
        assert (session.scalar(select(SourceItem.id).limit(1)) is None) is (afterwards == "delete")


def expire() -> None:
    with writing() as session:
        session.execute(update(SourceClaim).values(lease_until=now() - timedelta(seconds=1)))


def test_of_two_that_ask_at_once_each_item_goes_to_one(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = use()
    put(folder, "a.csv", "b.csv")
    real = ledger.claim
    others: list[Any] = []

    def second(agent_id: str, source: str, items: Any) -> Any:
        if not others:
            others.append(None)
            others.append(pull.pull(AGENT, "agency"))  # the other process looks, claims and fetches in between
        return real(agent_id, source, items)

    monkeypatch.setattr(ledger, "claim", second)
    assert look().batches == []
    assert len(others[1].batches) == 1
    assert received() == ["a.csv", "b.csv"]


def test_a_process_that_was_thought_dead_does_not_open_a_second_batch(
    use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = use()
    put(folder, "a.csv", "b.csv")
    real = FolderReader.fetch
    other: list[Any] = []

    def slow(self: FolderReader, item: Item, into: Path) -> None:
        real(self, item, into)
        if not other:
            other.append(None)
            expire()
            other.append(pull.pull(AGENT, "agency"))

    monkeypatch.setattr(FolderReader, "fetch", slow)
    late = pull.pull(AGENT, "agency")
    assert late.problem is not None
    assert late.problem.code == "SOURCE_UNREACHABLE"
    assert [len(late.batches), len(other[1].batches)] == [0, 1]
    assert received() == ["a.csv", "b.csv"]


def test_a_disk_that_is_full_is_tried_again(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = use()
    put(folder, "a.csv")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(FolderReader, "fetch", full)
        done = pull.pull(AGENT, "agency")
    assert done.problem is not None
    assert done.problem.code == "DISK_FULL"
    assert len(look().batches) == 1
    assert received() == ["a.csv"]


def test_no_name_is_kept_in_the_ledger_or_said_when_it_fails(
    use: Use, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder = use()
    put(folder, "Greta Hollingsworth.csv")

    def broken(*_: Any) -> None:
        raise RuntimeError("Greta Hollingsworth.csv")

    with monkeypatch.context() as patched:
        patched.setattr(FolderReader, "fetch", broken)
        done = pull.pull(AGENT, "agency")
    assert done.problem is not None
    assert done.problem.code == "SOURCE_FAILED"
    assert "Greta" not in done.problem.sentence + caplog.text
    look()
    with reading() as session:
        kept = [*session.scalars(select(SourceItem.id)), *map(str, session.scalars(select(SourceState.cursor)))]
    assert kept
    assert "Greta" not in " ".join(kept)


def test_a_folder_that_is_not_there_is_told_once_and_asked_later(use: Use) -> None:
    folder = use(every_min=1)
    folder.rmdir()
    for failures in (1, 2, 3):
        done = pull.pull(AGENT, "agency")
        assert done.problem is not None
        assert done.problem.code == "SOURCE_REFUSED"
        with reading() as session:
            row = session.get_one(SourceState, (AGENT, "agency"))
            assert (row.failures, row.code) == (failures, "SOURCE_REFUSED")
            minutes = (row.next_at - now()).total_seconds() / 60
            assert minutes == pytest.approx(2 ** (failures - 1), abs=0.1)
    with reading() as session:
        told = session.scalars(select(Outbox).where(Outbox.type == "source.failing")).all()
    assert [(one.data["source"], one.data["code"]) for one in told] == [("agency", "SOURCE_REFUSED")]
    folder.mkdir()
    look()
    with reading() as session:
        assert session.get_one(SourceState, (AGENT, "agency")).code is None


def test_what_is_due_is_asked_and_what_is_rung(use: Use) -> None:
    use(every_min=None)
    named = state.Named(AGENT, "agency")
    assert state.due() == []
    assert state.due(rung={named}) == [named]
    use(every_min=5)
    assert state.due() == [named]
    look()
    assert state.due() == []
    assert state.due(at=now() + timedelta(minutes=6)) == [named]


def test_where_no_agent_has_a_source_nothing_is_asked(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent_with(home, monkeypatch)
    monkeypatch.setattr(state, "reading", None)
    assert state.due() == []


def test_a_claim_goes_on_where_files_were_handed_over(use: Use) -> None:
    """A hand-over that was done is not done again: the files of the first stay."""
    folder = use()
    put(folder, "a.csv")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pull, "open_claimed", lambda *_, **__: (_ for _ in ()).throw(Killed))
        patched.setattr(pull.ledger, "give_back", lambda _: None)
        with pytest.raises(Killed):
            pull.pull(AGENT, "agency")
    [claim] = claims()
    assert arrivals.is_there(AGENT, claim.batch_id)
    (folder / "a.csv").unlink()
    put(folder, "b.csv")
    assert len(look().batches) == 1
    expire()
    assert look().batches == [claim.batch_id]
    assert names_in(claim.batch_id) == ["a.csv"]
    [second] = [one.batch_id for one in claims() if one.batch_id != claim.batch_id]
    assert names_in(second) == ["b.csv"]
