"""Keys exchanged, and what was kept before encryption was turned on encrypted too. Both go on after a kill where they stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, Table, Text, cast, func, select, text, type_coerce, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from gateway.errors import Misconfigured, Unreadable
from gateway.intake import cache, files
from gateway.model import DocumentState
from gateway.pipeline.erasure import kept
from gateway.store import sealing
from gateway.store.columns import MARK, SealedJson, SealedText, is_sealed, seal_json, seal_text
from gateway.store.engine import engine, reading, writing
from gateway.store.tables import Base, DataKey, Document

SLICE = 500


@dataclass(frozen=True, slots=True)
class Key:
    """One data key. usable: its master key is on this machine."""

    id: str
    month: str
    master: str
    created_at: datetime
    usable: bool


@dataclass(frozen=True, slots=True)
class Encrypted:
    """What was done. later: documents that are being read, left for another run."""

    files: int
    values: int
    later: int


def data_keys() -> list[Key]:
    """Every data key, oldest first."""
    with reading() as session:
        rows = session.scalars(select(DataKey).order_by(DataKey.month)).all()
    known = {one.id for one in sealing.masters()} if rows else set()
    return [Key(row.id, row.month, row.master, row.created_at, row.master in known) for row in rows]


def rotate() -> int:
    """Wraps every data key again with the first master key; returns how many were wrapped by another one.

    One row at a time: a run that is killed goes on where it stopped. Nothing that was sealed is written again.
    raises   Misconfigured(MASTER_KEY_MISSING: one of the keys needed is not here | KEY_INVALID)
    """
    known = sealing.masters()
    if not known:
        raise Misconfigured(
            "MASTER_KEY_MISSING",
            f"There is no master key here: set GATEWAY_MASTER_KEY_FILE, or the connection {sealing.CONNECTION}.",
        )
    with reading() as session:
        old = session.scalars(select(DataKey.id).where(DataKey.master != known[0].id).order_by(DataKey.month)).all()
    for identity in old:
        with writing() as session:
            row = session.get_one(DataKey, identity, with_for_update=True)
            made = sealing.wrapped(identity, sealing.unwrapped(row), known[0])
            row.master, row.wrapped = str(made["master"]), bytes(made["wrapped"])  # type: ignore[call-overload]
    return len(old)


def encrypt_kept() -> Encrypted:
    """Encrypts files and values that were written before encryption was turned on. Safe to repeat, and while batches run.

    raises   Misconfigured(ENCRYPTION_OFF | MASTER_KEY_MISSING), Transient(DISK_FULL | CLAIM_FAILED | FILES_MISSING)
    """
    if not sealing.is_on():
        raise Misconfigured(
            "ENCRYPTION_OFF",
            "Nothing was encrypted: set GATEWAY_ENCRYPT=true on every machine first, then run this again.",
        )
    sealing.ensure()
    done, later = _files()
    values = sum(_values(Base.metadata.tables[table], name) for table, name in sealed_columns())
    if values and engine().dialect.name == "postgresql":  # SQLite overwrites what it frees (secure_delete)
        with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in sorted({table for table, _ in sealed_columns()}):
                connection.execute(text(f"VACUUM {table}"))
    return Encrypted(done, values, later)


def sealed_columns() -> list[tuple[str, str]]:
    """(table, column) of every column that is sealed."""
    return [
        (table.name, column.name)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, SealedText | SealedJson)
    ]


def _files() -> tuple[int, int]:
    kept.sweep()
    plain = (Document.file_key.is_not(None), ~Document.file_key.endswith(files.SEALED))
    with reading() as session:
        keys = session.scalars(select(Document.file_key).where(*plain).distinct()).all()
    done = later = 0
    for key in keys:
        with reading() as session:
            rows = session.scalars(select(Document).where(Document.file_key == key)).all()
        if any(row.state == DocumentState.PROCESSING for row in rows):
            later += 1  # its reader has the old key
            continue
        try:
            with files.local(str(key)) as path:
                made, digest, _ = files.keep(path, rows[0].agent_id)
        except Unreadable:
            continue  # its bytes are gone; opening the document says so
        with writing() as session:
            same = session.scalars(select(Document).where(Document.file_key == key).with_for_update()).all()
            for row in same:
                row.file_key = made
            if same:
                same[0].facts = {**same[0].facts, kept.LEFT: [*same[0].facts.get(kept.LEFT, ()), key]}
        kept.sweep([row.id for row in same])
        cache.forget(digest)  # pictures from before are plain
        done += bool(same)
    return done, later


def _values(table: Table, name: str) -> int:
    column, identity = table.c[name], table.c[_key(table)]
    done = 0
    after: Any = None
    while True:
        with writing() as session:
            rows = list(_slice(session, table, name, after, lock=True))
            for known, value in rows:
                if not is_sealed(value):
                    seal = seal_text if isinstance(value, str) else seal_json
                    plain = value.removeprefix(MARK + "=") if isinstance(value, str) else value
                    raw = type_coerce(seal(plain, f"{table.name}.{name}"), _raw(column.type))
                    session.execute(update(table).where(identity == known).values({name: raw}))
                    done += 1
        if len(rows) < SLICE:
            return done
        after = rows[-1][0]


def _rows(table: Table, name: str) -> Iterator[tuple[Any, Any]]:
    after: Any = None
    while True:
        with reading() as session:
            rows = list(_slice(session, table, name, after, lock=False))
        yield from rows
        if len(rows) < SLICE:
            return
        after = rows[-1][0]


def _slice(session: Session, table: Table, name: str, after: Any, *, lock: bool) -> Iterator[tuple[Any, Any]]:
    """(key, value as the database has it) of the next rows; sealed texts are left out by the database."""
    column, identity = table.c[name], table.c[_key(table)]
    query = select(identity, type_coerce(column, _raw(column.type))).order_by(identity).limit(SLICE)
    query = query.where(column.is_not(None))
    if isinstance(column.type, SealedText):
        sealed = cast(type_coerce(column, Text()), String).startswith(MARK, autoescape=True)
        plain = func.substr(type_coerce(column, Text()), len(MARK) + 1, 1) == "="
        query = query.where(~sealed | plain)
    if after is not None:
        query = query.where(identity > after)
    for row in session.execute(query.with_for_update() if lock else query):
        yield row[0], row[1]


def _raw(kind: Any) -> Any:
    return Text() if isinstance(kind, SealedText) else JSON().with_variant(JSONB(), "postgresql")


def _key(table: Table) -> str:
    return str(next(iter(table.primary_key.columns)).name)
