"""
### Read the progress of interviews from targets

Reads each target's list of candidates and records, for delivered candidates, whether they were invited, started, completed, were
scored, or were knocked out by a question of the target. The funnel in Analytics and the reminders use this.

**Starts** every fifteen minutes.
**Reads** the target's list, starting at the oldest interview that may still change. **Writes** interviews and their events
(`interview.*` in docs/events.md).
**Triage**: the code in the log says what the target answered; the other agents' targets were still queried. Safe to clear: a state only
moves forward, and known states change nothing.
**Settings**: `target.connection` and `target.rate_per_minute` in the agent's file; these calls count against the same rate limit.
"""

from __future__ import annotations

from airflow.sdk import Asset, CronTriggerTimetable, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.DELIVER, Tag.PII],
)
def sync_progress() -> None:
    @task(pool=Pool.NOTIFY, outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def ask() -> dict[str, int]:
        """Queries every target that reports progress; returns counts. Fails at the end if one could not be queried."""
        from gateway.outreach.progress import sync_progress as sync
        from gateway_airflow.hooks.connections import use_connections

        use_connections()
        done = sync()
        if done.problems:
            raise done.problems[0]
        return done.as_dict()

    ask()


sync_progress()
