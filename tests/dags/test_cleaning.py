"""clean_airflow: old rows and logs go, the rest stays; the address of the database is told to nobody."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Transient
from gateway.settings import Settings
from gateway_airflow.housekeeping import clean_database, clean_logs

NOW = datetime.now(UTC)
BEFORE = NOW - timedelta(days=30)


def test_old_logs_go_and_empty_folders_with_them(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    old, new = logs / "dag_id=x" / "run_id=a", logs / "dag_id=x" / "run_id=b"
    for folder in (old, new):
        folder.mkdir(parents=True)
        (folder / "attempt=1.log").write_text("line\n")
    outside = tmp_path / "kept.log"
    outside.write_text("not ours\n")
    (old / "link.log").symlink_to(outside)
    (logs / "elsewhere").symlink_to(tmp_path, target_is_directory=True)
    ages = [(path, 40) for path in (old / "attempt=1.log", outside)]
    for path, days in ages:
        then = (NOW - timedelta(days=days)).timestamp()
        os.utime(path, (then, then))
    os.utime(old / "link.log", (BEFORE.timestamp() - 9,) * 2, follow_symlinks=False)
    os.utime(old, (BEFORE.timestamp() - 9,) * 2)
    assert clean_logs(logs, BEFORE) == (2, 5 + len(str(outside)))
    assert (new / "attempt=1.log").exists()
    assert outside.exists(), "a link is removed, never followed"
    os.utime(old, (BEFORE.timestamp() - 9,) * 2)
    clean_logs(logs, BEFORE)
    assert not old.exists()
    assert new.exists()


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert clean_logs(tmp_path / "nothing", BEFORE) == (0, 0)


def test_old_rows_go_and_new_ones_stay(airflow_db: None) -> None:
    """In a program of its own, as from a task, whose environment says a false address."""
    from airflow.configuration import conf
    from airflow.models.log import Log
    from airflow.utils.session import create_session
    from sqlalchemy import select

    url = conf.get("database", "sql_alchemy_conn")
    with create_session() as session:
        for event, age in (("old", 60), ("new", 1)):
            row: Any = Log(event=event)
            row.dttm = NOW - timedelta(days=age)
            session.add(row)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
        clean_database(url, BEFORE)
    with create_session() as session:
        assert set(session.scalars(select(Log.event).where(Log.event.in_(["old", "new"])))) == {"new"}


def test_a_database_that_refuses_is_named_without_its_password() -> None:
    with pytest.raises(Transient) as raised:
        clean_database("postgresql+psycopg2://airflow:hunter2@127.0.0.1:1/airflow", BEFORE)
    assert raised.value.code == "AIRFLOW_NOT_CLEANED"
    assert "hunter2" not in raised.value.sentence
    assert "hunter2" not in repr(Settings(airflow_database_url="postgresql://airflow:hunter2@x/y"))


def test_nobody_cleans_away_runs_that_still_wait_for_a_person(home: Path) -> None:
    with pytest.raises(ValueError, match="keep_runs_days"):
        Settings(keep_runs_days=7)
    assert Settings().keep_runs_days * 24 > Settings().response_timeout_h
