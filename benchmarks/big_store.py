"""A store of two years' work, all of it invented: what the page is measured against.

    python benchmarks/big_store.py HOME [--profiles 100000] [--batches 2000] [--database-url URL] [--seed 7]

HOME becomes a gateway home: twelve agent files, a few real documents in its files, and a store (SQLite in the home, or
the database named) with batches, documents, profiles with fields, verdicts, reviews, deliveries, audits, gate results
and events in the proportions an agency sees. The same seed and day give the same store. Rows are written in bulk, past
store.change: nothing here is a way to change a real store.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "include"))

import yaml
from big_store_rows import Invention, Row
from sqlalchemy import select, text

from gateway.extract.media_types import CSV, DOCX, PDF
from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.pipeline.judging import shared
from gateway.pipeline.statistics import KEY, batch_statistics
from gateway.settings import settings
from gateway.store.engine import engine, migrate, reading, writing
from gateway.store.tables import Base, Batch, Bookmark

DAYS = 730


def write_agents(folder: Path) -> list[str]:
    """The project's agent files and nine more; returns all ids, the busiest first."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for path in sorted((ROOT / "include" / "agents").glob("*.yaml")):
        shutil.copyfile(path, folder / path.name)
        found.append(path.stem)
    for number in range(1, 10):
        agent_id = f"role-{number:02d}"
        config = {
            "id": agent_id,
            "title": f"Role number {number}",
            "default_mode": "ingest",
            "audit_share": 0.05,
            "target": {"kind": "own_pool", "posting": f"ROLE-{number:04d}"},
        }
        (folder / f"{agent_id}.yaml").write_text(yaml.safe_dump(config))
        found.append(agent_id)
    return found


def keep_samples(files: Path) -> dict[str, str]:
    """A few real files, which every document's bytes are taken from; returns media type -> key."""
    keys = {}
    for kind, name in ((PDF, "resume-oakfield.pdf"), (CSV, "candidates-export.csv")):
        keys[kind] = f"sample/{name}"
        (files / "sample").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "include" / "samples" / "backend-engineer" / name, files / "sample" / name)
    return keys | {DOCX: keys[PDF]}


def plan(dice: random.Random, batches: int, profiles: int, today: datetime) -> Iterator[tuple[datetime, int]]:
    """(when, how many profiles) of each batch, oldest first: more every month, weekdays, working hours, one giant."""
    giant = profiles // 20
    weights = [math.exp(dice.gauss(0, 1.1)) for _ in range(batches)]
    total = sum(weights)
    sizes = [max(1, round(weight / total * (profiles - giant))) for weight in weights]
    sizes[batches * 9 // 10] = giant
    sizes[-1] = max(1, sizes[-1] + profiles - sum(sizes))
    times = []
    for _ in sizes:
        at = today - timedelta(days=DAYS * (1 - math.sqrt(dice.random())), seconds=60)
        at -= timedelta(days=max(0, at.weekday() - 4))
        times.append(min(at.replace(hour=dice.randint(7, 17)), today - timedelta(minutes=5)))
    yield from zip(sorted(times), sizes, strict=True)


def write(rows: dict[str, list[Row]]) -> None:
    """Inserts and empties the rows, by the fastest way each database has."""
    postgres = engine().dialect.name == "postgresql"
    connection = engine().raw_connection()
    try:
        cursor = connection.cursor()
        if postgres:
            cursor.execute("SET session_replication_role = replica")  # references are right as they are made
            cursor.execute("SET synchronous_commit = off")
        else:
            cursor.execute("PRAGMA synchronous=OFF")
            cursor.execute("PRAGMA foreign_keys=OFF")
            cursor.execute("PRAGMA cache_size=-400000")
            cursor.execute("BEGIN")
        for table in Base.metadata.sorted_tables:
            given = rows.pop(table.name, [])
            if not given:
                continue
            names = sorted(
                {name for row in given[:200] for name in row} | {name for row in given[-200:] for name in row}
            )
            columns = [table.c[_COLUMN.get(name, name)].name for name in names]
            values = ([_plain(row.get(name), postgres) for name in names] for row in given)
            if postgres:
                with cursor.copy(f'COPY "{table.name}" ({_quoted(columns)}) FROM STDIN') as copy:
                    for value in values:
                        copy.write_row(value)
            else:
                marks = ", ".join("?" * len(names))
                cursor.executemany(f'INSERT INTO "{table.name}" ({_quoted(columns)}) VALUES ({marks})', values)
        if postgres:
            connection.commit()
        else:
            cursor.execute("COMMIT")
    finally:
        connection.invalidate()  # its pragmas are for this alone


_COLUMN = {"row": "row_number", "column": "column_name"}


def _quoted(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _plain(value: Any, postgres: bool) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, datetime):
        return value if postgres else f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return value


def fill(
    home: Path, *, profiles: int = 100_000, batches: int = 2_000, seed: int = 7, today: datetime | None = None
) -> Row:
    """Fills the home and the store that the settings name; returns how many rows of each kind."""
    today = today or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    agents = write_agents(home / "agents")
    migrate()
    for agent_id in agents:
        sync_agent(agent_of(agent_id))
    invented = Invention(agents, keep_samples(Path(settings().files_root)), seed, today)
    made: Counter[str] = Counter()
    for number, (at, people) in enumerate(plan(random.Random(seed), batches, profiles, today)):
        invented.batch(number, at, people)
        if len(invented.rows["profile"]) > 10_000:
            made.update({name: len(rows) for name, rows in invented.rows.items()})
            write(invented.rows)
    made.update({name: len(rows) for name, rows in invented.rows.items()})
    write(invented.rows)
    with writing() as session:
        session.merge(Bookmark(name=shared.MARK, value=shared.VERSION))
    _analyse()
    _aggregate()
    _analyse()
    return dict(made)


def _analyse() -> None:
    """What a database learns about its tables by and by, at once."""
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine().dialect.name == "postgresql" else "ANALYZE"))


def _aggregate() -> None:
    """What the end of each batch writes into its statistics."""
    with reading() as session:
        batch_ids = session.scalars(select(Batch.id)).all()
    for start in range(0, len(batch_ids), 200):
        with writing() as session:
            for batch in session.scalars(select(Batch).where(Batch.id.in_(batch_ids[start : start + 200]))):
                kept = dict(batch.statistics)
                sums = {**batch_statistics(session, batch.id), "settled_s": kept.pop("settled_s")}
                batch.statistics = {**kept, KEY: sums}


def prepare(home: Path, database_url: str | None = None) -> None:
    """Points this process's settings at the home."""
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(GATEWAY_HOME=str(home), GATEWAY_AGENTS_DIR=str(home / "agents"))
    if database_url:
        os.environ["GATEWAY_DATABASE_URL"] = database_url
    settings.cache_clear()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--profiles", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--database-url")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    prepare(options.home, options.database_url)
    started = time.monotonic()
    made = fill(options.home, profiles=options.profiles, batches=options.batches, seed=options.seed)
    print(json.dumps({"rows": made, "seconds": round(time.monotonic() - started, 1)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
