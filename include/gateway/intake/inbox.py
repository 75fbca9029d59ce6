"""Drops in the watched folder, and claiming them.

    inbox/<agent>/<folder>/...     one drop a folder
    inbox/<agent>/<files>          the loose files of an agent are one drop together
    inbox/.claimed/<agent>/<batch> claimed drops that are not registered yet
    inbox/.set_aside/<agent>/<batch> claimed drops that could not be turned into a batch: a person checks them

A drop is complete when a `_READY` file is in it, or a batch.yaml whose listed files are all there, or when nothing in
it changed for the quiet period. A file with an upload's temporary suffix keeps it open until the file is stale.

Claiming is one rename a folder (or a file), inside the inbox and so on one file system, under a lock that all
claimers share. Drops that a killed claimer left in .claimed are found again: nothing is deleted before it is registered.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Misconfigured, Transient
from gateway.intake.manifest import NAME as MANIFEST
from gateway.intake.manifest import read_manifest
from gateway.values.charsets import repair_names
from gateway.values.text import is_storable

READY = "_READY"
CLAIMED = ".claimed"
SET_ASIDE = ".set_aside"
UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download", ".swp")
STALE_S = 900.0  # an upload without change for this long will not continue; its file is claimed and fails on its own


@dataclass(frozen=True, slots=True)
class Drop:
    """Files in the inbox that belong together.

    entries    what to move: the folder itself, or the loose files
    complete   may be claimed now
    signature  changes whenever anything in the drop does: (path, size, mtime) of every file, hashed
    """

    agent_id: str
    folder: Path
    entries: tuple[Path, ...]
    loose: bool
    complete: bool
    changed_at: float
    signature: int


@dataclass(frozen=True, slots=True)
class InboxProblem:
    """A problem in the inbox that stays until somebody acts. `where` is a folder of the inbox, not a file."""

    code: str
    sentence: str
    where: str


@dataclass(frozen=True, slots=True)
class Look:
    """The result of one check of the inbox."""

    drops: tuple[Drop, ...]
    problems: tuple[InboxProblem, ...]


def look(inbox: Path, agents: set[str], *, quiet_s: float, alarm_s: float, at: float | None = None) -> Look:
    """Every drop of known agents, and every problem that needs a person.

    agents   ids that have an agent file; another folder is reported (UNKNOWN_AGENT) and left alone
    at       seconds since the epoch, now if not given
    """
    at = time.time() if at is None else at
    drops: list[Drop] = []
    problems: list[InboxProblem] = []
    for folder in _children(inbox, problems, inbox):
        if folder.name.startswith(".") or folder.is_symlink():
            continue
        if not folder.is_dir():
            problems.append(
                InboxProblem("NO_AGENT_FOLDER", "A file is directly in the inbox: move it into an agent's folder.", ".")
            )
        elif folder.name not in agents:
            name = shown(folder.name)
            problems.append(
                InboxProblem(
                    "UNKNOWN_AGENT",
                    f"There is no agent for inbox folder {name!r}: add include/agents/{name}.yaml or move its "
                    "content; nothing in it was changed.",
                    name,
                )
            )
        else:
            drops += _drops_of(folder, problems, inbox, quiet_s, at)
    for drop in drops:
        waited = at - drop.changed_at
        if drop.complete and waited > max(alarm_s, quiet_s):
            problems.append(
                InboxProblem(
                    "INBOX_STALE",
                    f"A complete drop for {drop.agent_id} has been waiting for {waited:.0f} s.",
                    drop.agent_id,
                )
            )
    return Look(tuple(drops), tuple(dict.fromkeys(problems)))


def _drops_of(folder: Path, problems: list[InboxProblem], inbox: Path, quiet_s: float, at: float) -> Iterator[Drop]:
    """An agent's drops; one that is empty or cannot be read is left out, the latter with a problem."""
    entries = [entry for entry in _children(folder, problems, inbox) if not entry.name.startswith(".")]
    folders = [entry for entry in entries if entry.is_dir() and not entry.is_symlink()]
    loose = tuple(sorted(set(entries) - set(folders)))
    for place, parts in [*((one, (one,)) for one in folders), *([(folder, loose)] if loose else [])]:
        try:
            drop = _look_at(folder.name, place, parts, place == folder, problems, inbox, quiet_s, at)
        except FileNotFoundError:
            continue  # moved away while we looked: look again next time
        except OSError as wrong:
            problems.append(_unreadable(place, inbox, wrong))
        else:
            if drop is not None:
                yield drop


def _look_at(
    agent_id: str,
    folder: Path,
    entries: tuple[Path, ...],
    loose: bool,
    problems: list[InboxProblem],
    inbox: Path,
    quiet_s: float,
    at: float,
) -> Drop | None:
    """The drop in a folder; None if the folder is empty. Raises OSError."""
    before = len(problems)
    files = list(entries) if loose else list(_walk(folder, problems, inbox))
    if len(problems) > before:
        return None  # unreadable in part: claiming now would leave the rest behind
    seen: list[tuple[str, int, float]] = []
    changed = 0.0 if loose else folder.stat().st_mtime
    unfinished = False
    for path in files:
        facts = path.lstat()
        seen.append((str(path), facts.st_size, facts.st_mtime))
        # The change of the inode counts too: a copy that keeps old times (cp -p, unzip) is still new here.
        touched = max(facts.st_mtime, facts.st_ctime)
        changed = max(changed, touched)
        unfinished |= path.name.lower().endswith(UNFINISHED) and at - touched < STALE_S
    if not [path for path in files if path.name not in (READY, MANIFEST)] and at - changed < STALE_S:
        return None  # an empty folder is somebody about to copy
    return Drop(
        agent_id,
        folder,
        entries,
        loose,
        _is_complete(folder, files, unfinished, at - changed, quiet_s),
        changed,
        hash(tuple(sorted(seen))),
    )


def _is_complete(folder: Path, files: list[Path], unfinished: bool, quiet_for_s: float, quiet_s: float) -> bool:
    names = {path.name for path in files if path.parent == folder}
    if READY in names:
        return True
    if unfinished:
        return False
    if MANIFEST in names:
        try:
            manifest = read_manifest(folder)
        except Misconfigured:
            manifest = None  # perhaps half written: the quiet period decides, registering reports it
        if manifest is not None and (manifest.files or quiet_for_s >= 0):
            present = {str(path.relative_to(folder)) for path in files}
            if not manifest.files or set(manifest.files) <= present:
                return True
            return quiet_for_s >= max(STALE_S, quiet_s)  # a listed file never came: go on without it, and say so
    return quiet_for_s >= quiet_s


def _children(folder: Path, problems: list[InboxProblem], inbox: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries)
    except OSError as wrong:
        problems.append(_unreadable(folder, inbox, wrong))
        return []


def _walk(folder: Path, problems: list[InboxProblem], inbox: Path) -> Iterator[Path]:
    for entry in _children(folder, problems, inbox):
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry, problems, inbox)
        else:
            yield entry


def _unreadable(folder: Path, inbox: Path, wrong: OSError) -> InboxProblem:
    where = shown(folder.relative_to(inbox).parts[0]) if folder != inbox else "."
    reason = os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__
    return InboxProblem(
        "FOLDER_UNREADABLE", f"A folder of the inbox below {where!r} cannot be read ({reason}): give it access.", where
    )


@contextmanager
def locked(inbox: Path) -> Iterator[None]:
    """The claimers' lock: held by the process, so a killed process releases it.

    raises   Transient(DISK_FULL | CLAIM_FAILED) where the inbox cannot be written to
    """
    try:
        inbox.mkdir(parents=True, exist_ok=True)
        handle = (inbox / ".lock").open("a")
    except OSError as wrong:
        raise disk_problem(wrong, "The inbox could not be opened for claiming") from wrong
    with handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def claim(inbox: Path, drop: Drop, batch_id: str) -> Path:
    """Moves a drop to .claimed/<agent>/<batch_id>; call under `locked`.

    raises   Transient(DISK_FULL | CLAIM_FAILED): files not moved are still in the inbox, moved ones are found again
    """
    into = inbox / CLAIMED / drop.agent_id / batch_id
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        if not drop.loose:
            drop.folder.rename(into)
            return into
        into.mkdir()
        for entry in drop.entries:
            entry.rename(into / entry.name)
    except OSError as wrong:
        if into.is_dir() and not any(into.iterdir()):
            into.rmdir()
        raise disk_problem(wrong, f"A drop for {drop.agent_id} could not be claimed") from wrong
    return into


def set_aside(inbox: Path, folder: Path) -> Path:
    """Moves a claimed folder that cannot be handled to .set_aside/<agent>/<batch>, so that the others can continue."""
    into = inbox / SET_ASIDE / folder.parent.name / folder.name
    into.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(into)
    return into


def shown(name: str) -> str:
    """A file name as text. Names on a disk are bytes: one that is not UTF-8 is decoded with the most likely code page."""
    if is_storable(name):
        return name
    raw = os.fsencode(name)
    return raw.decode(repair_names([raw]), "replace")


def claimed(inbox: Path) -> Iterator[tuple[str, str, Path]]:
    """(agent id, batch id, folder) of all claimed folders that are not registered yet, oldest first."""
    root = inbox / CLAIMED
    if root.is_dir():
        for folder in sorted(root.glob("*/*"), key=lambda path: path.name):
            if folder.is_dir():
                yield folder.parent.name, folder.name, folder


def disk_problem(wrong: OSError, what: str) -> Transient:
    """A full disk or another refusal of the file system, as an error that can be retried."""
    if wrong.errno in (errno.ENOSPC, errno.EDQUOT):
        return Transient("DISK_FULL", f"{what}: no space left. Free some; the step is retried, nothing is lost.", 60)
    reason = os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__
    return Transient("CLAIM_FAILED", f"{what} ({reason}). The step is retried; nothing is lost.", 10)
