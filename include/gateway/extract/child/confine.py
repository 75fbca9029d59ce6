"""Limits on a reading child's access: a clean environment, no network, no open files but its own, a folder that is swept.

The process that reads a stranger's file holds nothing worth stealing: no keys, passwords or connections of the gateway or of
Airflow. It cannot open a socket: seccomp refuses the call, with no privilege and inside containers too. Where that is not
possible (other processors than x86-64 and 64-bit ARM, other kernels than Linux), `gateway doctor` says so.
source   Linux seccomp(2), include/uapi/linux/{seccomp,audit,filter}.h; proc(5)
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import gateway
from gateway.settings import Settings

PREFIX = "gateway-read-"
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP = 1, 38, 22
SECCOMP_MODE_FILTER = 2
# machine -> (AUDIT_ARCH, number of socket(2)); io_uring_setup, which can open sockets as well, has one number everywhere
_MACHINES = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
_IO_URING_SETUP = 425
_X32 = 0x40000000  # the x32 calls of x86-64 have numbers of their own from here on
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
_KEPT = ("PATH", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "PYTHONHOME", "TESSDATA_PREFIX")
_STALE_S = 3_600.0


def clean_environment(config: Settings, folder: Path) -> dict[str, str]:
    """The environment of a reading child: variables that programs need to run, and the limits; nothing else of ours.

    folder   its home and its place for temporary files
    """
    env = {name: os.environ[name] for name in _KEPT if name in os.environ}
    limits = {name: getattr(config, name) for name in Settings.model_fields}
    env |= {f"GATEWAY_{name.upper()}": str(value) for name, value in limits.items() if type(value) in (int, float)}
    paths = [*import_roots(), os.environ.get("PYTHONPATH", "")]
    return env | {
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def import_roots() -> list[str]:
    """The folder of the imported package, so that the child finds the same one."""
    return [str(Path(part).resolve().parent) for part in gateway.__path__]


def refuse_network() -> bool:
    """Forbids this process and its children to open sockets. Returns False if the kernel or the processor cannot do that."""
    if platform.system() != "Linux" or platform.machine() not in _MACHINES:
        return False
    arch, socket_call = _MACHINES[platform.machine()]
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_RET|K
    program = [
        (load, 0, 0, 4),  # seccomp_data.arch
        (equal, 0, 4, arch),  # another architecture's calls: refused, their numbers mean other things
        (load, 0, 0, 0),  # seccomp_data.nr
        (at_least, 2, 0, _X32),
        (equal, 1, 0, socket_call),
        (equal, 0, 1, _IO_URING_SETUP),
        (give, 0, 0, _REFUSE),
        (give, 0, 0, _ALLOW),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))  # struct sock_fprog
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(header), 0, 0) == 0)


@lru_cache(maxsize=1)
def can_refuse_network() -> bool:
    """Whether reading children of this machine are without a network: tried in a process of its own, once."""
    code = (
        "import sys, socket; from gateway.extract.child.confine import refuse_network\n"
        "done = refuse_network()\n"
        "try: socket.socket()\n"
        "except OSError: sys.exit(0 if done else 1)\n"
        "sys.exit(1)"
    )
    path = os.pathsep.join(filter(None, [*import_roots(), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(  # noqa: S603  # our own interpreter and text
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def die_with_parent(parent: int | None = None, *, by: int = signal.SIGKILL) -> bool:
    """Arranges that the kernel sends this process the signal when its parent ends. False if `parent` had already ended."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, by)
    return parent in (None, os.getppid())


def close_descriptors(*kept: int) -> None:
    """Close every open file of this process except the standard three and `kept`."""
    start = 3
    for number in sorted(kept):
        os.closerange(start, number)
        start = number + 1
    os.closerange(start, max(start, os.sysconf("SC_OPEN_MAX")))


def own_temporary_folder() -> None:
    """Makes temporary files of this process, including those of libraries, go into a folder named by its process id."""
    folder = Path(os.environ["TMPDIR"]) / str(os.getpid())
    folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


class Folder:
    """A folder for spools and children's temporary files. Removed at close(), or at the next sweep if its owner was killed."""

    def __init__(self, parent: Path | None) -> None:
        within = parent or Path(tempfile.gettempdir())
        sweep(within)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=within))
        self._lock = os.open(self.path / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.temporary = self.path / "tmp"
        self.temporary.mkdir(mode=0o700)

    def forget(self, pid: int) -> None:
        """Remove the folder of a child that ended."""
        shutil.rmtree(self.temporary / str(pid), ignore_errors=True)

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def sweep(within: Path) -> None:
    """Remove folders whose owner ended without doing so: nobody holds their lock. They contain parts of documents."""
    for folder in within.glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            lock = os.open(folder / ".lock", os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
        with contextlib.suppress(OSError):
            if not (folder / ".lock").exists() and time.time() - folder.stat().st_mtime > _STALE_S:
                shutil.rmtree(folder, ignore_errors=True)
