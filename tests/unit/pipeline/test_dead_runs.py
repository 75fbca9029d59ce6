"""A batch whose run fails or dies comes to an end that says why, goes on by itself once, and loses nobody."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.cli import main
from gateway.errors import Conflict, Misconfigured, Transient
from gateway.intake.register import SETTLED
from gateway.model import Mode
from gateway.pipeline import read
from gateway.pipeline import run as whole_run
from gateway.pipeline.arrival import receive, resume, runs
from gateway.pipeline.arrival.resume import resume_batch, sweep
from gateway.pipeline.arrival.retry import retry_documents
from gateway.pipeline.lines import document_lines
from gateway.pipeline.report import finish_batch, refuse_incomplete, review_request, totals
from gateway.pipeline.run import continue_batch, run_batch
from gateway.settings import settings
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Event, PoolCandidate, now
from support.drops import GOOD, drop
from support.stages import process

AGENT = "backend-engineer"
LATER = timedelta(hours=2)


def claimed(home: Path, content: dict[str, bytes] | None = None) -> str:
    """A batch that waits for its run of ingest_batch."""
    drop(home, AGENT, "a", content or {"list.csv": GOOD})
    (batch_id,) = receive.sense().batch_ids
    return batch_id


def state(batch_id: str) -> tuple[str, str | None]:
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        return batch.state, batch.code


def pool() -> list[str]:
    with reading() as session:
        return sorted(record["name"] for record in session.scalars(select(PoolCandidate.record)))


def airflow(**states: str) -> Callable[[str], str | None]:
    """What Airflow says of runs: by id, or `default` for all."""
    return lambda run_id: states.get(run_id, states.get("default"))


def test_a_run_that_died_goes_on_by_itself_and_the_second_death_is_told(store: str, home: Path) -> None:
    batch_id = claimed(home)
    receive.register_batch(batch_id)
    died = airflow(default="failed")
    assert sweep(died).runs == {}, "it did something just now"
    assert sweep(airflow(default="running"), at=now() + LATER).runs == {}, "its run is alive"
    first = sweep(died, at=now() + LATER)
    assert (first.runs, first.failed) == ({batch_id: f"retry-{batch_id}-1"}, ())
    assert state(batch_id) == ("receiving", None)
    receive.register_batch(batch_id)
    second = sweep(died, at=now() + LATER)
    assert (second.runs, second.failed) == ({}, (batch_id,))
    assert state(batch_id) == ("failed", "RUN_DIED")
    with reading() as session:
        told = session.scalars(select(Event.code).where(Event.batch_id == batch_id, Event.after == "failed")).all()
    assert told == ["RUN_DIED"]
    assert resume_batch(batch_id, actor="rita") == f"retry-{batch_id}-2"
    process(batch_id)
    assert (state(batch_id), pool()) == (("done", None), ["Greta Hollingsworth"])


def test_a_run_that_never_began_or_was_deleted(store: str, home: Path) -> None:
    batch_id = claimed(home)
    waiting = sweep(airflow(), at=now() + LATER)
    assert waiting.runs == {batch_id: batch_id}, "nobody started it yet: its first run"
    again = sweep(airflow(default="failed"), at=now() + LATER)
    assert again.runs == {batch_id: f"retry-{batch_id}-1"}, "it failed before it began: that run id is used up"
    receive.register_batch(batch_id)
    deleted = sweep(airflow(), at=now() + LATER)
    assert deleted.failed == (batch_id,), "it ran, and Airflow knows nothing of it"


def test_a_failed_step_gives_the_batch_its_code_and_a_second_try_takes_it_away(store: str, home: Path) -> None:
    batch_id = claimed(home)
    with pytest.raises(Transient), runs.noted(batch_id, "deliver"):
        raise Transient("TARGET_DOWN", "The target does not answer.")
    with pytest.raises(ValueError, match="greta"), runs.noted(batch_id, "extract", "d1"):
        raise ValueError("greta.hollingsworth@example.com")
    ended = finish_batch(batch_id)
    assert (ended["state"], ended["code"]) == ("failed", "STEP_FAILED"), "the earliest step is the cause"
    assert "greta" not in ended["error"]
    with pytest.raises(Exception, match="STEP_FAILED"):
        refuse_incomplete(ended)
    with runs.noted(batch_id, "extract", "d1"):
        pass
    assert finish_batch(batch_id)["code"] == "TARGET_DOWN"
    process(batch_id)
    assert state(batch_id) == ("done", None)


def test_a_cleared_task_brings_a_failed_batch_to_its_end(store: str, home: Path) -> None:
    """Clearing `deliver` alone, as the sentence says: report found the batch failed and raised STATE_CONFLICT."""
    batch_id = claimed(home, {"batch.yaml": b"mode: [\n", "list.csv": GOOD})
    receive.register_batch(batch_id)
    with pytest.raises(Transient), runs.noted(batch_id, "judge"):
        raise Transient("TARGET_DOWN", "x")
    assert finish_batch(batch_id)["state"] == "failed"
    for chunk in whole_run.whole(read.plan_chunks(batch_id)):
        read.read_chunk(chunk)
    with runs.noted(batch_id, "judge"):
        whole_run.judge_batch(batch_id)
    finish_batch(batch_id)
    assert state(batch_id) == ("waiting_review", "MANIFEST_INVALID"), "what it carried before comes back"


def test_what_passes_is_tried_again_once_and_what_does_not_is_not(store: str, home: Path) -> None:
    batch_id = claimed(home)
    with pytest.raises(Transient), runs.noted(batch_id, "register"):
        raise Transient("TARGET_DOWN", "x")
    finish_batch(batch_id)
    assert sweep(airflow(default="failed")).runs == {}, "not at once"
    assert sweep(airflow(default="failed"), at=now() + LATER).runs == {batch_id: f"retry-{batch_id}-1"}
    with pytest.raises(Misconfigured), runs.noted(batch_id, "register"):
        raise Misconfigured("CONNECTION_MISSING", "x")
    finish_batch(batch_id)
    assert sweep(airflow(default="failed"), at=now() + LATER).runs == {}
    assert state(batch_id) == ("failed", "CONNECTION_MISSING")


def test_failures_of_long_ago_are_not_looked_at_every_time(
    store: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fresh", "old", "full"):
        drop(home, AGENT, name, {"list.csv": GOOD + f"Row of,{name}@example.org\n".encode()})
    fresh, old, full = receive.sense().batch_ids
    for batch_id, code in ((fresh, "TARGET_DOWN"), (old, "TARGET_DOWN"), (full, "DISK_FULL")):
        with pytest.raises(Transient), runs.noted(batch_id, "register"):
            raise Transient(code, "x")
        finish_batch(batch_id)
    with writing() as session:
        for batch_id in (old, full):
            session.get_one(Batch, batch_id).finished_at = now() - timedelta(days=30)
    looked: list[str] = []
    silent = resume._silent_s
    monkeypatch.setattr(
        resume, "_silent_s", lambda session, batch, at: looked.append(batch.id) or silent(session, batch, at)
    )
    assert set(sweep(airflow(default="failed"), at=now() + LATER).runs) == {fresh, full}
    assert sorted(looked) == sorted([fresh, full])


def test_a_full_disk_is_waited_for_as_often_as_it_takes(
    store: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = claimed(home)
    for number in (1, 2, 3):
        with pytest.raises(Transient), runs.noted(batch_id, "register"):
            raise Transient("DISK_FULL", "No space left.", 60)
        assert finish_batch(batch_id)["code"] == "DISK_FULL"
        monkeypatch.setattr(resume, "has_room", lambda: False)
        assert sweep(airflow(), at=now() + LATER).runs == {}
        monkeypatch.setattr(resume, "has_room", lambda: True)
        assert sweep(airflow(), at=now() + LATER).runs == {batch_id: f"retry-{batch_id}-{number}"}
    process(batch_id)
    assert state(batch_id) == ("done", None)


def test_a_run_that_dies_of_a_full_disk_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = claimed(home)
    receive.register_batch(batch_id)
    monkeypatch.setattr(resume, "has_room", lambda: False)
    assert sweep(airflow(default="failed"), at=now() + LATER).failed == (batch_id,)
    assert state(batch_id) == ("failed", "DISK_FULL")
    monkeypatch.setattr(resume, "has_room", lambda: True)
    assert sweep(airflow(default="failed"), at=now() + LATER).runs == {batch_id: f"retry-{batch_id}-1"}


def test_a_full_store_has_a_code(home: Path) -> None:
    from gateway.store.engine import engine

    batch_id = claimed(home)
    with engine().connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connected = engine().raw_connection()
    connected.cursor().execute(f"PRAGMA max_page_count = {pages}")
    connected.close()  # back in the pool: the next writer gets this very connection
    with pytest.raises(Transient, match="DISK_FULL") as raised, writing() as session:
        session.get_one(Batch, batch_id).error = "x" * 1_000_000
    assert raised.value.retry_after_s == 60
    assert state(batch_id) == ("receiving", None)


def test_a_full_disk_while_a_zip_is_unpacked_has_a_code(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.intake import register

    batch_id = claimed(home)

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device", "/tmp/greta.pdf")

    monkeypatch.setattr(register, "_file", full)
    with pytest.raises(Transient, match="DISK_FULL") as raised:
        receive.register_batch(batch_id)
    assert "greta" not in raised.value.sentence
    monkeypatch.undo()


def test_a_reader_that_failed_on_a_full_disk_blames_nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = claimed(home, {"x.pdf": b"%PDF-1.7 nothing"})
    receive.register_batch(batch_id)
    monkeypatch.setattr(read, "has_room", lambda: False)
    with pytest.raises(Transient, match="DISK_FULL"):
        read.read_chunk(read.plan_chunks(batch_id)[0])
    assert totals(batch_id).processing == 1


def test_a_claimed_folder_that_is_not_here_is_no_empty_batch(store: str, home: Path) -> None:
    batch_id = claimed(home)
    folder = home / "files" / ".arrivals" / AGENT / batch_id
    folder.rename(home / "elsewhere")
    with pytest.raises(Transient) as raised, runs.noted(batch_id, "register"):
        receive.register_batch(batch_id)
    assert (raised.value.code, raised.value.retry_after_s) == ("FILES_MISSING", 30)
    finish_batch(batch_id)
    assert state(batch_id) == ("failed", "FILES_MISSING")
    (home / "elsewhere").rename(folder)
    resume_batch(batch_id, actor="rita")
    process(batch_id)
    assert (state(batch_id), pool()) == (("done", None), ["Greta Hollingsworth"])
    receive.register_batch(batch_id)  # a cleared task: its files were let go of long ago
    finish_batch(batch_id)
    assert state(batch_id) == ("done", None)


def test_kept_files_that_are_not_here(home: Path) -> None:
    batch_id = claimed(home, {"a.csv": GOOD, "b.csv": GOOD.replace(b"Greta", b"Vera").replace(b"greta", b"vera")})
    receive.register_batch(batch_id)
    root = Path(settings().files_root)
    (root / AGENT).rename(root / "moved")
    (chunk, *_) = whole_run.whole(read.plan_chunks(batch_id))
    with pytest.raises(Transient, match="FILES_MISSING"):
        read.read_chunk(chunk)
    assert totals(batch_id).processing == 2, "nothing is said of the documents"
    (root / "moved").rename(root / AGENT)
    with reading() as session:
        lost = session.scalars(select(Document.file_key).where(Document.path == "b.csv")).one()
    (root / str(lost)).unlink()
    read.read_chunk(chunk)
    lines = {line["path"]: line["code"] for line in document_lines(batch_id)}
    assert lines == {"a.csv": None, "b.csv": "FILE_MISSING"}


@pytest.mark.parametrize("died_before", ["read", "judge", "deliver"])
def test_a_file_sent_again_after_a_crash_loses_nobody(store: str, home: Path, died_before: str) -> None:
    """400 people stayed extracted once, and the second run said done with 0 deliveries."""
    first = claimed(home)
    receive.register_batch(first)
    if died_before != "read":
        read.read_chunk(read.plan_chunks(first)[0])
    if died_before == "deliver":
        whole_run.judge_batch(first)
    second = claimed(home)
    process(second)
    assert totals(second).delivered == 1
    assert pool() == ["Greta Hollingsworth"]
    resume_batch(first, actor="rita", force=True)
    process(first)
    assert pool() == ["Greta Hollingsworth"], "nobody twice"
    assert totals(first).duplicate == 1
    third = claimed(home)
    process(third)
    assert totals(third).codes == {"DUPLICATE_FILE": 1}, "now it is known"
    with reading() as session:
        assert len(session.scalars(select(Document.id).where(SETTLED, Document.duplicate_of.is_(None))).all()) == 2


def test_a_resumed_batch_asks_about_those_its_dead_run_held(store: str, home: Path) -> None:
    batch_id = claimed(home, {"list.csv": b"Name,Email\nOtto Nkemelu,\n"})
    receive.register_batch(batch_id)
    read.read_chunk(read.plan_chunks(batch_id)[0])
    whole_run.judge_batch(batch_id)
    resume_batch(batch_id, actor="rita", force=True)
    process(batch_id)
    (asked,) = review_request(batch_id)
    assert (asked["trigger_run_id"], asked["conf"]["question"]) == (f"review-{batch_id}-1",) * 2
    assert review_request(batch_id) == [asked], "a cleared report asks the same question"


def test_the_command_line_fails_its_batch_and_resumes_it(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = tmp_path / "list.csv"
    given.write_bytes(GOOD)

    def broken(*_: Any) -> Any:
        raise Transient("TARGET_DOWN", "The target does not answer.")

    with monkeypatch.context() as patched:
        patched.setattr(whole_run, "deliver_batch", broken)
        with pytest.raises(Transient):
            run_batch(AGENT, [given], actor="test", mode=Mode.INGEST)
    with reading() as session:
        (batch_id,) = session.scalars(select(Batch.id))
    assert state(batch_id) == ("failed", "TARGET_DOWN")
    assert main(["resume", batch_id]) == 0
    assert "1 ingested" in capsys.readouterr().out
    assert (state(batch_id), pool()) == (("done", None), ["Greta Hollingsworth"])
    assert main(["resume", batch_id]) == 1
    assert "NOTHING_TO_RESUME" in capsys.readouterr().err
    assert main(["resume", "b0"]) == 1
    assert "UNKNOWN_BATCH" in capsys.readouterr().err


def test_a_batch_of_airflows_is_resumed_by_a_run_or_here(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    batch_id = claimed(home)
    receive.register_batch(batch_id)
    assert main(["resume", batch_id]) == 1
    assert "STATE_CONFLICT" in capsys.readouterr().err
    assert main(["resume", batch_id, "--force"]) == 0
    assert f"retry-{batch_id}-1" in capsys.readouterr().out
    assert receive.sense().runs == {batch_id: f"retry-{batch_id}-1"}, "sense_inbox starts it"
    with pytest.raises(Conflict):
        continue_batch(batch_id, actor="rita")
    assert main(["resume", batch_id, "--here", "--force"]) == 0
    assert state(batch_id) == ("done", None)


def test_a_living_command_is_left_alone_and_a_killed_one_goes_on(home: Path, tmp_path: Path) -> None:
    given = tmp_path / "list.csv"
    given.write_bytes(GOOD)
    script = (
        "import sys, time; from pathlib import Path\n"
        "from gateway.pipeline import run\n"
        "def wait(*_):\n    print('READY', flush=True); time.sleep(60)\n"
        "run.judge_batch = wait\n"
        f"run.run_batch({AGENT!r}, [Path(sys.argv[1])], actor='test')\n"
    )
    process_ = subprocess.Popen([sys.executable, "-c", script, str(given)], stdout=subprocess.PIPE, text=True)
    assert process_.stdout is not None
    assert process_.stdout.readline() == "READY\n"
    with reading() as session:
        (batch_id,) = session.scalars(select(Batch.id))
    with pytest.raises(Conflict):
        continue_batch(batch_id, actor="rita")
    assert sweep(airflow(), at=now() + LATER).runs == {}
    process_.kill()
    process_.wait()
    assert state(batch_id) == ("running", None)
    assert sweep(airflow(), at=now()).runs == {}, "without a run to ask about, silence has to be longer"
    continue_batch(batch_id, actor="rita")
    assert (state(batch_id), pool()) == (("done", None), ["Greta Hollingsworth"])
    assert not any((home / "running").iterdir())


def test_a_failed_batch_without_failed_documents_can_be_tried_again_from_the_page(store: str, home: Path) -> None:
    batch_id = claimed(home)
    receive.register_batch(batch_id)
    read.read_chunk(read.plan_chunks(batch_id)[0])
    finish_batch(batch_id)
    assert state(batch_id) == ("failed", "RUN_INCOMPLETE")
    assert retry_documents(batch_id, None, actor="rita").run_id == f"retry-{batch_id}-1"
    process(batch_id)
    assert state(batch_id) == ("done", None)


def test_a_stale_inbox_is_seen_without_sense_inbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_CLAIM_ALARM_S", "0.1")
    settings.cache_clear()
    folder = drop(home, AGENT, "a", {"list.csv": GOOD})
    os.utime(folder, (0, 0))
    time.sleep(0.5)
    (problem,) = receive.unclaimed()
    assert (problem.code, problem.where) == ("INBOX_STALE", AGENT)
    with reading() as session:
        assert session.scalars(select(Event.code).where(Event.kind == "trouble")).all() == ["INBOX_STALE"]
    shutil.rmtree(folder)
    assert receive.unclaimed() == ()
