"""The runs of a batch: which one is to be started, what stopped the last one, and how it is brought to an end.

A step that fails leaves its code and sentence with the batch (`noted`); the run's report, or the sweep when there was no
report, then fails the batch with them. So a batch never stands still without saying why.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from gateway.errors import GatewayError, Transient
from gateway.model import BatchState
from gateway.quality.batch import STOPS
from gateway.settings import settings
from gateway.store import change
from gateway.store.counts import counts
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch

log = logging.getLogger(__name__)
STEPS = ("register", "extract", "judge", "deliver", "report")  # in the order of the run: the first failure is the cause
BEFORE = "before"  # key in batch.failures: the code the batch had before it failed
ENDED = ("RUN_INCOMPLETE", "RUN_DIED")  # a run that ended early and left no reason of its own
# Codes a batch carries from its last run: the next one says anew whether they still hold.
OF_THE_RUN = STOPS | set(ENDED)


def current_run(batch: Batch) -> str | None:
    """The id of the Airflow run that processes the batch now or did last; None outside Airflow."""
    return f"retry-{batch.id}-{batch.retries}" if batch.retries else batch.run_id


def run_to_start(batch: Batch) -> str | None:
    """The id of the run that a receiving batch waits for; None if a person or the command line runs it.

    A fixed id is what keeps a batch from being run twice: the page, the sensor and its sweep all start the same one.
    """
    run_id = current_run(batch)
    return run_id if batch.retries or run_id == batch.id else None


def note_of(batch_id: str) -> str:
    """The note of a batch's run in Airflow: which batch of which agent, its numbers so far, and where it is shown. Markdown."""
    with reading() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            return f"Batch {batch_id}"
        numbers = counts(session, batch_id)
        said = f"Batch {batch_id} of {batch.agent_id}, mode {batch.mode}"
    if numbers.received:
        said += f": {numbers.sentence(short=True)}"
    link = settings().page(f"/batches/{batch_id}")
    return f"{said}\n\n[Candidates page]({link})" if link else said


@contextmanager
def noted(batch_id: str, step: str, part: str = "") -> Iterator[None]:
    """Wraps a step of the batch's run: a failure is recorded with the batch, a success removes an earlier one.

    step   one of STEPS
    part   which part of the step, where it has several (the first document of a chunk)
    raises   whatever the step raises
    """
    key = f"{step}:{part}" if part else step
    try:
        yield
    except Exception as wrong:
        _note(batch_id, key, wrong)
        raise
    with reading() as session:
        batch = session.get(Batch, batch_id)
        failed_before = batch is not None and key in batch.failures
    if failed_before:
        with writing() as session:
            batch = session.get_one(Batch, batch_id, with_for_update=True)
            batch.failures = {k: v for k, v in batch.failures.items() if k != key}


def _note(batch_id: str, key: str, wrong: Exception) -> None:
    """Best effort: if the store itself failed, the sweep finds the batch later."""
    code, sentence = reason_of(wrong)
    try:
        with writing() as session:
            batch = session.get(Batch, batch_id, with_for_update=True)
            if batch is not None:
                transient = not isinstance(wrong, GatewayError) or isinstance(wrong, Transient)
                batch.failures[key] = {"code": code, "sentence": sentence, "transient": transient}
                flag_modified(batch, "failures")
                change.record(session, "step_failed", batch, actor="run", code=code, rule=key[:100])
    except Exception as later:
        log.error("batch %s: %s failed (%s), which could not be noted (%s)", batch_id, key, code, type(later).__name__)


def reason_of(wrong: Exception) -> tuple[str, str]:
    """(code, sentence) of an exception. An unforeseen one gives only its type, because its text may quote a candidate."""
    if isinstance(wrong, GatewayError):
        return wrong.code, wrong.sentence
    return (
        "STEP_FAILED",
        f"A step of the run failed ({type(wrong).__name__}): read the run's log, then run `gateway resume` for the batch.",
    )


def cause(batch: Batch) -> dict[str, Any] | None:
    """The failure of the earliest failed step of the batch's last run; None if no step failed."""
    order = {step: number for number, step in enumerate(STEPS)}
    steps = [key for key in batch.failures if key != BEFORE]
    keys = sorted(steps, key=lambda key: (order.get(key.split(":")[0], len(order)), key))
    return dict(batch.failures[keys[0]]) if keys else None


def fail(session: Session, batch: Batch, code: str, sentence: str, *, actor: str, rule: str | None = None) -> None:
    """Sets the batch to failed. Its earlier code (MANIFEST_INVALID) comes back when it continues."""
    if batch.code is not None and batch.code not in OF_THE_RUN and batch.state != BatchState.FAILED:
        batch.failures = {**batch.failures, BEFORE: {"code": batch.code, "sentence": batch.error}}
    batch.code, batch.error = code, sentence
    change.move(session, batch, BatchState.FAILED, actor=actor, code=code, rule=rule)


def forget_failure(batch: Batch) -> None:
    """The batch continues: the failure of its last run no longer applies."""
    before = batch.failures.get(BEFORE)
    if batch.state == BatchState.FAILED or batch.code in OF_THE_RUN or before is not None:
        batch.code, batch.error = (before["code"], before["sentence"]) if before else (None, None)
    batch.failures = {}


@contextmanager
def holding(batch_id: str) -> Iterator[bool]:
    """Yields True if this process alone works on the batch outside Airflow; the kernel releases the lock when it dies."""
    folder = settings().home / "running"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / batch_id
    while True:
        handle = path.open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            yield False
            return
        if path.exists() and os.fstat(handle.fileno()).st_ino == path.stat().st_ino:
            break
        handle.close()  # its last holder has just removed it
    with handle:
        try:
            yield True
        finally:
            path.unlink(missing_ok=True)
