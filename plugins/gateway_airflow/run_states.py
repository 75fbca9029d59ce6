"""What Airflow knows about a run of `ingest_batch`, asked by a task over the execution API."""

from __future__ import annotations

from airflow.sdk import DagRunState
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

INGEST = "ingest_batch"


def state_of_run(run_id: str) -> str | None:
    """ "queued", "running", "success", "failed"; None if Airflow has no such run."""
    if not RuntimeTaskInstance.get_dr_count(dag_id=INGEST, run_ids=[run_id]):
        return None
    return str(DagRunState(RuntimeTaskInstance.get_dagrun_state(dag_id=INGEST, run_id=run_id)).value)
