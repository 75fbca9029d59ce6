"""What a kind of source does for `pull`, and what kinds made of files share: lots, markers, quiet periods, settling.

A lot is what becomes one batch. An item is what is claimed as a whole: a file, or a message with its attachments.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from gateway.errors import GatewayError, Misconfigured, Transient
from gateway.intake.inbox import READY, STALE_S, UNFINISHED
from gateway.intake.manifest import NAME as MANIFEST
from gateway.intake.manifest import parse_manifest
from gateway.intake.names import free_path, safe_path
from gateway.intake.register import is_system_file
from gateway.settings import settings

PIECE = 1 << 18
LOOSE = ""  # key of the lot of files that are in no folder


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a source. key and name may name a person: never logged, kept as a hash only.

    key       where it is in the source
    version   changes whenever its content does; with the key it is what a claim is about
    name      its path inside the batch; "" for a marker, which is no document
    """

    key: str
    version: str
    name: str
    size_bytes: int | None = None

    @property
    def too_large(self) -> bool:
        """Such an item becomes a failed document (FILE_TOO_LARGE), and its original stays."""
        return (self.size_bytes or 0) > settings().max_file_bytes


@dataclass(frozen=True, slots=True)
class Lot:
    """Items that belong together. complete: None where the source's rule decides; sender: an address, for mail."""

    key: str
    items: tuple[Item, ...]
    complete: bool | None = None
    sender: str | None = None

    def with_items(self, items: Iterable[Item]) -> Lot:
        return Lot(self.key, tuple(items), self.complete, self.sender)


@dataclass(slots=True)
class Round:
    """What one look shares with a reader.

    cursor   kept between looks, as JSON; at: Unix seconds; heard: messages of senders that do not count
    """

    cursor: dict[str, Any]
    at: float
    heard: int = 0


class Reader(ABC):
    """One source, opened for one look. Raises GatewayError only; a context manager.

    AWAY        what happened when nothing answers
    REFUSALS    (errors of the source's library, what they mean and what to do; {} is the error's name), the first that fits;
                whatever fits none is AWAY
    """

    AWAY: ClassVar[str]
    REFUSALS: ClassVar[tuple[tuple[tuple[type[Exception], ...], str], ...]] = ()

    def __init__(self, config: Any, round_: Round) -> None:
        self.config, self.round = config, round_

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def check(self) -> str:
        """Asks the source without changing anything; returns what is there, in words without names."""

    @abstractmethod
    def lots(self) -> Iterator[Lot]:
        """Everything that is there, complete or not."""

    @abstractmethod
    def is_complete(self, lot: Lot) -> bool:
        """Whether a lot may be fetched now. Called with its unclaimed items only."""

    @abstractmethod
    def fetch(self, item: Item, folder: Path) -> None:
        """Writes the item's files into the batch's folder: none, one or several."""

    @abstractmethod
    def settle(self, items: Iterable[Item], batch_id: str) -> list[Item]:
        """Does to the originals what the file says. Safe to repeat. What changed since it was fetched is left alone.

        returns   the items that are still there; the others may come again under the same name and version
        """

    @contextmanager
    def words(self) -> Iterator[None]:
        """What goes wrong while the source's own library is used, in our words: raises GatewayError only."""
        try:
            yield
        except GatewayError:
            raise
        except Exception as wrong:
            kind = type(wrong).__name__
            for errors, sentence in self.REFUSALS:
                if isinstance(wrong, errors):
                    said = f"Source {self.config.name}: {sentence.format(kind)}"
                    raise Misconfigured("SOURCE_REFUSED", said) from None
            raise self.away(kind) from None

    def away(self, why: str) -> Transient:
        return Transient(
            "SOURCE_UNREACHABLE", f"Source {self.config.name}: {self.AWAY} ({why}). It is asked again later."
        )

    def advance(self, unfinished: Iterable[Item]) -> None:  # noqa: B027 - only some kinds have a cursor of their own
        """Called after everything was looked at: the next look may begin at the first of the unfinished."""

    def close(self) -> None:  # noqa: B027 - most kinds have nothing to close
        """Ends the connection."""


class FileReader(Reader):
    """A source of files. A kind says how they are listed, opened, moved and removed."""

    @abstractmethod
    def files(self) -> Iterator[Item]:
        """Every file below the source, `name` being its path there."""

    @abstractmethod
    def open(self, item: Item) -> BinaryIO:
        """The file's bytes, to be read in pieces."""

    @abstractmethod
    def version(self, item: Item) -> str | None:
        """The version it has now; None if it is gone."""

    @abstractmethod
    def remove(self, item: Item) -> None:
        """Removes the original."""

    def move(self, item: Item, into: str) -> None:
        """Moves the original to that path below the source."""
        raise NotImplementedError

    def check(self) -> str:
        lots = list(self.lots())
        return f"{sum(len(lot.items) for lot in lots):,} file(s) in {len(lots):,} batch(es) are there."

    def lots(self) -> Iterator[Lot]:
        found: dict[str, list[Item]] = {}
        for item in sorted(self.files(), key=lambda one: one.name):
            folder, _, rest = item.name.partition("/")
            if item.name.startswith(".") or "/." in item.name or is_system_file(item.name):
                continue  # what is hidden, what was moved away, what a computer keeps for itself
            key, inside = (folder, rest) if rest else (LOOSE, item.name)
            name = "" if inside in (self.config.marker, READY) else inside
            found.setdefault(key, []).append(Item(item.key, item.version, name, item.size_bytes))
        for key, items in found.items():
            yield Lot(key, tuple(items))

    def is_complete(self, lot: Lot) -> bool:
        if not [item for item in lot.items if item.name not in ("", MANIFEST)]:
            return False  # an empty folder is somebody about to send
        if self.config.complete == "marker":
            return any(item.name == "" for item in lot.items)
        if self.config.complete == "manifest" and not self._all_listed(lot):
            return False
        return self.config.complete == "manifest" or self._is_quiet(lot)

    def fetch(self, item: Item, folder: Path) -> None:
        if item.name == "":
            return
        limit = settings().max_file_bytes
        name = MANIFEST if item.name == MANIFEST else free_path(folder, safe_path(item.name))
        with (folder / name).open("wb") as sink:
            if item.too_large:
                sink.truncate(limit + 1)  # registering refuses it by its size, so that it is counted and told
                return
            with self.open(item) as source:
                left = limit + 1
                while left and (piece := source.read(min(PIECE, left))):
                    sink.write(piece)
                    left -= len(piece)

    def settle(self, items: Iterable[Item], batch_id: str) -> list[Item]:
        if self.config.afterwards == "leave":
            return list(items)
        stay: list[Item] = []
        for item in items:
            if item.too_large:
                stay.append(item)
                continue
            if self.version(item) != item.version:
                continue
            if self.config.afterwards == "move":
                self.move(item, f"{self.config.move_to}/{batch_id}/{item.name or self.config.marker}")
            else:
                self.remove(item)
        return stay

    def _all_listed(self, lot: Lot) -> bool:
        manifest = next((item for item in lot.items if item.name == MANIFEST), None)
        if manifest is None or manifest.too_large:
            return False
        with self.open(manifest) as source:
            listed = parse_manifest(source.read(1_000_001).decode("utf-8-sig", "replace")).files
        return set(listed) <= {item.name for item in lot.items}

    def _is_quiet(self, lot: Lot) -> bool:
        """By our own clock: when we saw the same files with the same versions first. A server's clock may be wrong."""
        seen: dict[str, list[Any]] = self.round.cursor.setdefault("quiet", {})
        told = sorted(f"{item.key}\0{item.version}" for item in lot.items)
        signature = hashlib.sha256("\n".join(told).encode("utf-8", "surrogatepass")).hexdigest()[:20]
        place = hashlib.sha256(lot.key.encode("utf-8", "surrogatepass")).hexdigest()[:20]
        before = seen.get(place)
        since = float(before[1]) if before and before[0] == signature else self.round.at
        seen[place] = [signature, since]
        unfinished = any(item.name.lower().endswith(UNFINISHED) for item in lot.items)
        needed = max(self.config.quiet_s, STALE_S) if unfinished else self.config.quiet_s
        if self.round.at - since < needed:
            return False
        del seen[place]
        return True
