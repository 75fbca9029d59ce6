"""A folder that this machine sees, such as a mounted share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_ISREG
from typing import Any, BinaryIO

from gateway.errors import Misconfigured
from gateway.sources.port import FileReader, Item, Round


class FolderReader(FileReader):
    """Links are not followed: what they point to was not sent."""

    AWAY = "its folder cannot be used"

    def __init__(self, config: Any, round_: Round) -> None:
        super().__init__(config, round_)
        self.root = Path(config.path)
        if not self.root.is_dir():
            raise Misconfigured(
                "SOURCE_REFUSED",
                f"Source {config.name}: its folder is not on this machine. Mount it, or correct path in the agent's file.",
            )

    @contextmanager
    def words(self) -> Iterator[None]:
        """An error of the file system says what it is (no space, read-only) by its number."""
        try:
            yield
        except OSError as wrong:
            raise self.away(os.strerror(wrong.errno) if wrong.errno else type(wrong).__name__) from None

    def files(self) -> Iterator[Item]:
        with self.words():
            for folder, folders, names in os.walk(self.root, onerror=_raise):
                folders[:] = sorted(name for name in folders if not name.startswith("."))
                for name in names:
                    path = Path(folder, name)
                    with suppress(FileNotFoundError):
                        facts = path.lstat()
                        if S_ISREG(facts.st_mode):
                            yield Item(str(path), _version(facts), str(path.relative_to(self.root)), facts.st_size)

    def open(self, item: Item) -> BinaryIO:
        with self.words():
            return Path(item.key).open("rb")

    def version(self, item: Item) -> str | None:
        try:
            return _version(Path(item.key).lstat())
        except FileNotFoundError:
            return None

    def move(self, item: Item, into: str) -> None:
        with self.words():
            target = self.root / into
            target.parent.mkdir(parents=True, exist_ok=True)
            Path(item.key).rename(target)
            self._tidy(item)

    def remove(self, item: Item) -> None:
        with self.words():
            Path(item.key).unlink(missing_ok=True)
            self._tidy(item)

    def _tidy(self, item: Item) -> None:
        """Removes the folders that are empty now."""
        for folder in Path(item.key).parents:
            if folder == self.root:
                return
            try:
                folder.rmdir()
            except OSError:
                return


def _version(facts: os.stat_result) -> str:
    return f"{facts.st_size}-{facts.st_mtime_ns}"


def _raise(wrong: OSError) -> None:
    raise wrong
