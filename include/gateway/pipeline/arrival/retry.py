"""Failed documents of a batch are read again: a reader was mended, a limit raised, memory was short.

Nothing else of the batch is read or sent again: a chunk takes only documents that are processing, and the ledger has
one row for a person and posting. The batch goes back to `receiving` and waits for a run of its own, whose id says
which retry it is; if nobody starts that run, the sensor's sweep does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Misconfigured, Refused
from gateway.model import BatchState, DocumentState, ProfileState
from gateway.pipeline.arrival.receive import run_to_start
from gateway.quality.batch import STOPS
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Batch, Document, Event, Profile

AT_REST = (BatchState.DONE, BatchState.WAITING_REVIEW, BatchState.FAILED)
NOT_KEPT = "Its bytes were not kept, because the file itself was refused: send it again."
SLICE = 500
# Codes a batch carries from its last run: the next one says anew whether they still hold.
OF_THE_RUN = STOPS | {"RUN_INCOMPLETE"}


@dataclass(frozen=True, slots=True)
class Retry:
    """A retry that waits for its run.

    documents   how many are read again, those that an unfinished run left included
    left        failed documents that cannot be read again
    """

    batch_id: str
    run_id: str
    documents: int
    left: int


def retry_documents(batch_id: str, document_ids: Sequence[str] | None, *, actor: str, as_resume: bool = False) -> Retry:
    """Puts failed documents back to processing and the batch back to receiving; the caller starts `run_id`.

    document_ids   which; None = every failed one. Only those whose bytes are kept count.
    as_resume      those that were refused as no résumé are read as one; their profiles are held (RESUME_DOUBTFUL)
    raises         Misconfigured(UNKNOWN_BATCH), Conflict(STATE_CONFLICT) while the batch is being processed,
                   Refused(NOTHING_TO_RETRY)
    """
    with writing() as session:
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}.")
        if batch.state not in AT_REST:
            raise Conflict("STATE_CONFLICT", f"Batch {batch_id} is being processed: retry when it has come to rest.")
        unfinished = _count(session, batch_id, DocumentState.PROCESSING)
        moved = 0
        for document in _failed(session, batch_id, document_ids):
            if as_resume and document.code == "NOT_A_RESUME":
                document.facts = {**document.facts, "as_resume": True}
            document.code = document.error = None
            change.move(session, document, DocumentState.PROCESSING, actor=actor, rule="retry")
            moved += 1
        if not moved and not (unfinished and document_ids is None):
            raise Refused(
                "NOTHING_TO_RETRY", f"None of these documents of batch {batch_id} can be read again. {NOT_KEPT}"
            )
        batch.statistics = {**batch.statistics, "retries": batch.statistics.get("retries", 0) + 1}
        if batch.code in OF_THE_RUN:
            batch.code = batch.error = None
        change.move(session, batch, BatchState.RECEIVING, actor=actor, rule="retry")
        session.flush()
        left = _count(session, batch_id, DocumentState.FAILED)
        return Retry(batch_id, str(run_to_start(batch)), moved + unfinished, left)


def _failed(session: Session, batch_id: str, document_ids: Sequence[str] | None) -> Iterable[Document]:
    failed = (
        select(Document)
        .where(Document.batch_id == batch_id, Document.state == DocumentState.FAILED, Document.file_key.is_not(None))
        .order_by(Document.id)
    )
    if document_ids is None:
        yield from session.scalars(failed).all()
        return
    wanted = sorted(set(document_ids))
    for start in range(0, len(wanted), SLICE):
        yield from session.scalars(failed.where(Document.id.in_(wanted[start : start + SLICE]))).all()


def _count(session: Session, batch_id: str, state: DocumentState) -> int:
    counted = select(func.count(Document.id)).where(Document.batch_id == batch_id, Document.state == state)
    return session.scalar(counted) or 0


def review_run(session: Session, batch: Batch) -> str | None:
    """The run that asks about what the batch holds; None when its last retry held nobody new."""
    retries = batch.statistics.get("retries", 0)
    if not retries:
        return f"review-{batch.id}"
    retried = select(func.max(Event.at)).where(
        Event.subject_id == batch.id, Event.kind == "state", Event.after == BatchState.RECEIVING
    )
    new = select(Profile.id).where(
        Profile.batch_id == batch.id,
        Profile.state == ProfileState.HELD,
        Profile.created_at >= retried.scalar_subquery(),
    )
    return f"review-{batch.id}-{retries}" if session.scalar(new.limit(1)) is not None else None


def start_refused(batch_id: str, sentence: str, *, actor: str) -> None:
    """Notes with a batch why its run could not be started; registering takes the note away again."""
    with writing() as session:
        batch = session.get(Batch, batch_id)
        if batch is not None and batch.state == BatchState.RECEIVING and batch.code in (None, "RUN_NOT_STARTED"):
            batch.code, batch.error = "RUN_NOT_STARTED", sentence
            change.record(session, "start_refused", batch, actor=actor, code="RUN_NOT_STARTED")
