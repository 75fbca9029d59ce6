"""`gateway plan`: settings that the settings accept, that compose passes on, and that add up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.insight.capacity import COMPOSE, Figures, need, plan
from gateway.settings import PROJECT, Settings


@pytest.mark.parametrize("workers", [1, 2, 7, 64])
@pytest.mark.parametrize("cores", [1, 2, 3, 16])
def test_slots_add_up(workers: int, cores: int) -> None:
    values = {one.name: int(one.value) for one in plan(workers, cores).settings}
    jobs, slots = values["GATEWAY_EXTRACT_JOBS"], values["GATEWAY_READ_SLOTS"]
    assert cores - 1 <= slots * jobs / workers <= cores, "a core reads one document at a time"
    assert slots <= values["AIRFLOW__CORE__PARALLELISM"] == workers * values["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    assert values["GATEWAY_MAX_CHUNKS"] <= 1000
    assert values["GATEWAY_MAX_CHUNKS"] >= min(1000, 4 * slots)


def test_more_workers_change_every_limit_that_would_hold_them_up() -> None:
    """More workers changed nothing: slots and runs at once were fixed."""
    few, many = ({one.name: int(one.value) for one in plan(n, 8, lanes="abcdef").settings} for n in (1, 16))
    grow = {name for name in few if many[name] > few[name]}
    assert {"GATEWAY_READ_SLOTS", "GATEWAY_STORE_SLOTS", "GATEWAY_DELIVER_SLOTS", "GATEWAY_RUNS_AT_ONCE"} <= grow
    assert "AIRFLOW__CORE__PARALLELISM" in grow


def test_the_settings_take_what_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    for one in plan(32, 16).settings:
        monkeypatch.setenv(one.name, one.value)
    assert Settings().read_slots == 256


def test_compose_passes_every_planned_setting_on() -> None:
    text = (PROJECT / "docker-compose.yaml").read_text("utf-8")
    assert {one.name for one in plan(1, 1).settings} == COMPOSE.keys()
    for name, short in COMPOSE.items():
        assert re.search(rf"^    {name}: \$\{{{short}:-\d+\}}$", text, re.MULTILINE), name


def test_the_command_prints_lines_for_an_environment(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--workers", "3", "--cores", "4"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "GATEWAY_READ_SLOTS=6" in told
    assert main(["plan", "--workers", "3", "--cores", "4", "--compose"]) == 0
    assert "READ_SLOTS=6" in capsys.readouterr().out.splitlines()
    with pytest.raises(SystemExit):
        main(["plan", "--workers", "0"])


def test_what_a_volume_needs_grows_with_it() -> None:
    figures = Figures(0.5, 0.03, 12.0, 1.5, 12_000, 250_000)
    one, ten = need(100_000, figures), need(1_000_000, figures)
    assert ten.documents_a_second == pytest.approx(11.574, abs=0.001)
    assert ten.cores_busy == pytest.approx(10 * one.cores_busy)
    by_hand = 11.574 * (0.5 + 0.03 + 12 / 200 + 0.5 / 15 * 1.5)
    assert ten.cores_busy == pytest.approx(by_hand, rel=0.001)
    assert ten.cores == 11
    assert (ten.store_gb_a_day, ten.files_gb_a_day) == (12.0, 250.0)
    assert need(1_000_000, figures, batch=3).cores > ten.cores, "small batches pay for their runs"
