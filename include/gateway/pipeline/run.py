"""A whole batch in one process, without Airflow: what `python -m gateway ingest` and `resume --here` do."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from gateway.errors import Conflict
from gateway.model import Mode
from gateway.pipeline.arrival.receive import open_batch, register_batch
from gateway.pipeline.arrival.resume import check_resumable
from gateway.pipeline.arrival.runs import holding, noted
from gateway.pipeline.delivery.deliver import deliver_batch, preflight_batch
from gateway.pipeline.judging.judge import judge_batch
from gateway.pipeline.read import plan_chunks, read_chunk
from gateway.pipeline.report import finish_batch
from gateway.pipeline.review.audit import draw_audit
from gateway.store import ids
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch


def run_batch(
    agent_id: str, paths: list[Path], *, actor: str, mode: Mode | None = None, canary: int | None = None
) -> str:
    """Receives, reads, judges, delivers and closes one batch; returns its id.

    raises   what its stages raise; the batch is failed then, with the code of what stopped it
    """
    batch_id = ids.batch_id()
    with holding(batch_id):
        open_batch(agent_id, paths, actor=actor, mode=mode, canary=canary, source="command line", batch_id=batch_id)
        process_batch(batch_id, actor)
    return batch_id


def continue_batch(batch_id: str, *, actor: str, force: bool = False) -> None:
    """Does the remaining work of a batch whose run died, in this process. Raises like `check_resumable` and its stages.

    force   also if the store still says that the batch is being processed; not needed if Airflow has no run for it,
            since a living process holds the batch
    """
    with holding(batch_id) as alone:
        if not alone:
            raise Conflict("STATE_CONFLICT", f"Batch {batch_id} is being processed by a command on this machine.")
        outside = began_outside_airflow(batch_id)
        with writing() as session:
            check_resumable(session, batch_id, force=force or outside)
        process_batch(batch_id, actor)


def began_outside_airflow(batch_id: str) -> bool:
    """Whether no Airflow run belongs to the batch; False for an unknown batch."""
    with reading() as session:
        batch = session.get(Batch, batch_id)
        return batch is not None and batch.run_id is None and not batch.retries


def process_batch(batch_id: str, actor: str) -> None:
    """Runs every step of the DAG for an open batch; finished work is not repeated.

    raises   the exception of the failed step; the batch then fails with that step's code
    """
    try:
        with noted(batch_id, "register"):
            register_batch(batch_id, actor=actor)
            preflight_batch(batch_id)
        with noted(batch_id, "extract"):
            for chunk in whole(plan_chunks(batch_id)):
                read_chunk(chunk)
        with noted(batch_id, "judge"):
            judge_batch(batch_id)
        with noted(batch_id, "deliver"):
            deliver_batch(batch_id)
        draw_audit(batch_id)
    except BaseException:
        with suppress(Exception):  # what stopped the batch is what the caller is to see
            finish_batch(batch_id)
        raise
    finish_batch(batch_id)


def whole(chunks: list[dict[str, str]]) -> list[dict[str, str]]:
    """Merges all chunks into one: in a single process, one pool of readers is enough."""
    return [{**chunks[0], "last": chunks[-1]["last"]}]
