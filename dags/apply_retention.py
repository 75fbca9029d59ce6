"""
### Erase what is due

Erases candidates and documents whose period has ended, by `retention` in each agent's file; what has no period is kept. People
and batches on legal hold stay. The signed receipt lies in the files store, the notice is `retention.applied`.

**Starts** at 03:40 UTC; by hand with `dry_run` to only see what is due, for one agent with `agent`.
**Reads** periods, states and dates. **Writes** what `gateway erase` writes; an event an agent, and the notice.
**Triage**: an agent file that is wrong fails the task after all other agents were done. Safe to clear: what is erased is erased
once. What the limit left is taken by the next run.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, CronTriggerTimetable, Param, dag, task

from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS


@dag(
    schedule=CronTriggerTimetable("40 3 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    params={
        "dry_run": Param(False, type="boolean", description="Only count what is due"),
        "agent": Param(None, type=["null", "string"], description="This agent only"),
        "limit": Param(1000, type="integer", minimum=1, description="People, and documents, of an agent at most"),
    },
    doc_md=__doc__,
    tags=[Tag.REVIEW, Tag.PII, Tag.ERASES],
)
def apply_retention() -> None:
    @task(pool=Pool.STORE, execution_timeout=timedelta(hours=1), outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def apply(**context: Any) -> list[dict[str, Any]]:
        """Counts by agent, and the receipts' ids."""
        from gateway.pipeline.erasure.retention import apply_retention as apply_all

        params = context["params"]
        done = apply_all(
            agent_id=params["agent"], dry_run=params["dry_run"], limit=params["limit"], actor="apply_retention"
        )
        return [one.as_dict() for one in done]

    apply()


apply_retention()
