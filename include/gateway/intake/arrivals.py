"""Claimed files on their way to be registered, in the files store, where every worker finds them.

    <files>/.arrivals/<agent>/<batch>/...              a local files store: the claimed folder itself
    <files>/.arrivals/<agent>/<batch>/<n>, index.json  an object store: the files by number, and last what they are called;
                                                       all of it sealed while GATEWAY_ENCRYPT is on

Whoever claims (a worker with the inbox, the page) hands over; whoever registers fetches. They share nothing but the
files store and the database. A hand-over that is cut off is done again from the claimed folder, which goes last.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from gateway.errors import Transient
from gateway.intake import files
from gateway.intake.inbox import disk_problem
from gateway.store import sealing

ARRIVALS = ".arrivals"  # no agent is called so
INDEX = "index.json"


def hand_over(folder: Path, agent_id: str, batch_id: str) -> None:
    """Moves a claimed folder into the files store. Safe to repeat, by several at once; afterwards the folder is gone.

    raises   Transient(DISK_FULL | CLAIM_FAILED)
    """
    target = _place(agent_id, batch_id)
    try:
        with _alone(folder):
            if not folder.is_dir():
                return  # another process was handing it over: it is done
            if isinstance(target, os.PathLike):
                _move(folder, Path(target))
            else:
                _send(folder, target)
            shutil.rmtree(folder, ignore_errors=True)
    except OSError as wrong:
        raise disk_problem(wrong, f"The files of batch {batch_id} could not be handed over") from wrong


def is_there(agent_id: str, batch_id: str) -> bool:
    """Whether a complete hand-over of that batch waits to be registered."""
    place = _place(agent_id, batch_id)
    return place.is_dir() if isinstance(place, os.PathLike) else (place / INDEX).exists()


@contextmanager
def fetched(agent_id: str, batch_id: str) -> Iterator[Path]:
    """A local folder with the batch's files under the names they were sent with; a copy goes away afterwards.

    raises   Transient(FILES_MISSING) where the files store does not have them
    """
    place = _place(agent_id, batch_id)
    if not is_there(agent_id, batch_id):
        raise Transient(
            "FILES_MISSING",
            f"The files of batch {batch_id} are not in the files store, so nothing of it was read. Give all machines the "
            "same place for files (GATEWAY_FILES_URL), then resume the batch.",
            30,
        )
    if isinstance(place, os.PathLike):
        yield Path(place)
        return
    with files.temporary() as folder:
        index = (place / INDEX).read_bytes()
        for number, entry in enumerate(json.loads(_opened(index, batch_id))):
            path = folder / entry["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            if entry["link"]:
                path.symlink_to("link")  # refused by its name when it is registered; its target is not recorded
            else:
                with (place / str(number)).open("rb") as source, path.open("wb") as sink:
                    if entry.get("sealed"):
                        sink.writelines(sealing.open_pieces(source, batch_id))
                    else:
                        shutil.copyfileobj(source, sink, files.PIECE)
        yield folder


def clear(agent_id: str, batch_id: str) -> None:
    """Removes the claimed files of a registered batch: their bytes are kept by then."""
    place = _place(agent_id, batch_id)
    if isinstance(place, os.PathLike):
        shutil.rmtree(Path(place), ignore_errors=True)
    elif place.exists():
        place.fs.rm(place.path, recursive=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One hand-over of an agent's at a time: the page and the sensor may both find a folder that is being copied."""
    with (folder.parent / ".lock").open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _place(agent_id: str, batch_id: str) -> UPath:
    return files.root() / ARRIVALS / agent_id / batch_id


def _move(folder: Path, target: Path) -> None:
    if target.is_dir():
        return  # handed over before; only the claimed copy was left
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.rename(target)
    except OSError:
        # Another file system: a copy next to the target, which one rename makes appear complete.
        part = target.with_name(f".{target.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        shutil.copytree(folder, part, symlinks=True)
        part.rename(target)


def _send(folder: Path, target: UPath) -> None:
    if (target / INDEX).exists():
        return
    index = []
    batch_id = target.name
    sealed = sealing.is_on()
    if sealed:
        sealing.ensure()
    for number, path in enumerate(sorted(p for p in folder.rglob("*") if p.is_symlink() or not p.is_dir())):
        link = path.is_symlink() or not path.is_file()
        index.append({"path": str(path.relative_to(folder)), "link": link, "sealed": sealed})
        if not link:
            with path.open("rb") as source, (target / str(number)).open("wb") as sink:
                pieces = iter(lambda: source.read(files.PIECE), b"")
                sink.writelines(sealing.seal_pieces(pieces, batch_id) if sealed else pieces)
    content = json.dumps(index).encode()
    whole = b"".join(sealing.seal_pieces([content], batch_id)) if sealed else content
    (target / INDEX).write_bytes(whole)


def _opened(content: bytes, batch_id: str) -> bytes:
    """An index as JSON, which never begins like a sealed file."""
    if not content.startswith(sealing.MAGIC):
        return content
    return b"".join(sealing.open_pieces(io.BytesIO(content), batch_id))
