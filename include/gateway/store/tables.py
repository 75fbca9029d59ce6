"""The nouns as tables. A `state` column is written by store.change only (a test reads the source for that).

Identifiers are text made here (ids.py): sortable by time where that helps, never a database's serial number.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

from gateway.store.columns import SealedJson, SealedText

Json = JSON().with_variant(JSONB(), "postgresql")
Serial = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts rows up in INTEGER only


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; SQLite stores no zone, so it is added when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime must not reach the store")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: Json, list[Any]: Json}  # noqa: RUF012


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


class Event(Base):
    """Append-only: who did what to which object, when, by which rule. `once` makes something happen at most once."""

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(16))  # agent | batch | document | profile | delivery
    subject_id: Mapped[str] = mapped_column(String(64), index=True)
    batch_id: Mapped[str | None] = mapped_column(String(40), index=True)
    before: Mapped[str | None] = mapped_column(String(20))
    after: Mapped[str | None] = mapped_column(String(20))
    code: Mapped[str | None] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(200))
    rule: Mapped[str | None] = mapped_column(String(100))
    once: Mapped[str | None] = mapped_column(String(200), unique=True)


class Erased(Base):
    """A keyed hash of an erased person or file that must not be ingested again; it identifies nobody."""

    __tablename__ = "erased"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class DataKey(Base):
    """A key that values and files are sealed with (store/sealing.py), itself wrapped by a master key.

    month     what it was made for ("2026-11"); master: the id of the master key
    wrapped   nonce and ciphertext
    """

    __tablename__ = "data_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), unique=True)
    master: Mapped[str] = mapped_column(String(8))
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)


class LegalHold(Base):
    """Somebody, or a batch, that is kept whatever the period says and whoever asks, until the hold is released.

    subject      profile | email | batch; subject_id is an id, or the keyed hash of an address, so that this list names nobody
    reference    of the case; no names
    """

    __tablename__ = "legal_hold"

    subject: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    reference: Mapped[str] = mapped_column(String(100))
    actor: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(default=now)


class EventSeal(Base):
    """One link of the chain over all events, which makes a change to any of them visible (store/chain.py).

    sequence   1, 2, 3, ... without a gap: the order of sealing
    hash       SHA-256 over the link before it, the sequence, and the event
    """

    __tablename__ = "event_seal"

    sequence: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(
        Serial, unique=True
    )  # no foreign key: that it is gone must show, not be refused
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


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


class Answer(Base):
    """What a held candidate entered about themselves when they were asked. Personal; kept apart until a reviewer takes it."""

    __tablename__ = "answer"

    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column("given", SealedJson("answer.given"))
    answered_at: Mapped[datetime] = mapped_column(default=now)


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


class Bookmark(Base):
    """How far a reader has read, by name."""

    __tablename__ = "bookmark"

    name: Mapped[str] = mapped_column(String(250), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
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


class Lane(Base):
    """One slot of one target, with its current holder; `until` passes when the holder died. A courtesy between workers:
    the ledger keeps people from being sent twice, whoever holds what.
    """

    __tablename__ = "lane"

    target: Mapped[str] = mapped_column(String(250), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(40))
    until: Mapped[datetime]


class ProfileKey(Base):
    """What a profile is found by when another is compared with it: a hash of the agent and one of duplicates.match_keys."""

    __tablename__ = "profile_key"

    key: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True, index=True)


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


class Observation(Base):
    """What was said of one contact value and what a person found: for reliability, alarms and calibration. No values.

    said        the confidence with which it was read, 0..1
    source      text | ocr | link | form | cell | file, how it was read; family, language, sender: of its document
    automatic   the profile passed every gate: what a person found says how often automatic passes are right
    risk        of the profile as it was judged, without the agent's calibration; None for rows of tables
    """

    __tablename__ = "observation"
    __table_args__ = (Index("ix_observation_agent", "agent_id", "seen_at"),)

    profile_id: Mapped[str] = mapped_column(ForeignKey("profile.id", ondelete="CASCADE"), primary_key=True)
    field: Mapped[str] = mapped_column(String(16), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    said: Mapped[float]
    right: Mapped[bool] = mapped_column("is_right")
    automatic: Mapped[bool]
    risk: Mapped[float | None]
    source: Mapped[str] = mapped_column(String(16))
    family: Mapped[str] = mapped_column(String(80))
    language: Mapped[str] = mapped_column(String(16))
    sender: Mapped[str] = mapped_column(String(60))
    seen_at: Mapped[datetime]


class Watch(Base):
    """How far the watch over one group of an agent's documents has come (quality/sequential.py). Scores, no documents."""

    __tablename__ = "watch"

    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"), primary_key=True)
    dimension: Mapped[str] = mapped_column(String(16), primary_key=True)  # source | family | language
    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    counted: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime] = mapped_column(default=now)


class Alarm(Base):
    """Something that people should look into: the stated error, drift, or a gate that decides by formatting.

    about   what it is about, so that it is raised once while it is open
    data    the numbers behind it; no personal data
    """

    __tablename__ = "alarm"
    __table_args__ = (Index("ix_alarm_agent", "agent_id", "raised_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    code: Mapped[str] = mapped_column(String(64))
    about: Mapped[str] = mapped_column(String(200))
    sentence: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    raised_at: Mapped[datetime] = mapped_column(default=now)
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(200))


class Calibration(Base):
    """What a person applied to an agent's confidences and risks. The newest that was not undone is in force.

    shifts     name -> what is added to the log-odds: "risk", and "name", "email", "phone" of rows of tables
    evidence   the numbers it was proposed with
    """

    __tablename__ = "calibration"
    __table_args__ = (Index("ix_calibration_agent", "agent_id", "applied_at"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    agent_id: Mapped[str] = mapped_column(ForeignKey("agent.id"))
    shifts: Mapped[dict[str, Any]]
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    applied_by: Mapped[str] = mapped_column(String(200))
    applied_at: Mapped[datetime] = mapped_column(default=now)
    undone_by: Mapped[str | None] = mapped_column(String(200))
    undone_at: Mapped[datetime | None]


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
