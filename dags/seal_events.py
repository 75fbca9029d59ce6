"""
### Seal the audit trail

Links every new event to the chain of all events before it, and once a day signs the chain's head and keeps it in the
files store. `python -m gateway audit verify` walks both and names the first event that was changed, deleted or moved.

**Starts** every hour.
**Reads** events. **Writes** links, and one anchor per day (`audit/anchor-000001.json`).
**Triage**: clear the task; sealed events are not sealed again. Until it runs, new events are stored but not yet protected by the chain.
"""

from __future__ import annotations

from airflow.sdk import CronTriggerTimetable, dag, task

from gateway_airflow.names import Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("17 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.REVIEW],
)
def seal_events() -> None:
    @task(pool=Pool.STORE)
    def seal() -> dict[str, int]:
        """Links new events; returns counts."""
        from gateway.pipeline.trail import seal_and_anchor

        return seal_and_anchor()

    seal()


seal_events()
