"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """Rows of one page; `page` counts from 1, `total` is the size of the whole filtered list."""

    rows: tuple[Row, ...]
    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def page_within(page: int, size: int, total: int) -> int:
    """The requested page, or the nearest one that exists."""
    return max(1, min(page, -(-total // size)))


def literal(text: str) -> str:
    """A person's search as a LIKE pattern with `\\` as escape: matches the literal text anywhere."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
