"""
### Ingest one batch

Reads every document of a batch, judges every profile, delivers the profiles that pass, holds the others, and reports.

**Starts** from `sense_inbox` (the run id is the batch id), or by hand: choose an agent, a folder or file below the
inbox, the samples or `GATEWAY_ALLOWED_PATHS`, and the mode. To start small, set a canary: the first N passing candidates
are delivered and the rest wait for your approval.
**Modes**: `ingest` delivers profiles that pass every gate; `review` holds all profiles for review; `dry_run` sends nothing.
**Reads** the claimed files. **Writes** documents, profiles, verdicts, deliveries, the audit sample and events in the
store, and the batch's Data Docs in the files store; the task `judge` links to them.
**Triage**: failed documents are data (code and sentence in the store, `python -m gateway status BATCH`), not failed
tasks. When a task fails, `report` fails the batch with that task's code and notifies its people. `watch_gateway` retries
after temporary problems (a full disk, an unreachable store). A failed task may be cleared at any time, and `python -m gateway
resume BATCH` continues the batch in a new run: finished work is not repeated, and nobody is delivered twice. `deliver` is
rescheduled while other deliveries use its target (`GATEWAY_TARGET_SLOTS`), so that a slow target stops no other.
**Settings**: `GATEWAY_CHUNK_S`, `GATEWAY_MAX_CHUNKS`, `GATEWAY_RUNS_AT_ONCE`, `GATEWAY_TARGET_SLOTS`, `GATEWAY_DOCUMENT_*`
(docs/settings.md); the agent's file.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, TriggerRule, dag, get_current_context, task
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import DeadlineAlert, DeadlineReference

from gateway.intake.manifest import MOST
from gateway.model import Mode
from gateway.settings import settings
from gateway_airflow.links import DataDocsLink
from gateway_airflow.names import OUTBOX_URI, Pool, Tag
from gateway_airflow.operators.assets import INGESTED_ALIAS, tell_ingested
from gateway_airflow.operators.start_runs import start_runs
from gateway_airflow.policy import OWNER_LINKS, PEOPLE_FIRST, TASK_DEFAULTS, come_back
from gateway_airflow.telemetry import about, told
from gateway_airflow.triggers.deadline import run_is_late

AGENTS = sorted(path.stem for path in settings().agents_dir.glob("*.yaml"))
PARAMS = {
    "agent": Param(
        None, type=["null", "string"], enum=[None, *AGENTS], title="Agent", description="Interview agent to ingest for"
    ),
    "path": Param(
        None,
        type=["null", "string"],
        title="Folder or file",
        description="Below the inbox, the samples (include/samples/...) or a folder of GATEWAY_ALLOWED_PATHS",
    ),
    "mode": Param(
        None,
        type=["null", "string"],
        enum=[None, *(str(mode) for mode in Mode)],
        title="Mode",
        values_display={
            "null": "The mode in the agent's file",
            "ingest": "ingest: deliver profiles that pass",
            "review": "review: hold everything for review",
            "dry_run": "dry_run: send nothing",
        },
    ),
    "canary": Param(
        None,
        type=["null", "integer"],
        minimum=1,
        maximum=MOST,
        title="Canary",
        description="Deliver the first N passing candidates, then ask before the rest",
    ),
    "batch_id": Param(
        None,
        type=["null", "string"],
        title="Batch",
        description="Filled in by sense_inbox; leave empty",
        section="Filled in by the gateway",
    ),
}


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=settings().runs_at_once,
    default_args={**TASK_DEFAULTS, "weight_rule": PEOPLE_FIRST},
    owner_links=OWNER_LINKS,
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.INGEST, Tag.DELIVER, Tag.PII, Tag.SENDS],
    deadline=DeadlineAlert(
        reference=DeadlineReference.DAGRUN_QUEUED_AT,
        interval=timedelta(hours=settings().batch_deadline_h),
        callback=AsyncCallback(run_is_late),
        name="batch is late",
    ),
    render_template_as_native_obj=True,
)
def ingest_batch() -> None:
    @task(pool=Pool.STORE)
    def register() -> dict[str, Any]:
        """Registers the documents of a batch that was claimed, or opens one from the form; fails if its target is closed."""
        from gateway.pipeline.arrival.receive import open_from_form, register_batch
        from gateway.pipeline.arrival.runs import noted
        from gateway.pipeline.delivery.deliver import preflight_batch
        from gateway_airflow.hooks.connections import use_connections

        context = get_current_context()
        run = context["dag_run"]
        batch_id = open_from_form(dict(context["params"]), run_id=run.run_id, at=run.run_after)
        with noted(batch_id, "register"):
            about(batch_id)
            batch = register_batch(batch_id)
            use_connections()
            preflight_batch(batch_id)
        return batch

    @task(pool=Pool.STORE)
    def plan_chunks(batch: dict[str, Any]) -> list[dict[str, Any]]:
        """Documents grouped by the time they are expected to take."""
        from gateway.pipeline.read import plan_chunks as plan

        return plan(batch["batch_id"])

    @task(pool=Pool.EXTRACT, map_index_template="{{ label }}", execution_timeout=timedelta(hours=2))
    def extract_chunk(chunk: dict[str, Any]) -> dict[str, int]:
        """Reads the chunk's documents into profiles; returns counts."""
        from gateway.pipeline.arrival.runs import noted
        from gateway.pipeline.read import read_chunk

        get_current_context()["label"] = chunk["label"]  # type: ignore[typeddict-unknown-key] # map_index_template reads it
        about(chunk["batch_id"])
        with noted(chunk["batch_id"], "extract", chunk["first"]):
            return told("extract", read_chunk(chunk))

    # A chunk whose worker died must not keep the others from being judged; the report then says what is missing.
    @task(pool=Pool.STORE, trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
    def judge(batch: dict[str, Any]) -> dict[str, int]:
        """Judges all profiles; returns how many passed, were held or are duplicates."""
        from gateway.pipeline.arrival.runs import noted
        from gateway.pipeline.judging.judge import judge_batch

        about(batch["batch_id"])
        with noted(batch["batch_id"], "judge"):
            return told("judge", judge_batch(batch["batch_id"]))

    @task(pool=Pool.DELIVER)
    def deliver(batch: dict[str, Any]) -> dict[str, int]:
        """Sends passed profiles through the ledger into the agent's target; returns counts."""
        from gateway.pipeline.arrival.runs import noted
        from gateway.pipeline.delivery.lanes import deliver_in_lane
        from gateway_airflow.hooks.connections import use_connections

        about(batch["batch_id"])
        with noted(batch["batch_id"], "deliver"):
            use_connections()
            done = deliver_in_lane(batch["batch_id"])
        if done is None:
            told("deliver", {"come_back": 1})
            raise come_back()
        return told("deliver", done)

    # The batch ends here and its people are notified, whichever task failed. So this task takes no input from other tasks.
    @task(pool=Pool.STORE, trigger_rule=TriggerRule.ALL_DONE)
    def report() -> list[dict[str, Any]]:
        """Ends the batch and draws its audit sample; returns at most one review request. Fails if part of the run is missing."""
        from gateway.pipeline.arrival.receive import batch_of_form
        from gateway.pipeline.report import finish_batch, refuse_incomplete, review_request
        from gateway.pipeline.review.audit import draw_audit
        from gateway_airflow import lineage

        context = get_current_context()
        run = context["dag_run"]
        batch_id = batch_of_form(context["params"], run_id=run.run_id, at=run.run_after)
        about(batch_id)
        ended = finish_batch(batch_id)
        draw_audit(batch_id)
        lineage.emit(batch_id)
        refuse_incomplete(ended)
        return review_request(batch_id)

    # Runs however the run ends: the messages were written with it, and another DAG sends them.
    @task(
        pool=Pool.STORE,
        trigger_rule=TriggerRule.ALL_DONE,
        outlets=[Asset(name="outbox", uri=OUTBOX_URI), INGESTED_ALIAS],
    )
    def tell() -> int:
        """Wakes send_notices, and the DAGs that wait for candidates ingested for this agent; returns the number of such news."""
        from gateway.pipeline.arrival.receive import batch_of_form
        from gateway.pipeline.report import ingested_news

        context = get_current_context()
        run = context["dag_run"]
        batch_id = batch_of_form(context["params"], run_id=run.run_id, at=run.run_after)
        return tell_ingested(context["outlet_events"], ingested_news([batch_id]))

    batch = register()
    read = extract_chunk.expand(chunk=plan_chunks(batch))
    judged = judge(batch)
    judged.operator.operator_extra_links = (DataDocsLink(),)  # type: ignore[attr-defined] # of XComArgs, only a plain one has it
    delivered = deliver(batch)
    asked = report()
    read >> judged >> delivered >> asked >> tell()
    start_runs("ask_review", "review_batch", asked)


ingest_batch()
