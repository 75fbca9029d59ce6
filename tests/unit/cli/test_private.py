"""What the gateway keeps is for its owner alone, whatever the umask of who started it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.settings import PROJECT, make_home, open_to_others, settings

SAMPLES = PROJECT / "include" / "samples" / "backend-engineer"


@pytest.fixture
def generous() -> Iterator[None]:
    """The umask of most systems."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): oct(stat.S_IMODE(path.stat().st_mode))
        for path in [folder, *folder.rglob("*")]
        if path.stat().st_mode & 0o077
    }


def test_a_command_leaves_nothing_open_to_others(
    generous: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "new"
    monkeypatch.setenv("GATEWAY_HOME", str(home))
    settings.cache_clear()
    try:
        assert main(["ingest", str(SAMPLES / "candidates-export.csv"), "--agent", "backend-engineer"]) == 0
    finally:
        settings.cache_clear()
    assert (home / "gateway.db").is_file()
    assert list((home / "files").rglob("*")), "files are kept, so there is something to protect"
    assert rights(home) == {}
    assert os.umask(0o022) == 0o022, "the process around it keeps its own"


def test_a_home_that_was_open_is_closed_and_a_folder_outside_is_left(
    generous: None, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "pool"
    shared.mkdir(mode=0o755)
    (home / "files").mkdir(mode=0o755)
    monkeypatch.setenv("GATEWAY_POOL_DIR", str(shared))
    settings.cache_clear()
    assert open_to_others(home)
    assert open_to_others(home / "gateway.db")
    make_home()
    assert [place for place in settings().private_places if open_to_others(place)] == [shared]


def test_make_run_starts_airflow_closed_and_without_a_log_server(generous: None, home: Path) -> None:
    from gateway_airflow.standalone import COMPONENTS, airflow_environment

    environment = airflow_environment(make_home(), 8080)
    assert environment["AIRFLOW__API__HOST"] == "127.0.0.1"
    for kind, mode in (("FOLDER", "0o700"), ("FILE", "0o600")):
        assert environment[f"AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_{kind}_PERMISSIONS"] == mode
    for component in ("scheduler", "triggerer"):  # the two that would serve logs on every interface
        assert "--skip-serve-logs" in COMPONENTS[component]


def test_airflow_still_knows_the_option_that_keeps_its_log_server_away() -> None:
    from airflow.cli import cli_config

    assert "--skip-serve-logs" in cli_config.ARG_SKIP_SERVE_LOGS.flags
