"""
### Send notices

Sends the messages in the outbox: status notices to people, events to webhooks. Also looks for conditions that only time brings,
such as candidates held for a long time and sources that fell silent.

**Starts** when a batch ends or decisions were delivered (asset), and every two minutes for retries.
**Reads** messages, which were written together with the changes they report. **Writes** the outcome of each.
**Triage**: nothing waits for this DAG, and a failing channel never fails it. **Candidates, Notices** or
`python -m gateway notify channels` shows which channel fails and why; a paused channel is resumed there. Safe to clear: a
message keeps its id, so a receiver can drop a repeated one.
**Settings**: `GATEWAY_NOTICE_*` (docs/settings.md); `notify` in the agent's file (docs/notices.md).
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/2 * * * *", timezone="UTC"), assets=[Asset(name="outbox", uri=OUTBOX_URI)]
    ),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.NOTIFY, Tag.WRITES_TO_PEOPLE],
)
def send_notices() -> None:
    @task(pool=Pool.NOTIFY, execution_timeout=timedelta(minutes=15))
    def send() -> dict[str, int]:
        """Sends the messages that are due now or within half a minute; returns counts."""
        from gateway.notify.look_out import look_out
        from gateway.notify.send import send_due
        from gateway_airflow.hooks.connections import use_connections

        use_connections()
        look_out()
        return send_due(patience_s=30).as_dict()

    send()


send_notices()
