"""
### Send invitations and reminders

Writes to newly ingested candidates: an invitation from the agent's templates, and reminders to candidates who have not started.
Off unless the agent's file enables `outreach`.

**Starts** every ten minutes.
**Reads** confirmed deliveries, the batch's consent, the progress of interviews, and the suppression list. **Writes** one row per
message, at most one of each kind per person and agent.
**Triage**: `OUTREACH_NOT_READY` names what is missing in an agent's outreach; the other agents' messages were sent. Safe to clear:
nobody gets the same message twice. Messages that became unclear when a worker was stopped are not sent again automatically:
use `python -m gateway outreach list --state unclear`, then `resend`.
**Settings**: `GATEWAY_PUBLIC_URL`, `GATEWAY_KEYS_DIR`; `outreach` and `templates` in the agent's file (docs/outreach.md).
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Asset, CronTriggerTimetable, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.NOTIFY, Tag.PII, Tag.WRITES_TO_CANDIDATES],
)
def send_outreach() -> None:
    @task(pool=Pool.NOTIFY, execution_timeout=timedelta(hours=1), outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def send() -> dict[str, int]:
        """Plans and sends messages; returns counts. Fails at the end if an agent's outreach is enabled but cannot work."""
        from gateway.outreach.sending import send_outreach as send_all
        from gateway_airflow.hooks.connections import use_connections

        use_connections()
        done = send_all()
        if done.problems:
            raise done.problems[0]
        return done.as_dict()

    send()


send_outreach()
