"""
### Start batches by asset

Another DAG, or a person, asks for a batch by an event of the asset `gateway://requests` ("requests"), with the form of `ingest_batch` as
its extra: `{"agent": "nurses", "path": "include/samples/nurses", "mode": "review", "canary": 10}`. Only folders that the form may
name are read. An event whose extra is no such form is logged and starts nothing.

**Starts** with the asset. **Reads** the events' extras. **Writes** nothing; each event starts one run of `ingest_batch`.
**Triage**: a run of `ingest_batch` says what is wrong with its form. Safe to clear: an event starts one run, however often.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, dag, get_current_context, task

from gateway_airflow.names import REQUESTS_URI, Pool, Tag
from gateway_airflow.operators.assets import forms_of
from gateway_airflow.operators.start_runs import start_runs
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS

REQUESTS = Asset(name="requests", uri=REQUESTS_URI)


@dag(
    schedule=[REQUESTS],
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.INGEST],
)
def take_requests() -> None:
    @task(pool=Pool.STORE)
    def read_requests() -> list[dict[str, Any]]:
        """The arguments of the runs to start, one an event."""
        return forms_of(get_current_context()["triggering_asset_events"][REQUESTS])

    start_runs("start_requested", "ingest_batch", read_requests())


take_requests()
