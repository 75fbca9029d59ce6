"""The ledger of deliveries, our own pool, the rates of targets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.columns import SealedJson
from gateway.store.tables.base import Base, now


class Delivery(Base):
    """The ledger: at most one row per person and posting, however often a run is repeated.

    due_at        a sent or unknown row is looked for in the target from then on, not earlier: before that its request
                  may still be on its way, and absence proves nothing
    finished_at   when the target closed its books on this confirmed row (our pool: it is in the export)
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("target", "posting", "email_norm", name="uq_delivery_person"),
        Index(  # of all that was ever delivered, the few rows that a walk still has to finish
            "ix_delivery_unfinished",
            "state",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        Index("ix_delivery_posting_updated", "target", "posting", "updated_at"),
        Index("ix_delivery_updated", "updated_at"),  # what was delivered since a run began
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # sent along as external_id
    target: Mapped[str] = mapped_column(String(32))
    posting: Mapped[str] = mapped_column(String(200))
    email_norm: Mapped[str] = mapped_column(Text)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id"), index=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
    receipt: Mapped[dict[str, Any]] = mapped_column(default=dict)  # the target's own id and link
    due_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class PoolCandidate(Base):
    """Our own candidate pool, the first target: one row per person and posting."""

    __tablename__ = "pool_candidate"
    __table_args__ = (UniqueConstraint("external_id"), Index("ix_pool_posting", "posting", "created_at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    posting: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str] = mapped_column(String(40))
    batch_id: Mapped[str] = mapped_column(String(40), index=True)
    record: Mapped[dict[str, Any]] = mapped_column(SealedJson("pool_candidate.record"))
    created_at: Mapped[datetime] = mapped_column(default=now)


class RateLimit(Base):
    """When the next call with a key may be made, shared by every worker. Times are Unix seconds.

    name         the connection's id
    next_at      the first free slot
    held_until   no calls before that time: the target asked for a pause
    """

    __tablename__ = "rate_limit"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    next_at: Mapped[float] = mapped_column(Float(53))
    held_until: Mapped[float] = mapped_column(Float(53))


class Lane(Base):
    """One slot of one target, with its current holder; `until` passes when the holder died. A courtesy between workers:
    the ledger keeps people from being sent twice, whoever holds what.
    """

    __tablename__ = "lane"

    target: Mapped[str] = mapped_column(String(250), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime]
