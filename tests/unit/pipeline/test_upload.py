"""Uploads of the page: streamed, limited, named safely, submitted once, and never lost."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.agents import load_agents
from gateway.errors import GatewayError, Misconfigured, Refused
from gateway.intake.names import safe_path
from gateway.model import Mode
from gateway.pipeline.arrival import receive, retry, upload
from gateway.pipeline.arrival.receive import register_batch
from gateway.pipeline.lines import document_lines
from gateway.pipeline.report import totals
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Batch
from support.stages import process

AGENT = "backend-engineer"
GOOD = b"Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"


def send(upload_id: str, name: str, content: bytes, *, by: str = "rita", announced: int | None = None) -> upload.Kept:
    incoming = upload.Incoming(upload_id, name, by=by, announced=announced)
    try:
        for start in range(0, len(content), 7):
            incoming.write(content[start : start + 7])
        return incoming.keep()
    finally:
        incoming.abandon()


def test_an_upload_becomes_a_batch_that_waits_for_its_run(store: str) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    kept = send(upload_id, "list.csv", GOOD)
    assert (kept.path, kept.size_bytes, kept.media_type, kept.seen) == ("list.csv", len(GOOD), "text/csv", None)
    assert (kept.type_words, kept.readable) == ("CSV table", True)
    batch_id = upload.submit(upload_id, by="rita", mode=Mode.REVIEW, canary=5)
    assert batch_id == upload_id
    assert upload.submit(upload_id, by="rita", mode=Mode.INGEST) == batch_id, "the second click changes nothing"
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        assert (batch.mode, batch.canary, batch.source, batch.uploaded_by) == ("review", 5, "page", "rita")
        assert (batch.state, batch.run_id) == ("receiving", batch_id)
    assert receive.sense().runs == {batch_id: batch_id}, "the sweep starts what the page could not"
    process(batch_id)
    assert receive.sense().runs == {}
    assert totals(batch_id).held == 1
    assert not list((settings().inbox / upload.STAGING).iterdir())


def test_a_death_between_the_rename_and_the_row_keeps_what_the_sender_chose(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    send(upload_id, "list.csv", GOOD)

    def die(*args: object, **named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(upload, "open_claimed", die)
        with pytest.raises(KeyboardInterrupt):
            upload.submit(upload_id, by="rita", mode=Mode.DRY_RUN)
    assert receive.sense().batch_ids == (upload_id,)
    with reading() as session:
        batch = session.get_one(Batch, upload_id)
        assert (batch.mode, batch.source, batch.uploaded_by) == ("dry_run", "page", "rita")


def test_the_same_file_is_recognised_in_the_upload_and_from_an_earlier_batch(store: str) -> None:
    first = upload.begin(AGENT, by="rita")
    send(first, "list.csv", GOOD)
    twin = send(first, "copy of list.csv", GOOD)
    assert twin.seen == upload.SeenBefore(None, path="list.csv")
    process(upload.submit(first, by="rita", mode=Mode.INGEST))
    second = upload.begin(AGENT, by="sam")
    again = send(second, "again.csv", GOOD, by="sam")
    assert again.seen is not None
    assert again.seen.batch_id == first
    assert again.seen.document_id is not None
    assert upload.seen_before("store-associate", again.sha256) is None, "another agent never had it"


def test_a_file_taken_out_is_gone_and_its_twin_is_the_first_now(home: Path) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    first, twin = send(upload_id, "a.csv", GOOD), send(upload_id, "b.csv", GOOD)
    assert upload.take_out(upload_id, first.file_id, by="rita")
    assert not upload.take_out(upload_id, first.file_id, by="rita")
    assert not upload.take_out(upload_id, "../../etc", by="rita")
    assert [kept.path for kept in upload.listed(upload_id, by="rita")] == ["b.csv"]
    assert send(upload_id, "c.csv", GOOD).seen == upload.SeenBefore(None, path="b.csv")
    upload.take_out(upload_id, twin.file_id, by="rita")
    batch_id = upload.submit(upload_id, by="rita", mode=Mode.DRY_RUN)
    process(batch_id)
    assert [line["path"] for line in document_lines(batch_id)] == ["c.csv"]


def test_limits_are_told_before_and_while_the_bytes_come(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_MAX_FILE_BYTES", "100")
    monkeypatch.setenv("GATEWAY_MAX_BATCH_FILES", "2")
    monkeypatch.setenv("GATEWAY_MAX_BATCH_BYTES", "150")
    settings.cache_clear()
    upload_id = upload.begin(AGENT, by="rita")

    def refused(name: str, content: bytes, announced: int | None = None) -> str:
        with pytest.raises(Refused) as raised:
            send(upload_id, name, content, announced=announced)
        return raised.value.code

    assert refused("a.txt", b"", announced=101) == "FILE_TOO_LARGE"
    assert refused("a.txt", b"x" * 101) == "FILE_TOO_LARGE"
    assert refused("a.txt", b"x" * 10, announced=20) == "UNFINISHED_UPLOAD"
    send(upload_id, "a.txt", b"x" * 90)
    assert refused("b.txt", b"", announced=61) == "BATCH_TOO_LARGE"
    assert refused("b.txt", b"x" * 61) == "BATCH_TOO_LARGE"
    send(upload_id, "b.txt", b"x" * 60)
    assert refused("c.txt", b"") == "BATCH_TOO_MANY_FILES"
    folder = settings().inbox / upload.STAGING / upload_id
    assert list((folder / "parts").iterdir()) == [], "what was refused leaves nothing behind"


def test_files_on_their_way_together_do_not_pass_the_batch_limit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_MAX_BATCH_FILES", "1")
    settings.cache_clear()
    upload_id = upload.begin(AGENT, by="rita")
    one, two = (upload.Incoming(upload_id, name, by="rita") for name in ("a.txt", "b.txt"))
    one.keep()
    with pytest.raises(Refused, match="BATCH_TOO_MANY_FILES"):
        two.keep()
    two.abandon()


def test_a_thousand_files_are_one_batch(home: Path) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    for number in range(1000):
        send(upload_id, "cv.txt" if number % 2 else f"cv-{number}.txt", f"{number}".encode())
    kept = upload.listed(upload_id, by="rita")
    assert len({file.path for file in kept}) == len(kept) == 1000
    batch_id = upload.submit(upload_id, by="rita", mode=Mode.REVIEW)
    assert register_batch(batch_id)["documents"] == 1000


def test_an_upload_is_its_senders_alone(home: Path) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    send(upload_id, "a.csv", GOOD)
    for attempt in (
        lambda: send(upload_id, "b.csv", GOOD, by="mallory"),
        lambda: upload.listed(upload_id, by="mallory"),
        lambda: upload.submit(upload_id, by="mallory", mode=Mode.INGEST),
        lambda: upload.cancel("../../../etc", by="rita"),
        lambda: upload.listed("b20260101-000000-aaaaaa", by="rita"),
    ):
        with pytest.raises(Misconfigured, match="UNKNOWN_UPLOAD"):
            attempt()
    upload.submit(upload_id, by="rita", mode=Mode.INGEST)
    with pytest.raises(Misconfigured, match="UNKNOWN_UPLOAD"):
        send(upload_id, "late.csv", GOOD)


def test_nothing_uploaded_is_told(home: Path) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    with pytest.raises(Refused, match="UPLOAD_EMPTY"):
        upload.submit(upload_id, by="rita", mode=Mode.INGEST)
    upload.cancel(upload_id, by="rita")
    with pytest.raises(Misconfigured, match="UNKNOWN_UPLOAD"):
        upload.submit(upload_id, by="rita", mode=Mode.INGEST)


def test_a_closed_or_unknown_agent_takes_no_files(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    for path in settings().agents_dir.glob("*.yaml"):
        (agents / path.name).write_text(path.read_text("utf-8") + "\nstate: closed\n", "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(agents))
    settings.cache_clear()
    assert load_agents(agents)
    for agent_id, code in ((AGENT, "AGENT_CLOSED"), ("nobody", "UNKNOWN_AGENT")):
        with pytest.raises(GatewayError) as raised:
            upload.begin(agent_id, by="rita")
        assert raised.value.code == code


def test_abandoned_uploads_go_and_fresh_ones_stay(home: Path) -> None:
    old, fresh = upload.begin(AGENT, by="rita"), upload.begin(AGENT, by="rita")
    root = settings().inbox / upload.STAGING
    past = time.time() - 2 * upload.ABANDONED_S
    for path in (root / old, *(root / old).iterdir()):
        os.utime(path, (past, past))
    assert upload.clean_abandoned() == 1
    assert [path.name for path in root.iterdir()] == [fresh]


def test_names_that_mean_something_here_stay_names(store: str) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    for name in ("batch.yaml", "_READY", "deep/batch.yaml", "a", "a/b.csv", "list.csv", "list.csv", "../../etc/x.csv"):
        send(upload_id, name, f"{name}\n".encode())
    batch_id = upload.submit(upload_id, by="rita", mode=Mode.DRY_RUN)
    register_batch(batch_id)
    paths = {line["path"] for line in document_lines(batch_id)}
    assert paths == {
        "_batch.yaml",
        "__READY",
        "deep/_batch.yaml",
        "a",
        "a_b.csv",
        "list.csv",
        "list (2).csv",
        "etc/x.csv",
    }
    with reading() as session:
        assert session.scalars(select(Batch.mode)).one() == "dry_run"


@given(st.text(max_size=400))
def test_every_name_is_a_safe_path(name: str) -> None:
    path = Path(safe_path(name))
    assert not path.is_absolute()
    assert ".." not in path.parts
    assert path.parts
    assert all(0 < len(part.encode()) <= 200 and part.isprintable() for part in path.parts)


def test_a_refused_start_is_told_until_the_run_is_there(store: str) -> None:
    upload_id = upload.begin(AGENT, by="rita")
    send(upload_id, "list.csv", GOOD)
    batch_id = upload.submit(upload_id, by="rita", mode=Mode.DRY_RUN)
    retry.start_refused(batch_id, "You may not trigger ingest_batch.", actor="rita")
    with reading() as session:
        assert session.get_one(Batch, batch_id).code == "RUN_NOT_STARTED"
    process(batch_id)
    with reading() as session:
        assert session.get_one(Batch, batch_id).code is None
    retry.start_refused(batch_id, "Too late.", actor="rita")
    with reading() as session:
        assert session.get_one(Batch, batch_id).code is None
