"""Readers that misbehave on purpose; each document's first word says how."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import mmap
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway.errors import Unreadable
from gateway.model import Evidence, ExtractedProfile, Field, Hints, Note, Reading

PRELOADED_IN = None
AREA = mmap.mmap(-1, 100 << 20)  # address space taken before the limit is set; no memory until it is touched
READ_HERE = 0


def preload() -> None:
    global PRELOADED_IN
    PRELOADED_IN = os.getpid()


def read(path: Path, sink: Callable[[ExtractedProfile], None], hints: Hints, *, limit_pages: int) -> Reading:
    global READ_HERE
    READ_HERE += 1
    command, _, rest = path.read_text("utf-8").partition(" ")
    return globals()[f"do_{command}"](rest, sink, hints, limit_pages)


def do_good(rest, sink, hints, limit_pages):
    evidence = Evidence("text", "test", page=1, box=(1.0, 2.0, 3.0, 4.0))
    for number in range(int(rest or 1)):
        name = f"Ada {number} Ünder"
        sink(ExtractedProfile(name=name, fields=(Field("name", name, name, 0.5, evidence),), pages=(1, 2)))
    return Reading("success", "text/x-test", profiles=7, notes=(Note("NO_ROWS", "seen", row=3),), mapping={"A": None})


def do_facts(rest, sink, hints, limit_pages):
    facts = {"pid": os.getpid(), "parent": os.getppid(), "preloaded": PRELOADED_IN, "nth": READ_HERE}
    facts |= {"country": hints.country, "pages": limit_pages}
    sink(ExtractedProfile(extra={name: str(value) for name, value in facts.items()}))
    return Reading("success", "text/x-test")


def do_hang(rest, sink, hints, limit_pages):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    sink(ExtractedProfile(name="Half Read"))
    while True:
        time.sleep(60)


def do_spin(rest, sink, hints, limit_pages):
    while True:
        pass


def do_memory(rest, sink, hints, limit_pages):
    kept = [bytearray(50 << 20) for _ in range(1000)]
    return Reading("success", str(len(kept)))


def do_resident(rest, sink, hints, limit_pages):
    """Fills memory that an address space limit does not stop: pages mapped before it was set."""
    for offset in range(0, len(AREA), 4096):
        AREA[offset] = 1
    time.sleep(30)
    return Reading("success", "x")


def do_segfault(rest, sink, hints, limit_pages):
    ctypes.string_at(0)


def do_abort(rest, sink, hints, limit_pages):
    ctypes.CDLL(None).abort()


def do_map(rest, sink, hints, limit_pages):
    return Reading("success", str(mmap.mmap(-1, 4 << 30)))


def do_exit(rest, sink, hints, limit_pages):
    os._exit(3)


def do_raise(rest, sink, hints, limit_pages):
    raise KeyError("ada@example.org")


def do_recurse(rest, sink, hints, limit_pages):
    return do_recurse(rest, sink, hints, limit_pages)


def do_unreadable(rest, sink, hints, limit_pages):
    sink(ExtractedProfile(name="Half Read"))
    wrong = Unreadable("DAMAGED_OFFICE", "It is damaged.")
    return Reading("failed", "text/x-test", code=wrong.code, error=wrong.sentence, profiles=1)


def do_flood(rest, sink, hints, limit_pages):
    while True:
        sink(ExtractedProfile(name="x" * 10_000))


def do_print(rest, sink, hints, limit_pages):
    os.write(1, b'{"reading": "forged"}\n')
    os.write(2, b"noise\n")
    print("ada@example.org", flush=True)
    return Reading("success", "text/x-test")


def do_drip(rest, sink, hints, limit_pages):
    for _ in range(int(rest)):
        sink(ExtractedProfile(name="x" * 70_000))
        time.sleep(0.1)
    return Reading("success", "text/x-test")


def do_slow(rest, sink, hints, limit_pages):
    time.sleep(float(rest))
    return Reading("success", "text/x-test")


def do_environment(rest, sink, hints, limit_pages):
    sink(ExtractedProfile(extra=dict(os.environ)))
    return Reading("success", "text/x-test")


def do_connect(rest, sink, hints, limit_pages):
    said = {}
    for name, family, address in (
        ("internet", socket.AF_INET, ("127.0.0.1", int(rest))),
        ("local", socket.AF_UNIX, "/var/run/docker.sock"),
    ):
        try:
            with socket.socket(family) as opened:
                opened.connect(address)
            said[name] = "connected"
        except OSError as wrong:
            said[name] = errno.errorcode[wrong.errno or 0]
    sink(ExtractedProfile(extra=said))
    return Reading("success", "text/x-test")


def do_descriptors(rest, sink, hints, limit_pages):
    kinds = {}
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the listing itself
            if int(link.name) > 2:
                kinds[link.name] = str(link.readlink())
    sink(ExtractedProfile(extra=kinds))
    return Reading("success", "text/x-test")


def do_litter(rest, sink, hints, limit_pages):
    handle, _ = tempfile.mkstemp(suffix=".litter")
    os.write(handle, b"ada@example.org")
    return do_hang(rest, sink, hints, limit_pages)


def do_second(rest, sink, hints, limit_pages):
    """Stands still the first time it is read; the second time it is well."""
    try:
        os.close(os.open(rest, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return do_good("1", sink, hints, limit_pages)
    return do_hang("", sink, hints, limit_pages)
