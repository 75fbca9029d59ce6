"""Messages out and calls in: notices, invitations, interviews, answers, hooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.columns import SealedJson
from gateway.store.tables.base import Base, now


class Outbox(Base):
    """One message to one channel, written with the change that causes it (states: store/outbox.py).

    id      the same on every attempt (webhook-id, Message-ID): a receiver drops ids it has seen
    data    the fields that the catalogue (gateway.events) lists for the type; no personal data
    once    ensures that the same news is sent once
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_waiting",
            "due_at",
            sqlite_where=text("sent_at IS NULL AND dead_at IS NULL"),
            postgresql_where=text("sent_at IS NULL AND dead_at IS NULL"),
        ),
        Index("ix_outbox_created", "created_at", "id"),
        Index("ix_outbox_channel", "agent_id", "channel"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    type: Mapped[str] = mapped_column(String(40))
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    batch_id: Mapped[str | None] = mapped_column(String(40), index=True)
    channel: Mapped[str] = mapped_column(String(80))
    data: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
    once: Mapped[str | None] = mapped_column(String(200), unique=True)


class Preference(Base):
    """What one of our own people wants to be told about an agent ("*": all). choice: agents.notices.Personal."""

    __tablename__ = "preference"
    __table_args__ = (UniqueConstraint("person", "agent_id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    person: Mapped[str] = mapped_column(String(200))
    agent_id: Mapped[str] = mapped_column(String(64))
    choice: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Inbound(Base):
    """One call of a hook of ours (states: gateway/hooks/handle.py). refs holds ids and codes only, nothing of a person.

    kind    interviews | files | bounces
    signed  proved by a signature, not by the address: its `once` is the sender's id and stays
    once    the same news that waits already is not kept twice
    """

    __tablename__ = "inbound"
    __table_args__ = (Index("ix_inbound_received", "received_at", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    refs: Mapped[list[Any]] = mapped_column(default=list)
    signed: Mapped[bool] = mapped_column(default=False)
    once: Mapped[str | None] = mapped_column(String(200), unique=True)
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime] = mapped_column(default=now)
    due_at: Mapped[datetime] = mapped_column(index=True)
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)


class ChannelHealth(Base):
    """The state of a channel. No row: it never failed. retry_at: nothing is sent before; paused_at: nothing until resumed."""

    __tablename__ = "channel_health"

    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    failing_since: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)


class Invitation(Base):
    """A message to a candidate: at most one of each kind per person and agent (see gateway.outreach).

    kind     invitation | reminder-1 | reminder-2 | ...
    due_at   when it may be sent: the candidate's quiet hours, and the waits of reminders
    """

    __tablename__ = "invitation"
    __table_args__ = (
        UniqueConstraint("agent_id", "email_norm", "kind", name="uq_invitation_person"),
        Index("ix_invitation_state_due", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id"), index=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), index=True)
    email_norm: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int] = mapped_column(default=0)
    code: Mapped[str | None] = mapped_column(String(64))
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Suppression(Base):
    """A keyed hash of an address that must never get messages again, so that this list names nobody."""

    __tablename__ = "suppression"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(String(32))  # unsubscribed | refused | bounced | by hand
    created_at: Mapped[datetime] = mapped_column(default=now)


class Interview(Base):
    """The progress of a delivered candidate, as last reported by the target. Only our own deliveries have one.

    external_id   the target's id; state: invited | started | completed | scored | knocked_out
    score         as the target gave it, 0..100; nothing here ranks by it
    """

    __tablename__ = "interview"
    __table_args__ = (Index("ix_interview_batch_state", "batch_id", "state"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    target: Mapped[str] = mapped_column(String(32))
    posting: Mapped[str] = mapped_column(String(200))
    external_id: Mapped[str] = mapped_column(String(200))
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), index=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("delivery.id"), unique=True)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id"), index=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"))
    state: Mapped[str] = mapped_column(String(16))
    score: Mapped[float | None] = mapped_column(Float)
    invited_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Answer(Base):
    """What a held candidate entered about themselves when they were asked. Personal; kept apart until a reviewer takes it."""

    __tablename__ = "answer"

    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column("given", SealedJson("answer.given"))
    answered_at: Mapped[datetime] = mapped_column(default=now)


class Bookmark(Base):
    """How far a reader has read, by name."""

    __tablename__ = "bookmark"

    name: Mapped[str] = mapped_column(String(250), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(default=now)
