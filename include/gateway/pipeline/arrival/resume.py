"""Resumes batches whose run died: once automatically, after that on request.

A run that dies reports nothing: a worker was killed, the machine restarted, the run was deleted in Airflow. `sweep` compares
the state in the store with the state in Airflow. A batch without a living run is put back to `receiving` for a run of its
own, which does the remaining work: files not registered, documents not read, profiles not judged or
delivered. If that run dies too, the batch fails with a code and its people are notified.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Misconfigured, Refused
from gateway.model import BatchState
from gateway.pipeline.arrival.retry import run_again
from gateway.pipeline.arrival.runs import ENDED, cause, current_run, fail, holding, run_to_start
from gateway.settings import settings
from gateway.store import change
from gateway.store.counts import counts
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Event, now

BY_ITSELF = 1  # resumes without a person; a batch that dies again needs one
QUIET_S = 120.0  # a batch that did something this recently has a living run, whatever Airflow says
OUTSIDE_QUIET_S = 3600.0  # the same without a run of Airflow's to ask about: a long scan says nothing for a while
WAIT_S = 300.0  # after a failure that may pass, before it is tried again
LOOK_BACK = timedelta(days=7)  # a batch that failed earlier is a person's to resume; failures are never cleared away
ROOM_BYTES = 200_000_000  # free space that counts as room again after a full disk
ACTOR = "sweep"
DIED = (
    "The batch's run ended without an error message: its worker was killed, its machine restarted, or the run was deleted. "
    "Find the cause, then resume the batch; finished work is not repeated."
)
FULL = "A disk of the gateway is full. Free some space: the batch continues automatically, and nothing is lost."
# The state of an Airflow run by its id; None if there is no such run.
StateOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Swept:
    """The result of one sweep.

    runs     batch id -> the run it waits for
    failed   batches that need a person now: a notice must be sent about them
    """

    runs: dict[str, str]
    failed: tuple[str, ...]


def resume_batch(batch_id: str, *, actor: str, force: bool = False) -> str:
    """Puts a batch whose run died back to receiving; returns the id of the run that continues it.

    force    also where the store still says that a run is at work: only who knows that it is dead may say so
    raises   Misconfigured(UNKNOWN_BATCH), Refused(NOTHING_TO_RESUME), Conflict(STATE_CONFLICT)
    """
    with writing() as session:
        batch = check_resumable(session, batch_id, force=force)
        _put_back(session, batch, actor=actor, rule="resume")
        return str(run_to_start(batch))


def check_resumable(session: Session, batch_id: str, *, force: bool) -> Batch:
    """The batch, locked, if it has work left and no run is processing it. Raises like resume_batch."""
    batch = session.get(Batch, batch_id, with_for_update=True)
    if batch is None:
        raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}: see `gateway status`.")
    if batch.state in (BatchState.DONE, BatchState.WAITING_REVIEW):
        raise Refused(
            "NOTHING_TO_RESUME",
            f"Batch {batch_id} is finished ({batch.state.replace('_', ' ')}). Retry failed documents on "
            "the batch's page.",
        )
    if batch.state != BatchState.FAILED and not force:
        run_id = current_run(batch)
        where = f"by the Airflow run {run_id}" if run_id else "outside Airflow"
        raise Conflict(
            "STATE_CONFLICT",
            f"Batch {batch_id} is being processed {where}. If that process died, the batch continues automatically within a few minutes; with "
            "--force it continues now.",
        )
    return batch


def _put_back(session: Session, batch: Batch, *, actor: str, rule: str) -> None:
    if batch.state == BatchState.RECEIVING:  # its run died before it began: no new state, but an event all the same
        change.record(session, "resumed", batch, actor=actor, rule=rule)
    run_again(session, batch, actor=actor, rule=rule)


def sweep(state_of: StateOf, *, at: datetime | None = None) -> Swept:
    """Checks every unfinished batch, and those that failed in the last days (LOOK_BACK) for a temporary reason.

    state_of   asks Airflow about ingest_batch runs: "queued", "running", "success", "failed", ...; None: no such run
    at         now, if not given
    """
    at = at or now()
    failed: list[str] = []
    for batch_id in _suspects(at - LOOK_BACK):
        with reading() as session:
            batch = session.get_one(Batch, batch_id)
            seen, silent_s = _mark(session, batch), _silent_s(session, batch, at)
        if batch.state == BatchState.FAILED:
            if _passes(batch, silent_s):
                _act(batch_id, seen, failed, resume_only=True)
        elif _is_dead(batch, state_of, silent_s):
            _act(batch_id, seen, failed)
    with reading() as session:
        waiting = session.scalars(select(Batch).where(Batch.state == BatchState.RECEIVING).order_by(Batch.id))
        runs = {batch.id: run for batch in waiting if (run := run_to_start(batch)) is not None}
    return Swept(runs, tuple(failed))


def _suspects(since: datetime) -> Iterable[str]:
    """Unfinished batches, those that failed since then, and those that wait for room on a disk however long it takes."""
    open_ = Batch.state.in_([BatchState.RECEIVING, BatchState.RUNNING])
    failed = and_(Batch.state == BatchState.FAILED, or_(Batch.finished_at >= since, Batch.code == "DISK_FULL"))
    with reading() as session:
        return session.scalars(select(Batch.id).where(or_(open_, failed)).order_by(Batch.id)).all()


def _is_dead(batch: Batch, state_of: StateOf, silent_s: float) -> bool:
    run_id = current_run(batch)
    if run_id is None:
        return silent_s > OUTSIDE_QUIET_S and not _held(batch.id)
    if silent_s <= QUIET_S or _held(batch.id):
        return False
    state = state_of(run_id)
    if state is None:  # never started: that is the sensor's to do; started and gone: dead
        return batch.state == BatchState.RUNNING
    return state in ("success", "failed")


def _held(batch_id: str) -> bool:
    with holding(batch_id) as ours:
        return not ours


def _passes(batch: Batch, silent_s: float) -> bool:
    """Whether a failed batch may be retried without a person, because the cause may have passed."""
    why = cause(batch)
    if why is not None and not why["transient"]:
        return False
    if why is None and batch.code not in ENDED:
        return False  # a person or a target stopped it
    return silent_s >= WAIT_S and has_room()


def has_room() -> bool:
    """Whether the disks of the home, the inbox and the kept files have space again."""
    config = settings()
    places = [config.home, config.inbox]
    if "://" not in config.files_root:
        places.append(Path(config.files_root))
    free = [shutil.disk_usage(place).free for place in places if place.exists()]
    return all(number >= ROOM_BYTES for number in free)


def _act(batch_id: str, seen: tuple[int, str, int], failed: list[str], *, resume_only: bool = False) -> None:
    """Resumes the batch, or fails it if it was resumed before. Does nothing if it has changed since the check."""
    with writing() as session:
        batch = session.get_one(Batch, batch_id, with_for_update=True)
        if _mark(session, batch) != seen:
            return
        why = cause(batch)
        if not has_room():
            if not resume_only:
                batch.failures = {**batch.failures, "sweep": {"code": "DISK_FULL", "sentence": FULL, "transient": True}}
                fail(session, batch, "DISK_FULL", FULL, actor=ACTOR, rule="run died")
                failed.append(batch_id)
            return
        full = why is not None and why["code"] == "DISK_FULL"
        if full or _may_resume(session, batch_id):
            _put_back(session, batch, actor=ACTOR, rule="resumed automatically")
        elif not resume_only:
            code, sentence = (why["code"], why["sentence"]) if why else ("RUN_DIED", DIED)
            fail(session, batch, code, sentence, actor=ACTOR, rule="run died")
            failed.append(batch_id)


def _may_resume(session: Session, batch_id: str) -> bool:
    return any(
        change.first_time(session, f"resumed:{batch_id}:{number}", kind="resumed", batch_id=batch_id, actor=ACTOR)
        for number in range(BY_ITSELF)
    )


def _mark(session: Session, batch: Batch) -> tuple[int, str, int]:
    latest = session.scalar(select(func.max(Event.id)).where(Event.batch_id == batch.id)) or 0
    return latest, batch.state, batch.retries


def _silent_s(session: Session, batch: Batch, at: datetime) -> float:
    """Seconds since the batch, its documents, profiles or deliveries last changed."""
    latest = session.scalar(select(func.max(Event.at)).where(Event.batch_id == batch.id)) or batch.created_at
    return (at - latest) / timedelta(seconds=1)


def left_to_do(batch_id: str) -> str:
    """The remaining work of a resumed batch, in words."""
    with reading() as session:
        numbers = counts(session, batch_id)
    return f"{numbers.processing} document(s) to read, {numbers.in_flight} profile(s) to judge or deliver"
