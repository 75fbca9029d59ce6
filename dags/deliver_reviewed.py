"""
### Deliver what reviewers approved

Judges approved and corrected profiles again, sends them through the same ledger as `ingest_batch`, settles earlier
deliveries that are still open (unanswered calls are first looked up in the target), and closes batches that have no held
candidates left. Each target has a task of its own: a slow one stops nobody else's candidates.

**Starts** when decisions are made (asset), and every ten minutes for decisions made outside Airflow.
**Reads** decisions. **Writes** verdicts, deliveries, events; candidates delivered late join their batch's audit sample.
**Triage**: clear the task; delivered candidates are not delivered again. Candidates that no target can accept (no e-mail, no
name) are held again with their code. A target that is busy for more than a minute is left to the next run.
**Settings**: `GATEWAY_TARGET_SLOTS`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, TriggerRule, dag, get_current_context, task

from gateway_airflow.names import DECISIONS_URI, OUTBOX_URI, Pool, Tag
from gateway_airflow.operators.assets import INGESTED_ALIAS, tell_ingested
from gateway_airflow.policy import OWNER_LINKS, PEOPLE_FIRST, TASK_DEFAULTS, come_back
from gateway_airflow.telemetry import told

PATIENCE = timedelta(minutes=1)


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
        assets=[Asset(name="decisions", uri=DECISIONS_URI)],
    ),
    catchup=False,
    max_active_runs=8,
    default_args={**TASK_DEFAULTS, "weight_rule": PEOPLE_FIRST},
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.REVIEW, Tag.DELIVER, Tag.PII, Tag.SENDS],
)
def deliver_reviewed() -> None:
    @task(pool=Pool.STORE)
    def find_lanes() -> list[str]:
        """The targets that somebody waits for; one empty name if there is none, instead of a skip."""
        from gateway.pipeline.review.send import waiting_lanes

        return waiting_lanes() or [""]

    @task(pool=Pool.DELIVER, map_index_template="{{ label }}")
    def deliver_approved(lane: str) -> dict[str, int]:
        """Sends one target's approved profiles through the ledger; returns counts."""
        from gateway.pipeline.delivery.lanes import in_lane
        from gateway.pipeline.review.send import deliver_lane
        from gateway_airflow.hooks.connections import use_connections

        context = get_current_context()
        context["label"] = lane or "nobody waits"  # type: ignore[typeddict-unknown-key] # map_index_template reads it
        if not lane:
            return {}
        use_connections()
        with in_lane(lane) as ours:
            if ours:
                return told("deliver", deliver_lane(lane))
        since = context["ti"].get_first_reschedule_date(context)
        if since is not None and datetime.now(UTC) - since > PATIENCE:
            return {"left_to_the_next_run": 1}
        raise come_back()

    # However the targets answered: what was decided and delivered is put in order.
    @task(
        pool=Pool.STORE,
        trigger_rule=TriggerRule.ALL_DONE,
        outlets=[Asset(name="outbox", uri=OUTBOX_URI), INGESTED_ALIAS],
    )
    def close_batches() -> int:
        """Sets batches without held candidates to done; returns their number. Wakes the DAGs that wait for ingested candidates."""
        from gateway.pipeline.report import delivered_since, ingested_news
        from gateway.pipeline.review.send import close_reviewed

        context = get_current_context()
        started = context["dag_run"].start_date or datetime.now(UTC)
        closed = close_reviewed(started)
        tell_ingested(context["outlet_events"], ingested_news(delivered_since(started)))
        return closed

    deliver_approved.expand(lane=find_lanes()) >> close_batches()


deliver_reviewed()
