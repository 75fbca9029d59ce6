"""One engine a process, sessions on it, and the tables' version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, ExceptionContext, create_engine, event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from gateway.errors import Misconfigured, Transient
from gateway.settings import settings

BUSY_MS = 30_000  # a writer waits this long for another on SQLite; a batch's largest transaction takes under 2 s


@lru_cache(maxsize=8)
def engine_for(url: str) -> Engine:
    """An engine with the settings each database needs: SQLite gets WAL, foreign keys and a busy timeout."""
    if not url.startswith("sqlite"):
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        event.listen(engine, "handle_error", _without_values)
        return engine
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(url, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver's own implicit BEGIN would come too late to lock
        for pragma in (
            "journal_mode=WAL",
            f"busy_timeout={BUSY_MS}",
            "foreign_keys=ON",
            "synchronous=NORMAL",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock now, under busy_timeout; a deferred transaction that turns into a writer
        # fails at once with "database is locked" instead of waiting (sqlite.org/lang_transaction.html).
        immediate = connection.get_execution_options().get("gateway_write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _without_values(context: ExceptionContext) -> None:
    """PostgreSQL quotes the refused row in its errors, and exceptions are logged. Keeps the cause and removes the row."""
    for wrong in (context.original_exception, context.sqlalchemy_exception):
        if wrong is not None:
            wrong.args = tuple(str(said).partition("\nDETAIL:")[0] for said in wrong.args)


def engine() -> Engine:
    return engine_for(settings().store_url)


@contextmanager
def writing() -> Iterator[Session]:
    """A session in one transaction: committed at the end, rolled back on any exception.

    raises   Transient(DISK_FULL) if the database has no space left; with GATEWAY_ENCRYPT also as sealing.ensure does
    """
    if settings().encrypt:
        from gateway.store import sealing  # which needs this module

        sealing.ensure()
    try:
        with Session(engine(), expire_on_commit=False) as session, session.begin():
            yield session
    except DBAPIError as wrong:
        if not _is_full(wrong):
            raise
        raise Transient(
            "DISK_FULL", "The store has no space left on its disk. Free some; the step is retried, nothing is lost.", 60
        ) from None


def _is_full(wrong: DBAPIError) -> bool:
    """SQLITE_FULL, or PostgreSQL's class 53100 (disk_full)."""
    told = wrong.orig
    return getattr(told, "sqlstate", None) == "53100" or "disk is full" in str(told)


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only session; takes no write lock on SQLite."""
    with Session(engine().execution_options(gateway_write=False), expire_on_commit=False) as session:
        yield session


def has_table(name: str) -> bool:
    """Whether the store is there and has that table; creates nothing, and a store that does not answer has none."""
    url = settings().store_url
    if url.startswith("sqlite") and not Path(url.partition("///")[2]).exists():
        return False
    try:
        return inspect(engine()).has_table(name)
    except SQLAlchemyError:
        return False


def insert_into(session: Session, table: Any) -> postgresql.Insert:
    """An INSERT that can take ON CONFLICT, in the dialect of the session's database. Both dialects have the same methods."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return cast("postgresql.Insert", insert(table))


def alembic_config(url: str) -> Config:
    """Alembic for this store; its scripts are in the folder next to this file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def migrate(url: str | None = None) -> None:
    """Brings the tables to the newest version; safe to call from several processes, and when there is nothing to do.

    raises   Misconfigured(STORE_NEWER) if a newer version of the gateway made them
    """
    url = url or settings().store_url
    with engine_for(url).execution_options(gateway_write=False).connect() as connection:
        there = MigrationContext.configure(connection).get_current_heads()
    scripts = ScriptDirectory.from_config(alembic_config(url))
    unknown = set(there) - {script.revision for script in scripts.walk_revisions()}
    if unknown:
        raise Misconfigured(
            "STORE_NEWER",
            f"The store has revision {', '.join(sorted(unknown))}, which this version (up to {', '.join(scripts.get_heads())}) does "
            "not know. A store is not migrated back: install the newer version again, or restore the backup from before the upgrade.",
        )
    if set(there) != set(scripts.get_heads()):
        command.upgrade(alembic_config(url), "head")
