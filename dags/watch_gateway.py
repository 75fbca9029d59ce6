"""
### Watch for unclaimed drops and batches whose run died

Looks for problems that no other DAG reports, and so depends on none of them.

* A complete drop that waits longer than `GATEWAY_CLAIM_ALARM_S` is reported to its agent's channels (INBOX_STALE). The usual
  cause is that `sense_inbox` is paused.
* A batch whose run died (a killed worker, a restarted machine, a deleted run) is resumed once automatically in a new run,
  `retry-<batch id>-<n>`. If that run dies too, the batch fails with the code of what stopped it, or RUN_DIED, and its
  people are notified. A batch stopped by a full disk continues as soon as there is space.

Every time it also tells monitors how much is open (docs/monitoring.md).

**Starts** every five minutes. Leave it unpaused.
**Reads** the inbox, batches, and the states of `ingest_batch` runs. **Writes** events and the states of dead batches.
**Triage**: INBOX_STALE: unpause `sense_inbox`, or clear its failed task. RUN_DIED: read the worker's log, then run
`python -m gateway resume BATCH`. Safe to clear.
**Settings**: `GATEWAY_CLAIM_ALARM_S`, `GATEWAY_QUIET_PERIOD_S`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.operators.start_runs import arguments_of, start_runs
from gateway_airflow.policy import OWNER_LINKS, SEES_THE_INBOX, TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.INGEST],
)
def watch_gateway() -> None:
    @task(pool=Pool.STORE, outlets=[Asset(name="outbox", uri=OUTBOX_URI)], **SEES_THE_INBOX)
    def watch_inbox() -> int:
        """Reports complete drops that nobody claims; returns the number of agents concerned."""
        from gateway.pipeline.arrival.receive import unclaimed
        from gateway.pipeline.report import tell_unclaimed

        stale = unclaimed()
        for problem in stale:
            tell_unclaimed(problem)
        return len(stale)

    @task(pool=Pool.STORE, outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def sweep_batches() -> list[dict[str, Any]]:
        """Finds batches whose run died; returns the arguments of the runs that continue them."""
        from gateway.insight.gauges import gauges
        from gateway.pipeline.arrival.resume import sweep
        from gateway_airflow.run_states import state_of_run
        from gateway_airflow.telemetry import gauged

        gauged(gauges())
        return arguments_of(sweep(state_of_run).runs)

    watch_inbox()
    start_runs("continue_ingest", "ingest_batch", sweep_batches())


watch_gateway()
