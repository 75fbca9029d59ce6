"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """Rows of one page; `page` counts from 1, `total` is the size of the whole filtered list.

    first, last   keys of the page's ends where the list can be read on from a row, which costs the same on every page
    above         rows before this page, where the list shrank since its neighbour was read; None: whole pages
    """

    rows: tuple[Row, ...]
    page: int
    size: int
    total: int
    first: str | None = None
    last: str | None = None
    above: int | None = None

    @property
    def pages(self) -> int:
        above = self.above or 0
        return max(1, -(-above // self.size) - (-(self.total - above) // self.size))


def page_within(page: int, size: int, total: int) -> int:
    """The requested page, or the nearest one that exists."""
    return max(1, min(page, -(-total // size)))


@dataclass(frozen=True, slots=True)
class Window:
    """Which rows to read for a page: from one end of the list, or from a row on.

    after    read on from that row; None = from an end
    back     against the list's order: the rows come in reverse
    """

    offset: int
    limit: int
    after: str | None = None
    back: bool = False


def window(page: int, size: int, total: int, after: str | None = None, before: str | None = None) -> Window:
    """How to reach a page: from the row next to it if that is known, else from the nearer end.

    after, before   key of the last row of the page before, or of the first row of the page after
    """
    if after:
        return Window(0, size, after)
    if before:
        return Window(0, size, before, back=True)
    start = (page - 1) * size
    rest = total - start - size
    if start <= rest:
        return Window(start, size)
    return Window(max(0, rest), min(size, total - start), back=True)


def literal(text: str) -> str:
    """A person's search as a LIKE pattern with `\\` as escape: matches the literal text anywhere."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
