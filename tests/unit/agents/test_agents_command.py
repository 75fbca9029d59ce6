"""`gateway agents check` and `gateway docs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.agents import Agent
from gateway.cli import main
from gateway.settings import PROJECT


def test_the_shipped_agents_are_right(capsys: pytest.CaptureFixture[str]) -> None:
    files = sorted(str(p) for p in (PROJECT / "include" / "agents").glob("*.yaml"))
    assert main(["agents", "check", "--json", *files]) == 0
    checked = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["id"] for one in checked] == ["backend-engineer", "regional-nurse", "store-associate"]
    assert all(one["ok"] and one["gates"] > 30 for one in checked)
    assert [one["max_error"] for one in checked] == [0.005, 0.01, 0.02]
    shares = [one["through"] for one in checked]
    assert shares == sorted(shares)
    assert main(["agents", "check", files[0]]) == 0
    assert f"at 0.5% error, about {shares[0]:.0%} of résumés go through" in capsys.readouterr().out


def test_a_wrong_file_fails_the_check_and_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "nurse.yaml"
    wrong.write_text("id: nurse\ntitle: Nurse\ntarget: {posting: N}\npreset: careful\n", "utf-8")
    assert main(["agents", "check", str(wrong)]) == 1
    assert "Agent file nurse.yaml: line 4: preset" in capsys.readouterr().err


def test_the_schema_knows_every_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["agents", "check", "--schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    assert set(schema["properties"]) == set(Agent.model_fields)
    assert schema["additionalProperties"] is False
    stated = json.dumps(schema["$defs"]["Automation"]["properties"]["max_error"])
    assert "%" in stated, "an editor takes 0.5 % as well"


def test_generated_pages_are_written_and_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gateway.settings.PROJECT", tmp_path)
    assert main(["docs", "--check"]) == 1
    assert main(["docs"]) == 0
    assert main(["docs", "--check"]) == 0
    (tmp_path / "docs" / "codes.md").write_text("old", "utf-8")
    assert main(["docs", "--check"]) == 1
    assert "docs/codes.md is out of date" in capsys.readouterr().out
