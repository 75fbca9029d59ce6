"""Machines that share a database, a broker and an object store, and no disk: each a folder and processes of its own."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

PROJECT = Path(__file__).resolve().parents[2]
BUCKET = "candidates"
USERS = "admin:admin,rita:op"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], Any], limit_s: float, what: str) -> Any:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.25)
    raise AssertionError(f"waited {limit_s:.0f} s for {what}")


@dataclass
class Cluster:
    """What the machines share, and the processes of each.

    root       one folder a machine below it, and nothing that two of them look into
    shared     environment of every machine
    """

    root: Path
    shared: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    url: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def environment(self, machine: str) -> dict[str, str]:
        home = self.root / machine
        (home / "airflow").mkdir(parents=True, exist_ok=True)
        (home / "tmp").mkdir(exist_ok=True)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "GATEWAY"))}
        own = {
            "GATEWAY_HOME": str(home),
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
            "TMPDIR": str(home / "tmp"),
        }
        return clean | self.shared | own

    def start(self, name: str, command: list[str], *, machine: str | None = None, **more: str) -> None:
        log = (self.root / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=self.environment(machine or name) | more,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def worker(self, name: str, queues: str = "default") -> None:
        """A machine that does nothing but run tasks."""
        options = ["--queues", queues, "--concurrency", "2", "--celery-hostname", f"{name}@%h"]
        command = [sys.executable, "-m", "airflow", "celery", "worker", *options, "--skip-serve-logs"]
        self.start(name, command)

    def kill(self, name: str) -> None:
        """The machine's power goes: SIGKILL to every process it has."""
        process = self.processes.pop(name)
        for pid in descendants(process.pid):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()

    def stop(self) -> None:
        for name in reversed(list(self.processes)):
            self.kill(name)

    def log(self, name: str, lines: int = 30) -> str:
        path = self.root / f"{name}.log"
        return "\n".join(path.read_text("utf-8", "replace").splitlines()[-lines:]) if path.exists() else ""

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        answer = self.session.request(method, f"{self.url}{path}", timeout=60, **more)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:300]}"
        return answer


def descendants(pid: int) -> list[int]:
    """The process and all below it, the deepest last."""
    found = [pid]
    for parent in found:
        tasks = Path(f"/proc/{parent}/task")
        for task in tasks.iterdir() if tasks.is_dir() else ():
            try:
                found += [int(child) for child in (task / "children").read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def shared_environment(root: Path, postgres: str, agents: Path) -> tuple[dict[str, str], dict[str, int]]:
    """(environment of every machine, ports) for a PostgreSQL server at that SQLAlchemy URL, with {name} for the database."""
    ports = {"api": free_port(), "redis": free_port(), "s3": free_port()}
    secret, word = secrets.token_urlsafe(24), secrets.token_urlsafe(12)
    airflow, gateway = postgres.format(name="airflow"), postgres.format(name="gateway")
    connection = {
        "conn_type": "aws",
        "login": "key",
        "password": "word",
        "extra": {"endpoint_url": f"http://127.0.0.1:{ports['s3']}"},
    }
    plain = airflow.replace("postgresql+psycopg", "postgresql")
    shared = {
        "GATEWAY_DATABASE_URL": gateway,
        "GATEWAY_FILES_URL": f"s3://{BUCKET}/gateway",
        "GATEWAY_AGENTS_DIR": str(agents),
        "GATEWAY_INBOX_QUEUE": "inbox",
        "GATEWAY_QUIET_PERIOD_S": "1",
        "GATEWAY_CHUNK_S": "5",
        "AIRFLOW_CONN_GATEWAY_FILES": json.dumps(connection),
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__PARALLELISM": "16",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": USERS,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": plain.replace("postgresql:", "postgresql+psycopg2:"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": plain.replace("postgresql:", "postgresql+asyncpg:"),
        "AIRFLOW__CELERY__BROKER_URL": f"redis://:{word}@127.0.0.1:{ports['redis']}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{plain}",
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        # A worker that died is noticed after this long instead of five minutes.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        "REDIS_WORD": word,
    }
    return shared, ports


def start_redis(cluster: Cluster, port: int) -> None:
    word = cluster.shared["REDIS_WORD"]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", word, "--save", "", "--appendonly", "no"]
    cluster.start("redis", [str(shutil.which("redis-server")), *options])


def start_object_store(cluster: Cluster, port: int) -> None:
    """moto's S3 in a process of its own."""
    address = f"http://127.0.0.1:{port}"
    cluster.start("s3", [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)])
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request"}

    def made() -> bool:
        try:
            return requests.put(f"{address}/{BUCKET}", headers=headers, timeout=5).ok
        except requests.ConnectionError:
            return False

    wait_for(made, 60, "the object store")


def start_front(cluster: Cluster) -> None:
    """The machine that people and the scheduler use: everything but workers. Signs in as rita."""
    cluster.start("front", [sys.executable, "-m", "gateway_airflow.standalone", "--no-samples"])

    def ready() -> dict[str, Any] | None:
        assert cluster.processes["front"].poll() is None, cluster.log("front")
        for line in cluster.log("front").splitlines():
            if line.startswith("GATEWAY_READY "):
                told: dict[str, Any] = json.loads(line.removeprefix("GATEWAY_READY "))
                return told
        return None

    told = wait_for(ready, 240, "the front machine")
    cluster.url = told["url"]
    login = {"username": told["username"], "password": told["password"]}
    token = requests.post(f"{cluster.url}/auth/token", json=login, timeout=30).json()["access_token"]
    cluster.session.headers.update({"Authorization": f"Bearer {token}", "X-Gateway": "1"})
