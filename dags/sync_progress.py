"""
### Ask targets how far interviews are

Reads each target's list of candidates and keeps, for those we delivered, whether they were invited, began, completed, were
scored, or were knocked out by a question of the target. Analytics' funnel and reminders come from it.

**Starts** every fifteen minutes.
**Reads** the target's list, from the oldest interview on that may still move. **Writes** interviews and their events
(`interview.*` of docs/events.md).
**Triage**: the code in the log says what the target answered; the other agents were asked. Safe to clear: a state only goes
forward, and what is known changes nothing.
**Settings**: `target.connection` and `target.rate_per_minute` in the agent's file: the calls share the key's rate.
"""

from __future__ import annotations

from airflow.sdk import Asset, CronTriggerTimetable, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.policy import TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=[Tag.DELIVER, Tag.PII],
)
def sync_progress() -> None:
    @task(pool=Pool.NOTIFY, outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def ask() -> dict[str, int]:
        """Every target that tells progress; returns counts. Fails after all when one could not be asked."""
        from gateway.outreach.progress import sync_progress as sync
        from gateway_airflow.hooks.connections import use_connections

        use_connections()
        done = sync()
        if done.problems:
            raise done.problems[0]
        return done.as_dict()

    ask()


sync_progress()
