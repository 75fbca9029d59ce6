"""A whole batch in one process, without Airflow: what `python -m gateway ingest` does."""

from __future__ import annotations

from pathlib import Path

from gateway.model import Mode
from gateway.pipeline.arrival.receive import open_batch, register_batch
from gateway.pipeline.delivery.deliver import deliver_batch, preflight_batch
from gateway.pipeline.judging.judge import judge_batch
from gateway.pipeline.read import plan_chunks, read_chunk
from gateway.pipeline.report import finish_batch
from gateway.pipeline.review.audit import draw_audit


def run_batch(
    agent_id: str, paths: list[Path], *, actor: str, mode: Mode | None = None, canary: int | None = None
) -> str:
    """Receives, reads, judges, delivers and closes one batch; returns its id. Raises what its stages raise."""
    batch_id = open_batch(agent_id, paths, actor=actor, mode=mode, canary=canary, source="command line")
    register_batch(batch_id, actor=actor)
    preflight_batch(batch_id)
    for chunk in whole(plan_chunks(batch_id)):
        read_chunk(chunk)
    judge_batch(batch_id)
    deliver_batch(batch_id)
    draw_audit(batch_id)
    finish_batch(batch_id)
    return batch_id


def whole(chunks: list[dict[str, str]]) -> list[dict[str, str]]:
    """One chunk of all of them: in one process a pool of readers is started once."""
    return [{**chunks[0], "last": chunks[-1]["last"]}]
