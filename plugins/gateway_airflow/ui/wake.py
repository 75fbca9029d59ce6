"""Other DAGs are woken after changes on the page; when that fails their schedules do the work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request

from gateway_airflow.ui.airflow_api import airflow_api

DAG = "deliver_reviewed"
SLOT_S = 10  # decisions this close together share a run: its id is the slot's, so the second asker gets a 409
UNDO_S = 10  # how long a decision can at least be taken back before it is acted on


def wake_delivery(request: Request) -> bool:
    """Asks for a run of deliver_reviewed as the visitor, UNDO_S after the slot's end; False when it was refused."""
    slot = int(datetime.now(UTC).timestamp()) // SLOT_S
    due = datetime.fromtimestamp((slot + 1) * SLOT_S, UTC) + timedelta(seconds=UNDO_S)
    asked: dict[str, Any] = {
        "dag_run_id": f"desk-{slot}",
        "logical_date": None,
        "run_after": due.isoformat(),
        "conf": {},
    }
    status, _ = airflow_api(request, "POST", f"/dags/{DAG}/dagRuns", json=asked)
    return status in (200, 201, 409)


def wake_notices(request: Request) -> bool:
    """Asks for a run of send_notices as the visitor; False when it was refused, and the schedule sends instead."""
    at = datetime.now(UTC)
    asked: dict[str, Any] = {
        "dag_run_id": f"page-{at:%Y%m%d%H%M%S}",
        "logical_date": None,
        "run_after": at.isoformat(),
        "conf": {},
    }
    status, _ = airflow_api(request, "POST", "/dags/send_notices/dagRuns", json=asked)
    return status in (200, 201, 409)
