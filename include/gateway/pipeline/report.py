"""A batch's end: its state, its numbers, and one digest to each channel."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway.errors import Permanent
from gateway.model import BatchState
from gateway.model import ProfileState as P
from gateway.notify.messages import Digest, digest_of
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.arrival.retry import review_run
from gateway.pipeline.review.held import held_codes, held_count
from gateway.pipeline.statistics import remember
from gateway.settings import settings
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
            change.move(session, batch, BatchState.FAILED, actor=ACTOR, code="RUN_INCOMPLETE")
            batch.code = "RUN_INCOMPLETE"
            batch.error = "A task of the run failed before everything was done: look at the run and clear that task."
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


def digest(batch_id: str) -> Digest:
    """What to tell about the batch: counts and codes, never people."""
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        return digest_of(
            agent_of(batch.agent_id), batch, counts(session, batch_id), settings().page(f"/batches/{batch_id}")
        )


def claim_notice(batch_id: str, message: Digest, channel: str) -> bool:
    """True for the first who may send this message on this channel; the same numbers are told once."""
    with writing() as session:
        return change.first_time(
            session, notice_key(batch_id, message, channel), kind="notified", batch_id=batch_id, actor=ACTOR
        )


def return_notice(batch_id: str, message: Digest, channel: str) -> None:
    """The channel failed: the next attempt may send."""
    with writing() as session:
        change.forget(session, notice_key(batch_id, message, channel))


def notice_key(batch_id: str, message: Digest, channel: str) -> str:
    return f"digest:{batch_id}:{channel}:{message.fingerprint}"


def totals(batch_id: str | None = None) -> Counts:
    """The counts of one batch, or of everything."""
    with reading() as session:
        return counts(session, batch_id)
