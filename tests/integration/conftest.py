"""The real thing, as `make run` starts it, on a home of its own: Airflow's four processes, a mail server, an agent."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
import requests
from aiosmtpd.controller import Controller

PROJECT = Path(__file__).resolve().parents[2]


class Mailbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.messages: list[Message | EmailMessage] = []
        self.arrived: dict[str, datetime] = {}  # subject -> when its first mail came

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        message = BytesParser().parsebytes(envelope.content)
        self.messages.append(message)
        self.arrived.setdefault(str(message["subject"]), datetime.now(UTC))
        return "250 kept"

    def about(self, batch_id: str) -> list[Message | EmailMessage]:
        return [message for message in self.messages if batch_id in str(message["subject"])]


@dataclass
class Gateway:
    """A running `make run` and how to talk to it."""

    process: subprocess.Popen[str]
    home: Path
    mailbox: Mailbox
    url: str = ""
    batch_id: str = ""
    output: list[str] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)

    def api(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self.session.request(method, f"{self.url}/api/v2{path}", timeout=30, **kwargs)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()

    def password(self, user: str) -> str:
        """Of one of the users below: Airflow writes them where `make run` says."""
        known = json.loads((self.home / "airflow" / "simple_auth_manager_passwords.json.generated").read_text())
        return str(known[user])

    def run_state(self, batch_id: str, dag_id: str = "ingest_batch") -> str | None:
        answer = self.session.get(f"{self.url}/api/v2/dags/{dag_id}/dagRuns/{batch_id}", timeout=30)
        return answer.json()["state"] if answer.ok else None

    def drop(self, files: dict[str, bytes], agent: str = "recruit") -> None:
        """One complete drop, appearing at once."""
        folder = self.home / "inbox" / agent
        staged = folder / f".{time.monotonic_ns()}"
        staged.mkdir(parents=True)
        for name, content in files.items():
            (staged / name).write_bytes(content)
        (staged / "_READY").touch()
        staged.rename(folder / staged.name[1:])

    def wait_for(self, condition: Callable[[], Any], limit_s: float, what: str) -> Any:
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if value := condition():
                return value
            assert self.process.poll() is None, "".join(self.output[-20:])
            time.sleep(0.2)
        raise AssertionError(f"waited {limit_s} s for {what}")

    def next_batch(self, known: set[str]) -> str:
        """The batch that comes to be after `known`."""
        return str(self.wait_for(lambda: next(iter(batches() - known), None), 60, "a new batch"))

    def finished(self, batch_id: str, limit_s: float = 180) -> str:
        def ended() -> str | None:
            state = self.run_state(batch_id)
            return state if state in ("success", "failed") else None

        return str(self.wait_for(ended, limit_s, f"run {batch_id}"))


def batches() -> set[str]:
    from sqlalchemy import select

    from gateway.store.engine import reading
    from gateway.store.tables import Batch

    with reading() as session:
        return set(session.scalars(select(Batch.id)))


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """`make run` with port 8080 taken, the example agents, and one agent of the test's that sends mail."""
    from gateway.settings import settings

    home = tmp_path_factory.mktemp("run") / "home"
    agents = home.parent / "agents"
    agents.mkdir(parents=True)
    for example in (PROJECT / "include" / "agents").glob("*.yaml"):
        text = example.read_text("utf-8")
        if example.stem == "backend-engineer":
            text = text.replace(
                "notify:\n  log: true", "notify:\n  channels: [{kind: email, to: [recruiting@example.com]}]"
            )
            assert "recruiting@example.com" in text
        (agents / example.name).write_text(text, "utf-8")
    (agents / "recruit.yaml").write_text(
        "id: recruit\ntitle: Recruit\ntarget: {kind: own_pool, posting: R-1}\ndefault_mode: ingest\ncountry: US\n"
        "preset: lenient\nfictional_contacts: mark\nnotify: {channels: [{kind: email, to: [recruiting@example.com]}]}\n"
    )
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mail_port = probe.getsockname()[1]
    mail = Controller(mailbox, hostname="127.0.0.1", port=mail_port)
    mail.start()
    connection = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": mail_port,
        "extra": {"disable_ssl": True, "disable_tls": True, "from_email": "gateway@example.com"},
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GATEWAY"))},
        "GATEWAY_HOME": str(home),
        "GATEWAY_AGENTS_DIR": str(agents),
        "GATEWAY_QUIET_PERIOD_S": "1",
        "AIRFLOW_CONN_SMTP_DEFAULT": json.dumps(connection),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,rita:user,ravi:user,vera:viewer",
    }
    patch = pytest.MonkeyPatch()
    for name in ("GATEWAY_HOME", "GATEWAY_AGENTS_DIR"):
        patch.setenv(name, environment[name])
    patch.delenv("GATEWAY_DATABASE_URL", raising=False)
    settings.cache_clear()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        except OSError:
            pass  # somebody else holds it: taken all the same
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway_airflow.standalone"],
            cwd=PROJECT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        running = Gateway(process, home, mailbox)
        lines: queue.Queue[str] = queue.Queue()

        def listen() -> None:
            for line in process.stdout or ():
                running.output.append(line)
                lines.put(line)

        threading.Thread(target=listen, daemon=True).start()
        try:
            _await_ready(running, lines)
            yield running
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(40)
                except subprocess.TimeoutExpired:
                    process.kill()
            mail.stop()
            patch.undo()
            settings.cache_clear()


def _await_ready(running: Gateway, lines: queue.Queue[str]) -> None:
    end = time.monotonic() + 240
    while time.monotonic() < end:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            assert running.process.poll() is None, "".join(running.output)
            continue
        if line.startswith("GATEWAY_READY "):
            ready = json.loads(line.removeprefix("GATEWAY_READY "))
            running.url, running.batch_id = ready["url"], ready["batch_id"]
            login = {"username": ready["username"], "password": ready["password"]}
            token = requests.post(f"{running.url}/auth/token", json=login, timeout=30).json()["access_token"]
            running.session.headers["Authorization"] = f"Bearer {token}"
            return
    raise AssertionError("not ready in 240 s:\n" + "".join(running.output))
