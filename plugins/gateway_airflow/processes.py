"""The processes of `make run`: started together, watched, and ended together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

from gateway.extract.child.confine import die_with_parent

STOP_S = 15.0


def _die_with_parent() -> None:
    """In the child: SIGTERM when the starter is gone, even if that was killed."""
    die_with_parent(by=signal.SIGTERM)


class Died(RuntimeError):
    """A process ended that should not have."""


class Processes:
    """Each process leads a group of its own, so that ending it ends what it started."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(  # noqa: S603  (our own command)
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def run_once(self, name: str, command: list[str]) -> None:
        """Runs to the end; raises Died with the log's last lines if it fails."""
        self.start(name, command)
        code = self.running.pop(name).wait()
        if code:
            raise Died(self._story(name, code))

    def check(self) -> None:
        """Raises Died if one of them ended."""
        for name, process in self.running.items():
            code = process.poll()
            if code is not None:
                raise Died(self._story(name, code))

    def _story(self, name: str, code: int) -> str:
        log = self.folder / f"{name}.log"
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
        return f"{name} ended with {code}; the end of {log}:\n{tail}"

    def stop(self) -> None:
        """Asks all to stop, waits, and kills the rest, including everything they started."""
        for process in self.running.values():
            _signal(process, signal.SIGTERM)
        end = time.monotonic() + STOP_S
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, end - time.monotonic()))
            _signal(process, signal.SIGKILL)
            process.wait()
        self.running.clear()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
