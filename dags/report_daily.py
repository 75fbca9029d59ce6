"""
### Report the day

Writes yesterday's figures of each agent (volumes, reasons for holds, decisions, audits, interviews, open work) as the notice
`report.daily`, for channels that subscribe to it.

**Starts** at 05:00 UTC.
**Reads** events and open work. **Writes** messages; `send_notices` sends them.
**Triage**: nothing waits for this DAG. Safe to clear: each day is reported once.
**Settings**: `events: [report.daily]` of a channel in the agent's file (docs/notices.md).
"""

from __future__ import annotations

from airflow.sdk import Asset, CronTriggerTimetable, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("0 5 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.NOTIFY],
)
def report_daily() -> None:
    @task(pool=Pool.STORE, outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def write() -> int:
        """Writes yesterday's report of every agent; returns the number of reports."""
        from gateway.insight.daily import report_daily as write_reports

        return write_reports()

    write()


report_daily()
