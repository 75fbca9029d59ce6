"""The end of a batch: its state and its numbers. The messages about it are written with the state (store/outbox.py)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from gateway.codes import CODES
from gateway.errors import Misconfigured, Permanent
from gateway.intake.inbox import InboxProblem
from gateway.model import BatchState, DeliveryState, Mode
from gateway.model import ProfileState as P
from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.pipeline.arrival.retry import review_run
from gateway.pipeline.arrival.runs import cause, fail, forget_failure, note_of
from gateway.pipeline.learning.drift import watch_batch
from gateway.pipeline.learning.fairness import KEY as FORMATS_KEY
from gateway.pipeline.learning.fairness import formats_of_batch, watch_formats
from gateway.pipeline.review.held import held_codes, held_count
from gateway.pipeline.statistics import remember
from gateway.receipts.tell import tell
from gateway.store import change, outbox
from gateway.store.counts import Counts, counts
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Profile, now

ACTOR = "report"
INCOMPLETE = "A task of the run failed before everything was done: look at the run and clear that task, or `gateway resume` the batch."


def finish_batch(batch_id: str) -> dict[str, Any]:
    """Moves the batch to the state that its rows give, and returns {"state", "code", "error", "counts"}.

    failed           a step failed (the batch carries that step's code and sentence), or something is still being read or
                     in flight although the run ended
    waiting_review   something is held
    done             everything is finished; failed documents are data, not a failure of the batch
    """
    with writing() as session:
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", "This run created no batch: its task register says why.")
        numbers = counts(session, batch_id)
        open_states = [P.EXTRACTED] if batch.mode == Mode.DRY_RUN else [P.EXTRACTED, P.PASSED]
        unsent = session.scalar(
            select(Profile.id).where(Profile.batch_id == batch_id, Profile.state.in_(open_states)).limit(1)
        )
        stopped = cause(batch)
        if numbers.processing or unsent is not None or stopped is not None or batch.state == BatchState.RECEIVING:
            why = stopped or {"code": "RUN_INCOMPLETE", "sentence": INCOMPLETE}
            fail(session, batch, why["code"], why["sentence"], actor=ACTOR)
        else:
            if batch.state == BatchState.FAILED:  # a failed task was cleared, and now everything is done
                forget_failure(batch)
                change.move(session, batch, BatchState.RUNNING, actor=ACTOR, rule="cleared")
            change.move(session, batch, BatchState.WAITING_REVIEW if numbers.held else BatchState.DONE, actor=ACTOR)
        remember(session, batch)
        if batch.state != BatchState.FAILED:
            batch.statistics = {**batch.statistics, FORMATS_KEY: formats_of_batch(session, batch)}
            session.flush()
            watch_batch(session, batch)
            watch_formats(session, batch.agent_id)
        tell(session, batch)
        return {"state": str(batch.state), "code": batch.code, "error": batch.error, "counts": numbers.as_dict()}


def refuse_incomplete(ended: dict[str, Any]) -> None:
    """Raises Permanent with the batch's code if the batch is not finished: its run must not look like a success."""
    if ended["state"] == BatchState.FAILED:
        numbers = ended["counts"]
        raise Permanent(
            ended["code"],
            f"{ended['error']} {numbers['processing']} document(s) are not read and {numbers['in_flight']} profile(s) not "
            "finished; finished work is not repeated.",
        )


def review_request(batch_id: str) -> list[dict[str, Any]]:
    """The arguments of the run that asks about held profiles: one item, or none if nothing is held.

    After a retry only if that held somebody new: the question asked before speaks for the others. A new question takes
    the place of the previous one, which closes automatically.
    """
    codes = held_codes(batch_id)
    held = held_count(batch_id)
    if not held:
        return []
    with writing() as session:
        batch = session.get_one(Batch, batch_id)
        run_id = review_run(session, batch)
        if run_id is None:
            return []
        agent, batch.question = batch.agent_id, run_id
    conf = {"batch_id": batch_id, "agent": agent, "held": held, "codes": codes, "question": run_id}
    return [{"trigger_run_id": run_id, "conf": conf, "note": note_of(batch_id)}]


def ingested_news(batch_ids: Iterable[str]) -> list[dict[str, Any]]:
    """For other teams' DAGs: {"agent", "batch", "ingested"} of each of these batches that the target has somebody of."""
    with reading() as session:
        rows = session.execute(
            select(Profile.agent_id, Profile.batch_id, func.count())
            .where(Profile.batch_id.in_(list(batch_ids)), Profile.state == P.DELIVERED)
            .group_by(Profile.agent_id, Profile.batch_id)
            .order_by(Profile.batch_id)
        )
        return [{"agent": agent, "batch": batch, "ingested": number} for agent, batch, number in rows]


def delivered_since(at: datetime) -> list[str]:
    """Batches of which somebody was confirmed by a target since then."""
    with reading() as session:
        return list(
            session.scalars(
                select(Delivery.batch_id)
                .where(Delivery.state == DeliveryState.CONFIRMED, Delivery.updated_at >= at)
                .distinct()
                .order_by(Delivery.batch_id)
            )
        )


def tell_unclaimed(problem: InboxProblem) -> None:
    """Reports an unclaimed drop to its agent's channels, each once a day: code and sentence, no file name."""
    agent = agent_of(problem.where)
    sync_agent(agent)  # nothing of it may have been received yet
    once = f"inbox.stale:{now():%Y-%m-%d}:{problem.code}:{agent.id}"
    data = {"code": problem.code, "sentence": f"{problem.sentence} {CODES[problem.code].fix}"}
    with writing() as session:
        outbox.emit(session, "inbox.stale", agent.id, data, once=once)


def totals(batch_id: str | None = None) -> Counts:
    """The counts of one batch, or of all batches."""
    with reading() as session:
        return counts(session, batch_id)
