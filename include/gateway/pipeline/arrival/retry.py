"""Failed documents of a batch are read again, for example after a reader was fixed or a limit was raised.

Nothing else of the batch is read or sent again: a chunk takes only documents that are processing, and the ledger has
one row for a person and posting. The batch goes back to `receiving` and waits for a run of its own, whose id contains the
number of the retry; if nobody starts that run, the sensor's sweep does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Misconfigured, Refused
from gateway.model import BatchState, DocumentState, ProfileState
from gateway.pipeline.arrival.runs import OF_THE_RUN, forget_failure, run_to_start
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Batch, Document, Event, Profile

AT_REST = (BatchState.DONE, BatchState.WAITING_REVIEW, BatchState.FAILED)
NOT_KEPT = "Its bytes were not kept, because the file itself was refused: send it again."
SLICE = 500


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

    document_ids   which; None = every failed one that reading again can help (`may_help`). Only those whose bytes are kept
                   count.
    as_resume      those that were refused as no résumé are read as one; their profiles are held (RESUME_DOUBTFUL)
    raises         Misconfigured(UNKNOWN_BATCH), Conflict(STATE_CONFLICT) while the batch is being processed,
                   Refused(NOTHING_TO_RETRY)
    """
    with writing() as session:
        batch = session.get(Batch, batch_id, with_for_update=True)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}.")
        if batch.state not in AT_REST:
            raise Conflict("STATE_CONFLICT", f"Batch {batch_id} is being processed: retry when it is finished.")
        unfinished = _count(session, batch_id, DocumentState.PROCESSING)
        moved = 0
        for document in _failed(session, batch_id, document_ids):
            if as_resume and document.code == "NOT_A_RESUME":
                document.facts = {**document.facts, "as_resume": True}
            document.code = document.error = None
            change.move(session, document, DocumentState.PROCESSING, actor=actor, rule="retry")
            moved += 1
        goes_on = document_ids is None and (unfinished or batch.state == BatchState.FAILED)
        if not moved and not goes_on:
            raise Refused(
                "NOTHING_TO_RETRY", f"None of these documents of batch {batch_id} can be read again. {NOT_KEPT}"
            )
        run_again(session, batch, actor=actor, rule="retry")
        session.flush()
        left = _count(session, batch_id, DocumentState.FAILED)
        return Retry(batch_id, str(run_to_start(batch)), moved + unfinished, left)


def run_again(session: Session, batch: Batch, *, actor: str, rule: str) -> None:
    """Makes the batch wait for its next run: a new id, and the failure of the last run cleared."""
    batch.retries += 1
    forget_failure(batch)
    if batch.code in OF_THE_RUN:
        batch.code = batch.error = None
    change.move(session, batch, BatchState.RECEIVING, actor=actor, rule=rule)


def _failed(session: Session, batch_id: str, document_ids: Sequence[str] | None) -> Iterable[Document]:
    failed = (
        select(Document)
        .where(Document.batch_id == batch_id, Document.state == DocumentState.FAILED, Document.file_key.is_not(None))
        .order_by(Document.id)
    )
    if document_ids is None:
        yield from session.scalars(failed.where(may_help())).all()
        return
    wanted = sorted(set(document_ids))
    for start in range(0, len(wanted), SLICE):
        yield from session.scalars(failed.where(Document.id.in_(wanted[start : start + SLICE]))).all()


# What only another file can change: the same bytes will say the same to every reader.
HOPELESS = (
    "EMPTY_FILE",
    "ENCRYPTED_OFFICE",
    "ENCRYPTED_PDF",
    "FILE_TOO_LARGE",
    "IMAGE_FILE",
    "LEGACY_DOC",
    "LEGACY_XLS",
    "NO_PAGES",
    "NOT_A_PDF",
    "UNSUPPORTED_TYPE",
)


def may_help() -> ColumnElement[bool]:
    """Whether reading the same bytes again can give another result, for failed documents."""
    return and_(Document.file_key.is_not(None), or_(Document.code.is_(None), Document.code.not_in(HOPELESS)))


def _count(session: Session, batch_id: str, state: DocumentState) -> int:
    counted = select(func.count(Document.id)).where(Document.batch_id == batch_id, Document.state == state)
    return session.scalar(counted) or 0


def review_run(session: Session, batch: Batch) -> str | None:
    """The run that asks about the batch's held profiles; None if its last retry held nobody new since the last question."""
    run_id = f"review-{batch.id}-{batch.retries}" if batch.retries else f"review-{batch.id}"
    if batch.question in (None, run_id):
        return run_id  # nobody was asked yet, or this very run asks again
    retried = select(func.max(Event.at)).where(
        Event.subject_id == batch.id, Event.kind == "state", Event.after == BatchState.RECEIVING
    )
    new = select(Profile.id).where(
        Profile.batch_id == batch.id,
        Profile.state == ProfileState.HELD,
        Profile.created_at >= retried.scalar_subquery(),
    )
    return run_id if session.scalar(new.limit(1)) is not None else None


def start_refused(batch_id: str, sentence: str, *, actor: str) -> None:
    """Records with a batch why its run could not be started; registering clears it again."""
    with writing() as session:
        batch = session.get(Batch, batch_id)
        if batch is not None and batch.state == BatchState.RECEIVING and batch.code in (None, "RUN_NOT_STARTED"):
            batch.code, batch.error = "RUN_NOT_STARTED", sentence
            change.record(session, "start_refused", batch, actor=actor, code="RUN_NOT_STARTED")
