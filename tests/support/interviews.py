"""Interviews at every stage, as the target tells them, and candidates delivered to have one."""

from __future__ import annotations

import random
import time
from typing import Any

from sqlalchemy import select

from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.store.engine import reading
from gateway.store.tables import Interview
from support.people import addresses, batch, people


def steps(*statuses: str) -> dict[str, Any]:
    made = [
        {
            "step_id": f"s{n}",
            "order": n,
            "status": status,
            "started": status != "not_started",
            "completed": status == "completed",
            "knocked_out": status == "knocked_out",
            "last_updated_at": time.time() if status != "not_started" else None,
        }
        for n, status in enumerate(statuses, 1)
    ]
    return {"steps": made, "all_complete": all(status == "completed" for status in statuses)}


STAGES: dict[str, dict[str, Any]] = {
    "invited": {"status": "pending", "workflow": steps("not_started", "not_started")},
    "started": {"status": "in_progress", "workflow": steps("completed", "in_progress")},
    "completed": {
        "status": "evaluating",
        "workflow": steps("completed", "completed"),
        "interviewed_at": 1_790_000_000.0,
    },
    "scored": {"status": "completed", "workflow": steps("completed"), "score": 71.5, "interviewed_at": 1_790_000_000.0},
    "knocked_out": {"status": "knocked_out", "workflow": steps("knocked_out", "not_started")},
    "dismissed before it began": {"status": "dismissed", "dismissed": True, "workflow": steps("not_started")},
    "shortlisted after it": {
        "status": "shortlisted",
        "shortlisted": True,
        "workflow": steps("completed"),
        "score": 90.0,
    },
}
MEANS = {name: name for name in STAGES} | {"dismissed before it began": "invited", "shortlisted after it": "scored"}


def deliver(number: int) -> str:
    batch_id = batch()
    people(batch_id, addresses(number, start=random.randrange(10**6)))
    assert deliver_batch(batch_id) == {"delivered": number}
    return batch_id


def stages() -> dict[str, str]:
    """The target's id -> where we have it."""
    with reading() as session:
        return dict(session.execute(select(Interview.external_id, Interview.state)).all())
