"""The health page and its JSON: for those who configure, 503 when something is at fault."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from gateway.insight.doctor.lines import Level
from gateway.settings import make_home
from gateway_airflow import health as airflow
from gateway_airflow.ui.pages import health

Client = Callable[..., TestClient]


@pytest.fixture(autouse=True)
def _anew(home: Path, airflow_db: None) -> Iterator[None]:
    health._last.clear()
    (home / "inbox").mkdir()
    make_home()
    yield
    health._last.clear()


def test_monitors_get_json_and_a_status(client: Client, home: Path) -> None:
    admin = client("admin")
    answer = admin.get("api/health")
    said = answer.json()
    assert (answer.status_code, said["counts"]["fault"]) == (200, 0), said
    names = {line["name"] for line in said["lines"]}
    assert {"airflow database", "pool gateway_extract", "dags", "sign-in", "store"} <= names
    home.chmod(0o755)
    assert admin.get("api/health").status_code == 200, "the look of ten seconds ago"
    health._last.clear()
    assert admin.get("api/health").status_code == 503


def test_the_page_shows_faults_first_and_what_to_do(client: Client, home: Path) -> None:
    home.chmod(0o755)
    text = client("op").get("health").text
    assert text.index("Fault") < text.index(">Ok<")
    assert "chmod -R go=" in text
    assert 'href="/gateway/health"' in text


@pytest.mark.parametrize("role", ["viewer", "user"])
def test_who_does_not_configure_sees_neither(client: Client, role: str) -> None:
    assert client(role).get("health").status_code == 403
    assert client(role).get("api/health").status_code == 403
    assert "/gateway/health" not in client(role).get("codes").text


def test_airflows_lines_name_what_does_not_run() -> None:
    from airflow._shared.timezones.timezone import utcnow
    from airflow.jobs.job import Job
    from airflow.models.pool import Pool
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    def lines(look: Callable[[], Iterator[object]]) -> dict[str, tuple[Level, str]]:
        return {line.name: (line.level, line.says) for line in look()}  # type: ignore[attr-defined]

    assert lines(airflow.parts)["airflow"] == (Level.WARNING, "Not running: what is dropped waits.")
    try:
        with create_session() as session:
            for kind, seconds in (("SchedulerJob", 1), ("TriggererJob", 500)):
                session.add(Job(job_type=kind, state="running", latest_heartbeat=utcnow() - timedelta(seconds=seconds)))
        found = lines(airflow.parts)
        assert found["scheduler"][0] is Level.OK
        assert found["triggerer"][0] is found["dag-processor"][0] is Level.FAULT
        Pool.create_or_update_pool("gateway_deliver", 0, "none", include_deferred=False)
        assert lines(airflow.pools)["pool gateway_deliver"][0] is Level.FAULT
    finally:
        Pool.create_or_update_pool("gateway_deliver", 1, "one", include_deferred=False)
        with create_session() as session:
            session.execute(delete(Job))


def test_a_manager_without_accounts_is_told_where_others_can_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__HOST", "0.0.0.0")
    (line,) = airflow.sign_in()
    assert (line.level, "plain file" in line.says) == (Level.WARNING, True)
    monkeypatch.setenv("AIRFLOW__API__HOST", "127.0.0.1")
    (line,) = airflow.sign_in()
    assert line.level is Level.OK
