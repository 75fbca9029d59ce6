"""A batch's end: its state and its numbers. What others are told of it is written with the state (store/outbox.py)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway.errors import Permanent
from gateway.model import BatchState
from gateway.model import ProfileState as P
from gateway.pipeline.arrival.retry import review_run
from gateway.pipeline.review.review import held_codes, held_count
from gateway.pipeline.statistics import remember
from gateway.store import change
from gateway.store.counts import Counts, counts
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Profile

ACTOR = "report"


def finish_batch(batch_id: str) -> dict[str, Any]:
    """Moves the batch to where its rows say it is, and returns {"state", "counts"}.

    failed           something is still being read or in flight although its run ended: a task failed
    waiting_review   something is held
    done             everything is at rest; documents that failed are data, not a failure of the batch
    """
    with writing() as session:
        batch = session.get_one(Batch, batch_id)
        numbers = counts(session, batch_id)
        unsent = session.scalar(
            select(Profile.id).where(Profile.batch_id == batch_id, Profile.state.in_([P.EXTRACTED, P.PASSED])).limit(1)
        )
        if (
            numbers.processing
            or (unsent is not None and batch.mode != "dry_run")
            or batch.state == BatchState.RECEIVING
        ):
            batch.code = "RUN_INCOMPLETE"
            batch.error = "A task of the run failed before everything was done: look at the run and clear that task."
            change.move(session, batch, BatchState.FAILED, actor=ACTOR, code="RUN_INCOMPLETE")
        else:
            if batch.code == "RUN_INCOMPLETE":
                batch.code = batch.error = None
            change.move(session, batch, BatchState.WAITING_REVIEW if numbers.held else BatchState.DONE, actor=ACTOR)
        remember(session, batch)
        return {"state": str(batch.state), "counts": numbers.as_dict()}


def refuse_incomplete(ended: dict[str, Any]) -> None:
    """Raises Permanent(RUN_INCOMPLETE) when the batch did not come to rest: its run must not look like a success."""
    if ended["state"] == BatchState.FAILED:
        numbers = ended["counts"]
        raise Permanent(
            "RUN_INCOMPLETE",
            f"{numbers['processing']} document(s) are not read and {numbers['in_flight']} profile(s) not at rest: clear the "
            "run's failed tasks; what is done is not done again.",
        )


def review_request(batch_id: str) -> list[dict[str, Any]]:
    """The arguments of the run that asks about held profiles: one item, or none when nothing is held.

    After a retry only if that held somebody new: the question asked before speaks for the others.
    """
    codes = held_codes(batch_id)
    held = held_count(batch_id)
    if not held:
        return []
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        agent, run_id = batch.agent_id, review_run(session, batch)
    if run_id is None:
        return []
    conf = {"batch_id": batch_id, "agent": agent, "held": held, "codes": codes}
    return [{"trigger_run_id": run_id, "conf": conf}]


def totals(batch_id: str | None = None) -> Counts:
    """The counts of one batch, or of everything."""
    with reading() as session:
        return counts(session, batch_id)
