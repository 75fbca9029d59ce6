"""What a sender sees of its own batches. Another's batch does not exist for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from gateway.errors import Misconfigured
from gateway.model import BatchState
from gateway.receipts import Receipt, receipt
from gateway.senders.keys import Holder
from gateway.store.counts import counts
from gateway.store.engine import reading
from gateway.store.tables import Batch

PAGE = 50


def sent(holder: Holder, *, before: str | None = None, limit: int = PAGE) -> list[dict[str, Any]]:
    """The sender's batches, newest first, from the one before `before`."""
    where = [Batch.uploaded_by == holder.by]
    if before:
        where.append(Batch.id < before)
    if holder.agents:
        where.append(Batch.agent_id.in_(holder.agents))
    with reading() as session:
        rows = session.scalars(select(Batch).where(*where).order_by(Batch.id.desc()).limit(limit)).all()
    return [_line(row.id, row.agent_id, row.state, row.created_at) for row in rows]


def status(holder: Holder, batch_id: str) -> dict[str, Any]:
    """A batch's state and counts. Raises Misconfigured(UNKNOWN_BATCH)."""
    with reading() as session:
        batch = _own(session.get(Batch, batch_id), holder)
        said = counts(session, batch_id)
        line = _line(batch.id, batch.agent_id, batch.state, batch.created_at)
    return {
        **line,
        "files": {
            "received": said.received,
            "read": said.success,
            "refused": said.failed,
            "processing": said.processing,
        },
    }


def receipt_for(holder: Holder, batch_id: str) -> Receipt:
    """The receipt of one of the sender's batches. Raises Misconfigured(UNKNOWN_BATCH)."""
    with reading() as session:
        _own(session.get(Batch, batch_id), holder)
    return receipt(batch_id)


def _own(batch: Batch | None, holder: Holder) -> Batch:
    ours = batch is not None and batch.uploaded_by == holder.by
    if batch is None or not ours or (holder.agents and batch.agent_id not in holder.agents):
        raise Misconfigured("UNKNOWN_BATCH", "You sent no batch of that id.")
    return batch


def _line(batch_id: str, agent_id: str, state: str, created_at: datetime) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "agent": agent_id,
        "state": state,
        "final": state in (BatchState.DONE, BatchState.FAILED),
        "received_at": created_at.isoformat(timespec="seconds"),
    }
