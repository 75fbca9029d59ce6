"""
### Send invitations and reminders

Writes to candidates who were newly ingested: an invitation by the agent's templates, and reminders to those who have not begun.
Off unless the agent's file enables `outreach`.

**Starts** every ten minutes.
**Reads** confirmed deliveries, the batch's consent, how far interviews are, and who must not be written to. **Writes** a row a
message, at most one of a kind for a person and an agent.
**Triage**: `OUTREACH_NOT_READY` names what an agent's outreach lacks; the other agents' messages left. Safe to clear: who has a
message gets no second one. What became unclear when a worker was stopped is not sent again by itself:
`python -m gateway outreach list --state unclear`, then `resend`.
**Settings**: `GATEWAY_PUBLIC_URL`, `GATEWAY_OUTREACH_KEY_FILE`; `outreach` and `templates` in the agent's file (docs/outreach.md).
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import Asset, CronTriggerTimetable, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.policy import TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=[Tag.NOTIFY, Tag.PII],
)
def send_outreach() -> None:
    @task(pool=Pool.NOTIFY, execution_timeout=timedelta(hours=1), outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def send() -> dict[str, int]:
        """Plans and sends; returns counts. Fails after all when an agent's outreach is enabled and cannot work."""
        from gateway.outreach.sending import send_outreach as send_all
        from gateway_airflow.hooks.connections import use_connections

        use_connections()
        done = send_all()
        if done.problems:
            raise done.problems[0]
        return done.as_dict()

    send()


send_outreach()
