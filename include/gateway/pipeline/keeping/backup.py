"""A backup: one folder with everything that the gateway keeps, consistent while batches run.

    manifest.json     written last: a folder without it is no backup. Versions, counts, a digest of each table and of the list
    tables/           the store's rows (store/dump.py), of one moment
    files/            the files store: documents, anchors, receipts, Data Docs, replays, arrivals
    files.jsonl       key, size and SHA-256 of each of them
    keys/             signing.pem, suppression.key, outreach.key. The master key is never in it
    agents/, inbox/   agent files; drops that were not read yet

Order matters. Anchors are copied before the moment of the rows, so that no anchor covers events that the rows lack. Documents
are copied after it: a row is written after its file, and a file that is gone by then belongs to somebody just erased.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from upath import UPath

import gateway
from gateway.errors import Misconfigured
from gateway.intake import files
from gateway.intake.inbox import disk_problem
from gateway.pipeline.keeping import receipts
from gateway.settings import close, settings
from gateway.store import dump, keys
from gateway.store.engine import engine
from gateway.store.tables import now

MANIFEST, FILES = "manifest.json", "files.jsonl"
VERSION = 1
KEYS = ("signing.pem", "suppression.key", "outreach.key")
LEFT_OUT = (".probe-", ".part")
DIGEST_CHARS = 64


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup. files: how many, of which `linked` are shared with the backup before it and take no space."""

    folder: Path
    at: datetime
    revision: str
    rows: int
    files: int
    linked: int
    size_bytes: int


def backup(folder: Path | None = None) -> Backup:
    """Writes a backup into a new folder; by default a folder named by the time in GATEWAY_BACKUP_DIR.

    raises   Misconfigured(FORM_INCOMPLETE: no place, or the folder is there | STORE_MISSING), Transient(DISK_FULL | CLAIM_FAILED)
    """
    at = now()
    target = folder or _default(at)
    if target.exists() and any(target.iterdir()):
        raise Misconfigured("FORM_INCOMPLETE", f"{target} is not empty: a backup goes into a folder of its own.")
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = _write(target, at)
        receipts.copy_out()
    except OSError as wrong:
        raise disk_problem(wrong, "The backup could not be written") from wrong
    return made


def _default(at: datetime) -> Path:
    place = settings().backup_dir
    if place is None:
        raise Misconfigured("FORM_INCOMPLETE", "Name a folder for the backup, or set GATEWAY_BACKUP_DIR.")
    return place / f"{at:%Y%m%d-%H%M%S}"


def _write(target: Path, at: datetime) -> Backup:
    with closing(_Copied(target, _newest_beside(target))) as copied:
        copied.all_below("audit")
        with dump.snapshot() as connection:
            revision = dump.revision_of(connection)
            if revision is None:
                raise Misconfigured("STORE_MISSING", "There is no store yet, so there is nothing to back up.")
            tables = dump.write(connection, target / "tables")
        copied.all_below("")
    config = settings()
    keys.create()  # receipts signed later are known after a restore only by a key that the backup has
    for name in KEYS:
        _copy_if_there(config.keys / name, target / "keys" / name)
    for source, name in ((config.agents_dir, "agents"), (config.inbox, "inbox")):
        if source.is_dir():
            shutil.copytree(source, target / name, symlinks=True, ignore=shutil.ignore_patterns(".lock"))
            for path in (target / name, *(target / name).rglob("*")):
                if not path.is_symlink():
                    close(path)
    manifest = {
        "version": VERSION,
        "at": at.isoformat(timespec="seconds"),
        "gateway": gateway.__version__,
        "revision": revision,
        "database": engine().dialect.name,
        "tables": tables,
        "files": copied.number,
        "bytes": copied.size,
        FILES: dump.digest(target / FILES),
    }
    part = target / f"{MANIFEST}.part"
    part.write_text(json.dumps(manifest, indent=2), "utf-8")
    part.replace(target / MANIFEST)
    rows = sum(table["rows"] for table in tables.values())
    return Backup(target, at, revision, rows, copied.number, copied.linked, copied.size)


class _Copied:
    """The files store, copied file by file; a document that the backup before has is linked instead of copied."""

    def __init__(self, target: Path, before: Path | None) -> None:
        self.target, self.before = target / "files", before / "files" if before else None
        self.number = self.linked = self.size = 0
        self.done: set[str] = set()
        self.list = (target / FILES).open("w", encoding="utf-8")
        self.known = listed(before) if before else {}

    def all_below(self, folder: str) -> None:
        root = files.root()
        for key in _keys(root, folder):
            if key in self.done:
                continue
            self.done.add(key)
            self._one(root / key, key)

    def _one(self, source: UPath | Path, key: str) -> None:
        path = self.target / key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = self.known.get(key)
        try:
            # Only documents: their key is the hash of their content, so that what has the same key and size is the same.
            same = known and _is_document(key) and source.stat().st_size == known["size"]
            if same and self.before and _link(self.before / key, path):
                digest = str(known["sha256"]) if known else ""
                self.linked += 1
            else:
                with source.open("rb") as reader, path.open("wb") as writer:
                    shutil.copyfileobj(reader, writer, files.PIECE)
                digest = dump.digest(path)
        except FileNotFoundError:
            return  # removed meanwhile: its person was erased, or a batch was registered
        size = path.stat().st_size
        self.list.write(json.dumps({"key": key, "size": size, "sha256": digest}) + "\n")
        self.number, self.size = self.number + 1, self.size + size

    def close(self) -> None:
        self.list.close()


def _keys(root: UPath, folder: str) -> Iterator[str]:
    start = root / folder if folder else root
    if not start.exists():
        return
    base = str(root).rstrip("/")
    for path in start.rglob("*"):
        if path.is_file() and not any(part in path.name for part in LEFT_OUT):
            yield str(path).removeprefix(base).lstrip("/")


def _is_document(key: str) -> bool:
    return len(key.rpartition("/")[2].removesuffix(files.SEALED)) == DIGEST_CHARS


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError:
        return False  # another file system, or one without links
    return True


def _copy_if_there(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source, target)
        target.chmod(0o600)


def _newest_beside(target: Path) -> Path | None:
    """The last complete backup in the same folder."""
    others = [one.parent for one in target.parent.glob(f"*/{MANIFEST}") if one.parent != target]
    return max(others, key=lambda one: str(_said(one).get("at")), default=None)


def _said(folder: Path) -> dict[str, Any]:
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def listed(folder: Path) -> dict[str, dict[str, Any]]:
    try:
        with (folder / FILES).open(encoding="utf-8") as source:
            return {entry["key"]: entry for entry in map(json.loads, source)}
    except (OSError, ValueError, KeyError):
        return {}


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of a complete and unchanged backup; reads all of it.

    raises   Misconfigured(BACKUP_INVALID) naming the first file that is not as it was written
    """
    said = _said(folder)
    if said.get("version") != VERSION:
        raise Misconfigured(
            "BACKUP_INVALID", f"{folder} has no {MANIFEST} of this version: the backup was not finished."
        )
    try:
        wanted = {f"tables/{name}.jsonl.gz": table["sha256"] for name, table in said["tables"].items()}
        wanted[FILES] = said[FILES]
        wanted |= {f"files/{key}": entry["sha256"] for key, entry in listed(folder).items()}
    except (KeyError, TypeError, AttributeError):
        raise Misconfigured("BACKUP_INVALID", f"The {MANIFEST} of {folder} is damaged.") from None
    for name, digest in wanted.items():
        path = folder / name
        if not path.is_file() or dump.digest(path) != digest:
            raise Misconfigured("BACKUP_INVALID", f"{name} is not the file that {MANIFEST} names: use another backup.")
    return said
