"""Pictures and rows of documents that were shown lately, kept on disk so that looking twice costs nothing.

They are personal data: readable by the gateway's own user only, sealed where files are, bounded in size, forgotten with their file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway.errors import Unreadable
from gateway.settings import settings
from gateway.store import sealing

MOST_BYTES = 256 << 20
MOST_DAYS = 14  # files not used for that long are removed, whatever the total size
_TRIM_TO = 0.8
_LOOK_EVERY = 64  # writes of a process between looks at the whole size
_writes = 0


def cached(sha256: str, name: str, make: Callable[[], bytes]) -> bytes:
    """The result that `make` gave for this file (by the digest of its bytes) and name; exceptions are not cached."""
    global _writes
    on = sealing.is_on()
    path = _folder(sha256) / (f"{name}.sealed" if on else name)
    about = f"cache {sha256} {name}"
    try:
        found = path.read_bytes()
        os.utime(path)  # what is looked at stays
        return sealing.opened(found, about) if on else found
    except (OSError, Unreadable):
        pass
    made = make()
    if on:
        sealing.ensure()
    with contextlib.suppress(OSError):  # a full disk costs the speed, not the picture
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, part = tempfile.mkstemp(dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(sealing.sealed(made, about) if on else made)
            Path(part).replace(path)
        except OSError:
            Path(part).unlink(missing_ok=True)
            raise
        _writes += 1
        if _writes % _LOOK_EVERY == 1:
            trim()
    return made


def forget(sha256: str) -> None:
    """Removes all cached results of one file."""
    shutil.rmtree(_folder(sha256), ignore_errors=True)


def trim(most_bytes: int = MOST_BYTES) -> None:
    """Removes files not used for MOST_DAYS, and then the least recently used ones while the total is too large."""
    oldest = time.time() - MOST_DAYS * 86_400
    kept: list[tuple[float, int, Path]] = []
    for path in _root().glob("*/*/*"):
        with contextlib.suppress(OSError):
            stat = path.stat()
            kept.append((stat.st_mtime, stat.st_size, path))
    total = sum(size for _, size, _ in kept)
    goal = most_bytes * _TRIM_TO if total > most_bytes else total
    for seen, size, path in sorted(kept):
        if seen >= oldest and total <= goal:
            return
        path.unlink(missing_ok=True)
        total -= size


def _root() -> Path:
    return settings().home / "cache"


def _folder(sha256: str) -> Path:
    return _root() / sha256[:2] / sha256
