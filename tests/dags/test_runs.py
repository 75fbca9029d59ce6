"""Whole runs of `ingest_batch` with dag.test(): what goes in, what comes to rest where."""

from __future__ import annotations

import shutil
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.notify.wording import words_of
from gateway.pipeline.arrival.receive import sense
from gateway.pipeline.lines import profile_lines
from gateway.pipeline.report import totals
from gateway.store.engine import reading
from gateway.store.tables import Batch, Delivery, Document, PoolCandidate
from support.telling import rows

SAMPLES = Path(__file__).resolve().parents[2] / "include" / "samples" / "backend-engineer"
PASSING = (
    "Name,Email,Phone\n"
    "Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
    "Ines Baptista,ines.baptista@example.org,+1 206 555 0190\n"
)


@pytest.fixture
def drop(home: Path) -> Callable[[dict[str, bytes | Path]], str]:
    """Puts files into the inbox as one complete drop and claims it; returns the batch id."""

    def put(files: dict[str, bytes | Path], agent: str = "backend-engineer", manifest: str = "") -> str:
        folder = home / "inbox" / agent / "drop"
        folder.mkdir(parents=True)
        for name, content in files.items():
            if isinstance(content, Path):
                shutil.copyfile(content, folder / name)
            else:
                (folder / name).write_bytes(content)
        if manifest:
            (folder / "batch.yaml").write_text(manifest)
        (folder / "_READY").touch()
        sensed = sense()
        assert len(sensed.batch_ids) == 1, sensed.problems
        return sensed.batch_ids[0]

    return put


def run(dag_bag: Any, batch_id: str) -> dict[str, str]:
    """Runs the batch through the DAG; task id -> state."""
    result = dag_bag.dags["ingest_batch"].test(run_conf={"batch_id": batch_id})
    return {
        f"{ti.task_id}[{ti.map_index}]" if ti.map_index >= 0 else ti.task_id: str(ti.state)
        for ti in result.get_task_instances()
        if ti.task_id != "ask_review"  # starting another DAG is the scheduler's; the integration test has it
    }


def state_of(batch_id: str) -> tuple[str, str | None]:
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        return batch.state, batch.code


def test_passing_candidates_are_delivered(dag_bag: Any, drop: Any, home: Path) -> None:
    batch_id = drop({"list.csv": PASSING.encode()})
    states = run(dag_bag, batch_id)
    assert set(states.values()) == {"success"}, states
    assert state_of(batch_id) == ("done", None)
    assert {line["state"] for line in profile_lines(batch_id)} == {"delivered"}
    with reading() as session:
        assert len(session.scalars(select(PoolCandidate)).all()) == 2
        assert {d.state for d in session.scalars(select(Delivery))} == {"confirmed"}
    (export,) = (home / "pool").rglob("*.jsonl")
    assert len(export.read_text("utf-8").splitlines()) == 2


def test_samples_hold_duplicate_fail_and_pass(dag_bag: Any, drop: Any) -> None:
    batch_id = drop({path.name: path for path in SAMPLES.iterdir()})
    states = run(dag_bag, batch_id)
    assert set(states.values()) == {"success"}, states
    assert state_of(batch_id)[0] == "waiting_review"
    numbers = totals(batch_id)
    assert numbers.add_up()
    assert numbers.delivered >= 3
    assert numbers.held >= 2
    assert numbers.duplicate >= 1
    assert {"EMAIL_MISSING", "ENCRYPTED_PDF", "DUPLICATE_FILE", "NOT_A_RESUME"} <= set(numbers.codes)
    with reading() as session:
        twin = session.scalars(select(Document).where(Document.code == "DUPLICATE_FILE")).one()
        assert session.get_one(Document, twin.duplicate_of).sha256 == twin.sha256


def test_a_broken_zip_is_one_failed_document_and_the_rest_goes_on(dag_bag: Any, drop: Any) -> None:
    batch_id = drop({"list.csv": PASSING.encode(), "broken.zip": b"PK\x03\x04" + b"\0" * 60})
    run(dag_bag, batch_id)
    with reading() as session:
        broken = session.scalars(select(Document).where(Document.path.like("broken.zip%"))).one()
    assert (broken.state, broken.code) == ("failed", "ZIP_BROKEN")
    assert broken.error
    assert totals(batch_id).delivered == 2


def test_an_empty_batch_ends_without_a_skip(dag_bag: Any, drop: Any, tmp_path: Path) -> None:
    empty = tmp_path / "empty.zip"
    with zipfile.ZipFile(empty, "w"):
        pass
    batch_id = drop({"empty.zip": empty})
    states = run(dag_bag, batch_id)
    assert set(states.values()) == {"success"}, states
    assert state_of(batch_id)[0] == "done"
    assert totals(batch_id).failed == 1


def test_running_again_delivers_nobody_twice_and_tells_nothing_twice(dag_bag: Any, drop: Any) -> None:
    batch_id = drop({"list.csv": PASSING.encode()})
    run(dag_bag, batch_id)
    with reading() as session:
        told = len(rows())
        before = [
            (c.external_id, c.created_at) for c in session.scalars(select(PoolCandidate).order_by(PoolCandidate.id))
        ]
    run(dag_bag, batch_id)
    with reading() as session:
        assert [
            (c.external_id, c.created_at) for c in session.scalars(select(PoolCandidate).order_by(PoolCandidate.id))
        ] == before
        assert len(rows()) == told == 1
    assert state_of(batch_id) == ("done", None)


def test_a_failed_chunk_fails_the_run_and_the_others_are_delivered(
    dag_bag: Any, drop: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And clearing it reads what is missing, delivering nobody twice."""
    from gateway.errors import Misconfigured
    from gateway.pipeline import read
    from gateway.settings import settings

    whole = read.read_chunk
    monkeypatch.setenv("GATEWAY_CHUNK_S", "0.1")
    settings.cache_clear()
    batch_id = drop({"a.csv": PASSING.encode(), "b.csv": b"Name,Email\nVera Kilbride,vera.kilbride@example.com\n"})
    unlucky: list[str] = []

    def read_chunk(chunk: dict[str, Any]) -> dict[str, int]:
        unlucky.append(chunk["first"])
        if chunk["first"] == unlucky[0]:
            raise Misconfigured("SETTING_INVALID", "broken for the test")
        return whole(chunk)

    monkeypatch.setattr(read, "read_chunk", read_chunk)
    states = run(dag_bag, batch_id)
    assert sorted(state for task, state in states.items() if task.startswith("extract")) == ["failed", "success"]
    assert states["report"] == "failed"
    assert state_of(batch_id) == ("failed", "SETTING_INVALID"), "the code of what stopped it"
    first = totals(batch_id)
    assert first.processing == 1
    assert first.delivered + first.held >= 1
    monkeypatch.setattr(read, "read_chunk", whole)
    states = run(dag_bag, batch_id)
    assert set(states.values()) == {"success"}, states
    numbers = totals(batch_id)
    assert numbers.processing == 0
    assert numbers.delivered + numbers.held == 3
    assert state_of(batch_id)[1] is None


def test_a_register_that_fails_ends_its_batch_with_a_code_and_tells(
    dag_bag: Any, drop: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It left the batch Running for ever: report was skipped."""
    batch_id = drop({"list.csv": PASSING.encode()})
    folder = home / "files" / ".arrivals" / "backend-engineer" / batch_id
    folder.rename(home / "elsewhere")
    dag_bag.dags["ingest_batch"].get_task("register").retries = 0
    states = run(dag_bag, batch_id)
    assert (states["register"], states["report"], states["tell"]) == ("failed", "failed", "success"), states
    assert state_of(batch_id) == ("failed", "FILES_MISSING")
    (told,) = [row for row in rows() if row.batch_id == batch_id]
    assert (told.type, told.channel, told.data["code"]) == ("batch.failed", "log", "FILES_MISSING")
    (home / "elsewhere").rename(folder)
    assert set(run(dag_bag, batch_id).values()) == {"success"}
    assert state_of(batch_id) == ("done", None)


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({}, "FORM_INCOMPLETE"),
        ({"agent": None, "path": "", "batch_id": ""}, "FORM_INCOMPLETE"),
        ({"agent": "nurse", "path": "include/samples"}, "UNKNOWN_AGENT"),
        ({"agent": "backend-engineer", "path": "/etc/passwd"}, "PATH_REFUSED"),
        ({"agent": "backend-engineer", "path": "include/samples/\0"}, "PATH_REFUSED"),
        ({"agent": "backend-engineer", "path": "include/samples/none"}, "NOTHING_THERE"),
        ({"agent": "backend-engineer", "path": "include/samples", "mode": "maybe"}, "FORM_INVALID"),
        ({"agent": "backend-engineer", "path": "include/samples", "canary": 0.5}, "FORM_INVALID"),
        ({"batch_id": "b0"}, "UNKNOWN_BATCH"),
    ],
)
def test_a_form_that_cannot_be_followed_is_a_code(home: Path, form: dict[str, Any], code: str) -> None:
    from gateway.errors import Permanent
    from gateway.pipeline.arrival.receive import open_from_form, register_batch

    with pytest.raises(Permanent) as raised:
        register_batch(open_from_form(form, run_id="manual__1", at=datetime.now(UTC)))
    assert raised.value.code == code


def test_a_run_without_a_batch_fails(dag_bag: Any, home: Path) -> None:
    result = dag_bag.dags["ingest_batch"].test(run_conf={"agent": None, "path": None})
    states = {ti.task_id: str(ti.state) for ti in result.get_task_instances()}
    assert (states["register"], states["report"], str(result.state)) == ("failed", "failed", "failed")


def test_two_manual_runs_in_one_minute_are_two_batches(dag_bag: Any, home: Path) -> None:
    form = {"agent": "backend-engineer", "path": "include/samples/backend-engineer", "mode": "review"}
    for _ in range(2):
        result = dag_bag.dags["ingest_batch"].test(run_conf=form)
        assert {ti.task_id: str(ti.state) for ti in result.get_task_instances()}["register"] == "success"
    with reading() as session:
        assert len(session.scalars(select(Batch)).all()) == 2


def test_watch_finds_the_dead_and_the_unclaimed(
    dag_bag: Any, drop: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models import DagRun
    from airflow.utils.session import create_session

    from gateway.pipeline.arrival import resume
    from gateway.pipeline.arrival.receive import register_batch
    from gateway.settings import settings

    monkeypatch.setattr(resume, "QUIET_S", -1.0)
    monkeypatch.setenv("GATEWAY_CLAIM_ALARM_S", "0.01")
    settings.cache_clear()
    batch_id = drop({"list.csv": PASSING.encode()})
    register_batch(batch_id)  # and its run is nowhere in Airflow
    folder = home / "inbox" / "backend-engineer" / "second"
    folder.mkdir()
    (folder / "list.csv").write_bytes(PASSING.encode())
    (folder / "_READY").touch()
    time.sleep(0.3)

    def watch() -> dict[str, str]:
        result = dag_bag.dags["watch_gateway"].test()
        return {ti.task_id: str(ti.state) for ti in result.get_task_instances() if ti.task_id != "continue_ingest"}

    assert watch() == {"watch_inbox": "success", "sweep_batches": "success"}
    (stale,) = rows()
    assert (stale.type, stale.data["code"]) == ("inbox.stale", "INBOX_STALE")
    assert state_of(batch_id) == ("receiving", None), "it goes on by itself"
    register_batch(batch_id)
    with create_session() as session:  # the run that was started to continue it dies as well
        started = session.scalars(select(DagRun).where(DagRun.run_id == f"retry-{batch_id}-1")).one()
        started.state = "failed"
    watch()
    assert state_of(batch_id) == ("failed", "RUN_DIED")
    assert [row.type for row in rows()] == ["inbox.stale", "batch.failed"], "the inbox is told of once a day"
    assert "greta" not in words_of(stale.type, stale.data, stale.id).text.lower()


def test_review_mode_holds_everything_that_passes(dag_bag: Any, drop: Any) -> None:
    batch_id = drop({"list.csv": PASSING.encode()}, manifest="mode: review\n")
    run(dag_bag, batch_id)
    assert state_of(batch_id)[0] == "waiting_review"
    assert {(line["state"], *line["codes"]) for line in profile_lines(batch_id)} == {("held", "REVIEW_MODE")}
    with reading() as session:
        assert session.scalars(select(PoolCandidate)).all() == []


def test_dry_run_sends_nothing_and_says_what_it_would(dag_bag: Any, drop: Any) -> None:
    from gateway.pipeline.delivery.dry_run import planned_calls

    batch_id = drop({"list.csv": PASSING.encode()}, manifest="mode: dry_run\n")
    run(dag_bag, batch_id)
    assert state_of(batch_id)[0] == "done"
    assert {call["body"]["email"] for call in planned_calls(batch_id)} == {
        "greta.hollingsworth@example.com",
        "ines.baptista@example.org",
    }
    with reading() as session:
        assert session.scalars(select(Delivery)).all() == []


def test_canary_delivers_the_first_and_asks_before_the_rest(dag_bag: Any, drop: Any) -> None:
    batch_id = drop({"list.csv": PASSING.encode()}, manifest="canary: 1\n")
    run(dag_bag, batch_id)
    assert sorted((line["state"], tuple(line["codes"])) for line in profile_lines(batch_id)) == [
        ("delivered", ()),
        ("held", ("CANARY_WAIT",)),
    ]


def test_a_bad_manifest_holds_the_batch_and_says_so(dag_bag: Any, drop: Any) -> None:
    batch_id = drop({"list.csv": PASSING.encode()}, manifest="mode: [\n")
    run(dag_bag, batch_id)
    assert state_of(batch_id) == ("waiting_review", "MANIFEST_INVALID")
    assert totals(batch_id).held == 2


def test_many_documents_are_read_in_chunks(dag_bag: Any, drop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.pipeline.read import plan_chunks
    from gateway.settings import settings

    monkeypatch.setenv("GATEWAY_CHUNK_S", "0.6")
    monkeypatch.setenv("GATEWAY_READ_SLOTS", "2")  # a small list counts as 0.15 s
    settings.cache_clear()
    rows = {f"{n}.csv": f"Name,Email\nPerson Nr{n} Test,p{n}@example.com\n".encode() for n in range(7)}
    batch_id = drop(rows)
    from gateway.pipeline.arrival.receive import register_batch

    register_batch(batch_id)
    assert [chunk["label"] for chunk in plan_chunks(batch_id)] == [
        "chunk 1 of 2 · 4 documents",
        "chunk 2 of 2 · 3 documents",
    ]
    states = run(dag_bag, batch_id)
    assert {key for key in states if key.startswith("extract")} == {"extract_chunk[0]", "extract_chunk[1]"}
    assert totals(batch_id).success == 7


def test_task_names_logs_and_xcom_hold_no_personal_data(
    dag_bag: Any, drop: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    batch_id = drop({"greta hollingsworth cv.csv": PASSING.encode()})
    with caplog.at_level("DEBUG"):
        run(dag_bag, batch_id)
    with create_session() as session:
        said = " ".join(str(x.value) for x in session.scalars(select(XComModel)))
    assert batch_id in said, "the control: XCom was looked at"
    assert "extract_chunk" in caplog.text, "the control: logs were looked at"
    for secret in ("greta", "hollingsworth", "ines.baptista", "4155550134"):
        assert secret not in said.lower()
        assert secret not in caplog.text.lower()


def test_a_dead_channel_fails_no_run_and_the_question_is_asked(
    dag_bag: Any, drop: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It failed the report, and so the question was never asked."""
    from gateway.settings import settings

    folder = home / "agents"
    shutil.copytree(settings().agents_dir, folder)
    path = folder / "backend-engineer.yaml"
    dead = "notify: {channels: [{kind: webhook, connection: nowhere}]}\n"
    path.write_text(path.read_text("utf-8").replace("notify:\n  log: true\n", dead), "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    batch_id = drop({"list.csv": PASSING.encode()}, manifest="mode: review\n")
    assert set(run(dag_bag, batch_id).values()) == {"success"}
    assert state_of(batch_id)[0] == "waiting_review"
    result = dag_bag.dags["send_notices"].test()
    assert {str(ti.state) for ti in result.get_task_instances()} == {"success"}
    by_channel = {row.channel: row for row in rows() if row.type == "batch.waiting_review"}
    assert by_channel["log"].sent_at is not None
    assert by_channel["webhook:nowhere"].sent_at is None


@pytest.mark.parametrize("dag_id", ["send_outreach", "sync_progress", "watch_gateway"])
def test_a_run_with_nothing_to_do_succeeds(dag_bag: Any, home: Path, dag_id: str) -> None:
    result = dag_bag.dags[dag_id].test()
    assert {str(ti.state) for ti in result.get_task_instances()} <= {"success", "skipped"}
