"""`gateway sources`: asks every source and says what to do; fetches and reads in without Airflow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.sources import doors
from gateway.store.engine import reading
from gateway.store.tables import Batch
from support.sources import AGENT, agent_with, batches


@pytest.fixture(autouse=True)
def no_airflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has the library alone."""
    monkeypatch.setattr("gateway.cli.sources._doors", lambda: None)
    monkeypatch.setattr(doors, "_doors", {})


def test_check_asks_each_and_says_what_to_do(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "share").mkdir()
    good = {"name": "good", "kind": "folder", "path": str(tmp_path / "share")}
    agent_with(home, monkeypatch, good)
    assert main(["sources", "check"]) == 0
    bad = [{"name": "gone", "kind": "folder", "path": str(tmp_path / "no")}, {"name": "far", "kind": "sftp"}]
    agent_with(home, monkeypatch, good, *bad)
    capsys.readouterr()
    assert main(["sources", "check", "--json"]) == 1
    said = {one["source"]: one for one in map(json.loads, capsys.readouterr().out.splitlines())}
    assert {name: one["code"] for name, one in said.items()} == {
        "good": None,
        "gone": "SOURCE_REFUSED",
        "far": "SOURCE_NO_DOOR",
    }
    assert all(one["fix"] for name, one in said.items() if name != "good")
    assert main(["sources", "check"]) == 1
    assert "-> " in capsys.readouterr().out
    assert main(["sources", "check", "another-agent"]) == 0


def test_pull_fetches_and_reads_in(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "share" / "a.csv").write_text("Name,Email\nAda Quill,ada.quill@example.org\n", "utf-8")
    agent_with(home, monkeypatch, {"name": "agency", "kind": "folder", "path": str(tmp_path / "share"), "quiet_s": 0})
    assert main(["sources", "pull", AGENT, "agency"]) == 0
    assert "1 batch(es) fetched" in capsys.readouterr().out
    [batch] = batches()
    with reading() as session:
        row = session.get_one(Batch, batch.id)
        assert (row.state, row.run_id, row.source) == ("waiting_review", None, "agency")
    assert main(["sources", "pull", AGENT, "no"]) == 1
    assert "UNKNOWN_SOURCE" in capsys.readouterr().err
