"""The child side of the sandbox: a nursery that imports the readers once, and the workers it forks.

    parent (ReaderPool)  --socket-->  nursery  --fork-->  worker, worker, ...   each worker has a socket to the parent

The nursery is started by exec, so it shares no threads, locks or open connections with the process that needs documents
read (an Airflow task may be a daemonic, forked process, where multiprocessing refuses to start children). It holds one
thread, imports every reader, and forks: a fresh worker costs milliseconds instead of the second the imports take.

Who outlives whom: the nursery ends when its socket closes or its parent is gone; the kernel kills the workers with the
nursery (PR_SET_PDEATHSIG), however busy they are.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import json
import logging
import os
import resource
import select
import signal
import socket
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway.extract.child.confine import close_descriptors, die_with_parent, own_temporary_folder, refuse_network
from gateway.extract.child.limits import limit_address_space
from gateway.extract.child.wire import hints_in, profile_line, reading_out
from gateway.model import ExtractedProfile, Reading

_MB = 1 << 20
_PARENT_CHECK_MS = 1_000


class OutputTooLarge(Exception):
    """A document's profiles exceed the limit of bytes; not an error of the document's reader."""


def main(argv: list[str]) -> int:
    """argv = [file descriptor of the socket to the parent, parent's process id, reader as "module:function"]."""
    control = socket.socket(fileno=int(argv[0]))
    parent, reader_name = int(argv[1]), argv[2]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    logging.disable(logging.CRITICAL)  # parsers quote documents in their warnings
    warnings.simplefilter("ignore")
    refuse_network()
    try:
        read = load_reader(reader_name)
    except Exception as wrong:
        send(control, {"failed": f"{type(wrong).__name__}: {wrong}"[:500]})
        return 1
    gc.collect()
    gc.freeze()  # keeps the shared pages shared: the collector would touch every object
    send(control, {"ready": True})
    return _nursery(control, parent, read)


def load_reader(name: str) -> Callable[..., Reading]:
    """The function named "module:function"; calls its module's preload() if there is one."""
    module_name, _, function = name.partition(":")
    module = importlib.import_module(module_name)
    preload = getattr(module, "preload", None)
    if preload is not None:
        preload()
    read: Callable[..., Reading] = getattr(module, function)
    return read


def send(to: socket.socket, message: dict[str, Any]) -> None:
    to.sendall(json.dumps(message).encode() + b"\n")


def _nursery(control: socket.socket, parent: int, read: Callable[..., Reading]) -> int:
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    poll.register(control, select.POLLIN)
    poll.register(wake, select.POLLIN)
    while os.getppid() == parent:
        for descriptor, _ in poll.poll(_PARENT_CHECK_MS):
            if descriptor == wake:
                os.read(wake, 512)
                _report_the_dead(control)
                continue
            data, handed, _, _ = socket.recv_fds(control, 1, 1)
            if not data:
                return 0
            nursery, born = os.getpid(), os.fork()
            if born == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _work(socket.socket(fileno=handed[0]), read, nursery)
            os.close(handed[0])
            send(control, {"born": born})
    return 0


def _report_the_dead(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        with contextlib.suppress(OSError):
            send(control, {"dead": pid, "exit": os.waitstatus_to_exitcode(status)})


def _work(parent: socket.socket, read: Callable[..., Reading], nursery: int) -> None:
    """The main loop of a worker: one request, one answer, until the socket closes. Never returns."""
    if not die_with_parent(nursery):
        os._exit(0)
    close_descriptors(parent.fileno())
    own_temporary_folder()
    with parent.makefile("r", encoding="utf-8", newline="\n") as requests:
        _limit(json.loads(requests.readline()))
        for line in requests:
            send(parent, _answer(json.loads(line), read))
    os._exit(0)


def _limit(limits: dict[str, int]) -> None:
    """Address space, the size of any file written, and no core dumps (they would hold documents)."""
    limit_address_space(limits["memory_mb"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    size = limits["output_bytes"] + _MB  # the sink below stops first; this is for libraries' temporary files
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _answer(request: dict[str, Any], read: Callable[..., Reading]) -> dict[str, Any]:
    try:
        with Path(request["spool"]).open("wb", buffering=1 << 16) as spool:
            count, size, most = 0, 0, request["output_bytes"]

            def sink(profile: ExtractedProfile) -> None:
                nonlocal count, size
                line = profile_line(profile)
                size += len(line) + 1
                if size > most:
                    raise OutputTooLarge
                spool.write(line)
                spool.write(b"\n")
                count += 1

            reading = read(Path(request["path"]), sink, hints_in(request["hints"]), limit_pages=request["limit_pages"])
        return {"reading": {**reading_out(reading), "profiles": count}}
    except OutputTooLarge:
        return {"broken": "OUTPUT_TOO_LARGE"}
    except MemoryError:
        return {"broken": "OUT_OF_MEMORY"}
    except Exception as wrong:  # the reader's own promise is never to raise: this is its bug, and costs one document
        if isinstance(wrong, OSError) and wrong.errno == errno.ENOMEM:
            return {"broken": "OUT_OF_MEMORY"}
        return {"broken": "READER_FAILED", "kind": type(wrong).__name__}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
