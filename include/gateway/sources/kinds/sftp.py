"""A folder of an SFTP server, through the provider's hook."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from stat import S_ISDIR, S_ISREG
from typing import Any, BinaryIO, cast

from gateway.sources import doors
from gateway.sources.port import FileReader, Item, Round

DEPTH = 8


class SftpReader(FileReader):
    """Links are not followed. Names come from the server: they never become a path of ours as they are."""

    AWAY = "the connection broke"  # paramiko's errors, EOFError, OSError
    REFUSALS = (
        (
            (PermissionError, FileNotFoundError),
            "the server refuses access ({}). Check path, and the user's rights there.",
        ),
    )

    def __init__(self, config: Any, round_: Round) -> None:
        super().__init__(config, round_)
        self.client: Any = doors.open_("sftp", config.connection, allow_private=config.allow_private)
        self.root = config.path.rstrip("/") or "/"

    def close(self) -> None:
        with suppress(Exception):
            self.client.close()

    def files(self) -> Iterator[Item]:
        with self.words():
            yield from self._below(self.root, "", DEPTH)

    def _below(self, folder: str, name: str, depth: int) -> Iterator[Item]:
        for facts in self.client.listdir_attr(folder):
            if "/" in facts.filename or facts.filename in ("", ".", "..") or facts.filename.startswith("."):
                continue
            path, inside = posixpath.join(folder, facts.filename), posixpath.join(name, facts.filename)
            if S_ISDIR(facts.st_mode or 0) and depth:
                yield from self._below(path, inside, depth - 1)
            elif S_ISREG(facts.st_mode or 0):
                yield Item(path, _version(facts), inside, facts.st_size)

    def open(self, item: Item) -> BinaryIO:
        with self.words():
            handle = self.client.open(item.key, "rb")
            handle.prefetch(item.size_bytes)
            return cast("BinaryIO", _Told(handle, self))

    def version(self, item: Item) -> str | None:
        with self.words():
            try:
                return _version(self.client.lstat(item.key))
            except FileNotFoundError:
                return None

    def move(self, item: Item, into: str) -> None:
        with self.words():
            target = posixpath.join(self.root, into)
            made = self.root
            for part in posixpath.dirname(into).split("/"):
                made = posixpath.join(made, part)
                with suppress(OSError):
                    self.client.mkdir(made)
            self.client.rename(item.key, target)
            self._tidy(item)

    def remove(self, item: Item) -> None:
        with self.words():
            self.client.remove(item.key)
            self._tidy(item)

    def _tidy(self, item: Item) -> None:
        """Removes the folders that are empty now."""
        folder = posixpath.dirname(item.key)
        with suppress(OSError):
            while len(folder) > len(self.root):
                self.client.rmdir(folder)
                folder = posixpath.dirname(folder)


class _Told:
    """A remote file whose errors are ours."""

    def __init__(self, handle: Any, reader: SftpReader) -> None:
        self.handle, self.reader = handle, reader

    def read(self, size: int) -> bytes:
        with self.reader.words():
            return bytes(self.handle.read(size))

    def __enter__(self) -> _Told:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):
            self.handle.close()


def _version(facts: Any) -> str:
    return f"{facts.st_size}-{facts.st_mtime}"
