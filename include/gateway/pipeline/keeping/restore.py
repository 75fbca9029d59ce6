"""A backup on an empty machine. Killed, it is run again: the store is filled in one transaction, after the files, and a file
in the home marks a restore that has not come to its end.

Who was erased since the backup is erased again, from the receipts found (receipts.py). And since somebody may have been sent to
a target after the backup, every first sending of the next days is looked up there before anything is sent (ledger.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import select

from gateway.errors import Misconfigured
from gateway.intake import files
from gateway.intake.inbox import disk_problem
from gateway.model import BatchState
from gateway.pipeline.delivery import ledger
from gateway.pipeline.erasure.erase import ASKED, PERIOD, remove
from gateway.pipeline.keeping import receipts
from gateway.pipeline.keeping.backup import KEYS, listed, verify
from gateway.settings import make_home, settings
from gateway.store import dump, keys
from gateway.store.engine import alembic_config, engine, migrate, reading
from gateway.store.tables import Batch, Profile

MARK = "restoring"  # in the home: the time of the backup


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored.

    erased_again   receipt -> its profiles that the backup had brought back
    not_ours       receipts that our key did not sign: nothing was done for them
    open           batches to resume
    """

    revision: str
    rows: int
    files: int
    erased_again: dict[str, int]
    not_ours: tuple[str, ...]
    open: tuple[str, ...]


def restore(folder: Path, *, more_receipts: Sequence[Path] = (), actor: str) -> Restored:
    """Restores a backup into this machine's empty home, store and files store, and migrates it to this version.

    more_receipts   folders with receipts of erasures, besides those in the files store and beside the backup
    raises          Misconfigured(BACKUP_INVALID | RESTORE_NOT_EMPTY | STORE_NEWER), Transient(DISK_FULL | CLAIM_FAILED)
    """
    said = verify(folder)
    config = settings()
    known = {one.revision for one in ScriptDirectory.from_config(alembic_config(config.store_url)).walk_revisions()}
    if said["revision"] not in known:
        raise Misconfigured(
            "STORE_NEWER",
            f"The backup has revision {said['revision']}, which this version does not know: install gateway {said['gateway']} or newer.",
        )
    mark = make_home() / MARK
    used = _used()
    if used and not (mark.exists() and mark.read_text("utf-8") == said["at"]):
        raise Misconfigured(
            "RESTORE_NOT_EMPTY",
            f"Nothing was restored: the store here has {used:,} rows. Give an empty GATEWAY_HOME and database.",
        )
    mark.write_text(said["at"], "utf-8")
    later = _receipts_outside(folder, more_receipts)
    try:
        number = _files(folder)
        _keys(folder)
        for name, target in (("agents", config.agents_dir), ("inbox", config.inbox)):
            if (folder / name).is_dir():
                _fill(folder / name, target)
    except OSError as wrong:
        raise disk_problem(wrong, "The backup could not be restored") from wrong
    if not used:
        _rows(folder, said["revision"])
    migrate()
    ledger.look_first(said["at"])
    erased, not_ours = _erase_again(later, actor)
    with reading() as session:
        waiting = session.scalars(
            select(Batch.id).where(Batch.state.in_([BatchState.RECEIVING, BatchState.RUNNING])).order_by(Batch.id)
        ).all()
    mark.unlink(missing_ok=True)
    rows = sum(table["rows"] for table in said["tables"].values())
    return Restored(said["revision"], rows, number, erased, not_ours, tuple(waiting))


def _used() -> int:
    with dump.snapshot() as connection:
        return dump.is_used(connection)


def _receipts_outside(folder: Path, more: Sequence[Path]) -> list[dict[str, Any]]:
    """Receipts that the backup does not have: their erasures came after it."""
    beside = [place / receipts.FOLDER for place in (folder.parent, settings().backup_dir) if place is not None]
    inside = {one["receipt"] for one in receipts.found_in([folder / "files" / receipts.FOLDER])}
    found = receipts.found_in([files.root() / receipts.FOLDER, *beside, *more])
    return [one for one in found if one["receipt"] not in inside]


def _files(folder: Path) -> int:
    root = files.root()
    wanted = listed(folder)
    for key, entry in wanted.items():
        target = root / key
        if target.exists() and target.stat().st_size == entry["size"] and not key.startswith("datadocs/"):
            continue  # a files store that survived, or a run that was killed
        target.parent.mkdir(parents=True, exist_ok=True)
        with (folder / "files" / key).open("rb") as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, files.PIECE)
    return len(wanted)


def _keys(folder: Path) -> None:
    config = settings()
    for name in KEYS:
        target = config.keys / name
        source = folder / "keys" / name
        if not source.exists():
            continue
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue  # given to every machine by other means, perhaps read-only
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copyfile(source, target)
        target.chmod(0o600)


def _fill(source: Path, target: Path) -> None:
    """Copies what is not there: files that were deployed with the machine stay as they are."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            place.mkdir(parents=True, exist_ok=True)
        elif not place.exists() and not place.is_symlink():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place, follow_symlinks=False)


def _rows(folder: Path, revision: str) -> None:
    with engine().begin() as connection:
        dump.drop_everything(connection)
    command.upgrade(alembic_config(settings().store_url), revision)
    with engine().begin() as connection:
        dump.read(connection, folder / "tables")


def _erase_again(later: Sequence[dict[str, Any]], actor: str) -> tuple[dict[str, int], tuple[str, ...]]:
    keys.check_suppression_key()
    key = keys.public_key()
    done: dict[str, int] = {}
    not_ours = []
    for said in later:
        name = str(said["receipt"])
        if not keys.is_signed(said, key):
            not_ours.append(name)
            continue
        why = ASKED if said.get("why") == ASKED.code else PERIOD
        with reading() as session:
            rows = session.scalars(select(Profile).where(Profile.id.in_(said.get("profiles", ())))).all()
            people = [row for row in rows if not row.data.get("erased")]
            for row in people:
                list(row.fields)  # loaded while the session is open
        hashes = {*said.get("suppressed", ()), *filter(None, [said.get("email_hash")])} if why.forget else set()
        if people or hashes:
            remove(people, why, actor=f"{actor}, restore", subject={"again": name}, hashes=hashes)
            done[name] = len(people)
    return done, tuple(not_ours)
