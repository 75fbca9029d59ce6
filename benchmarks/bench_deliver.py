"""How near deliveries come to the target's own limit, and what the ledger costs beside it.

    python benchmarks/bench_deliver.py [--people 10000] [--chunk 50] [--scale 1]

A store with that many passed profiles, a HeyMilo double in another process with its limit of 300 calls a minute, and the
agent file's default rate. Theoretical time = calls / limit. --scale divides all times (limit and rate) for a quick look.
The limit is real: the double answers 429 to the 301st call in any minute, and those are counted.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "include"), str(PROJECT / "tests"), str(PROJECT / "benchmarks")]

from sqlalchemy import insert, select

from faults import Double
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.pipeline.delivery.ledger import reconcile, reserve
from gateway.settings import settings
from gateway.store.engine import migrate, writing
from gateway.store.tables import Profile, now
from support.heymilo import KEY
from support.people import agent_file, batch

LIMIT, RATE = 300.0, 285.0  # calls a minute: the API's limit, and the agent file's default


def fill(batch_id: str, number: int) -> None:
    """Passed profiles, with the events left out: only their delivery is measured."""
    rows = [
        {
            "id": f"p{n:019d}",
            "document_id": f"d{batch_id}",
            "batch_id": batch_id,
            "agent_id": "tester",
            "ordinal": n,
            "state": "passed",
            "name": f"Person Number {n}",
            "email": f"person.{n}@example.org",
            "email_norm": f"person.{n}@example.org",
            "phone": "+12025550123",
            "location": "Springfield",
            "codes": [],
            "data": {
                "skills": ["Welding", "Planning", "Drawing"],
                "work": [{"company": "Oak", "position": "Fitter"}] * 4,
            },
            "version": 1,
            "created_at": now(),
            "updated_at": now(),
        }
        for n in range(number)
    ]
    with writing() as session:
        session.execute(insert(Profile), rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--chunk", type=int, default=50)
    parser.add_argument("--scale", type=float, default=1.0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
    os.environ.update(GATEWAY_HOME=str(folder), GATEWAY_AGENTS_DIR=str(folder / "agents"))
    settings.cache_clear()
    migrate()
    double = Double(folder)
    try:
        double.set(open={"id": "P1"}, limit_per_minute=int(LIMIT * options.scale))
        os.environ["AIRFLOW_CONN_HEYMILO_DEFAULT"] = json.dumps({"host": double.url, "password": KEY})
        agent = agent_file(
            folder / "agents",
            {"kind": "heymilo", "posting": "P1", "chunk": options.chunk, "rate_per_minute": RATE * options.scale},
        )
        batch_id = batch()
        fill(batch_id, options.people)
        started = time.monotonic()
        done = deliver_batch(batch_id)
        took = time.monotonic() - started
        state = double.state()
        arrived = len(state["candidates"]["P1"])
    finally:
        double.kill()
    calls = -(-options.people // options.chunk)
    theory = calls * 60.0 / (LIMIT * options.scale)
    ratio = round(took / theory, 3)
    own = ledger_ms(agent, min(500, options.people))
    whole = done == {"delivered": options.people} and arrived == options.people
    figures = [
        ("deliver_people", options.people, "people", None, whole),
        ("deliver_seconds", round(took, 1), "s", None, True),
        ("deliver_to_limit", ratio, "x the theoretical time at the limit", 1.1, ratio <= 1.1),
        ("deliver_429", state["limited"], "calls", 0, state["limited"] == 0),
        ("deliver_ledger", own, "ms a person (reserve and settle)", None, True),
    ]
    for name, value, unit, budget, ok in figures:
        print(json.dumps({"name": name, "value": value, "unit": unit, "budget": budget, "ok": bool(ok)}))
    return 0 if all(figure[4] for figure in figures) else 1


def ledger_ms(agent: object, number: int) -> float:
    """Milliseconds a person that the ledger itself takes: reserving and settling, no network."""
    from gateway.deliver.own_pool import OwnPool
    from gateway.deliver.port import Receipt

    batch_id = batch()
    with writing() as session:
        rows = session.scalars(select(Profile).limit(number)).all()
        copies = [
            {c.key: getattr(row, c.key) for c in Profile.__table__.columns}  # type: ignore[attr-defined]
            | {
                "id": f"q{n:019d}",
                "document_id": f"d{batch_id}",
                "batch_id": batch_id,
                "state": "passed",
                "email_norm": f"again.{n}@example.org",
                "duplicate_of": None,
            }
            for n, row in enumerate(rows)
        ]
        session.execute(insert(Profile), copies)
    target, started = OwnPool(), time.monotonic()
    for start in range(0, number, 50):
        sending = reserve(agent, target, [copy["id"] for copy in copies[start : start + 50]])  # type: ignore[arg-type]
        reconcile(sending, [Receipt(request.external_id, True, "t") for request in sending.requests])
    return round((time.monotonic() - started) * 1000 / number, 2)


if __name__ == "__main__":
    sys.exit(main())
