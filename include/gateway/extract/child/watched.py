"""The resources a child has used so far, as counted by the kernel (proc(5)). 0 if it is gone or the kernel does not say."""

from __future__ import annotations

import os
from pathlib import Path


def resident(pid: int) -> int:
    """Resident bytes of a process, shared memory included."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def cpu_s(pid: int) -> float:
    """Seconds of processor time of a process, all threads, user and system."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, IndexError, ValueError):
        return 0.0


def waited_s(pid: int) -> float:
    """Seconds a process has waited for a processor.

    source  Linux, Documentation/scheduler/sched-stats.rst: the second number of /proc/<pid>/schedstat, nanoseconds
    """
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0
