"""What people and gates decide: results of gates, decisions, audits, claims, assignments, forecasts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.columns import SealedJson, SealedText
from gateway.store.tables.base import Base, now


class GateResult(Base):
    """The result of one gate of the suite for a whole batch, as counts for analytics, without personal data."""

    __tablename__ = "gate_result"

    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    gate: Mapped[str] = mapped_column(String(120), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), index=True)
    suite_version: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(64))
    field: Mapped[str | None] = mapped_column(String(80))
    severity: Mapped[str] = mapped_column(String(16))
    evaluated: Mapped[int]
    unexpected: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Audit(Base):
    """An automatic pass drawn for an audit. outcome: None (open) | right | wrong."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_open", "outcome", "sampled_at"),)

    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"), index=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), index=True)
    outcome: Mapped[str | None] = mapped_column(String(8))
    wrong_fields: Mapped[list[Any]] = mapped_column(default=list)
    reviewer: Mapped[str | None] = mapped_column(String(200))
    sampled_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]


class Claim(Base):
    """A reviewer's claim on a held profile, with its end. A courtesy between reviewers; decisions do not depend on it."""

    __tablename__ = "claim"

    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    reviewer: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime]


class Assignment(Base):
    """A held profile that was given to a person. A hint: decisions do not depend on it. actor: who gave it."""

    __tablename__ = "assignment"

    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    reviewer: Mapped[str] = mapped_column(String(200), index=True)
    actor: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class Forecast(Base):
    """What was said of a batch after its first documents; kept as it was said (pipeline/forecast.py)."""

    __tablename__ = "forecast"

    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    made_at: Mapped[datetime] = mapped_column(default=now, index=True)
    documents: Mapped[int]
    of_documents: Mapped[int]
    rest_at: Mapped[datetime]
    held: Mapped[int]
    review_s: Mapped[float] = mapped_column(Float)
    guessed: Mapped[bool]


class Review(Base):
    """A person's decision about a profile, with its changes.

    codes      the codes that held the profile when it was decided: the price of a criterion is counted from them
    other_id   with duplicate and merge: the profile that stands for the person
    bulk_of    number of decisions made by one click, including this one; None = single. Nobody looks at each of a bulk, so
               it says nothing about what held them
    """

    __tablename__ = "review"
    __table_args__ = (UniqueConstraint("profile_id", "sequence"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id"), index=True)
    sequence: Mapped[int]
    decision: Mapped[str] = mapped_column(String(16))  # approve | correct | discard | duplicate | merge | undo
    codes: Mapped[list[Any]] = mapped_column(default=list)
    other_id: Mapped[str | None] = mapped_column(ForeignKey("profile.id", name="fk_review_other"))
    before: Mapped[dict[str, Any]] = mapped_column(SealedJson("review.before"), default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(SealedJson("review.after"), default=dict)
    reviewer: Mapped[str] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(SealedText("review.note"))
    bulk_of: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
