"""`make chaos-airflow`: batches through the real Airflow while its parts are killed, the store is locked and the mail server is away.

    python benchmarks/chaos_airflow.py [--trials 20] [--seed 1] [--store sqlite|postgresql] [--round 5]

Starts the processes of `make run` and starts each again two seconds after it died, as `restart: unless-stopped` does. A
trial drops two to four overlapping batches (chaos.drops, and résumés of their own) and, at a random moment while they are
worked on, does one of these:

    SIGKILL to scheduler, api-server, dag-processor or triggerer with everything below it; SIGKILL to one task or to one reader
    of documents; the gateway's store locked for some seconds; the mail server away until the end of the round

After each round of trials nothing is disturbed any more, and nobody does anything: every batch has to come to rest; a round
is given up when nothing happened for STILL_S, however slow the machine is. Then chaos.verify counts: everybody in the pool once, nobody lost, all documents counted, no batch failed, nothing in
flight; and each batch has a mail about it, and no message waits or is dead. Only the clock is hurried: `watch_gateway` is
triggered every 20 s (every five minutes otherwise), and a task whose worker died is noticed after 30 s (300 s otherwise).
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import requests
import yaml
from aiosmtpd.controller import Controller
from sqlalchemy import func, select

PROJECT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PROJECT / "include"), str(PROJECT / "plugins"), str(PROJECT / "tests")]

import chaos

from gateway.settings import make_home, settings
from gateway.store.engine import engine_for, reading
from gateway.store.tables import Batch, Event, Outbox
from gateway_airflow import standalone
from gateway_airflow.processes import Processes
from support.machines import descendants
from support.mailbox import Mailbox
from support.pdf_maker import make, resume

STILL_S = 600.0
BACK_S = 2.0
SWEEP_S = 20.0
PDFS = 4
KINDS = ["scheduler", "api-server", "dag-processor", "triggerer", "task", "task", "reader", "store", "mail"]


class Mail:
    """A mail server that can be away, on a port that stays the same."""

    def __init__(self) -> None:
        self.box = Mailbox()
        self.port = standalone.free_port(20025)
        self.controller: Controller | None = None
        self.back()

    def back(self) -> None:
        if self.controller is None:
            self.controller = Controller(self.box, hostname="127.0.0.1", port=self.port)
            self.controller.start()

    def away(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    def about(self, batch_id: str) -> int:
        return sum(batch_id in str(message["subject"]) for message in self.box.messages)


class Airflow:
    """The parts of `make run`; `tend` starts again what died."""

    def __init__(self, home: Path, **more: str) -> None:
        make_home()
        port = standalone.free_port(18080)
        environment = standalone.airflow_environment(home, port) | more
        self.password = standalone.set_password(home)
        self.url = f"http://127.0.0.1:{port}"
        self.processes = Processes(home / "logs", environment)
        self.died: dict[str, float] = {}
        self.swept = 0.0
        self.session = requests.Session()
        self.processes.run_once("prepare", [sys.executable, "-m", "gateway_airflow.prepare"])
        for name in standalone.COMPONENTS:
            self.start(name)

    def start(self, name: str) -> None:
        self.processes.start(name, [sys.executable, "-m", "airflow", name, *standalone.COMPONENTS[name]])

    def tend(self) -> None:
        for name, process in list(self.processes.running.items()):
            if process.poll() is not None:
                self.died.setdefault(name, time.monotonic())
        for name, since in list(self.died.items()):
            if time.monotonic() - since > BACK_S:
                del self.died[name]
                self.start(name)
        if time.monotonic() - self.swept > SWEEP_S:
            self.swept = time.monotonic()
            with suppress(requests.RequestException):
                self.sweep()

    def sweep(self) -> None:
        """What the clock does every five minutes."""
        login = {"username": standalone.USER, "password": self.password}
        token = self.session.post(f"{self.url}/auth/token", json=login, timeout=5).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"
        address = f"{self.url}/api/v2/dags/watch_gateway/dagRuns"
        waiting = self.session.get(address, params={"state": ["queued", "running"]}, timeout=5).json()["total_entries"]
        if not waiting:
            self.session.post(address, json={"logical_date": None}, timeout=5)

    def kill(self, name: str) -> None:
        for pid in descendants(self.processes.running[name].pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def below_scheduler(self, reader: bool) -> list[psutil.Process]:
        """The processes that run tasks, or those that read documents for them."""
        found = []
        with suppress(psutil.Error):
            for process in psutil.Process(self.processes.running["scheduler"].pid).children(recursive=True):
                with suppress(psutil.Error):
                    words = " ".join(process.cmdline())
                    if ("gateway.extract" in words) == reader and ("task" in words or reader):
                        found.append(process)
        return found


def lock(url: str, seconds: float) -> None:
    """Holds the gateway's store so that nobody writes."""
    if url.startswith("sqlite"):
        with suppress(sqlite3.OperationalError):
            store = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=5, isolation_level=None)
            store.execute("BEGIN IMMEDIATE")
            time.sleep(seconds)
            store.close()
        return
    import psycopg

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE batch, document, profile, event IN EXCLUSIVE MODE")
        time.sleep(seconds)


class Trials:
    """Trials of one store with one Airflow."""

    def __init__(self, airflow: Airflow, mail: Mail, url: str, chance: random.Random) -> None:
        self.airflow, self.mail, self.url, self.chance = airflow, mail, url, chance
        self.expected: set[str] = set()
        self.documents = self.dropped = 0
        self.done = Counter[str]()

    def wait(self, seconds: float, until: Callable[[], Any] = lambda: False) -> Any:
        """Tends Airflow; the condition's value as soon as it holds, None after that long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.airflow.tend()
            if value := until():
                return value
            time.sleep(0.1)
        return None

    def trial(self, number: int) -> None:
        given, expected, documents = chaos.drops(self.chance)
        pdfs = {}
        with tempfile.TemporaryDirectory() as folder:
            for n in range(PDFS):
                family, at = chaos.FAMILY[n], number * PDFS + n
                email = f"{family}.{at}@example.com".lower()
                page = resume(name=f"{chaos.GIVEN[number % 15]} {family}", email=email, phone=f"+1 415 555 {2000 + at}")
                pdfs[f"cv-{at}.pdf"] = make(Path(folder) / "cv.pdf", page).read_bytes()
                expected.add(email)
        for at, drop in enumerate([*given, pdfs]):
            chaos.put(drop, f"drop{number}-{at}")
        self.expected |= expected
        self.documents += documents + PDFS
        self.dropped += len(given) + 1
        self.wait(self.chance.uniform(0.5, 14.0))
        self.disturb(self.chance.choice(KINDS))

    def disturb(self, kind: str) -> None:
        if kind in ("task", "reader"):
            found = self.wait(20, lambda: self.airflow.below_scheduler(kind == "reader"))
            if not found:
                kind = "scheduler"
            else:
                with suppress(psutil.Error):
                    self.chance.choice(found).kill()
        if kind in standalone.COMPONENTS:
            self.airflow.kill(kind)
        if kind == "store":
            holder = threading.Thread(target=lock, args=(self.url, self.chance.uniform(2, 12)))
            holder.start()
            self.wait(15, lambda: not holder.is_alive())
            holder.join()
        if kind == "mail":
            self.mail.away()
        self.done[kind] += 1

    def settle(self) -> list[str]:
        """Waits, undisturbed, until all is at rest; what is wrong then, in words."""
        self.mail.back()
        seen, since = self.happened(), time.monotonic()
        while left := self.restless():
            self.wait(2.0)
            if (now := self.happened()) != seen:
                seen, since = now, time.monotonic()
            if time.monotonic() - since > STILL_S:
                break
        wrong = chaos.verify(self.expected, self.documents, self.dropped)
        return wrong + ([f"nothing happened for {STILL_S:.0f} s, and not at rest: {left}"] if left else [])

    def happened(self) -> tuple[int, int]:
        """Grows with whatever happens: events of the gateway, and messages sent."""
        with reading() as session:
            events = session.scalar(select(func.count()).select_from(Event)) or 0
        return events, len(self.mail.box.messages)

    def restless(self) -> list[str]:
        found = ["a drop or a batch is not at rest"] if chaos.unsettled() else []
        with reading() as session:
            waiting = session.scalars(select(Outbox.type).where(Outbox.sent_at.is_(None))).all()
            ids = session.scalars(select(Batch.id)).all()
        if waiting:
            found.append(f"messages not sent: {dict(Counter(waiting))}")
        if untold := sum(not self.mail.about(one) for one in ids):
            found.append(f"{untold} batches without a mail")
        return found


def begin(home: Path, stores: chaos.Stores, mail: Mail) -> str:
    url = chaos.begin(home, stores)
    path = home / "agents" / f"{chaos.AGENT}.yaml"
    agent = yaml.safe_load(path.read_text()) | {
        "notify": {"channels": [{"kind": "email", "to": ["recruiting@example.com"]}]},
        "automation": {"max_error": "10 %"},  # what may pass is not what is tried here: its plain pages all should
    }
    path.write_text(yaml.safe_dump(agent))
    connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": mail.port}
    connection["extra"] = {"disable_ssl": True, "disable_tls": True, "from_email": "gateway@example.com"}
    os.environ["AIRFLOW_CONN_SMTP_DEFAULT"] = json.dumps(connection)
    return url


def run(kind: str, options: argparse.Namespace, folder: Path) -> tuple[int, int]:
    """(trials, rounds that went wrong) on one kind of store."""
    stores, mail, home = chaos.Stores(kind, folder), Mail(), folder / "home"
    url = begin(home, stores, mail)
    airflow = Airflow(
        home,
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT="30",
        AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL="5",
    )
    bad = 0
    trials = Trials(airflow, mail, url, random.Random(f"{options.seed}:{kind}"))
    try:
        for number in range(1, options.trials + 1):
            trials.trial(number)
            if number % options.round == 0 or number == options.trials:
                started = time.monotonic()
                wrong = trials.settle()
                bad += bool(wrong)
                rest = time.monotonic() - started
                print(
                    f"{kind}: {number} trials, {dict(trials.done)}, rest after {rest:.0f} s, wrong: {wrong}", flush=True
                )
                if wrong and options.keep:
                    kept = shutil.copytree(home, f"{folder}-{kind}-kept", dirs_exist_ok=True, symlinks=True)
                    print(f"the home as it was: {kept}", flush=True)
                    break
        print(
            f"{kind}: {trials.dropped} batches, {trials.documents} documents, {len(mail.box.messages)} mails",
            flush=True,
        )
    finally:
        airflow.processes.stop()
        mail.away()
        engine_for(url).dispose()
        stores.close()
    return options.trials, bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20, help="on each store")
    parser.add_argument("--round", type=int, default=5, help="trials before everything has to come to rest")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=["sqlite", "postgresql"])
    parser.add_argument("--keep", action="store_true", help="stop at the first wrong round and keep its home")
    options = parser.parse_args()
    for name in [name for name in os.environ if name.startswith(("GATEWAY_", "AIRFLOW"))]:
        del os.environ[name]
    os.environ["GATEWAY_QUIET_PERIOD_S"] = "1"
    logging.disable(logging.CRITICAL)
    bad = trials = 0
    for kind in [options.store] if options.store else ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory(prefix="gateway-chaos-", ignore_cleanup_errors=True) as temporary:
            done, wrong = run(kind, options, Path(temporary))
        settings.cache_clear()
        trials, bad = trials + done, bad + wrong
    print(f"{trials} trials, {bad} rounds wrong")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
