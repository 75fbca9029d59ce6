"""`agents check --live`: does each agent's target take candidates now?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from support.heymilo import KEY, DropsConnections, World, app_of
from support.people import agent_file, connection
from support.serve import serving


def test_live_check_says_open_or_why_not(
    agents_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World()
    world.open_posting("P1")
    agent_file(agents_dir, {"kind": "heymilo", "posting": "P1", "rate_per_minute": 60_000})
    assert main(["agents", "check", "--live"]) == 1
    assert "CONNECTION" not in capsys.readouterr().out
    with serving(DropsConnections(app_of(world))) as base:
        connection(monkeypatch, "heymilo_default", base, KEY)
        assert main(["agents", "check", "--live"]) == 0
        assert "heymilo/P1 takes candidates" in capsys.readouterr().out
        world.open_posting("P1", status="expired")
        assert main(["agents", "check", "--live", "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["code"] == "TARGET_CLOSED"
        assert main(["agents", "check"]) == 0
        capsys.readouterr()
    assert main(["agents", "check", "--live", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["code"] == "TARGET_UNREACHABLE"
    assert world.writes == 0
