"""What Airflow calls when a run of ingest_batch is late. The triggerer runs it; the library decides and writes."""

from __future__ import annotations

import asyncio
from typing import Any


async def run_is_late(context: dict[str, Any]) -> int:
    """Tells the batch's people; returns the number of messages. Airflow's context here holds the run as JSON."""
    return await asyncio.to_thread(_tell, str(context["dag_run"]["dag_run_id"]))


def _tell(run_id: str) -> int:
    from gateway.notify.look_out import tell_late_run

    return tell_late_run(run_id)
