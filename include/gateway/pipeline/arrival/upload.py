"""Files sent from the page: streamed into a staging folder, then one batch.

    <inbox>/.uploads/<upload id>/    the upload's id is the id of the batch it becomes
        upload.json    {"agent_id", "uploaded_by"}
        totals         "<files> <bytes>" of the kept files
        index.jsonl    a line for each file kept or taken out again, in that order
        parts/         files on their way, under random names
        files/         whole files, by their path inside the batch
        hashes/        <sha256> -> path of the upload's first file with these bytes

It lies in the inbox because a worker reads it there, perhaps on another machine, and because a rename is then all it
takes to make it a batch. A sender's name is data: what becomes a path is cleaned by `safe_path`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from gateway.errors import GatewayError, Misconfigured, Refused, Transient
from gateway.extract import media_types
from gateway.extract.detect import media_type
from gateway.intake import arrivals, inbox
from gateway.intake.manifest import NAME as MANIFEST
from gateway.intake.manifest import Manifest
from gateway.intake.names import free_path, safe_path
from gateway.intake.register import EMPTY, UPLOADED, is_system_file, known_document
from gateway.model import AgentState, Mode
from gateway.pipeline.arrival.receive import agent_of, batch_exists, open_claimed
from gateway.settings import settings
from gateway.store import ids
from gateway.store.engine import reading

log = logging.getLogger(__name__)
STAGING = ".uploads"
ABANDONED_S = 24 * 3600.0
_UPLOAD_ID = re.compile(r"b\d{8}-\d{6}-[a-z2-9]{6}")
_FILE_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """Where the same bytes already are: in an earlier batch, or (batch_id None) in this upload.

    path   of the file in this upload; None for one of a batch
    """

    batch_id: str | None
    document_id: str | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """One complete file in the staging folder. Its `path` and content may name a person."""

    file_id: str
    path: str
    size_bytes: int
    sha256: str
    media_type: str
    seen: SeenBefore | None = None

    @property
    def type_words(self) -> str:
        """The everyday name of its type: "PDF", "Word document", "Picture", "Other"."""
        return media_types.about(self.media_type).label

    @property
    def readable(self) -> bool:
        return self.media_type in media_types.TAKEN


def begin(agent_id: str, *, by: str) -> str:
    """A new, empty upload for an agent; returns its id. Uploads left alone for a day are removed on the way.

    raises   Misconfigured(UNKNOWN_AGENT | AGENT_FILE_INVALID | AGENT_CLOSED), Transient(DISK_FULL | CLAIM_FAILED)
    """
    _open_agent(agent_id)
    clean_abandoned()
    upload_id = ids.batch_id()
    folder = _root() / upload_id
    try:
        for part in ("parts", "files", "hashes"):
            (folder / part).mkdir(parents=True)
        (folder / "totals").write_text("0 0")
        (folder / "upload.json").write_text(json.dumps({"agent_id": agent_id, "uploaded_by": by}), "utf-8")
    except OSError as wrong:
        raise inbox.disk_problem(wrong, f"An upload for {agent_id} could not be begun") from wrong
    return upload_id


class Incoming:
    """One file being written in pieces. Ends with `keep` or `abandon`; neither leaves a partial file behind.

    announced   the size the sender says, in bytes, or None: too much is refused before the first byte
    raises      Misconfigured(UNKNOWN_UPLOAD), Refused(FILE_TOO_LARGE | BATCH_TOO_LARGE | BATCH_TOO_MANY_FILES),
                Transient(DISK_FULL | CLAIM_FAILED)
    """

    def __init__(self, upload_id: str, name: str, *, by: str, announced: int | None = None) -> None:
        self._folder, self._facts = _staged(upload_id, by)
        self._name, self._announced = name, announced
        if is_system_file(name):
            raise Refused("SYSTEM_FILE", "It belongs to the operating system, not to a candidate, and is left out.")
        self._size = 0
        self._hash = hashlib.sha256()
        self._before = _totals(self._folder)
        self._check(announced or 0)
        self._part = self._folder / "parts" / secrets.token_hex(8)
        try:
            self._handle = self._part.open("wb")
        except OSError as wrong:
            raise self._trouble(wrong) from wrong

    def write(self, piece: bytes) -> None:
        """The next bytes. Raises as the constructor does; the caller then stops reading and abandons."""
        self._check(self._size + len(piece))
        try:
            self._handle.write(piece)
        except OSError as wrong:
            raise self._trouble(wrong) from wrong
        self._hash.update(piece)
        self._size += len(piece)

    def keep(self) -> Kept:
        """The file is complete: moves it to its place in the batch. Also raises Refused(UNFINISHED_UPLOAD)."""
        if self._announced is not None and self._size != self._announced:
            raise Refused(
                "UNFINISHED_UPLOAD", f"Only {self._size:,} of {self._announced:,} bytes arrived: send the file again."
            )
        try:
            self._handle.close()
            return self._place()
        except OSError as wrong:
            raise self._trouble(wrong) from wrong

    def abandon(self) -> None:
        """Removes the part that arrived; harmless after `keep`."""
        self._handle.close()
        self._part.unlink(missing_ok=True)

    def _place(self) -> Kept:
        digest, file_id = self._hash.hexdigest(), secrets.token_hex(8)
        with _locked(self._folder):
            files, total = self._before = _totals(self._folder)
            self._check(self._size)
            path = free_path(self._folder / "files", safe_path(self._name))
            target = self._folder / "files" / path
            self._part.replace(target)
            twin = self._folder / "hashes" / digest
            seen = SeenBefore(None, path=twin.read_text("utf-8")) if twin.exists() else None
            if seen is None:
                twin.write_text(path, "utf-8")
            kind = media_type(target)
            line = {"id": file_id, "path": path, "size": self._size, "sha256": digest, "type": kind}
            _append(self._folder, line, files + 1, total + self._size)
        return Kept(file_id, path, self._size, digest, kind, seen or seen_before(self._facts["agent_id"], digest))

    def _check(self, size: int) -> None:
        limits, (files, total) = settings(), self._before
        if size > limits.max_file_bytes:
            raise Refused(
                "FILE_TOO_LARGE", f"A file can have at most {_mb(limits.max_file_bytes)}; this one is larger."
            )
        if files >= limits.max_batch_files:
            raise Refused(
                "BATCH_TOO_MANY_FILES",
                f"A batch can have at most {limits.max_batch_files:,} files: send the rest in another.",
            )
        if total + size > limits.max_batch_bytes:
            raise Refused(
                "BATCH_TOO_LARGE", f"A batch can have at most {_mb(limits.max_batch_bytes)}: send the rest in another."
            )

    def _trouble(self, wrong: OSError) -> GatewayError:
        if isinstance(wrong, FileNotFoundError):
            return _unknown()  # submitted or cancelled while this file was on its way
        return inbox.disk_problem(wrong, f"A file for {self._facts['agent_id']} could not be kept")


def listed(upload_id: str, *, by: str) -> list[Kept]:
    """The files of an upload, in the order of completion; `seen` is not looked up again."""
    folder, _ = _staged(upload_id, by)
    return list(_index(folder).values())


def take_out(upload_id: str, file_id: str, *, by: str) -> bool:
    """Removes one file of an upload; False if the upload does not (or no longer) contain it."""
    folder, _ = _staged(upload_id, by)
    if not _FILE_ID.fullmatch(file_id):
        return False
    with _locked(folder):
        kept = _index(folder)
        file = kept.pop(file_id, None)
        if file is None:
            return False
        (folder / "files" / file.path).unlink(missing_ok=True)
        twin = next((other.path for other in kept.values() if other.sha256 == file.sha256), None)
        mark = folder / "hashes" / file.sha256
        if twin is None:
            mark.unlink(missing_ok=True)
        else:
            mark.write_text(twin, "utf-8")
        files, total = _totals(folder)
        _append(folder, {"removed": file_id}, files - 1, total - file.size_bytes)
    return True


def cancel(upload_id: str, *, by: str) -> None:
    """Removes an upload with all its files."""
    folder, _ = _staged(upload_id, by)
    shutil.rmtree(folder, ignore_errors=True)


def submit(upload_id: str, *, by: str, mode: Mode, canary: int | None = None, source: str = UPLOADED) -> str:
    """Turns an upload into a batch that waits for its run; returns the batch's id, which is the upload's. Repeatable.

    The sender's choices are written into the folder as batch.yaml before the rename: if this process dies right after
    it, the sensor finds the folder and opens the very same batch.
    raises   Misconfigured(UNKNOWN_UPLOAD | UNKNOWN_AGENT | AGENT_CLOSED), Refused(UPLOAD_EMPTY),
             Transient(DISK_FULL | CLAIM_FAILED)
    """
    if _UPLOAD_ID.fullmatch(upload_id) and batch_exists(upload_id, uploaded_by=by[:200]):
        return upload_id
    folder, facts = _staged(upload_id, by)
    agent = _open_agent(facts["agent_id"])
    into = settings().inbox / inbox.CLAIMED / agent.id / upload_id
    manifest = Manifest(mode=mode, source=source, uploaded_by=by[:200], canary=canary)
    with _locked(folder), inbox.locked(settings().inbox):
        if not _totals(folder)[0]:
            raise Refused("UPLOAD_EMPTY", "Nothing was uploaded yet: choose at least one file.")
        try:
            content = manifest.model_dump(mode="json", exclude_none=True)
            (folder / "files" / MANIFEST).write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
            into.parent.mkdir(parents=True, exist_ok=True)
            (folder / "files").rename(into)
        except OSError as wrong:
            raise inbox.disk_problem(wrong, f"An upload for {agent.id} could not be made a batch") from wrong
        open_claimed(agent, upload_id, into, actor=by, run_id=upload_id)
    try:
        arrivals.hand_over(into, agent.id, upload_id)
    except Transient as later:  # the batch stands; whoever looks at the claimed folders next hands it over
        log.warning("upload %s: %s", upload_id, later)
    shutil.rmtree(folder, ignore_errors=True)
    return upload_id


def clean_abandoned(older_than_s: float = ABANDONED_S) -> int:
    """Removes uploads that were not touched for that long; returns their number."""
    root, removed = _root(), 0
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            touched = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
        except FileNotFoundError:
            continue  # submitted at this moment
        if time.time() - touched > older_than_s:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def seen_before(agent_id: str, digest: str) -> SeenBefore | None:
    """This agent's first document with these bytes whose people are finished: registering will link to it."""
    if digest == EMPTY:
        return None
    with reading() as session:
        first = known_document(session, agent_id, digest)
    return SeenBefore(first.batch_id, first.id) if first else None


def _open_agent(agent_id: str) -> Any:
    agent = agent_of(agent_id)
    if agent.state == AgentState.CLOSED:
        raise Misconfigured(
            "AGENT_CLOSED",
            f"Agent {agent_id} is closed and accepts no candidates: open it in its file, or choose another.",
        )
    return agent


def _root() -> Path:
    return settings().inbox / STAGING


def _unknown() -> Misconfigured:
    return Misconfigured(
        "UNKNOWN_UPLOAD",
        "You have no such upload: it was already submitted, or waited for more than a day. Start again.",
    )


def _staged(upload_id: str, by: str) -> tuple[Path, dict[str, str]]:
    folder = _root() / upload_id
    if not _UPLOAD_ID.fullmatch(upload_id):
        raise _unknown()
    try:
        facts: dict[str, str] = json.loads((folder / "upload.json").read_text("utf-8"))
    except FileNotFoundError:
        raise _unknown() from None
    if facts["uploaded_by"] != by or not (folder / "files").is_dir():
        raise _unknown()
    return folder, facts


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Allows one writer of an upload's lists at a time, among all processes that serve the page."""
    try:
        with (folder / "upload.json").open("r") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if not (folder / "files").is_dir():
                raise _unknown()
            yield
    except FileNotFoundError as gone:
        raise _unknown() from gone


def _totals(folder: Path) -> tuple[int, int]:
    try:
        files, total = (folder / "totals").read_text().split()
    except FileNotFoundError:
        raise _unknown() from None
    return int(files), int(total)


def _append(folder: Path, line: dict[str, Any], files: int, total: int) -> None:
    with (folder / "index.jsonl").open("a", encoding="utf-8") as index:
        index.write(json.dumps(line) + "\n")
    new = folder / "totals.new"
    new.write_text(f"{files} {total}")
    new.replace(folder / "totals")  # read without the lock: never half written


def _index(folder: Path) -> dict[str, Kept]:
    path = folder / "index.jsonl"
    kept: dict[str, Kept] = {}
    for text in path.read_text("utf-8").splitlines() if path.exists() else ():
        line = json.loads(text)
        if "removed" in line:
            kept.pop(line["removed"], None)
        else:
            kept[line["id"]] = Kept(line["id"], line["path"], line["size"], line["sha256"], line["type"])
    return kept


def _mb(size: int) -> str:
    return f"{size / 1_000_000:,.0f} MB" if size >= 1_000_000 else f"{size:,} bytes"
