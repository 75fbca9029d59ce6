"""`make faults`: deliveries that are killed, cut off and turned away, and nobody lost or sent twice.

    python benchmarks/faults.py [--trials 1000] [--seed 1] [--only N]

Each trial has a store and a posting of its own and a few people, two of them in a second batch as well. A child process
delivers to a HeyMilo double running in another process. Seeded, one or two of these happen:

    the child dies by SIGKILL before or after any of its store transactions, or while the double holds its call (before or
    after the double wrote), or at a random moment; connections are cut before and after the write; errors before and after;
    half answers, shuffled, short, repeated ones and ones without ids; pauses with and without Retry-After; calls too large;
    records refused; the double itself is killed and started again from its journal.

Then undisturbed children run until nothing is open. A trial is good when everybody who was to be sent is in the posting
exactly once, under the id that the ledger keeps, the ledger says confirmed or refused for each, and the counts add up.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "include"), str(PROJECT / "tests")]

import requests
from sqlalchemy import event, select

from gateway.settings import settings
from gateway.store.counts import counts
from gateway.store.engine import engine, engine_for, migrate, reading
from gateway.store.tables import Delivery, Profile
from support.contract import contract_path
from support.heymilo import KEY
from support.people import addresses, agent_file, batch, people

ANSWERS = (
    "drop_before",
    "drop_after",
    "error_before",
    "error_after",
    "half_answer",
    "html",
    "shuffle",
    "short",
    "repeat",
    "no_metadata",
    "429",
    "429_after",
    "413",
    "422_fastapi",
    "422_envelope",
)
SETTLE_S = 0.1  # how long an unanswered call of the double may still work: it answers within milliseconds
ROUNDS = 12


class Scaled:
    """Stands in for `random` where it spreads pauses."""

    @staticmethod
    def uniform(low: float, high: float) -> float:
        return random.uniform(low, high) / 50


class Double:
    """The HeyMilo double in a process of its own, its journal on disk."""

    def __init__(self, folder: Path) -> None:
        self.journal = folder / "journal"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.session = requests.Session()
        self.start()

    def start(self) -> None:
        contract = str(contract_path()) if contract_path().is_file() else ""
        command = [sys.executable, "-m", "support.heymilo", str(self.port), str(self.journal), contract]
        paths = os.pathsep.join([str(PROJECT / "include"), str(PROJECT / "tests")])
        self.process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 30
        while time.monotonic() < end:
            try:
                self.session.get(f"{self.url}/health", timeout=1)
                return
            except requests.RequestException:
                time.sleep(0.02)
        raise RuntimeError("the double did not start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def set(self, **values: Any) -> None:
        self.session.post(f"{self.url}/control", json=values, timeout=10).raise_for_status()

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.session.get(f"{self.url}/control/state", timeout=30).json()
        return found


def deliver_in_child(batch_ids: list[str], kill_at: tuple[str, int] | None, ready: Any = None) -> int:
    """Forks; the child delivers, and kills itself at a step if told to. Returns its pid; wait for it."""
    pid = os.fork()
    if pid:
        return pid
    try:
        if kill_at is not None:
            arm(*kill_at)
        if ready is not None:
            os.read(ready, 1)  # the parent tells the double whom to kill first
        from gateway.pipeline.delivery.deliver import deliver_batch
        from gateway.pipeline.review.send import deliver_reviewed

        for batch_id in batch_ids:
            try:
                deliver_batch(batch_id)
            except Exception:  # a failed task: the next round is its retry
                if os.environ.get("FAULTS_TRACE"):
                    import traceback

                    traceback.print_exc()
        deliver_reviewed()
    except Exception:
        os._exit(1)
    finally:
        os._exit(0)
    return 0


def arm(step: str, number: int) -> None:
    """SIGKILL to this very process at the number-th transaction: before it begins, before or after its commit."""
    seen = {"begin": 0, "commit": 0}

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    made = engine()

    @event.listens_for(made, "begin")
    def _begin(connection: Any) -> None:
        seen["begin"] += 1
        if step == "begin" and seen["begin"] == number:
            die()

    @event.listens_for(made, "commit")
    def _commit(connection: Any) -> None:
        seen["commit"] += 1
        if step == "before_commit" and seen["commit"] == number:
            die()

    if step == "after_commit":
        from sqlalchemy.orm import Session

        @event.listens_for(Session, "after_commit")
        def _after(session: Any) -> None:
            seen["after"] = seen.get("after", 0) + 1
            if seen["after"] == number:
                die()


def prepare(home: Path, double: Double) -> None:
    """The environment of all trials: one home, so that children inherit an engine whose statements are compiled."""
    home.mkdir()
    os.environ.update(
        GATEWAY_HOME=str(home),
        GATEWAY_AGENTS_DIR=str(home / "agents"),
        AIRFLOW_CONN_HEYMILO_DEFAULT=json.dumps({"host": double.url, "password": KEY}),
    )
    settings.cache_clear()
    engine_for.cache_clear()


def warm_up(template: Path, home: Path, double: Double) -> None:
    """One delivery in this process, with a lost answer in it: imports and compiles what the children will use."""
    from gateway.pipeline.delivery.deliver import deliver_batch
    from gateway.pipeline.review.send import deliver_reviewed

    shutil.copyfile(template, home / "gateway.db")
    double.set(open={"id": "WARM"}, faults=["drop_after", "drop_before"])
    agent_file(
        home / "agents", {"kind": "heymilo", "posting": "WARM", "chunk": 2, "rate_per_minute": 60_000, "settle_s": 0}
    )
    first = batch()
    people(first, addresses(4))
    people(first, addresses(1), state="approved")
    for _ in range(2):
        deliver_batch(first)
        deliver_reviewed()


def trial(number: int, seed: int, double: Double, template: Path, folder: Path) -> dict[str, Any]:
    """One trial; returns what happened, with `wrong` empty when everything is as it must be."""
    chance = random.Random(f"{seed}:{number}")
    home = folder / "home"
    engine().dispose()
    for name in ("gateway.db", "gateway.db-wal", "gateway.db-shm"):
        (home / name).unlink(missing_ok=True)
    shutil.copyfile(template, home / "gateway.db")
    posting = f"P{seed}-{number}"
    chunk = chance.choice([1, 2, 5, 10])
    agent_file(
        home / "agents",
        {"kind": "heymilo", "posting": posting, "chunk": chunk, "rate_per_minute": 60_000, "settle_s": SETTLE_S},
    )
    emails = addresses(chance.randint(3, 12))
    first, second = batch(), batch()
    people(first, emails)
    people(second, [*emails[:2], *addresses(2, start=50)], state=chance.choice(["passed", "approved"]))
    everyone = sorted({*emails, *addresses(2, start=50)})
    engine().dispose()

    kinds = ["step"] * 5 + ["call"] * 3 + ["moment"] * 2 + ["answers"] * 4 + ["storm"]
    kinds += ["restart"] if number % 20 == 0 else []
    kind = "restart" if number % 20 == 0 else chance.choice(kinds)
    double.set(open={"id": posting}, same_interview=chance.random() < 0.5, faults=[], list_faults=[], kill_pid=0)
    double.set(list_faults=chance.choice([[], [], ["error"], ["429"], ["none", "shift"]]))
    killed = 0
    told = {"kind": kind, "chunk": chunk}

    def run(
        kill_at: tuple[str, int] | None, *, faults: list[str], by_double: bool = False, after_s: float | None = None
    ) -> None:
        nonlocal killed
        reader, writer = os.pipe()
        pid = deliver_in_child([first, second], kill_at, reader)
        double.set(faults=faults, kill_pid=pid if by_double else 0)
        os.write(writer, b"g")
        if after_s is not None:
            time.sleep(after_s)
            if kind == "restart":
                double.kill()
                double.start()
                double.set(open={"id": posting}, faults=[])
            else:
                os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(reader)
        os.close(writer)
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL

    noise = [chance.choice([*ANSWERS, "none", "none"]) for _ in range(chance.randint(0, 2))]
    if kind == "step":
        run((chance.choice(["begin", "before_commit", "after_commit"]), chance.randint(1, 40)), faults=noise)
    elif kind == "call":
        run(None, faults=[*noise[:1], chance.choice(["kill_before", "kill_after"])], by_double=True)
        if chance.random() < 0.3:
            run(None, faults=[chance.choice(["kill_before", "kill_after"])], by_double=True)
    elif kind == "moment":
        run(None, faults=noise, after_s=chance.uniform(0.0, 0.25))
    elif kind == "restart":
        run(None, faults=noise, after_s=chance.uniform(0.0, 0.1))
    elif kind == "storm":
        run(None, faults=["429_after"] * chance.randint(3, 8))
    else:
        run(None, faults=[chance.choice(ANSWERS) for _ in range(chance.randint(1, 4))])
    rounds = 0
    while rounds < ROUNDS and unsettled():
        rounds += 1
        time.sleep(SETTLE_S)
        run(None, faults=[])
    wrong = verify(double.state(), posting, everyone, first, second)
    with reading() as session:
        told["refused"] = len(session.scalars(select(Delivery.id).where(Delivery.state == "refused")).all())
    return {**told, "killed": killed, "rounds": rounds, "people": len(everyone), "wrong": wrong}


def unsettled() -> bool:
    with reading() as session:
        open_ = session.scalar(select(Delivery.id).where(Delivery.state.in_(["reserved", "sent", "unknown"])).limit(1))
        waiting = session.scalar(select(Profile.id).where(Profile.state.in_(["passed", "approved"])).limit(1))
    return open_ is not None or waiting is not None


def verify(state: dict[str, Any], posting: str, everyone: list[str], *batches: str) -> list[str]:
    """What is not as it must be, in words; empty when all is well."""
    arrived = state["candidates"].get(posting, [])
    with reading() as session:
        rows = session.scalars(select(Delivery)).all()
        numbers = counts(session)
        profiles = {p.id: p for p in session.scalars(select(Profile))}
    wrong = list(state["violations"])
    emails = [email for email, _, _ in arrived]
    if len(emails) != len(set(emails)):
        wrong.append(f"{len(emails) - len(set(emails))} sent twice")
    confirmed = {row.email_norm for row in rows if row.state == "confirmed"}
    refused = {row.email_norm for row in rows if row.state == "refused"}
    if set(emails) != confirmed:
        wrong.append(f"{len(set(emails) ^ confirmed)} differ between ledger and target")
    if confirmed | refused != set(everyone) or confirmed & refused:
        wrong.append(f"{len(set(everyone) - confirmed - refused)} lost")
    kept = {(row.id, row.receipt.get("target_id")) for row in rows if row.state == "confirmed"}
    if kept != {(external, identity) for _, external, identity in arrived}:
        wrong.append("the ledger keeps another id than the target")
    if {row.state for row in rows} - {"confirmed", "refused"}:
        wrong.append("rows without an end")
    for row in rows:
        if row.state == "confirmed" and profiles[row.profile_id].state != "delivered":
            wrong.append("confirmed, but its profile is not delivered")
    if not numbers.add_up() or numbers.in_flight or numbers.unknown or numbers.held:
        wrong.append("the counts do not add up or something is in flight")
    return wrong


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="one trial, by its number")
    options = parser.parse_args(argv)
    folder = Path(tempfile.mkdtemp(prefix="gateway-faults-"))
    for name in [name for name in os.environ if name.startswith("GATEWAY_") and name != "GATEWAY_CONTRACT"]:
        del os.environ[name]
    os.environ["GATEWAY_DELIVER_PATIENCE_S"] = "0"
    template = folder / "template.db"
    migrate(f"sqlite:///{template}")
    engine_for(f"sqlite:///{template}").dispose()
    import gateway.deliver.client
    import gateway.deliver.heymilo
    import gateway.pipeline.delivery.deliver
    import gateway.pipeline.review.send

    # Time is scaled: pauses before trying again are a fiftieth of what they are in production, as is settle_s.
    for module in (gateway.deliver.client, gateway.pipeline.delivery.deliver):
        module.random = Scaled  # type: ignore[attr-defined]
    # Judging approved profiles again imports Great Expectations for seconds in every child, and sends nothing.
    gateway.pipeline.review.send.judge_profiles = lambda agent, profile_ids: None  # type: ignore[attr-defined]

    started, results = time.monotonic(), []
    double = Double(folder)
    try:
        prepare(folder / "home", double)
        warm_up(template, folder / "home", double)
        for number in [options.only] if options.only is not None else range(options.trials):
            result = trial(number, options.seed, double, template, folder)
            results.append(result)
            if result["wrong"]:
                print(f"trial {number} (seed {options.seed}): {result}", file=sys.stderr, flush=True)
        if not contract_path().is_file():
            print("the OpenAPI file is absent: calls were not validated against it", file=sys.stderr)
    finally:
        double.kill()
        shutil.rmtree(folder, ignore_errors=True)
    bad = sum(bool(result["wrong"]) for result in results)
    kinds = sorted({result["kind"] for result in results})
    print({kind: sum(result["kind"] == kind for result in results) for kind in kinds})
    figures = [
        ("fault_trials", len(results), "trials", None),
        ("fault_trials_killed", sum(result["killed"] > 0 for result in results), "trials", None),
        ("fault_trials_wrong", bad, "trials", 0),
        ("fault_people", sum(result["people"] for result in results), "people", None),
        ("fault_people_refused", sum(result["refused"] for result in results), "people", None),
        ("fault_rounds_most", max(result["rounds"] for result in results), "rounds", ROUNDS - 1),
        ("fault_seconds", round(time.monotonic() - started, 1), "s", None),
    ]
    for name, value, unit, budget in figures:
        print(
            json.dumps(
                {"name": name, "value": value, "unit": unit, "budget": budget, "ok": budget is None or value <= budget}
            )
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
