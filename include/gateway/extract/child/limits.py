"""Limits of a child process, seen from inside it: its memory.

Address space is limited in two steps. Reading text needs little, so its limit is tight: a document that unpacks to a
gigabyte fails at once. Text recognition reserves much that it never uses (model arenas, thread stacks), so it lifts the
limit to the outer one before it loads; memory really in use is watched by the parent all the time.
"""

from __future__ import annotations

import resource
from pathlib import Path

TEXT_SHARE = 0.7  # of document_memory_mb, as address space, until text recognition starts
OUTER_FACTOR = 2  # times document_memory_mb: measured, recognition maps 1,050 MB to use 640
_MB = 1 << 20


def limit_address_space(memory_mb: int) -> None:
    """Limit this process to its current mappings plus `memory_mb` (by the two steps above)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    now = pages * resource.getpagesize()
    outer = now + OUTER_FACTOR * memory_mb * _MB
    resource.setrlimit(resource.RLIMIT_AS, (now + int(TEXT_SHARE * memory_mb) * _MB, outer))


def allow_text_recognition() -> None:
    """Lift the first step; does nothing without limits (outside the sandbox)."""
    _, outer = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (outer, outer))
