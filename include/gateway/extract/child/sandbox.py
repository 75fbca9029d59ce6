"""A pool of reading children: one bad document costs one reason code, never the batch.

A document that hangs, eats memory, floods the disk or crashes its parser ends as a failed Reading; the pool forks a new
worker in milliseconds and goes on. How the children are made and how they die with their parent: sandbox_worker.
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
import tempfile
import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

import gateway
from gateway.errors import Transient
from gateway.extract.child.wire import hints_out, iter_profiles, reading_in
from gateway.model import Hints, Reading
from gateway.settings import Settings, settings

__all__ = ["ReadResult", "ReaderPool", "iter_profiles"]

Key = TypeVar("Key", bound=Hashable)

_MB = 1 << 20
_START_TIMEOUT_S = 120.0  # importing every reader takes about two seconds; a loaded machine many times that
_WATCH_S = 0.02  # how often a busy worker's memory is looked at: it can fill some 40 MB in between
_PATIENCE = 3.0  # times the time limit, on a machine so busy that the worker mostly waits for a processor
_LONGEST = 40  # times the time limit, for a list that gives profiles all the while
_NEAR_LIMIT = 0.5  # a crash above this share of the memory limit is told as OUT_OF_MEMORY: allocators abort
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
    key: Any
    spool: Path
    started: float
    waited: float  # of the worker's life so far, seconds in which it was ready to run and no processor was free
    began: float = field(default_factory=time.monotonic)
    spooled: int = 0

    def gave_more(self) -> bool:
        """Whether profiles have come since this was last asked."""
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
        self._folder = tempfile.TemporaryDirectory(prefix="gateway-read-", dir=self._spool_dir)
        ours, theirs = socket.socketpair()
        self._control, self._news = ours, bytearray()
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        env["PYTHONPATH"] = os.pathsep.join(filter(None, [*import_roots(), env.get("PYTHONPATH", "")]))
        with theirs:
            self._nursery = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", _CHILD, str(theirs.fileno()), str(os.getpid()), self._reader],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # native parsers write parts of documents there
                env=env,
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
        self._folder.cleanup()

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
        try:
            while waiting is not None or any(worker.job for worker in self._workers):
                while waiting is not None and (idle := self._idle_worker()) is not None:
                    refused = self._assign(idle, waiting[0], waiting[1], hints_out(hints_of(waiting[0])))
                    if not refused:
                        waiting = next(source, None)
                yield from self._collect()
        finally:
            for worker in [worker for worker in self._workers if worker.job]:
                self._drop(worker, kill=True)  # the caller stopped in the middle

    # Workers

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
        worker = _Worker(news["born"], ours, _memory(news["born"]))
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        return worker

    def _assign(self, worker: _Worker, key: Any, path: Path, hints: dict[str, Any]) -> bool:
        """Give a worker a document. True = the worker was dead and the document is still to be read."""
        self._serial += 1
        spool = Path(self._folder.name) / f"{self._serial:08d}.jsonl"
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
        worker.job = _Job(key, spool, time.monotonic(), _waited(worker.pid))
        worker.peak_resident = 0
        return False

    def _collect(self) -> Iterator[ReadResult[Any]]:
        """Wait a moment; results of whoever answered, died, or had to be stopped."""
        for ready, _ in self._selector.select(_WATCH_S):
            worker: _Worker = ready.data
            chunk = b""
            with contextlib.suppress(OSError):
                chunk = worker.socket.recv(1 << 20)
            if not chunk:
                job = worker.job
                exit_code = self._drop(worker, kill=False)
                if job is not None:
                    yield self._failed(job, *self._cause_of_death(worker, exit_code))
                continue
            worker.buffer += chunk
            if worker.buffer.endswith(b"\n") and worker.job is not None:
                answer = json.loads(worker.buffer)
                worker.buffer.clear()
                yield self._answered(worker, worker.job, answer)
        now = time.monotonic()
        for worker in self._workers:
            if worker.job is not None and worker.killed is None:
                self._watch(worker, worker.job, now)

    def _watch(self, worker: _Worker, job: _Job, now: float) -> None:
        """Stop a worker that is over its time or memory; its socket then closes, which _collect sees."""
        elapsed, limit = now - job.started, self.config.document_timeout_s
        if elapsed > limit and job.gave_more() and now - job.began < _LONGEST * limit:
            job.started, job.waited = now, _waited(worker.pid)  # a long list is read row by row: its clock starts anew
        elif elapsed > limit and (elapsed > _PATIENCE * limit or elapsed - _waited(worker.pid) + job.waited > limit):
            worker.killed = "TIMED_OUT"
        else:
            resident = _memory(worker.pid)
            worker.peak_resident = max(worker.peak_resident, resident)
            if resident - worker.base_resident > self.config.document_memory_mb * _MB:
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
        """Forget a worker, and return how it ended if it has. Closing its socket ends an idle one."""
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
            "TIMED_OUT": f"Reading took more than {self.config.document_timeout_s:g} seconds. Print it to PDF again.",
            "OUT_OF_MEMORY": f"Reading needed more memory than is allowed ({self.config.document_memory_mb} MB). "
            "Print it to PDF again.",
            "OUTPUT_TOO_LARGE": f"More than {self.config.document_output_bytes:,} bytes of profiles. Split it.",
            "READER_CRASHED": f"The reading process ended by {detail}. Print it to PDF again and send that.",
            "READER_FAILED": f"The reader stopped with an error of kind {detail}. Print it to PDF again and send that.",
        }
        reading = Reading("failed", "application/octet-stream", code=code, error=sentences[code])
        return ReadResult(job.key, reading, job.spool)

    def _next_news(self, timeout_s: float) -> dict[str, Any]:
        """The next message of the nursery; {} when it is gone or silent."""
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
        return news


def import_roots() -> list[str]:
    """Where this process found the package, so that the child finds the same one."""
    return [str(Path(part).resolve().parent) for part in gateway.__path__]


def _memory(pid: int) -> int:
    """Resident bytes of a process, shared memory included; 0 when it is gone."""
    try:
        resident = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    except OSError:
        return 0
    return int(resident) * os.sysconf("SC_PAGE_SIZE")


def _waited(pid: int) -> float:
    """Seconds a process has waited for a processor so far; 0 where the kernel does not say.

    source  Linux, Documentation/scheduler/sched-stats.rst: the second number of /proc/<pid>/schedstat, nanoseconds
    """
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _no_start(why: str) -> Transient:
    return Transient("READER_START", f"The reading processes could not be started: {why}. Check the installation.")
