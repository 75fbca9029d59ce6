"""`gateway doctor`: every fault it is there for is found, named, and said what to do about; a well home has none."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from gateway.cli import main
from gateway.cli.doctor import run as run_doctor
from gateway.extract.child.confine import can_refuse_network
from gateway.insight.doctor import diagnose
from gateway.insight.doctor import machine as of_machine
from gateway.insight.doctor.lines import Level, Line
from gateway.settings import make_home, settings
from gateway.store import change, ids, keys, sealing
from gateway.store.engine import writing
from gateway.store.tables import Agent, Batch, ChannelHealth, Event, Outbox, now

assert run_doctor  # its module is imported by the command only


def found(name: str) -> Line:
    lines = [line for line in diagnose().lines if line.name == name]
    assert len(lines) == 1, f"{name}: {[line.name for line in diagnose().lines]}"
    return lines[0]


@pytest.fixture
def well(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home as `make run` leaves it, in a shell that knows of no Airflow."""
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GATEWAY_CLAIM_ALARM_S", "0.1")
    settings.cache_clear()
    (home / "inbox" / "backend-engineer").mkdir(parents=True)
    make_home()
    return home


def batch(state: str = "running") -> str:
    with writing() as session:
        if session.get(Agent, "backend-engineer") is None:
            agent = Agent(
                id="backend-engineer", title="t", state="open", target_kind="own_pool", posting="p", config={}
            )
            change.create(session, agent, actor="test")
        row = Batch(id=ids.batch_id(), agent_id="backend-engineer", mode="ingest", state="receiving")
        change.create(session, row, actor="test")
        change.move(session, row, "running", actor="test")
        if state == "failed":
            change.move(session, row, "failed", actor="test")
    return row.id


def test_a_well_home_has_no_fault_and_says_so_as_json(well: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["counts"]["fault"] == 0
    assert said["worst"] in ("ok", "warning")
    assert {"python", "rights", "store", "migrations", "models", "files", "agents", "unclaimed drops", "batches"} <= {
        line["name"] for line in said["lines"]
    }
    assert all(line["step"] for line in said["lines"] if line["level"] != "ok"), "what is wrong says what to do"
    (airflow,) = (line for line in said["lines"] if line["name"].startswith("airflow") and line["level"] == "warning")
    assert "not running" in airflow["says"].lower()
    assert main(["doctor", "--strict"]) == 1, "a warning counts when asked to"
    assert "-> make run" in capsys.readouterr().out


def test_nothing_is_made_by_looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_HOME", str(tmp_path / "none"))
    settings.cache_clear()
    try:
        assert diagnose().worst is Level.WARNING
    finally:
        settings.cache_clear()
    assert not (tmp_path / "none").exists()


def _open_home(home: Path) -> None:
    home.chmod(0o755)


def _open_store(home: Path) -> None:
    (home / "gateway.db").chmod(0o644)


def _old_store(home: Path) -> None:
    with writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0002'"))


def _stale_drop(home: Path) -> None:
    drop = home / "inbox" / "backend-engineer" / "anna-brook-2026"
    drop.mkdir()
    (drop / "cv.pdf").write_bytes(b"%PDF")
    time.sleep(0.5)  # longer than quiet and alarm; a file's last change cannot be set back


def _stuck(home: Path) -> None:
    stuck = batch()
    batch()
    with writing() as session:
        session.execute(update(Event).where(Event.batch_id == stuck).values(at=now() - timedelta(hours=2)))


def _read_only_files(home: Path) -> None:
    (home / "files").write_text("a file where a folder should be")


@pytest.mark.parametrize(
    ("harm", "name", "says"),
    [
        (_open_home, "rights of gateway-home", "can be read by other users of this machine (755)"),
        (_open_store, "rights of gateway.db", "(644)"),
        (_old_store, "migrations", "0002"),
        (_stale_drop, "unclaimed drops", "1 complete; the oldest waits for"),
        (_stuck, "batches", "1 have not progressed"),
        (_read_only_files, "files", "cannot be written to"),
    ],
)
def test_a_fault_is_found(
    well: Path, harm: Callable[[Path], None], name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    harm(well)
    line = found(name)
    assert line.level is Level.FAULT
    assert says in line.says
    assert line.step
    assert main(["doctor"]) == 1
    assert "brook" not in capsys.readouterr().out, "a drop may be named after a person"


def test_a_full_disk_and_a_tight_one(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, level in ((10_000_000, Level.FAULT), (2_000_000_000, Level.WARNING), (50_000_000_000, Level.OK)):
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr(of_machine.shutil, "disk_usage", lambda _, usage=usage: usage)
        assert found("disk of home").level is level


def test_missing_models_unknown_settings_and_an_old_python(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_FAN_OUT_LIMITS", "3")
    monkeypatch.setattr(of_machine.sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(of_machine.importlib.util, "find_spec", lambda _: None)
    assert "GATEWAY_FAN_OUT_LIMITS" in found("environment").says
    assert found("python").level is Level.FAULT
    assert found("models").level is Level.FAULT


def test_connections_that_agents_name_are_looked_for(
    well: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agents = tmp_path / "agents"
    agents.mkdir()
    target = "target: {kind: heymilo, posting: P1, connection: workspace_a}"
    (agents / "one.yaml").write_text(f"id: one\ntitle: One\n{target}\n")
    (agents / "two.yaml").write_text("id: two\ntitle: [\n")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(agents))
    settings.cache_clear()
    line = found("connection workspace_a")
    assert (line.level, line.step) == (Level.FAULT, "Needed by one.")
    assert "CONNECTION_MISSING" in line.says
    by_level = {one.level for one in diagnose().lines if one.name == "agents"}
    assert by_level == {Level.FAULT, Level.OK}, "one file is wrong, the other right"
    monkeypatch.setenv("AIRFLOW_CONN_WORKSPACE_A", '{"conn_type": "heymilo", "password": "k"}')
    assert found("connection workspace_a").level is Level.OK


def test_a_notice_that_did_not_leave_and_a_failed_batch_are_warnings(well: Path) -> None:
    batch("failed")
    with writing() as session:
        at = now()
        lost = {"type": "batch.done", "agent_id": "backend-engineer", "data": {}, "due_at": at}
        session.add(Outbox(id="n1", channel="email:smtp_default", dead_at=at, **lost))
        session.add(ChannelHealth(agent_id="backend-engineer", channel="chat:a", failures=3, code="NOTICE_REFUSED"))
        session.add(ChannelHealth(agent_id="backend-engineer", channel="chat:b", failures=9, paused_at=at))
    assert found("notices").level is Level.WARNING
    assert found("channel chat:a").level is Level.WARNING
    assert found("channel chat:b").level is Level.FAULT
    assert found("failed batches").says == "1 ended as failed."


def test_a_look_that_breaks_stops_no_other_and_quotes_nobody(well: Path) -> None:
    def broken_look() -> Any:
        raise ValueError("Anna Brook")

    report = diagnose([broken_look])
    assert report.lines[-1].level is Level.FAULT
    assert report.lines[-1].name == "broken look"
    assert "Anna" not in str(report.as_dict())


def test_a_key_that_was_mounted_for_the_group_alone_is_no_fault(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Kubernetes mounts a secret: 0440, another user's, read-only, in a folder with wider rights."""
    keys.create()
    diagnose()  # its probe of the files store leaves a folder
    make_home()
    key = settings().keys / "signing.pem"
    key.chmod(0o440)
    assert found("rights of signing.pem").level is Level.FAULT, "its owner could narrow it, so somebody opened it"
    monkeypatch.setattr(of_machine.os, "geteuid", lambda: key.stat().st_uid + 1)
    assert found("rights").level is Level.OK
    for mode in (0o444, 0o460):
        key.chmod(mode)
        assert found("rights of signing.pem").level is Level.FAULT, oct(mode)
    key.chmod(0o440)
    settings().keys.chmod(0o755)
    assert found("rights of keys").level is Level.FAULT, "somebody could put another key there"
    read_only = type("Mount", (), {"f_flag": os.ST_RDONLY})
    monkeypatch.setattr(of_machine.os, "statvfs", lambda _: read_only)
    assert found("rights").level is Level.OK
    well.chmod(0o755)
    assert found("rights of gateway-home").level is Level.FAULT, "only keys are given so"


def test_readers_that_cannot_be_kept_off_the_network_are_told(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("readers").level is (Level.OK if can_refuse_network() else Level.WARNING)
    monkeypatch.setattr(of_machine, "can_refuse_network", lambda: False)
    line = found("readers")
    assert line.level is Level.WARNING
    assert "seccomp" in line.step


def test_what_of_encryption_does_not_fit_is_told(well: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert found("encryption").says == "Off; 0 data keys."
    monkeypatch.setenv("GATEWAY_ENCRYPT", "true")
    settings.cache_clear()
    assert "no master key" in found("encryption").says
    monkeypatch.setenv("AIRFLOW_CONN_GATEWAY_MASTER", json.dumps({"password": sealing.new_master()}))
    sealing.ensure()
    assert found("encryption").says == "On; 1 data keys."
    monkeypatch.delenv("GATEWAY_ENCRYPT")
    settings.cache_clear()
    assert found("encryption").level is Level.WARNING
    monkeypatch.setenv("AIRFLOW_CONN_GATEWAY_MASTER", json.dumps({"password": sealing.new_master()}))
    assert "MASTER_KEY_MISSING" in found("encryption").says
