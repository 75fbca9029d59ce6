"""A pool of reading children: one bad document costs one reason code, never the batch.

A document that hangs, eats memory, floods the disk or crashes its parser ends as a failed Reading; the pool forks a new
worker in milliseconds and goes on. Time is the child's own processor time, so that a loaded machine blames no document, and
one that was stopped for time is read once more alone before it fails. How the children are made and how they die with their
parent: sandbox_worker; what they may see and reach: confine.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

from gateway.errors import Transient
from gateway.extract.child.confine import Folder, clean_environment
from gateway.extract.child.watched import cpu_s, resident, waited_s
from gateway.extract.child.wire import hints_out, iter_profiles, reading_in
from gateway.extract.media_types import BINARY
from gateway.model import Hints, Reading
from gateway.settings import Settings, settings

__all__ = ["ReadResult", "ReaderPool", "iter_profiles"]

Key = TypeVar("Key", bound=Hashable)

_MB = 1 << 20
_START_TIMEOUT_S = 120.0  # importing every reader takes about two seconds; a loaded machine many times that
_WATCH_S = 0.02  # interval of checks of a busy worker's memory: it can fill some 40 MB in between
_IDLE = 4.0  # times the time limit, for a worker that neither computes nor waits for a processor: it hangs
_PATIENCE = 20.0  # times the time limit, on a machine so busy that the worker mostly waits for a processor
_LONGEST = 40  # times the time limit, for a list that gives profiles all the while
_NEAR_LIMIT = 0.5  # a crash above this share of the memory limit is reported as OUT_OF_MEMORY: allocators abort
_CHILD = "gateway.extract.child.sandbox_worker"
_READER = "gateway.extract.dispatch:read_document"


@dataclass(frozen=True, slots=True)
class ReadResult(Generic[Key]):
    """One document's outcome. `spool` holds its profiles (iter_profiles) until the pool closes; empty if it failed."""

    key: Key
    reading: Reading
    spool: Path


@dataclass(eq=False)
class _Worker:
    pid: int
    socket: socket.socket
    base_resident: int
    buffer: bytearray = field(default_factory=bytearray)
    done: int = 0
    job: _Job | None = None
    peak_resident: int = 0
    killed: str | None = None


@dataclass(eq=False)
class _Job:
    """`alone`: the second and last reading of a document that ran out of time."""

    key: Any
    path: Path
    hints: dict[str, Any]
    spool: Path
    pid: int
    alone: bool = False
    began: float = field(default_factory=time.monotonic)
    spooled: int = 0

    def __post_init__(self) -> None:
        self.wind()

    def wind(self) -> None:
        """Restart its clocks."""
        self.started, self.cpu, self.waited = time.monotonic(), cpu_s(self.pid), waited_s(self.pid)

    def over(self, limit: float) -> bool:
        """Whether it has used up its processor time, is idle, or has exceeded the wall time."""
        elapsed = time.monotonic() - self.started
        if elapsed <= limit:
            return False
        idle = elapsed - (waited_s(self.pid) - self.waited)
        return cpu_s(self.pid) - self.cpu > limit or idle > _IDLE * limit or elapsed > _PATIENCE * limit

    def gave_more(self) -> bool:
        """Whether profiles have arrived since the last call."""
        before = self.spooled
        with contextlib.suppress(OSError):
            self.spooled = self.spool.stat().st_size
        return self.spooled > before


class ReaderPool:
    """Reads documents in recycled child processes.

        with ReaderPool(jobs=2) as pool:
            for result in pool.read(items, hints):
                for profile in iter_profiles(result.spool): ...

    jobs      workers at the same time
    config    limits: document_timeout_s, document_memory_mb, document_output_bytes, limit_pages, recycle_after
    spool_dir   where spools are kept while the pool is open; default: the system's temporary folder
    reader    "module:function" with read_document's signature; for tests
    raises    Transient(READER_START) when the children cannot be started at all

    Use it from one thread, one read() at a time. Safe in forked and daemonic processes.
    """

    def __init__(
        self, jobs: int, *, config: Settings | None = None, spool_dir: Path | None = None, reader: str = _READER
    ) -> None:
        self.jobs = max(1, jobs)
        self.config = config or settings()
        self._spool_dir = spool_dir
        self._reader = reader
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._serial = 0
        self._exits: dict[int, int] = {}

    def __enter__(self) -> ReaderPool:
        self._folder = Folder(self._spool_dir)
        ours, theirs = socket.socketpair()
        self._control, self._news = ours, bytearray()
        with theirs:
            self._nursery = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", _CHILD, str(theirs.fileno()), str(os.getpid()), self._reader],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # native parsers write parts of documents there
                env=clean_environment(self.config, self._folder.temporary),
                cwd=self._folder.temporary,
            )
        self._started = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in list(self._workers):
            self._drop(worker, kill=True)
        self._control.close()  # the nursery ends on this
        try:
            self._nursery.wait(5)
        except subprocess.TimeoutExpired:
            self._nursery.kill()
            self._nursery.wait()
        self._selector.close()
        self._folder.close()

    def read(
        self, items: Iterable[tuple[Key, Path]], hints: Hints | Callable[[Key], Hints] | None = None
    ) -> Iterator[ReadResult[Key]]:
        """Read documents, each within its limits; results in order of completion.

        items    (key, path); taken one at a time as workers become free, so it may be endless. The key comes back.
        hints    for all of them, or a function that gives each one's by its key
        returns  one ReadResult an item, always
        """
        source = iter(items)
        hints_of = hints if callable(hints) else lambda _: hints or Hints()
        waiting = next(source, None)
        stopped: list[_Job] = []  # for time, to be read once more alone
        try:
            while waiting is not None or stopped or self._busy():
                if stopped and not self._busy() and (idle := self._idle_worker()) is not None:
                    again = stopped[0]
                    if not self._assign(idle, again.key, again.path, again.hints, alone=True):
                        stopped.pop(0)
                while waiting is not None and not stopped and not self._alone() and (idle := self._idle_worker()):
                    refused = self._assign(idle, waiting[0], waiting[1], hints_out(hints_of(waiting[0])))
                    if not refused:
                        waiting = next(source, None)
                for job, result in self._collect():
                    if result.reading.code == "TIMED_OUT" and not job.alone:
                        result.spool.unlink(missing_ok=True)
                        stopped.append(job)
                    else:
                        yield result
        finally:
            for worker in [worker for worker in self._workers if worker.job]:
                self._drop(worker, kill=True)  # the caller stopped in the middle

    # Workers

    def _busy(self) -> bool:
        return any(worker.job for worker in self._workers)

    def _alone(self) -> bool:
        return any(worker.job and worker.job.alone for worker in self._workers)

    def _idle_worker(self) -> _Worker | None:
        for worker in self._workers:
            if worker.job is None:
                return worker
        return self._fork() if len(self._workers) < self.jobs else None

    def _fork(self) -> _Worker:
        if not self._started:
            news = self._next_news(_START_TIMEOUT_S)
            if not news.get("ready"):
                raise _no_start(str(news.get("failed") or "it ended at once"))
            self._started = True
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            except OSError as wrong:
                raise _no_start("the nursery process is gone") from wrong
        while "born" not in (news := self._next_news(_START_TIMEOUT_S)):
            if not news:
                raise _no_start("the nursery process is gone")
        limits = {"memory_mb": self.config.document_memory_mb, "output_bytes": self.config.document_output_bytes}
        ours.sendall(json.dumps(limits).encode() + b"\n")
        worker = _Worker(news["born"], ours, resident(news["born"]))
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return worker

    def _assign(self, worker: _Worker, key: Any, path: Path, hints: dict[str, Any], *, alone: bool = False) -> bool:
        """Give a worker a document. Returns True if the worker was dead, so that the document must still be read."""
        self._serial += 1
        spool = self._folder.path / f"{self._serial:08d}.jsonl"
        request = {
            "path": str(path.absolute()),
            "spool": str(spool),
            "hints": hints,
            "limit_pages": self.config.limit_pages,
            "output_bytes": self.config.document_output_bytes,
        }
        try:
            worker.socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            self._drop(worker, kill=True)
            return True
        worker.job = _Job(key, path, hints, spool, worker.pid, alone)
        worker.peak_resident = 0
        return False

    def _collect(self) -> Iterator[tuple[_Job, ReadResult[Any]]]:
        """Wait a moment; returns the results of workers that answered, died, or had to be stopped."""
        for ready, _ in self._selector.select(_WATCH_S):
            worker: _Worker = ready.data
            chunk = b""
            with contextlib.suppress(OSError):
                chunk = worker.socket.recv(1 << 20)
            if not chunk:
                job = worker.job
                exit_code = self._drop(worker, kill=False)
                if job is not None:
                    yield job, self._failed(job, *self._cause_of_death(worker, exit_code))
                continue
            worker.buffer += chunk
            if worker.buffer.endswith(b"\n") and worker.job is not None:
                answer, job = json.loads(worker.buffer), worker.job
                worker.buffer.clear()
                yield job, self._answered(worker, job, answer)
        for worker in self._workers:
            if worker.job is not None and worker.killed is None:
                self._watch(worker, worker.job)

    def _watch(self, worker: _Worker, job: _Job) -> None:
        """Stop a worker that exceeds its time or memory; its socket then closes, which _collect notices."""
        limit = self.config.document_timeout_s
        if job.over(limit):
            if job.gave_more() and time.monotonic() - job.began < _LONGEST * limit:
                job.wind()  # a long list is read row by row: its clocks start anew
            else:
                worker.killed = "TIMED_OUT"
        else:
            now = resident(worker.pid)
            worker.peak_resident = max(worker.peak_resident, now)
            if now - worker.base_resident > self.config.document_memory_mb * _MB:
                worker.killed = "OUT_OF_MEMORY"
        if worker.killed:
            _kill(worker.pid)

    def _answered(self, worker: _Worker, job: _Job, answer: dict[str, Any]) -> ReadResult[Any]:
        worker.job = None
        worker.done += 1
        if worker.killed or worker.done >= self.config.recycle_after or "broken" in answer:
            self._drop(worker, kill=False)
        if "reading" in answer:
            reading = reading_in(answer["reading"])
            if reading.status == "success":
                return ReadResult(job.key, reading, job.spool)
            job.spool.write_bytes(b"")  # what was read before it failed counts for nothing
            return ReadResult(job.key, replace(reading, profiles=0), job.spool)
        return self._failed(job, answer["broken"], answer.get("kind", ""))

    def _drop(self, worker: _Worker, *, kill: bool) -> int | None:
        """Forget a worker, and return how it ended, if it has. Closing its socket ends an idle worker."""
        self._workers.remove(worker)
        self._selector.unregister(worker.socket)
        worker.socket.close()
        if kill:
            _kill(worker.pid)
            return None
        if worker.job is None:
            return None
        until = time.monotonic() + 5
        while worker.pid not in self._exits and (left := until - time.monotonic()) > 0:
            if not self._next_news(left):
                break
        return self._exits.pop(worker.pid, None)

    def _cause_of_death(self, worker: _Worker, exit_code: int | None) -> tuple[str, str]:
        if worker.killed:
            return worker.killed, ""
        limit = self.config.document_memory_mb * _MB
        if worker.peak_resident - worker.base_resident > _NEAR_LIMIT * limit:
            return "OUT_OF_MEMORY", ""
        return "READER_CRASHED", f"signal {-exit_code}" if exit_code and exit_code < 0 else f"exit code {exit_code}"

    def _failed(self, job: _Job, code: str, detail: str) -> ReadResult[Any]:
        job.spool.write_bytes(b"")
        sentences = {
            "TIMED_OUT": f"Reading used more than {self.config.document_timeout_s:g} seconds, twice, the second time alone. "
            "Retry it when the machine is less busy. If it stops again, print it to PDF again and send that.",
            "OUT_OF_MEMORY": f"Reading needed more memory than allowed ({self.config.document_memory_mb} MB). "
            "Print it to PDF again.",
            "OUTPUT_TOO_LARGE": f"More than {self.config.document_output_bytes:,} bytes of profiles. Split it.",
            "READER_CRASHED": f"The reading process ended by {detail}. Print it to PDF again and send that.",
            "READER_FAILED": f"The reader stopped with an error of kind {detail}. Print it to PDF again and send that.",
        }
        reading = Reading("failed", BINARY, code=code, error=sentences[code])
        return ReadResult(job.key, reading, job.spool)

    def _next_news(self, timeout_s: float) -> dict[str, Any]:
        """The next message of the nursery; {} if it is gone or silent."""
        while b"\n" not in self._news:
            self._control.settimeout(timeout_s)
            try:
                chunk = self._control.recv(1 << 16)
            except OSError:
                chunk = b""
            if not chunk:
                return {}
            self._news += chunk
        line, _, rest = bytes(self._news).partition(b"\n")
        self._news = bytearray(rest)
        news: dict[str, Any] = json.loads(line)
        if "dead" in news:
            self._exits[news["dead"]] = news["exit"]
            self._folder.forget(news["dead"])
        return news


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _no_start(why: str) -> Transient:
    return Transient("READER_START", f"The reading processes could not be started: {why}. Check the installation.")
