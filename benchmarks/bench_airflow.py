"""A large batch through the real Airflow beside the bare reader, on the same files, in the same run.

    python benchmarks/bench_airflow.py [--documents 1000] [--mapped 60]

Starts `make run`'s processes on a home of its own, drops invented résumés (training/), and waits for the batch to come
to rest. `--mapped N` measures one mapped task a document on N of them and scales linearly (0 leaves it out). Ends with
one JSON line a figure: {"name", "value", "unit", "budget", "ok"}; exit code 1 if a budget is missed. Needs a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "training")]
AGENT = "store-associate"
REST = ("done", "waiting_review", "failed")


def invent(folder: Path, number: int) -> None:
    """Résumés of invented people in many layouts and languages."""
    import logging

    from canvas import as_pdf
    from personas import CJK, LOCALES, persona
    from templates import STRUCTURES, draw

    logging.getLogger("fpdf").setLevel(logging.ERROR)
    rng = random.Random(1000)
    locales = [locale for locale in LOCALES if locale not in CJK]  # the PDF writer has no font for those
    folder.mkdir(parents=True)
    for index in range(number):
        who = persona(rng, rng.choice(locales))
        (folder / f"{index:05}.pdf").write_bytes(as_pdf(draw(rng, who, rng.choice(list(STRUCTURES)))))


def bare(folder: Path) -> float:
    """Wall seconds of `python -m gateway extract --jobs 2`."""
    started = time.monotonic()
    command = [sys.executable, "-m", "gateway", "extract", str(folder), "--jobs", "2"]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - started


class Watch(threading.Thread):
    """The largest resident set of any one process below this one, in MB."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.over = psutil.Process(root), 0.0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.5):
            for process in self.root.children(recursive=True):
                try:
                    self.peak = max(self.peak, process.memory_info().rss / 1e6)
                except psutil.Error:
                    continue


@contextmanager
def airflow(home: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GATEWAY"))}
    environment |= {"GATEWAY_HOME": str(home), **settings}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway_airflow.standalone", "--no-samples"],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        for line in process.stdout or ():
            if line.startswith("GATEWAY_READY"):
                break
        else:
            raise SystemExit("Airflow did not start")
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def through_airflow(folder: Path, home: Path, **settings: str) -> dict[str, float]:
    """Drops the folder and waits; seconds from the drop to rest, from the drop to the batch, and the memory peak."""
    import sqlite3

    with airflow(home, **settings) as process:
        watch = Watch(process.pid)
        watch.start()
        inbox = home / "inbox" / AGENT
        staged = inbox / ".drop"
        shutil.copytree(folder, staged)
        (staged / "_READY").touch()
        time.sleep(5)
        dropped = time.monotonic()
        staged.rename(inbox / "drop")
        seen = None
        store = sqlite3.connect(f"file:{home / 'gateway.db'}?mode=ro", uri=True)
        while True:
            row = store.execute("SELECT state FROM batch").fetchone()
            if row and seen is None:
                seen = time.monotonic() - dropped
            if row and row[0] in REST:
                break
            if time.monotonic() - dropped > 3600 or process.poll() is not None:
                raise SystemExit("the batch did not come to rest in an hour")
            time.sleep(0.2)
        elapsed = time.monotonic() - dropped
        documents, read = store.execute("SELECT count(*), sum(state = 'success') FROM document").fetchone()
        watch.over.set()
        store.close()
    return {"elapsed": elapsed, "seen": seen or 0.0, "peak": watch.peak, "documents": documents, "read": read}


def figure(name: str, value: float, unit: str, budget: float | None, ok: bool) -> bool:
    print(json.dumps({"name": name, "value": round(value, 2), "unit": unit, "budget": budget, "ok": ok}), flush=True)
    return ok


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--mapped", type=int, default=60)
    given = parser.parse_args()
    good = True
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as temporary:
        root = Path(temporary)
        invent(root / "files", given.documents)
        alone = bare(root / "files")
        chunked: dict[str, Any] = through_airflow(root / "files", root / "chunked")
        budget = 1.5 * alone + 30
        good &= figure("bare extract --jobs 2", alone, "s", None, True)
        good &= figure("through Airflow", chunked["elapsed"], "s", round(budget, 1), chunked["elapsed"] <= budget)
        good &= figure("pick-up", chunked["seen"], "s", 10, chunked["seen"] <= 10)
        good &= figure("largest process", chunked["peak"], "MB", 700, chunked["peak"] <= 700)
        good &= figure("documents read", chunked["read"], "documents", None, chunked["documents"] == given.documents)
        if given.mapped:
            (root / "few").mkdir()
            for path in sorted((root / "files").iterdir())[: given.mapped]:
                shutil.copy(path, root / "few")
            one = through_airflow(root / "few", root / "mapped", **one_each(given.mapped))
            scaled = one["elapsed"] / given.mapped * given.documents
            ratio = scaled / chunked["elapsed"]
            good &= figure("one task a document / chunks (scaled)", ratio, "x", 10, ratio >= 10)
    return 0 if good else 1


def one_each(documents: int) -> dict[str, str]:
    """Settings that make every document a task of its own."""
    return {"GATEWAY_CHUNK_S": "0.000001", "GATEWAY_MAX_CHUNKS": str(documents)}


if __name__ == "__main__":
    sys.exit(main())
