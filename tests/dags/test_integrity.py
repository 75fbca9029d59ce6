"""Every DAG loads, says what it is, follows the policy, and parses without touching the world."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from gateway_airflow.names import OWNER, POOLS, Pool, Tag

PROJECT = Path(__file__).resolve().parents[2]
EXPECTED = {
    "sense_inbox",
    "pull_sources",
    "ingest_batch",
    "review_batch",
    "deliver_reviewed",
    "replay_batch",
    "watch_gateway",
    "seal_events",
    "send_notices",
    "send_outreach",
    "sync_progress",
    "report_daily",
    "apply_retention",
    "erase_person",
    "clean_airflow",
    "take_hooks",
    "take_requests",
}


def test_exactly_the_expected_dags_load(dag_bag: Any) -> None:
    assert dag_bag.import_errors == {}
    assert set(dag_bag.dags) == EXPECTED
    assert {path.stem for path in (PROJECT / "dags").glob("*.py")} == EXPECTED, "one DAG a file, named after it"


def test_a_broken_file_is_noticed(tmp_path: Path, home: Path, airflow_db: None) -> None:
    """The control: without it the test above would pass on a folder that is never read."""
    from airflow.dag_processing.dagbag import DagBag

    (tmp_path / "broken.py").write_text("from airflow.sdk import dag\nraise RuntimeError('broken on purpose')\n")
    bag = DagBag(dag_folder=tmp_path, bundle_path=tmp_path, bundle_name="broken")
    assert len(bag.import_errors) == 1


def test_every_dag_follows_the_policy(dag_bag: Any) -> None:
    for dag in dag_bag.dags.values():
        assert dag.doc_md, dag.dag_id
        assert "Triage" in dag.doc_md, f"{dag.dag_id} does not say what to do when it fails"
        assert dag.tags, dag.dag_id
        assert set(dag.tags) <= {str(tag) for tag in Tag}, dag.dag_id
        assert dag.max_active_runs >= 1
        assert not dag.catchup
        for task in dag.tasks:
            assert task.owner == OWNER, task.task_id


def test_every_task_has_a_pool_a_limit_and_retries(dag_bag: Any) -> None:
    known = {pool.name for pool in POOLS}
    for dag in dag_bag.dags.values():
        for task in dag.tasks:
            who = f"{dag.dag_id}.{task.task_id}"
            if task.task_id == "decide":  # waits for a person: no slot, no timeout of its own, nothing to retry
                continue
            assert task.pool in known, who
            assert task.retries >= 1, who
            assert task.execution_timeout is not None, who
            assert task.retry_policy is not None, who


def test_every_mapped_task_is_named_and_bounded(dag_bag: Any) -> None:
    mapped = [(dag.dag_id, task) for dag in dag_bag.dags.values() for task in dag.tasks if task.is_mapped]
    assert {task.task_id for _, task in mapped} == {
        "extract_chunk",
        "start_ingest",
        "ask_review",
        "continue_ingest",
        "deliver_approved",
        "pull",
        "start_ready",
        "start_requested",
    }
    for dag_id, task in mapped:
        template = task.partial_kwargs.get("map_index_template")
        assert template, f"{dag_id}.{task.task_id}"
    extract = next(task for _, task in mapped if task.task_id == "extract_chunk")
    assert extract.pool == Pool.EXTRACT


def test_what_may_stay_empty_in_a_form_is_null(dag_bag: Any) -> None:
    """`Param("", type="string")` counts as missing in Airflow 3.3: the form demands it, and Trigger stays grey."""
    for dag_id in ("ingest_batch", "replay_batch", "pull_sources"):
        params = dag_bag.dags[dag_id].params
        assert params
        for name in params:
            assert (params[name], "null" in params.get_param(name).schema["type"]) == (None, True), f"{dag_id}.{name}"


def test_a_dag_imports_no_other_dag() -> None:
    for path in (PROJECT / "dags").glob("*.py"):
        text = path.read_text("utf-8")
        for other in EXPECTED - {path.stem}:
            assert f"import {other}" not in text
            assert f"from {other}" not in text


def test_serialising_twice_gives_the_same(home: Path, airflow_db: None) -> None:
    """A changing argument would make a new DAG version at each parse. Two processes, so that hash seeds differ."""
    script = textwrap.dedent(
        f"""
        import json
        from airflow.dag_processing.dagbag import DagBag
        from airflow.serialization.serialized_objects import DagSerialization
        bag = DagBag(dag_folder={str(PROJECT / "dags")!r}, bundle_name="b")
        assert not bag.import_errors, bag.import_errors
        print(json.dumps({{d: DagSerialization.to_dict(dag) for d, dag in sorted(bag.dags.items())}}, sort_keys=True))
        """
    )
    first, second = (_python(script).splitlines()[-1] for _ in range(2))
    assert first == second
    assert set(json.loads(first)) == EXPECTED


def test_parsing_opens_no_socket_reads_no_connection_and_is_quick(home: Path, airflow_db: None) -> None:
    """Nor does it import what only a task needs: Great Expectations alone would cost seconds at each parse."""
    script = textwrap.dedent(
        f"""
        import sys, time, socket
        import airflow.sdk, airflow.providers.standard.operators.hitl, airflow.providers.standard.operators.trigger_dagrun
        from airflow.dag_processing.dagbag import DagBag
        from airflow.sdk import Connection, Variable
        def refuse(*args, **kwargs):
            raise AssertionError("parsing must not do this")
        socket.socket.connect = refuse
        Connection.get = classmethod(refuse)
        Variable.get = classmethod(refuse)
        start = time.process_time()
        bag = DagBag(dag_folder={str(PROJECT / "dags")!r}, bundle_name="b")
        print("SECONDS", time.process_time() - start)
        print("ERRORS", bag.import_errors)
        heavy = ["great_expectations", "pandas", "pypdfium2", "rapidocr", "gateway.store.engine"]
        print("HEAVY", [name for name in heavy if name in sys.modules])
        """
    )
    said = dict(line.split(" ", 1) for line in _python(script).splitlines() if line.split(" ")[0].isupper())
    assert said["ERRORS"] == "{}"
    assert said["HEAVY"] == "[]"
    assert float(said["SECONDS"]) < 5, "budget 1 s on a quiet machine; five here, for a noisy one"


def test_airflow_finds_no_version_inflation(home: Path, airflow_db: None) -> None:
    from airflow.utils.dag_version_inflation_checker import check_dag_file_stability

    for path in sorted((PROJECT / "dags").glob("*.py")):
        result = check_dag_file_stability(str(path))
        assert not result.warnings, f"{path.name}: {result.warnings}"


def _python(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("name", ["permanent", "transient", "other"])
def test_the_retry_policy_follows_the_reason(name: str) -> None:
    from airflow.sdk.definitions.retry_policy import RetryAction

    from gateway.errors import Misconfigured, Transient
    from gateway_airflow.policy import ByReason

    error = {
        "permanent": Misconfigured("UNKNOWN_AGENT", "x"),
        "transient": Transient("DISK_FULL", "x", 60),
        "other": ValueError("x"),
    }[name]
    decision = ByReason().evaluate(error, 1, 2)
    assert (
        decision.action
        == {"permanent": RetryAction.FAIL, "transient": RetryAction.RETRY, "other": RetryAction.DEFAULT}[name]
    )
    if name == "transient":
        assert decision.retry_delay is not None
        assert decision.retry_delay.total_seconds() == 60


def test_airflow_finds_the_plugin_and_the_connection_type_by_their_entry_points() -> None:
    """Through the installed distribution alone: no folder of plugins, nothing imported under its bare name."""
    from airflow import plugins_manager
    from airflow.providers_manager import ProvidersManager
    from airflow.sdk.providers_manager_runtime import ProvidersManagerTaskRuntime

    plugins, wrong = plugins_manager._get_plugins()
    assert not wrong
    [ours] = [plugin for plugin in plugins if plugin.name == "candidate_ingestion_gateway"]
    assert "gateway_airflow.plugin:GatewayPlugin" in str(ours.source)
    assert "candidate-ingestion-gateway" in ProvidersManager().providers
    assert ProvidersManagerTaskRuntime().hooks["heymilo"] is not None


def test_a_folder_of_plugins_that_names_ours_loads_nothing_twice() -> None:
    """A .py below plugins/ would be imported at start under its bare name."""
    from airflow._shared.module_loading.file_discovery import find_path_from_directory

    seen = {Path(path).name for path in find_path_from_directory(str(PROJECT / "plugins"), ".airflowignore")}
    assert not {name for name in seen if name.endswith(".py")}
