"""Agents, batches, documents, profiles, their fields and verdicts: what a candidate is read into."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gateway.store.columns import SealedJson, SealedText
from gateway.store.tables.base import Base, Json, Serial, now


class Agent(Base):
    """An interview agent as last loaded from its file; the file is authoritative, and history refers to this row."""

    __tablename__ = "agent"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    target_kind: Mapped[str] = mapped_column(String(32))
    posting: Mapped[str] = mapped_column(String(200))
    config: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Batch(Base):
    """The documents claimed, uploaded or named together, for one agent, in one mode.

    run_id          the Airflow run that processes it first: the batch's own id when the gateway starts the run, another
                    for a manual trigger, None outside Airflow
    retries         how many runs came after that one; decides the next run's id
    registered_at   when every document of it had a row and its bytes were kept; None until then
    question        the newest run that asks a person about it; an older question closes automatically
    failures        what stopped its last run: {step: {"code", "sentence", "transient"}}; a step that ends well takes
                    its own entry out
    """

    __tablename__ = "batch"
    __table_args__ = (Index("ix_batch_agent_created", "agent_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    mode: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(20), index=True)
    code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(String(200))
    consent: Mapped[str | None] = mapped_column(String(200))
    uploaded_by: Mapped[str | None] = mapped_column(String(200))
    canary: Mapped[int | None] = mapped_column(Integer)
    run_id: Mapped[str | None] = mapped_column(String(250), index=True)
    retries: Mapped[int] = mapped_column(default=0, server_default="0")
    registered_at: Mapped[datetime | None]
    question: Mapped[str | None] = mapped_column(String(100))
    failures: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    manifest: Mapped[dict[str, Any]] = mapped_column(default=dict)
    statistics: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now, index=True)
    finished_at: Mapped[datetime | None]

    documents: Mapped[list[Document]] = relationship(back_populates="batch", order_by="Document.path")


class Document(Base):
    """One file, or one member of a ZIP, in one batch.

    path       inside the batch as the sender named it ("list.zip!/a/b.pdf"); may name a person: never logged
    file_key   inside the files root; generated, says nothing
    duplicate_of   the document with the same bytes that this agent received first
    """

    __tablename__ = "document"
    __table_args__ = (
        UniqueConstraint("batch_id", "path"),
        Index("ix_document_agent_sha", "agent_id", "sha256"),
        Index("ix_document_batch_state", "batch_id", "state"),
        Index("ix_document_agent_state", "agent_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"))
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    path: Mapped[str] = mapped_column(Text)
    file_key: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(16), index=True)
    code: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)
    duplicate_of: Mapped[str | None] = mapped_column(ForeignKey("document.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # pages, rows, language, layout, mapping, notes, cpu
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    batch: Mapped[Batch] = relationship(back_populates="documents")
    profiles: Mapped[list[Profile]] = relationship(back_populates="document", order_by="Profile.ordinal")


class Profile(Base):
    """One candidate in one document. `data` holds the lists (links, skills, work, ...); `field` rows hold the evidence."""

    __tablename__ = "profile"
    __table_args__ = (
        UniqueConstraint("document_id", "ordinal"),
        Index("ix_profile_agent_email", "agent_id", "email_norm"),
        Index("ix_profile_state_created", "state", "created_at", "id"),  # the review queue, oldest first
        Index("ix_profile_agent_state", "agent_id", "state", "created_at"),
        Index("ix_profile_batch_state", "batch_id", "state"),
    )

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("document.id"), index=True)
    batch_id: Mapped[str] = mapped_column(ForeignKey("batch.id"))
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    ordinal: Mapped[int]
    state: Mapped[str] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    email_norm: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(64))
    location: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(SealedJson("profile.data"), default=dict)
    codes: Mapped[list[Any]] = mapped_column(default=list)  # of the latest verdict, as shown in lists
    quality: Mapped[float | None] = mapped_column(Float)
    completeness: Mapped[float | None] = mapped_column(Float)
    duplicate_of: Mapped[str | None] = mapped_column(ForeignKey("profile.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)  # counts corrections
    created_at: Mapped[datetime] = mapped_column(default=now)
    updated_at: Mapped[datetime] = mapped_column(default=now)

    document: Mapped[Document] = relationship(back_populates="profiles")
    fields: Mapped[list[Field]] = relationship(back_populates="profile", cascade="all, delete-orphan")
    verdicts: Mapped[list[Verdict]] = relationship(back_populates="profile", cascade="all, delete-orphan")


class Field(Base):
    """One value with its evidence: page and box, or row and column."""

    __tablename__ = "field"
    __table_args__ = (UniqueConstraint("profile_id", "name"),)

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    value: Mapped[str] = mapped_column(SealedText("field.value"))
    raw: Mapped[str] = mapped_column(SealedText("field.raw"))
    confidence: Mapped[float]
    source: Mapped[str | None] = mapped_column(String(16))
    rule: Mapped[str | None] = mapped_column(String(80))
    page: Mapped[int | None]
    box: Mapped[list[Any] | None] = mapped_column(Json)
    row: Mapped[int | None] = mapped_column("row_number", Integer)
    column: Mapped[str | None] = mapped_column("column_name", Text)

    profile: Mapped[Profile] = relationship(back_populates="fields")


class Verdict(Base):
    """The outcome of every gate for a profile under one version of the agent's suite; findings as reason codes."""

    __tablename__ = "verdict"
    __table_args__ = (UniqueConstraint("profile_id", "profile_version", "suite_version"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), index=True)
    profile_version: Mapped[int]
    suite_version: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(8))
    quality: Mapped[float]
    completeness: Mapped[float]
    findings: Mapped[list[Any]] = mapped_column(
        SealedJson("verdict.findings"), default=list
    )  # model.Finding as objects
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)

    profile: Mapped[Profile] = relationship(back_populates="verdicts")


class ProfileKey(Base):
    """What a profile is found by when another is compared with it: a hash of the agent and one of duplicates.match_keys."""

    __tablename__ = "profile_key"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True, index=True)
