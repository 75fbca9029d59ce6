"""Where the bytes of documents are kept: any fsspec place, a local folder by default, s3:// in production.

Keys say nothing about people: <agent>/<first two of sha256>/<sha256>, and `.sealed` at its end where the content is encrypted
(store/sealing.py). The hash is that of the document. The same bytes are kept once an agent.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from upath import UPath

from gateway.credentials import from_environment
from gateway.errors import Misconfigured, Transient, Unreadable
from gateway.intake.inbox import disk_problem
from gateway.settings import settings
from gateway.store import sealing

PIECE = 1 << 20
CONNECTION = "gateway_files"
SEALED = ".sealed"  # ends the key of a file that is encrypted
COPY = "gateway-copy-"
_YOUNG_S = 60.0


def sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def root() -> UPath:
    """The files root. A remote one is opened with the connection in AIRFLOW_CONN_GATEWAY_FILES if it is set.

    Read from the environment alone: tasks, the page, the triggerer and a shell all open it, and only some of them may ask
    Airflow for connections. The connection's login and password are the object store's key and secret, its extra holds further fsspec options
    (`endpoint_url` for a store that is not AWS). Without it the machine's own identity counts (AWS_*, a role).
    """
    url = settings().files_root
    if "://" not in url or url.startswith("file://"):
        return UPath(url.removeprefix("file://"))
    place: UPath = UPath(url, **_options())
    return place


def _options() -> dict[str, Any]:
    try:
        found = from_environment(CONNECTION)
    except Misconfigured as wrong:
        if wrong.code == "CONNECTION_MISSING":
            return {}
        raise
    own = {"key": found.login, "secret": found.secret, "endpoint_url": found.base_url}
    return {name: value for name, value in own.items() if value} | dict(found.extra)


def check() -> None:
    """Writes, reads and removes a small object, so that wrong settings are refused at the start and not during a batch.

    raises   Misconfigured(FILES_STORE_REFUSED) naming the kind of refusal
    """
    try:
        probe = root() / f".probe-{secrets.token_hex(8)}"
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"probe")
        whole = probe.read_bytes() == b"probe"
        probe.unlink()
    except Exception as wrong:  # each fsspec store has its own errors
        raise Misconfigured(
            "FILES_STORE_REFUSED",
            f"The files store cannot be written to and read ({type(wrong).__name__}): correct GATEWAY_FILES_URL or "
            f"AIRFLOW_CONN_{CONNECTION.upper()}.",
        ) from wrong
    if not whole:
        raise Misconfigured("FILES_STORE_REFUSED", "The files store returns other bytes than were written.")


def keep(path: Path, agent_id: str) -> tuple[str, str, int]:
    """Copies a file into the files root, completely or not at all; returns (key, sha256, size in bytes) of the copy.

    The hash is taken of the bytes on their way, not of the file before or after: a file that still grows is kept as it
    was copied, and its row says so.
    raises   Unreadable(FILE_UNREADABLE) where the file cannot be read, Transient(DISK_FULL | CLAIM_FAILED) where the
             copy cannot be written
    """
    base = root()
    local_root = Path(base) if isinstance(base, os.PathLike) else None
    sealing_on = sealing.is_on()
    if sealing_on:
        sealing.ensure()
    try:
        spool = local_root / agent_id if local_root else None
        if spool:
            spool.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(suffix=".part", dir=spool)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as sink:
                digest, size = _copy_hashed(path, sink, agent_id if sealing_on else None)
            key = f"{agent_id}/{digest[:2]}/{digest}{SEALED if sealing_on else ''}"
            target = base / key
            if not (target.exists() and target.stat().st_size == part.stat().st_size):
                target.parent.mkdir(parents=True, exist_ok=True)
                if local_root:
                    part.replace(local_root / key)  # the rename makes it appear whole
                else:
                    with part.open("rb") as source, target.open("wb") as remote:
                        shutil.copyfileobj(source, remote, PIECE)
        finally:
            part.unlink(missing_ok=True)
    except OSError as wrong:
        raise disk_problem(wrong, f"A document of agent {agent_id} could not be kept") from wrong
    return key, digest, size


def _copy_hashed(path: Path, sink: BinaryIO, sealed_for: str | None) -> tuple[str, int]:
    """Hash and size of the document's bytes, whichever way they are written."""
    total, size = hashlib.sha256(), 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in _pieces(path):
            total.update(piece)
            size += len(piece)
            yield piece

    for piece in sealing.seal_pieces(counted(), sealed_for) if sealed_for else counted():
        sink.write(piece)
    return total.hexdigest(), size


def _pieces(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as source:
            while piece := source.read(PIECE):
                yield piece
    except OSError as wrong:
        reason = os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__
        raise Unreadable("FILE_UNREADABLE", f"The file could not be read ({reason}): send it again.") from wrong


@contextmanager
def local(key: str) -> Iterator[Path]:
    """A local path to read the file from: the file itself, or a copy that is removed afterwards.

    raises   Transient(FILES_MISSING) where the place of all kept files is not on this machine, Transient(DISK_FULL |
             CLAIM_FAILED) where a copy cannot be made; Unreadable(FILE_MISSING) where this one file is gone
    """
    base = root()
    target = base / key
    if not target.exists():
        raise _missing(base, key)
    if isinstance(target, os.PathLike) and not key.endswith(SEALED):
        yield Path(target)
        return
    with temporary() as folder:
        copy = folder / "document"
        try:
            with target.open("rb") as source, copy.open("wb") as sink:
                _write_opened(source, sink, key)
        except OSError as wrong:
            raise disk_problem(wrong, "A kept document could not be fetched") from wrong
        yield copy


def _write_opened(source: BinaryIO, sink: BinaryIO, key: str) -> None:
    """The document's own bytes. A sealed one must have the hash that its key says: nobody put another in its place."""
    if not key.endswith(SEALED):
        shutil.copyfileobj(source, sink, PIECE)
        return
    total = hashlib.sha256()
    for piece in sealing.open_pieces(source, key.split("/")[0]):
        total.update(piece)
        sink.write(piece)
    if total.hexdigest() != key.rpartition("/")[2].removesuffix(SEALED):
        raise Unreadable(
            "SEALED_DAMAGED", "Under the key of a kept file is another document. Restore it from the backup."
        )


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder for a copy of a document. If this process is killed, the next one that makes such a folder removes it."""
    within = Path(tempfile.gettempdir())
    _sweep(within)
    with tempfile.TemporaryDirectory(prefix=COPY, dir=within) as folder:
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield Path(folder)
        finally:
            os.close(lock)


def _sweep(within: Path) -> None:
    """Removes folders whose owner has ended: nobody holds their lock. A folder just made may not be locked yet."""
    for folder in within.glob(COPY + "*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < _YOUNG_S:
                continue
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def remove(key: str) -> None:
    """Takes a kept file away; none there is no error.

    raises   Transient(FILES_MISSING) where the place of all kept files is not on this machine
    """
    base = root()
    target = base / key
    if isinstance(target, os.PathLike) and not target.exists() and isinstance(gone := _missing(base, key), Transient):
        raise gone
    target.unlink(missing_ok=True)


def _missing(base: UPath, key: str) -> Unreadable | Transient:
    agent_id = key.split("/")[0]
    if not (base / agent_id).exists():
        return Transient(
            "FILES_MISSING",
            f"The kept files of {agent_id} are not on this machine. Give every machine the same files (GATEWAY_FILES_URL), "
            "then resume the batch, or do this again.",
            30,
        )
    return Unreadable("FILE_MISSING", "Its bytes were kept but are missing from the files store: send the file again.")
