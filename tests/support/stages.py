"""The stages in a row, as a run of ingest_batch calls them."""

from __future__ import annotations

from gateway.pipeline.arrival.receive import register_batch
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.pipeline.judging.judge import judge_batch
from gateway.pipeline.read import plan_chunks, read_chunk
from gateway.pipeline.report import finish_batch
from gateway.pipeline.run import whole


def process(batch_id: str) -> None:
    """What a run of ingest_batch does with a batch that exists."""
    register_batch(batch_id)
    for chunk in whole(plan_chunks(batch_id)):
        read_chunk(chunk)
    judge_batch(batch_id)
    deliver_batch(batch_id)
    finish_batch(batch_id)
