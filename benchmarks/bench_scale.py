"""What documents cost through the real Airflow, and what the machines make of it: all on the same files, in the same run.

    python benchmarks/bench_scale.py [--parts readers,thousand,few,small] [--documents 1000] [--mapped 60] [--batches 100]
                                     [--large 10000] [--save benchmarks/figures.json]

readers    documents a second of the bare command with 1, 2, 4 reading children (as many as there are cores)
thousand   --documents résumés in one batch through Airflow, beside the bare command, and beside one mapped task a document:
           the latter is measured on --mapped of them and scaled linearly
few        30 files in one batch, beside the bare command
small      --batches batches of three files, dropped at once
large      --large résumés in one batch: the cost of a document beside that of `thousand` (not run unless named)

Starts `make run`'s processes on homes of its own and drops invented résumés (training/). Wall times need a quiet machine; costs
are processor seconds of all processes and need it less. --save writes what docs/scale.md is computed from
(benchmarks/scale.py). Ends with one JSON line a figure; exit code 1 if a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "training")]
from gateway.insight.capacity import Figures

AGENT = "store-associate"
REST = ("done", "waiting_review", "failed")
FEW, SMALL = 30, 3
IDLE_S = 20.0
PARTS = ("readers", "thousand", "few", "small")
STORE_BYTES = 8_400  # of a document in PostgreSQL with its indexes: growth.py's store of 100,000 profiles


@dataclass(frozen=True, slots=True)
class Cost:
    """wall, cpu: seconds from the drop to rest; documents read; seen: until the first batch; chunks: mapped tasks that read."""

    wall: float
    cpu: float
    documents: int
    seen: float = 0.0
    chunks: int = 0


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


def some(files: Path, number: int, to: Path) -> Path:
    to.mkdir(parents=True)
    for path in sorted(files.iterdir())[:number]:
        shutil.copy(path, to)
    return to


class Meter(threading.Thread):
    """Processor seconds of a process and of everything below it, looked at four times a second.

    Readers end without being waited for, so no process's own account has them all; what a process spends after the last look
    is missed.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.root, self.over = psutil.Process(pid), threading.Event()
        self.spent: dict[tuple[int, float], float] = {}

    def run(self) -> None:
        while not self.over.wait(0.25):
            self.look()

    def look(self) -> float:
        try:
            below = [self.root, *self.root.children(recursive=True)]
        except psutil.Error:
            below = []
        for process in below:
            try:
                times = process.cpu_times()
                self.spent[process.pid, process.create_time()] = times.user + times.system
            except psutil.Error:
                continue
        return sum(self.spent.values())


def bare(folder: Path, jobs: int = 2) -> Cost:
    """`python -m gateway extract --jobs N`."""
    started = time.monotonic()
    command = [sys.executable, "-m", "gateway", "extract", str(folder), "--jobs", str(jobs)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    meter = Meter(process.pid)
    meter.start()
    if process.wait():
        raise SystemExit("the bare command failed")
    meter.over.set()
    return Cost(time.monotonic() - started, sum(meter.spent.values()), len(list(folder.iterdir())))


@contextmanager
def airflow(home: Path, **settings: str) -> Iterator[subprocess.Popen[str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "GATEWAY"))}
    environment |= {"GATEWAY_HOME": str(home), **settings}
    log = (home.parent / f"{home.name}.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway_airflow.standalone", "--no-samples"],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        end = time.monotonic() + 600
        while "GATEWAY_READY" not in Path(log.name).read_text():
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"Airflow did not start: {Path(log.name).read_text()[-2000:]}")
            time.sleep(0.5)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)


def through_airflow(drops: list[Path], home: Path, **settings: str) -> Cost:
    """Drops the folders at once and waits until every batch rests."""
    with airflow(home, **settings) as process:
        inbox = home / "inbox" / AGENT
        for number, folder in enumerate(drops):
            staged = inbox / f".drop{number}"
            shutil.copytree(folder, staged)
            (staged / "_READY").touch()
        time.sleep(10)  # what starting left to do is not the batches' cost
        meter = Meter(process.pid)
        idle = meter.look()
        time.sleep(IDLE_S)  # nor is what Airflow spends on doing nothing
        spent, dropped = meter.look(), time.monotonic()
        idle_rate = (spent - idle) / IDLE_S
        meter.start()
        for number in range(len(drops)):
            (inbox / f".drop{number}").rename(inbox / f"drop{number}")
        store = sqlite3.connect(f"file:{home / 'gateway.db'}?mode=ro", uri=True, timeout=60)
        seen = None
        while True:
            states = [row[0] for row in store.execute("SELECT state FROM batch")]
            seen = seen or (time.monotonic() - dropped if states else None)
            if len(states) == len(drops) and all(state in REST for state in states):
                break
            if time.monotonic() - dropped > 7200 or process.poll() is not None:
                raise SystemExit("the batches did not come to rest in two hours")
            time.sleep(0.2)
        wall = time.monotonic() - dropped
        time.sleep(5)  # what follows the report: messages, the runs' ends
        cost = meter.look() - spent - idle_rate * (time.monotonic() - dropped)
        meter.over.set()
        read = store.execute("SELECT count(*) FROM document WHERE state = 'success'").fetchone()[0]
        store.close()
    with sqlite3.connect(home / "airflow" / "airflow.db") as kept:
        mapped = "SELECT count(*) FROM task_instance WHERE task_id = 'extract_chunk'"
        chunks = kept.execute(mapped).fetchone()[0]
    return Cost(wall, cost, read, seen or 0.0, chunks)


class Told:
    """Figures as JSON lines; good until one misses its bar."""

    def __init__(self) -> None:
        self.good = True

    def say(self, name: str, value: float, unit: str, bar: float | None = None, ok: bool | None = None) -> None:
        ok = ok if ok is not None else bar is None or value <= bar
        self.good &= ok
        told = {"name": name, "value": round(value, 3), "unit": unit, "budget": bar and round(bar, 2), "ok": ok}
        print(json.dumps(told), flush=True)


def one_each(documents: int) -> dict[str, str]:
    """Settings that make every document a task of its own."""
    return {"GATEWAY_CHUNK_S": "0.000001", "GATEWAY_MAX_CHUNKS": str(min(1000, documents))}


def figures(alone: Cost, chunked: Cost, mapped: Cost | None, small: Cost | None, batches: int, size: float) -> Figures:
    """What one document, run and task cost, from the differences between the parts. What was not measured is 0."""
    read = alone.cpu / alone.documents
    run = (small.cpu / batches - SMALL * read) if small else 0.0
    task = ((mapped.cpu - run) / mapped.documents - read) if mapped else 0.0
    steps = (chunked.cpu - run - chunked.chunks * task) / chunked.documents - read
    return Figures(read, max(0.0, steps), max(0.0, run), max(0.0, task), STORE_BYTES, round(size))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--mapped", type=int, default=60)
    parser.add_argument("--batches", type=int, default=100)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    parts, told = set(given.parts.split(",")), Told()
    with tempfile.TemporaryDirectory(prefix="gateway-scale-") as temporary:
        root = Path(temporary)
        files = root / "files"
        invent(files, max(given.documents, given.large if "large" in parts else 0, FEW))
        thousand = some(files, given.documents, root / "thousand")
        alone = bare(thousand)
        told.say("bare command, 2 readers", alone.wall, "s")
        told.say("bare command, a document", alone.cpu / alone.documents, "CPU s")
        if "readers" in parts:
            for jobs in (number for number in (1, 2, 4) if number <= (os.cpu_count() or 1)):
                rate = alone.documents / (alone if jobs == 2 else bare(thousand, jobs)).wall
                told.say(f"documents a second, {jobs} readers", rate, "documents/s")
        chunked = mapped = small = None
        if parts & {"thousand", "large"}:
            chunked = through_airflow([thousand], root / "chunked")
            told.say(f"{given.documents} résumés through Airflow", chunked.wall, "s", 1.2 * alone.wall + 20)
            told.say("pick-up", chunked.seen, "s", 10)
            told.say("read", chunked.documents, "documents", None, chunked.documents >= 0.98 * given.documents)
        if "thousand" in parts and given.mapped and chunked:
            mapped = through_airflow(
                [some(files, given.mapped, root / "mapped-files")], root / "mapped", **one_each(given.mapped)
            )
            times = mapped.wall / given.mapped * given.documents / chunked.wall
            told.say("one task a document / chunks", times, "x", 15, times >= 15)
        if "large" in parts and chunked:
            large = through_airflow([some(files, given.large, root / "large-files")], root / "large")
            ratio = (large.cpu / large.documents) / (chunked.cpu / chunked.documents)
            told.say(f"cost of a document of {given.large} / of {given.documents}", ratio, "x", 1.1)
        if "few" in parts:
            few = some(files, FEW, root / "few-files")
            here = bare(few)
            through = through_airflow([few], root / "few")
            told.say(f"{FEW} files in one batch", through.wall, "s", here.wall + 15)
        if "small" in parts:
            drops = []
            paths = sorted(files.iterdir())
            for number in range(given.batches):
                folder = root / "small-files" / str(number)
                folder.mkdir(parents=True)
                for index in range(SMALL):
                    shutil.copy(paths[(number * SMALL + index) % len(paths)], folder)
                drops.append(folder)
            small = through_airflow(drops, root / "small")
            told.say(f"{given.batches} batches of {SMALL} files", small.wall, "s", 240.0 * given.batches / 100)
            told.say("a batch of 3, whole", small.cpu / given.batches, "CPU s")
        if chunked:
            size = sum(path.stat().st_size for path in thousand.iterdir()) / alone.documents
            found = figures(alone, chunked, mapped, small, given.batches, size)
            for name, value in asdict(found).items():
                told.say(f"figure {name}", value, "bytes" if name.endswith("bytes") else "CPU s")
            if given.save and mapped and small:
                machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
                kept = {"machine": machine, "documents": given.documents, **asdict(found)}
                given.save.write_text(json.dumps(kept, indent=2) + "\n")
    return 0 if told.good else 1


if __name__ == "__main__":
    sys.exit(main())
