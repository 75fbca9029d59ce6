"""`make run`: the whole of Airflow and the gateway on one machine, with the sample batch through it.

    python -m gateway_airflow.standalone [--once] [--no-samples]

Starts api-server, scheduler, dag-processor and triggerer (LocalExecutor, SQLite) on free ports, drops the samples into
the inbox, waits for their run, prints what became of each document, and stays until Ctrl-C. All it starts ends with it.
Everything is kept below GATEWAY_HOME; a second start finds it there.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, TextIO

import requests

from gateway.errors import GatewayError
from gateway.settings import PROJECT, make_home, private_files, settings
from gateway_airflow.processes import Died, Processes

USER = "admin"
# No log server: it would listen on every interface, and all parts read the same folder here anyway.
COMPONENTS = {
    "api-server": [],
    "scheduler": ["--skip-serve-logs"],
    "dag-processor": [],
    "triggerer": ["--skip-serve-logs"],
}
START_S = 120.0  # until the API answers: about 12 s here; a slow machine gets ten times that
BATCH_S = 600.0
SAMPLES = PROJECT / "include" / "samples"


class Failed(Exception):
    """Something went wrong that ends `make run`; the text is for the person who typed it."""


def main(argv: list[str] | None = None) -> int:
    options = argparse.ArgumentParser(prog="make run", description=__doc__.splitlines()[0])
    options.add_argument("--once", action="store_true", help="end after the table")
    options.add_argument("--no-samples", action="store_true", help="start and wait, drop nothing")
    given = options.parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs with it ignored
    try:
        with private_files():  # Airflow's processes and everything they write as well
            return run(once=given.once, samples=not given.no_samples)
    except (Failed, Died, GatewayError) as wrong:
        say(f"\n{wrong}")
        return 1
    except KeyboardInterrupt:
        return 130


def run(*, once: bool, samples: bool) -> int:
    """Starts everything, shows the batch, waits; returns the exit code."""
    started = time.monotonic()
    home = make_home()
    with only_one(home):
        port = free_port(8080)
        url = f"http://localhost:{port}"
        environment = airflow_environment(home, port)
        password = set_password(home)
        processes = Processes(home / "logs", environment)
        try:
            if needs_preparing(home):
                say("Preparing the databases ...")
                processes.run_once("prepare", [sys.executable, "-m", "gateway_airflow.prepare"])
                mark_prepared(home)
            say(f"Starting Airflow on {url} ...")
            for component, options in COMPONENTS.items():
                processes.start(component, [sys.executable, "-m", "airflow", component, *options])
            api = Api(url, password)
            wait_until(api.is_up, START_S, processes, "the API")
            batch_id, good = None, True
            if samples:
                batch_id = run_samples(api, processes)
                good = show(batch_id, api.run(batch_id))
            say(f"\nAirflow: {url}   user {USER}   password {password}   ({time.monotonic() - started:.0f} s)")
            page = f"{url}/plugin/candidates/gateway/" + (f"batches/{batch_id}" if batch_id else "")
            say(f"Candidates: {page}")
            ready = {"url": url, "username": USER, "password": password, "batch_id": batch_id, "page": page}
            say(f"GATEWAY_READY {json.dumps(ready)}")
            if once:
                return 0 if good else 1
            say(f"Drop files into {settings().inbox}/<agent>/. Ctrl-C stops everything.")
            while True:
                processes.check()
                time.sleep(1)
        finally:
            processes.stop()


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class only_one:
    """The home's lock: two Airflows on one SQLite file would corrupt each other's work."""

    def __init__(self, home: Path) -> None:
        self.path = home / "run.lock"
        self.handle: TextIO | None = None

    def __enter__(self) -> None:
        self.handle = self.path.open("a")
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"The gateway already runs from {self.path.parent}: stop it, or set GATEWAY_HOME.") from None

    def __exit__(self, *_: object) -> None:
        if self.handle is not None:
            self.handle.close()


def free_port(wanted: int) -> int:
    """The wanted port, or the next free one."""
    for port in range(wanted, wanted + 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise Failed(f"No port between {wanted} and {wanted + 200} is free.")


def airflow_environment(home: Path, port: int) -> dict[str, str]:
    """What makes Airflow ours: its home, ports, folders and secrets. Variables set outside win."""
    airflow = home / "airflow"
    airflow.mkdir(exist_ok=True)
    url = f"http://localhost:{port}"
    ours = {
        "AIRFLOW_HOME": str(airflow),
        "GATEWAY_HOME": str(home),
        "GATEWAY_PAGE_URL": url,
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "6",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__FERNET_KEY": secret(home, "fernet"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords_file(home)),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow / 'airflow.db'}",
        "GATEWAY_AIRFLOW_DATABASE_URL": f"sqlite:///{airflow / 'airflow.db'}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": secret(home, "api"),
        "AIRFLOW__API_AUTH__JWT_SECRET": secret(home, "jwt"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(airflow / "logs"),
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FOLDER_PERMISSIONS": "0o700",
        "AIRFLOW__LOGGING__FILE_TASK_HANDLER_NEW_FILE_PERMISSIONS": "0o600",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "TQDM_DISABLE": "1",
    }
    return {**ours, **os.environ, "AIRFLOW_HOME": ours["AIRFLOW_HOME"]}


def secret(home: Path, name: str) -> str:
    """A key of this home, made once, readable by its owner only."""
    path = home / f".{name}.key"
    if not path.exists():
        import base64

        path.touch(mode=0o600)
        path.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text()


def passwords_file(home: Path) -> Path:
    return home / "airflow" / "simple_auth_manager_passwords.json.generated"


def set_password(home: Path) -> str:
    """The admin's password: generated at the first start, kept after that."""
    path = passwords_file(home)
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    if USER not in known:
        known[USER] = secrets.token_urlsafe(12)
        path.touch(mode=0o600)
        path.write_text(json.dumps(known))
    return known[USER]


def _lock_digest() -> str:
    import hashlib

    migrations = sorted((PROJECT / "include/gateway/store/migrations/versions").glob("*.py"))
    parts = [(PROJECT / "requirements.txt").read_bytes(), *(path.read_bytes() for path in migrations)]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def needs_preparing(home: Path) -> bool:
    """True unless these very versions prepared this home before: migrating costs seconds even with nothing to do."""
    stamp = home / ".prepared"
    return not stamp.exists() or stamp.read_text() != _lock_digest()


def mark_prepared(home: Path) -> None:
    (home / ".prepared").write_text(_lock_digest())


class Api:
    """The few calls of Airflow's REST API that the start needs."""

    def __init__(self, url: str, password: str) -> None:
        self.url, self.password, self.session = url, password, requests.Session()

    def is_up(self) -> bool:
        try:
            health = self.session.get(f"{self.url}/api/v2/monitor/health", timeout=5)
        except requests.RequestException:
            return False
        return health.status_code == 200

    def run(self, run_id: str) -> dict[str, Any]:
        """The ingest_batch run of that id; empty until it exists."""
        if "Authorization" not in self.session.headers:
            login = {"username": USER, "password": self.password}
            answer = self.session.post(f"{self.url}/auth/token", json=login, timeout=20)
            answer.raise_for_status()
            self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        answer = self.session.get(f"{self.url}/api/v2/dags/ingest_batch/dagRuns/{run_id}", timeout=20)
        found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return found


def run_samples(api: Api, processes: Processes) -> str:
    """Drops the samples, waits for their batch and its run, and returns the batch id."""
    token = drop_samples()
    say("Samples are in the inbox; waiting for their run ...")
    found: list[str] = []

    def claimed() -> bool:
        from sqlalchemy import select

        from gateway.store.engine import reading
        from gateway.store.tables import Batch

        with reading() as session:
            found[:] = session.scalars(select(Batch.id).where(Batch.source == token)).all()
        return bool(found)

    wait_until(claimed, BATCH_S, processes, "the batch")
    wait_until(lambda: api.run(found[0]).get("state") in ("success", "failed"), BATCH_S, processes, "the run")
    return found[0]


def show(batch_id: str, ended: dict[str, Any]) -> bool:
    """Prints the batch; True if its run succeeded and the counts add up."""
    from gateway.cli.ingest import print_batch
    from gateway.pipeline.lines import document_lines
    from gateway.pipeline.report import totals

    numbers = totals(batch_id)
    print_batch(batch_id, document_lines(batch_id), numbers)
    if ended.get("state") != "success":
        say(f"The run ended as {ended.get('state')}: open it in Airflow.")
    return ended.get("state") == "success" and numbers.add_up() and not numbers.processing


def drop_samples() -> str:
    """Copies every agent's samples into its inbox folder, marked complete; returns the batch's source."""
    token = f"samples {secrets.token_hex(4)}"
    for folder in sorted(path for path in SAMPLES.iterdir() if path.is_dir()):
        inbox = settings().inbox / folder.name
        inbox.mkdir(parents=True, exist_ok=True)
        staged = inbox / f".{token.replace(' ', '-')}"
        shutil.copytree(folder, staged)
        (staged / "batch.yaml").write_text(f"source: {token}\nuploaded_by: make run\n")
        staged.rename(inbox / token.replace(" ", "-"))
    return token


def wait_until(condition: Any, limit_s: float, processes: Processes, what: str) -> None:
    """Polls until the condition holds; raises Failed when a process died or the time is over."""
    end = time.monotonic() + limit_s
    while not condition():
        processes.check()
        if time.monotonic() > end:
            raise Failed(f"Waited {limit_s:.0f} s for {what}; the logs are in {processes.folder}.")
        time.sleep(0.3)


if __name__ == "__main__":
    sys.exit(main())
