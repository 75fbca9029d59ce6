"""Starting the run of a batch as the signed-in user. The batch is safe before and after, whatever Airflow answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request

from gateway.pipeline.arrival.retry import start_refused
from gateway.pipeline.arrival.runs import note_of
from gateway_airflow.ui.access import INGEST, Visitor
from gateway_airflow.ui.airflow_api import airflow_api

SAFE = "The batch is safe: it starts automatically within five minutes."


@dataclass(frozen=True, slots=True)
class Started:
    """Whether the run is there now, and what to tell the person who asked for it."""

    started: bool
    sentence: str


def start_run(request: Request, visitor: Visitor, batch_id: str, run_id: str) -> Started:
    """Triggers ingest_batch for a batch under a fixed run id; a run of that id that exists already is the same run."""
    conf = {"batch_id": batch_id}
    asked = {"dag_run_id": run_id, "logical_date": None, "conf": conf, "note": note_of(batch_id)}
    status, said = airflow_api(request, "POST", f"/dags/{INGEST}/dagRuns", json=asked)
    if status in (200, 201, 409):
        status, dag = airflow_api(request, "GET", f"/dags/{INGEST}")
        if status == 200 and isinstance(dag, dict) and dag.get("is_paused"):
            sentence = "The run is queued, but ingest_batch is paused in Airflow: it starts when somebody unpauses it."
            start_refused(batch_id, sentence, actor=visitor.name)
            return Started(True, sentence)
        return Started(True, "The batch is being processed.")
    sentence = f"{_why(status, said)} {SAFE}"
    start_refused(batch_id, sentence, actor=visitor.name)
    return Started(False, sentence)


def _why(status: int, said: Any) -> str:
    if status in (401, 403):
        return "Your role in Airflow may not start ingest_batch."
    if status == 404:
        return "Airflow has not loaded ingest_batch yet."
    return f"Airflow could not start the run (it answered {status})."
