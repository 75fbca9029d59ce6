"""Every released revision, filled, comes to the newest one with all its rows; back there is no way, and that is said."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    func,
    insert,
    select,
    text,
)

from gateway.cli import main
from gateway.errors import Misconfigured
from gateway.insight.doctor.work import store as look_at_store
from gateway.pipeline.keeping.restore import restore
from gateway.pipeline.keeping.upgrade import planned, upgrade
from gateway.settings import settings
from gateway.store import dump
from gateway.store.engine import alembic_config, engine, migrate
from gateway.store.tables import Base

REVISIONS = sorted(one.revision for one in ScriptDirectory.from_config(alembic_config("sqlite://")).walk_revisions())
ROWS = 7
AT = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
# What a migration reads: texts that are no free text.
SAID: dict[str, Any] = {"state": "waiting_review", "mode": "ingest", "kind": "state", "subject": "profile"}


def build(revision: str) -> None:
    """An empty store of that revision, whatever was there."""
    with engine().begin() as connection:
        dump.drop_everything(connection)
    command.upgrade(alembic_config(settings().store_url), revision)


def fill(connection: Connection) -> dict[str, int]:
    """ROWS rows in every table, each referring to the row of its own number; returns {table: rows}."""
    filled = {}
    for table in dump.tables_of(connection):
        connection.execute(insert(table), [_row(connection, table, number) for number in range(1, ROWS + 1)])
        filled[table.name] = ROWS
    return filled


def _row(connection: Connection, table: Table, number: int) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for column in table.columns:
        own = any(key.column.table is table for key in column.foreign_keys)
        if own:
            continue  # NULL: the first row has nobody to refer to
        kind = column.type
        if column.name in SAID and not column.primary_key:
            row[column.name] = SAID[column.name]
        elif isinstance(kind, DateTime):
            row[column.name] = AT.replace(tzinfo=None) if connection.dialect.name == "sqlite" else AT
        elif isinstance(kind, Boolean):
            row[column.name] = False
        elif isinstance(kind, Integer | Float):
            row[column.name] = number
        elif isinstance(kind, JSON):
            row[column.name] = {}
        elif isinstance(kind, LargeBinary):
            row[column.name] = bytes([number]) * 8
        else:
            row[column.name] = f"{column.name[:3]}{number}" if not column.foreign_keys else _referred(column, number)
    return row


def _referred(column: Any, number: int) -> str:
    (key,) = column.foreign_keys
    return f"{key.column.name[:3]}{number}"


def numbers(connection: Connection) -> dict[str, int]:
    return {
        one.name: connection.scalar(select(func.count()).select_from(one)) or 0 for one in dump.tables_of(connection)
    }


def test_there_is_a_way_from_the_first_to_the_last() -> None:
    scripts = ScriptDirectory.from_config(alembic_config("sqlite://"))
    assert len(scripts.get_heads()) == 1
    assert [one.revision for one in scripts.iterate_revisions(scripts.get_heads()[0], None)][::-1] == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_filled_store_of_every_released_revision_is_upgraded(store: str, revision: str) -> None:
    build(revision)
    with engine().begin() as connection:
        before = fill(connection)
        assert dump.revision_of(connection) == revision
    done = upgrade(no_backup=True)
    assert (done.before, done.after) == (revision, REVISIONS[-1])
    with engine().connect() as connection:
        after = numbers(connection)
        assert {name: after[name] for name in before} == before, "no row is lost"
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == [], (
            "the tables are those of the code"
        )
    assert planned().steps == ()


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_backup_of_an_older_version_is_restored_and_upgraded(
    store: str, revision: str, tmp_path: Path, home: Path
) -> None:
    """The backup that `gateway upgrade` makes is of the old tables: it must come back into them."""
    build(revision)
    with engine().begin() as connection:
        before = fill(connection)
    made = upgrade(backup_into=tmp_path / "backup").backup
    if revision == REVISIONS[-1]:
        assert made is None, "nothing to do, nothing to back up"
        return
    assert made is not None
    assert made.revision == revision
    with engine().begin() as connection:
        dump.drop_everything(connection)
    engine().dispose()
    restore(made.folder, actor="test")
    with engine().connect() as connection:
        after = numbers(connection) | {"bookmark": before.get("bookmark", 0)}
        assert {name: after[name] for name in before} == before


def test_a_newer_store_is_refused_clearly(store: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with engine().begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9001'"))
    with pytest.raises(Misconfigured, match=r"STORE_NEWER.*9001.*install the newer version"):
        migrate()
    assert main(["upgrade", "--no-backup"]) == 1
    assert "STORE_NEWER" in capsys.readouterr().err
    assert main(["upgrade", "--check"]) == 1
    assert main(["status"]) == 1, "no command works on it"
    assert any("9001" in line.says for line in look_at_store())
    assert main(["backup", str(tmp_path / "backup")]) == 0, "a backup of it is possible"
    engine().dispose()
    with engine().begin() as connection:
        dump.drop_everything(connection)
    capsys.readouterr()
    assert main(["restore", str(tmp_path / "backup")]) == 1
    assert "STORE_NEWER" in capsys.readouterr().err


def test_the_command_says_what_it_will_do_and_backs_up_first(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(REVISIONS[0])
    assert main(["upgrade", "--check"]) == 1
    said = capsys.readouterr().out
    assert f"revision {REVISIONS[0]} -> {REVISIONS[-1]}" in said
    assert len(said.splitlines()) == len(REVISIONS)
    assert main(["upgrade"]) == 1
    assert "GATEWAY_BACKUP_DIR" in capsys.readouterr().err
    assert planned().before == REVISIONS[0], "without a backup nothing is migrated"
    assert main(["upgrade", "--backup", str(tmp_path / "backup")]) == 0
    assert (tmp_path / "backup" / "manifest.json").exists()
    assert main(["upgrade", "--check"]) == 0
    assert main(["upgrade"]) == 0


def test_dropping_everything_leaves_nothing(store: str) -> None:
    with engine().begin() as connection:
        dump.drop_everything(connection)
        left = MetaData()
        left.reflect(connection)
    assert not left.tables
