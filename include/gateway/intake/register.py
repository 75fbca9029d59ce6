"""A claimed folder becomes Document rows: every file named, hashed, typed by content, ZIP members included.

Nothing is skipped in silence: a file that is refused is a failed document with a code. Registering the same folder
again (a cleared task, a killed worker) finds the same ids and changes nothing.
"""

from __future__ import annotations

import errno
import logging
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from gateway.errors import Unreadable
from gateway.extract import media_types
from gateway.extract.detect import media_type
from gateway.intake import archive, files
from gateway.intake.inbox import READY, UNFINISHED, disk_problem, shown
from gateway.intake.manifest import NAME as MANIFEST
from gateway.model import FROM_API, DocumentState, Mode, ProfileState
from gateway.settings import settings
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.ids import document_id
from gateway.store.tables import Batch, Document, Profile

log = logging.getLogger(__name__)
SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
UPLOADED = "page"  # Batch.source of what came through the page
SLICE = 200  # documents whose rows are written together: the lock is held for milliseconds
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@dataclass(frozen=True, slots=True)
class Found:
    """One file before it becomes a row.

    path          how the sender named it
    sha256        of the kept bytes; EMPTY until they are kept, and for refused files
    code, error   when it is refused already
    """

    path: str
    file: Path | None
    sha256: str = EMPTY
    size_bytes: int = 0
    media_type: str = media_types.BINARY
    code: str | None = None
    error: str | None = None


def is_system_file(name: str) -> bool:
    """True for a file that the operating system keeps next to documents, by its name."""
    return name.replace("\\", "/").rsplit("/", 1)[-1].lower() in SYSTEM_FILES


def came_whole(source: str | None) -> bool:
    """True for the page and the API, which count the bytes of each file."""
    return source == UPLOADED or (source or "").startswith(FROM_API)


def find(folder: Path, unpack_into: Path, *, uploaded: bool = False) -> Iterator[Found]:
    """Every document below a folder, in the order of their paths, with ZIPs replaced by their members.

    uploaded   every file arrived whole (the page counted its bytes): a name like "cv.part" says nothing then
    """
    limits = settings()
    total = 0
    number = 0
    for path in sorted(folder.rglob("*")):
        if path.name in (READY, MANIFEST) or is_system_file(path.name) or (path.is_dir() and not path.is_symlink()):
            continue
        relative = shown(str(path.relative_to(folder)))
        for found in _by_itself(path, relative, unpack_into / str(number), uploaded):
            number += 1
            total += found.size_bytes
            if found.code is None and number > limits.max_batch_files:
                found = _refused(
                    found, "BATCH_TOO_MANY_FILES", f"more than {limits.max_batch_files:,} files in the batch"
                )
            elif found.code is None and total > limits.max_batch_bytes:
                found = _refused(found, "BATCH_TOO_LARGE", f"more than {limits.max_batch_bytes:,} bytes in the batch")
            yield found


def _refused(found: Found, code: str, limit: str) -> Found:
    return Found(
        found.path,
        None,
        found.sha256,
        found.size_bytes,
        found.media_type,
        code,
        f"Not read: {limit}. Send it in a batch of its own.",
    )


def _by_itself(path: Path, relative: str, unpack_into: Path, uploaded: bool) -> Iterator[Found]:
    """The documents of one file. Any error in it becomes a failed document, and the next file continues.

    raises   OSError where the disk is full: that is not the file's fault
    """
    try:
        yield from _file(path, relative, unpack_into, uploaded)
    except OSError as wrong:
        if wrong.errno in (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE):
            raise
        reason = os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__
        yield Found(
            relative, None, code="FILE_UNREADABLE", error=f"The file could not be read ({reason}): send it again."
        )
    except Exception as wrong:
        log.error("a file of the drop could not be examined: %s", type(wrong).__name__)
        yield Found(
            relative,
            None,
            code="READER_FAILED",
            error=f"The file could not be examined ({type(wrong).__name__}): pack or print it again and send that.",
        )


def _file(path: Path, relative: str, unpack_into: Path, uploaded: bool) -> Iterator[Found]:
    limit = settings().max_file_bytes
    if path.is_symlink() or not path.is_file():
        yield Found(
            relative, None, code="NOT_A_FILE", error="A link or device instead of a file: send the file itself."
        )
        return
    if path.name.lower().endswith(UNFINISHED) and not uploaded:
        yield Found(
            relative, None, code="UNFINISHED_UPLOAD", error="The upload of this file never finished: send it again."
        )
        return
    size = path.stat().st_size
    kind = media_type(path)
    if kind == media_types.ZIP:
        yield from _members(path, relative, unpack_into)
        return
    found = Found(relative, path, size_bytes=size, media_type=kind)
    yield found if size <= limit else _refused(found, "FILE_TOO_LARGE", f"larger than {limit:,} bytes")


def _members(path: Path, relative: str, unpack_into: Path) -> Iterator[Found]:
    """The members of a ZIP; a ZIP that cannot be opened is itself one failed document."""
    size = path.stat().st_size
    try:
        unpack_into.mkdir(parents=True)
        members = archive.expand(path, unpack_into, archive.Limits.of(settings()))
    except Unreadable as wrong:
        yield Found(relative, None, EMPTY, size, media_types.ZIP, code=wrong.code, error=wrong.sentence)
        return
    for member in members:
        if member.ignored:
            continue
        name = f"{relative}!/{member.path_in_zip}"
        if member.file is None:
            yield Found(name, None, size_bytes=member.size_bytes, code=member.code, error=member.sentence)
        else:
            kind = media_type(member.file, member.path_in_zip)
            yield Found(name, member.file, size_bytes=member.size_bytes, media_type=kind)


def register(batch_id: str, folder: Path, *, actor: str) -> int:
    """Writes a Document row for every file in the folder and keeps the bytes; returns the number of new rows.

    If this agent received the same bytes before and their people are finished, the file becomes a success with code DUPLICATE_FILE
    that points to the first: linked, not read again. A dry run reads it anyway, because it asks what would happen.
    Bytes are kept before their rows are written, so a row never points at nothing.
    raises   Transient(DISK_FULL | CLAIM_FAILED): registering again continues where this stopped
    """
    new = 0
    names: dict[str, int] = {}
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        agent_id, uploaded = batch.agent_id, came_whole(batch.source)
    try:
        with tempfile.TemporaryDirectory(prefix="gateway-zip-") as temporary:
            stream = find(folder, Path(temporary), uploaded=uploaded)
            while piece := list(islice(stream, SLICE)):
                kept = [_keep(found, agent_id) for found in piece]
                with writing() as session:
                    batch = session.get_one(Batch, batch_id)
                    for found, key in kept:
                        names[found.path] = names.get(found.path, 0) + 1
                        # Two ZIP members may carry one name; both count.
                        path = found.path if names[found.path] == 1 else f"{found.path} ({names[found.path]})"
                        new += _add(session, batch, path, found, key, actor)
    except OSError as wrong:  # the machine's trouble while a ZIP is unpacked, not the file's
        raise disk_problem(wrong, f"The files of batch {batch_id} could not be unpacked") from wrong
    return new


def _keep(found: Found, agent_id: str) -> tuple[Found, str | None]:
    """The file with the hash and size of the kept bytes, and their key."""
    if found.file is None:
        return found, None
    try:
        key, digest, size = files.keep(found.file, agent_id)
    except Unreadable as wrong:
        return replace(found, file=None, code=wrong.code, error=wrong.sentence), None
    return replace(found, sha256=digest, size_bytes=size), key


def _add(session: Session, batch: Batch, path: str, found: Found, key: str | None, actor: str) -> bool:
    identity = document_id(batch.id, path)
    if session.get(Document, identity) is not None:
        return False
    first = None if found.code else _first(session, batch, found.sha256)
    document = Document(
        id=identity,
        batch_id=batch.id,
        agent_id=batch.agent_id,
        path=path,
        file_key=key,
        sha256=found.sha256,
        size_bytes=found.size_bytes,
        media_type=found.media_type,
        state=DocumentState.PROCESSING,
        code=found.code,
        error=found.error,
    )
    if found.code is not None:
        document.state = DocumentState.FAILED
    elif first is not None:
        document.state = DocumentState.SUCCESS
        document.code = "DUPLICATE_FILE"
        document.error = (
            "The same file is in this batch already; it is read once."
            if first.batch_id == batch.id
            else f"The same file was received before, in batch {first.batch_id}; it is not read again."
        )
        document.duplicate_of = first.id
    change.create(session, document, actor=actor, code=document.code)
    session.flush()  # the next one may be its twin
    return True


def _first(session: Session, batch: Batch, digest: str) -> Document | None:
    """The document that a new one with these bytes is linked to: known to this agent, or in the same batch."""
    if batch.mode == Mode.DRY_RUN or digest == EMPTY:
        return None
    twin = and_(Document.batch_id == batch.id, Document.state.in_([DocumentState.PROCESSING, DocumentState.SUCCESS]))
    return known_document(session, batch.agent_id, digest, or_(twin, SETTLED))


# Read, and everybody found in it is finished. A document whose batch died before that does not count: a link to it would
# hide its people for ever. The file is read again, and the ledger keeps anybody from being delivered twice.
SETTLED = and_(
    Document.state == DocumentState.SUCCESS,
    ~exists().where(
        Profile.document_id == Document.id, Profile.state.in_([ProfileState.EXTRACTED, ProfileState.PASSED])
    ),
)


def known_document(
    session: Session, agent_id: str, digest: str, which: ColumnElement[bool] = SETTLED
) -> Document | None:
    """The first document of this agent that had these bytes and is one of `which`; dry runs do not count."""
    return session.scalar(
        select(Document)
        .join(Batch, Batch.id == Document.batch_id)
        .where(
            Document.agent_id == agent_id,
            Document.sha256 == digest,
            which,
            Document.duplicate_of.is_(None),
            Batch.mode != Mode.DRY_RUN,
        )
        .order_by(Document.created_at, Document.id)
        .limit(1)
    )
