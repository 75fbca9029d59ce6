"""A batch's end: its state, its numbers, and one digest to each channel."""

from __future__ import annotations

from html import escape
from typing import Any

from sqlalchemy import select

from gateway.agents import Agent
from gateway.codes import CODES
from gateway.errors import Misconfigured, Permanent
from gateway.intake.inbox import InboxProblem
from gateway.model import BatchState, Mode
from gateway.model import ProfileState as P
from gateway.notify.messages import Digest, digest_of
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.arrival.retry import review_run
from gateway.pipeline.arrival.runs import cause, fail, forget_failure
from gateway.pipeline.review.review import held_codes, held_count
from gateway.pipeline.statistics import remember
from gateway.settings import settings
from gateway.store import change
from gateway.store.counts import Counts, counts
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Event, Profile, now

ACTOR = "report"
INCOMPLETE = "A task of the run failed before everything was done: look at the run and clear that task, or `gateway resume` the batch."


def finish_batch(batch_id: str) -> dict[str, Any]:
    """Moves the batch to where its rows say it is, and returns {"state", "code", "error", "counts"}.

    failed           a step failed (the batch carries that step's code and sentence), or something is still being read or
                     in flight although the run ended
    waiting_review   something is held
    done             everything is at rest; documents that failed are data, not a failure of the batch
    """
    with writing() as session:
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", "No batch came of this run: its task register says why.")
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
        return {"state": str(batch.state), "code": batch.code, "error": batch.error, "counts": numbers.as_dict()}


def refuse_incomplete(ended: dict[str, Any]) -> None:
    """Raises Permanent with the batch's code when it did not come to rest: its run must not look like a success."""
    if ended["state"] == BatchState.FAILED:
        numbers = ended["counts"]
        raise Permanent(
            ended["code"],
            f"{ended['error']} {numbers['processing']} document(s) are not read and {numbers['in_flight']} profile(s) not "
            "at rest; what is done is not done again.",
        )


def review_request(batch_id: str) -> list[dict[str, Any]]:
    """The arguments of the run that asks about held profiles: one item, or none when nothing is held.

    After a retry only if that held somebody new: the question asked before speaks for the others. A new question takes
    the place of the one before, which closes by itself.
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


def batch_agent(batch_id: str) -> str:
    """The id of the agent that a batch is for."""
    with reading() as session:
        return session.get_one(Batch, batch_id).agent_id


def inbox_notice(agent: Agent, problem: InboxProblem) -> Digest:
    """What to tell about a drop that nobody claims: the code and the sentence, never a file's name."""
    subject = f"{agent.title}: {problem.sentence}"
    fix = CODES[problem.code].fix
    data = {"type": "inbox.stale", "agent_id": agent.id, "code": problem.code, "sentence": problem.sentence}
    text = f"{problem.code}: {problem.sentence}\n\n{fix}\n"
    return Digest(subject, text, f"<p>{escape(problem.code)}: {escape(problem.sentence)}</p><p>{escape(fix)}</p>", data)


def claim_inbox_notice(problem: InboxProblem, channel: str) -> bool:
    """True for the first on this day who may tell this channel about a problem of the inbox."""
    once = _inbox_key(problem, channel)
    with writing() as session:
        if session.scalar(select(Event.id).where(Event.once == once)) is not None:
            return False
        session.add(
            Event(
                kind="notified",
                subject="inbox",
                subject_id=problem.where[:64],
                code=problem.code,
                actor=ACTOR,
                once=once,
            )
        )
        return True


def return_inbox_notice(problem: InboxProblem, channel: str) -> None:
    """The channel failed: the next attempt may send."""
    with writing() as session:
        change.forget(session, _inbox_key(problem, channel))


def _inbox_key(problem: InboxProblem, channel: str) -> str:
    return f"inbox:{now():%Y-%m-%d}:{problem.code}:{problem.where}:{channel}"[:200]


def totals(batch_id: str | None = None) -> Counts:
    """The counts of one batch, or of everything."""
    with reading() as session:
        return counts(session, batch_id)
