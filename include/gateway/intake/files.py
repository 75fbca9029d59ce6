"""Where the bytes of documents are kept: any fsspec place, a local folder by default, s3:// in production.

Keys say nothing about people: <agent>/<first two of sha256>/<sha256>. The same bytes are kept once an agent.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from gateway.intake.inbox import disk_trouble
from gateway.settings import settings

PIECE = 1 << 20


def sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def keep(path: Path, agent_id: str, digest: str) -> str:
    """Copies a file into the files root, whole or not at all, and returns its key.

    raises   Transient(DISK_FULL | CLAIM_FAILED)
    """
    key = f"{agent_id}/{digest[:2]}/{digest}"
    target = UPath(settings().files_root) / key
    try:
        if target.exists() and target.stat().st_size == path.stat().st_size:
            return key
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(target, os.PathLike):  # a local folder: rename makes it appear whole
            part = Path(f"{target}.{os.getpid()}.part")
            try:
                shutil.copyfile(path, part)
                part.replace(Path(target))
            finally:
                part.unlink(missing_ok=True)
        else:
            with path.open("rb") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink, PIECE)
    except OSError as wrong:
        raise disk_trouble(wrong, f"A document of agent {agent_id} could not be kept") from wrong
    return key


@contextmanager
def local(key: str) -> Iterator[Path]:
    """A local path to read the file from: the file itself, or a copy that goes away afterwards."""
    target = UPath(settings().files_root) / key
    if isinstance(target, os.PathLike):
        yield Path(target)
        return
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
        copy = Path(folder) / "document"
        with target.open("rb") as source, copy.open("wb") as sink:
            shutil.copyfileobj(source, sink, PIECE)
        yield copy
