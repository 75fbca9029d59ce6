"""The receipt as news: written into the outbox when a batch comes to rest, for its sender and for programs that subscribe."""

from __future__ import annotations

from sqlalchemy.orm import Session

from gateway.agents.notices import ReceiptChannel
from gateway.model import FROM_API
from gateway.receipts import receipt_of
from gateway.store import outbox
from gateway.store.tables import Agent, Batch, now

EVENT = "batch.receipt"


def tell(session: Session, batch: Batch) -> None:
    """Once for each state that the batch rests in: what is known now, and what became of the rest later."""
    notify = outbox.channels(session, batch.agent_id)
    told = outbox.listeners(session, batch.agent_id, EVENT, now())
    nowhere = {
        key
        for key in told
        if isinstance(channel := notify.channel(key), ReceiptChannel) and not addresses(session, channel, batch)
    }
    if told.keys() <= nowhere:
        return
    said = receipt_of(session, batch)
    files = {f"files {status}": number for status, number in said.file_totals.items()}
    data = {
        "batch_id": batch.id,
        "state": str(batch.state),
        "source": batch.source or "",
        "numbers": said.totals | files,
    }
    once = f"{EVENT}:{batch.id}:{batch.state}"
    outbox.emit(session, EVENT, batch.agent_id, data, batch_id=batch.id, once=once, without=nowhere)


def addresses(session: Session, channel: ReceiptChannel, batch: Batch) -> tuple[str, ...]:
    """Where the batch's receipt goes by mail; none for a sender without an address.

    A mail's sender is answered only where the source names the senders that count: anybody else's address may be forged.
    """
    name = (batch.source or "").removeprefix(FROM_API)
    if name in channel.to:
        return channel.to[name]
    sources = (session.get_one(Agent, batch.agent_id).config or {}).get("sources", ())
    answered = any(one.get("name") == batch.source and one.get("senders") for one in sources)
    by = batch.uploaded_by or ""
    return (by,) if channel.reply and answered and "@" in by else ()
