"""
### Sense the inbox

Claims every complete drop below `inbox/<agent>/` as one batch and starts one `ingest_batch` run for each. Also starts runs, including
retries, that the page could not start, and removes uploads that were not submitted within a day.

**Starts** when the inbox's doorbell rings (an asset watcher), and every five minutes in case an event was missed.
**Reads** the inbox. **Writes** batches in the store; moves claimed drops into `inbox/.claimed/`.
**Triage**: a problem in the log of `claim_drops` names its code (docs/codes.md) and the folder; nothing was deleted.
The next run of this DAG finds a claimed batch without a run again.
**Settings**: `GATEWAY_INBOX_DIR`, `GATEWAY_INBOX_QUEUE`, `GATEWAY_QUIET_PERIOD_S`, `GATEWAY_POLL_S` (docs/settings.md).
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, dag, task

from gateway.settings import settings
from gateway_airflow.names import INBOX_URI, Pool, Tag
from gateway_airflow.operators.start_runs import arguments_of, start_runs
from gateway_airflow.policy import OWNER_LINKS, SEES_THE_INBOX, TASK_DEFAULTS
from gateway_airflow.triggers.inbox_trigger import InboxTrigger

CONFIG = settings()
INBOX = Asset(
    name="inbox",
    uri=INBOX_URI,
    watchers=[
        AssetWatcher(
            name="inbox_doorbell",
            trigger=InboxTrigger(
                inbox=str(CONFIG.inbox),
                agents_dir=str(CONFIG.agents_dir),
                quiet_s=CONFIG.quiet_period_s,
                poll_s=CONFIG.poll_s,
            ),
        )
    ],
)


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/5 * * * *", timezone="UTC"), assets=[INBOX]),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.INGEST],
)
def sense_inbox() -> None:
    @task(pool=Pool.STORE, **SEES_THE_INBOX)
    def claim_drops() -> list[dict[str, Any]]:
        """Claims complete drops; returns the arguments of the runs to start, one per batch without a run."""
        from gateway.pipeline.arrival.receive import sense
        from gateway.pipeline.arrival.upload import clean_abandoned

        clean_abandoned()
        return arguments_of(sense().runs)

    start_runs("start_ingest", "ingest_batch", claim_drops())


sense_inbox()
