"""Processes that fetch from one SFTP server at once and are killed (SIGKILL) at a random moment: each file arrives once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.sources import ledger
from gateway_airflow.hooks import sources as hooks
from support.sftp_server import PASSWORD, USER, sftp_serving
from support.sources import AGENT, agent_with, batches, claims, connection, look, received

SCRIPT = f"""
import sys, time
from gateway.sources import ledger
from gateway.sources.pull import pull
from gateway.sources.port import FileReader
from gateway_airflow.hooks.sources import use_doors
ledger.LEASE_S = 2.0
use_doors()
real = FileReader.fetch
def slow(self, item, folder):
    time.sleep(0.02)
    real(self, item, folder)
FileReader.fetch = slow
print("ready", flush=True)
sys.stdin.readline()
pull({AGENT!r}, "agency")
"""


@pytest.mark.parametrize("seed", range(2))
def test_several_that_are_killed_lose_nothing_and_fetch_nothing_twice(
    seed: int, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    out = tmp_path / "server" / "out"
    names = [f"{lot}/{number}.csv" for lot in range(8) for number in range(4)]
    for name in names:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_text(f"Name,Email\nPerson {name},p{name[0]}{name[2]}@example.com\n", "utf-8")
    with sftp_serving(tmp_path / "server") as server:
        said = {"conn_type": "sftp", "host": "127.0.0.1", "port": server.port, "login": USER, "password": PASSWORD}
        connection(monkeypatch, "agency_sftp", **said, extra={"host_key": server.host_key})
        source = {"name": "agency", "kind": "sftp", "connection": "agency_sftp", "path": "/out", "quiet_s": 0}
        agent_with(home, monkeypatch, {**source, "allow_private": True, "afterwards": "delete"})
        monkeypatch.setattr(ledger, "LEASE_S", 2.0)
        hooks.use_doors()
        workers = [
            subprocess.Popen(
                [sys.executable, "-c", SCRIPT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                text=True,
            )
            for _ in range(3)
        ]
        try:
            for worker in workers:
                assert worker.stdout is not None
                while worker.stdout.readline().strip() != "ready":
                    assert worker.poll() is None
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write("go\n")
                worker.stdin.flush()
            killed = 0
            for worker in workers[:2]:
                time.sleep(chance.uniform(0.2, 1.2))
                killed += worker.poll() is None
                worker.send_signal(signal.SIGKILL)
            workers[2].wait(120)
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
        for _ in range(10):
            look()
            if not list(out.rglob("*.csv")) and all(one.settled_at for one in claims()):
                break
            time.sleep(1)
    assert killed, "nobody was at work any more: the test proves nothing"
    wanted = Counter(name.partition("/")[2] for name in names)
    assert Counter(received()) == wanted
    assert len({one.id for one in batches()}) == len(batches())
    assert not list(out.rglob("*.csv"))
