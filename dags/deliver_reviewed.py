"""
### Deliver what reviewers approved

Judges approved and corrected profiles again, sends them through the same ledger as `ingest_batch`, settles earlier
deliveries that are still open (unanswered calls are first looked up in the target), and closes batches that have no held
candidates left.

**Starts** when decisions are made (asset), and every ten minutes for decisions made outside Airflow.
**Reads** decisions. **Writes** verdicts, deliveries, events; candidates delivered late join their batch's audit sample.
**Triage**: clear the task; delivered candidates are not delivered again. Candidates that no target can accept (no e-mail, no
name) are held again with their code.
"""

from __future__ import annotations

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, dag, get_current_context, task

from gateway_airflow.names import DECISIONS_URI, OUTBOX_URI, Pool, Tag
from gateway_airflow.operators.assets import INGESTED_ALIAS, tell_ingested
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/10 * * * *", timezone="UTC"),
        assets=[Asset(name="decisions", uri=DECISIONS_URI)],
    ),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.REVIEW, Tag.DELIVER, Tag.PII, Tag.SENDS],
)
def deliver_reviewed() -> None:
    @task(pool=Pool.DELIVER, outlets=[Asset(name="outbox", uri=OUTBOX_URI), INGESTED_ALIAS])
    def deliver_approved() -> dict[str, int]:
        """Sends approved profiles through the ledger; returns counts."""
        from gateway.pipeline.report import delivered_since, ingested_news
        from gateway.pipeline.review.send import deliver_reviewed as deliver
        from gateway.store.tables import now
        from gateway_airflow.hooks.connections import use_connections

        use_connections()
        begun = now()
        done = deliver()
        tell_ingested(get_current_context()["outlet_events"], ingested_news(delivered_since(begun)))
        return done

    deliver_approved()


deliver_reviewed()
