"""All rows of the store as JSON Lines, and back: the same file for SQLite and PostgreSQL, at whatever revision the store has.

    tables/<name>.jsonl.gz   first {"columns": {name: kind}}, then a list of values a row

Values are those of the database: what is sealed stays sealed. Tables are read by reflection, so that the rows of an older
revision are written as they are, before an upgrade.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    DateTime,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)

from gateway.store.engine import engine

SLICE = 1_000
VERSIONS = "alembic_version"


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection that sees the store as it is now, whatever others write meanwhile."""
    options: dict[str, Any] = {"gateway_write": False}
    if engine().dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with engine().execution_options(**options).connect() as connection, connection.begin():
        yield connection


def tables_of(connection: Connection) -> list[Table]:
    """The store's tables as they are, a table after those it refers to; without Alembic's own."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [one for one in metadata.sorted_tables if one.name != VERSIONS]


def revision_of(connection: Connection) -> str | None:
    """The store's revision; None if it has no tables."""
    if not engine().dialect.has_table(connection, VERSIONS):
        return None
    found: str | None = connection.scalar(select(Column("version_num")).select_from(Table(VERSIONS, MetaData())))
    return found


def is_used(connection: Connection) -> int:
    """Number of rows that only work leaves: batches, profiles, events and erased people."""
    names = {table.name: table for table in tables_of(connection)}
    wanted = [names[name] for name in ("batch", "profile", "event", "erased", "delivery") if name in names]
    return sum(connection.scalar(select(func.count()).select_from(table)) or 0 for table in wanted)


def write(connection: Connection, folder: Path) -> dict[str, dict[str, Any]]:
    """Writes every table; returns {name: {"rows": number, "sha256": of its file}}."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {one.name: _write(connection, one, folder / f"{one.name}.jsonl.gz") for one in tables_of(connection)}


def _write(connection: Connection, table: Table, path: Path) -> dict[str, Any]:
    kinds = {column.name: _kind(column) for column in table.columns}
    order = list(table.primary_key.columns)
    number = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 5, raw, 0) as sink:
        sink.write(_line({"columns": kinds}))
        rows = connection.execution_options(yield_per=SLICE).execute(select(table).order_by(*order))
        for row in rows:
            sink.write(_line([_plain(value, kind) for value, kind in zip(row, kinds.values(), strict=True)]))
            number += 1
    return {"rows": number, "sha256": digest(path)}


def read(connection: Connection, folder: Path) -> None:
    """Fills empty tables; they must have the revision of the dump.

    Rows that refer to rows of their own table are linked at the end: what they refer to may come later.
    """
    for one in tables_of(connection):
        path = folder / f"{one.name}.jsonl.gz"
        if path.exists():
            _read(connection, one, path)


def _read(connection: Connection, table: Table, path: Path) -> None:
    keys = list(table.primary_key.columns)
    own = [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    later: list[dict[str, Any]] = []
    with gzip.open(path, "rt", encoding="utf-8") as source:
        kinds: dict[str, str] = json.loads(next(source))["columns"]
        rows = (
            {name: _value(value, kinds[name]) for name, value in zip(kinds, json.loads(line), strict=True)}
            for line in source
        )
        waiting: list[dict[str, Any]] = []
        for row in rows:
            if any(row[name] is not None for name in own):
                later.append({f"_{key.name}": row[key.name] for key in keys} | {f"_{name}": row[name] for name in own})
                row |= dict.fromkeys(own)
            waiting.append(row)
            if len(waiting) == SLICE:
                connection.execute(insert(table), waiting)
                waiting = []
        if waiting:
            connection.execute(insert(table), waiting)
    for start in range(0, len(later), SLICE):
        linked = update(table).values({name: bindparam(f"_{name}") for name in own})
        for key in keys:
            linked = linked.where(key == bindparam(f"_{key.name}"))
        connection.execute(linked, later[start : start + SLICE])
    if connection.dialect.name == "postgresql" and len(keys) == 1 and isinstance(keys[0].type, Integer):
        _set_sequence(connection, table, keys[0].name)


def _set_sequence(connection: Connection, table: Table, key: str) -> None:
    """PostgreSQL's own count goes on after the rows that were given their numbers."""
    name = connection.scalar(select(func.pg_get_serial_sequence(table.name, key)))
    highest = connection.scalar(select(func.max(table.c[key])))
    if name and highest:
        connection.execute(select(func.setval(name, highest)))


def drop_everything(connection: Connection) -> None:
    """Drops all tables of an unused store, so that it can be built at the revision of a dump."""
    metadata = MetaData()
    metadata.reflect(connection)
    metadata.drop_all(connection)


def digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _kind(column: Column[Any]) -> str:
    for kind, name in ((DateTime, "time"), (LargeBinary, "bytes"), (JSON, "json")):
        if isinstance(column.type, kind):
            return name
    return "plain"


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "time":
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if kind == "bytes":
        return base64.b64encode(value).decode()
    return value


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "time":
        at = datetime.fromisoformat(value)
        return at.replace(tzinfo=None) if engine().dialect.name == "sqlite" else at
    if kind == "bytes":
        return base64.b64decode(value)
    return value
