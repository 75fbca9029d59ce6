"""The audit trail, who was erased, what is held, the keys of what is encrypted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from gateway.store.tables.base import Base, Serial, now


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
