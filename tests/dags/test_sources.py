"""pull_sources in a real Airflow run: a broken source stops nothing, and what arrived waits for its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.sources.state import Named
from gateway_airflow.names import SOURCES_URI
from gateway_airflow.rung import rung
from support.sources import AGENT, agent_with, batches


def test_a_broken_source_stops_no_other_and_every_batch_gets_its_run(
    dag_bag: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    share = tmp_path / "share"
    share.mkdir()
    (share / "a.csv").write_text("Name,Email\nA,a@example.com\n", "utf-8")
    folder = {"name": "agency", "kind": "folder", "path": str(share), "quiet_s": 0}
    agent_with(home, monkeypatch, {**folder, "name": "broken", "path": str(tmp_path / "no")}, folder)
    dag = dag_bag.dags["pull_sources"]
    run = dag.test()
    states = {(one.task_id, one.map_index): one.state for one in run.get_task_instances()}
    assert states["pull", 0] == "failed"
    assert states["pull", 1] == "success"
    assert states["list_runs", -1] == "success"
    assert states["start_ingest", 0] == "success"
    [batch] = batches()
    assert (batch.source, batch.run_id) == ("agency", batch.id)


def test_nothing_to_do_is_a_run_that_succeeds(dag_bag: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent_with(home, monkeypatch)
    assert dag_bag.dags["pull_sources"].test().state == "success"


class _Asset:
    uri = SOURCES_URI


class _Event:
    def __init__(self, extra: dict[str, Any]) -> None:
        self.extra = extra


@pytest.mark.parametrize(
    ("extras", "params", "wanted"),
    [
        ([{"payload": {"news": 2}}], {}, set()),
        ([{"agent": AGENT, "source": "one"}], {}, {"one"}),
        ([{"from": "a bucket"}], {}, {"one", "two"}),
        ([{"agent": "other"}], {}, set()),
        ([{"agents": [AGENT]}], {}, {"one", "two"}),
        ([{"agents": ["other"]}], {}, set()),
        ([], {"agent": AGENT, "source": "two"}, {"two"}),
        ([], {}, set()),
    ],
)
def test_who_rang_decides_what_is_asked(
    home: Path, monkeypatch: pytest.MonkeyPatch, extras: list[dict[str, Any]], params: dict[str, str], wanted: set[str]
) -> None:
    agent_with(
        home, monkeypatch, *({"name": n, "kind": "folder", "path": "/x", "every_min": None} for n in ("one", "two"))
    )
    context = {"triggering_asset_events": {_Asset(): [_Event(one) for one in extras]}, "params": params}
    assert rung(context) == {Named(AGENT, name) for name in wanted}
