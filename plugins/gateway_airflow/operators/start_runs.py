"""Starts runs of another DAG from a task's result, one mapped instance a run; a run that exists already is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

from gateway_airflow.names import Pool


def arguments_of(runs: Mapping[str, str]) -> list[dict[str, Any]]:
    """What `start_runs` takes, for ingest_batch. runs: batch id -> the id of the run that it waits for."""
    from gateway.pipeline.arrival.runs import note_of

    return [
        {"trigger_run_id": run_id, "conf": {"batch_id": batch_id}, "note": note_of(batch_id)}
        for batch_id, run_id in runs.items()
    ]


def start_runs(task_id: str, dag_id: str, arguments: Any) -> None:
    """The mapped task. arguments: the result of a task that returns [{"trigger_run_id", "conf", "note"}]."""
    TriggerDagRunOperator.partial(
        task_id=task_id,
        trigger_dag_id=dag_id,
        skip_when_already_exists=True,
        pool=Pool.STORE,
        map_index_template="{{ task.trigger_run_id }}",
    ).expand_kwargs(arguments)
