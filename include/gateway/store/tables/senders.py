"""Where candidates come from: sources and what was taken of them, keys and requests of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.tables.base import Base, now


class SourceState(Base):
    """When a source was asked, and how that went.

    cursor      what its reader keeps between looks (a UID, quiet periods); names nobody
    next_at     when it is due; failing_since, code, error: of its last look, None after a good one
    arrived_at  when its last batch was opened
    """

    __tablename__ = "source_state"

    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    source: Mapped[str] = mapped_column(String(40), primary_key=True)
    cursor: Mapped[dict[str, Any]] = mapped_column(default=dict)
    known_since: Mapped[datetime] = mapped_column(default=now)
    asked_at: Mapped[datetime | None]
    next_at: Mapped[datetime] = mapped_column(default=now)
    arrived_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    failing_since: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)


class SourceClaim(Base):
    """A batch being fetched from a source, by one process at a time.

    owner, lease_until   who fetches it, and until when nobody else may
    taken_at             its batch is open and its files are in the files store; settled_at: the originals are dealt with
    """

    __tablename__ = "source_claim"
    __table_args__ = (Index("ix_source_claim_open", "agent_id", "source", "settled_at"),)

    batch_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    source: Mapped[str] = mapped_column(String(40))
    owner: Mapped[str] = mapped_column(String(16))
    lease_until: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SourceItem(Base):
    """One claimed item of a source, by a hash of where it is and of its version: whoever inserts the row has it."""

    __tablename__ = "source_item"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("source_claim.batch_id", ondelete="CASCADE"), index=True)


class ApiKey(Base):
    """A sender's key for the API. The key itself is shown once; here is its hash.

    id       in the key, so that it is found without trying all
    sender   whose batches these are; keys of the same sender see the same batches
    agents   ids it may send for; empty: every agent
    rights   send, read
    follows  the key that this one replaced
    """

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    sender: Mapped[str] = mapped_column(String(40), index=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    agents: Mapped[list[Any]] = mapped_column(default=list)
    rights: Mapped[list[Any]] = mapped_column(default=list)
    rate_per_minute: Mapped[float]
    made_by: Mapped[str] = mapped_column(String(200))
    follows: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=now)
    used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiRequest(Base):
    """A sender's Idempotency-Key: the batch it made, and what was sent, so that a repeat gets the same answer.

    fingerprint   of what was sent; None while the first request is being received (until lease_until)
    """

    __tablename__ = "api_request"

    sender: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    batch_id: Mapped[str] = mapped_column(String(40))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
