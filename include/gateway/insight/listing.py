"""One page of a long list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """Rows of one page; `page` counts from 1, `total` is of the whole list as filtered."""

    rows: tuple[Row, ...]
    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))


def page_within(page: int, size: int, total: int) -> int:
    """The page asked for, or the nearest there is."""
    return max(1, min(page, -(-total // size)))


def literal(text: str) -> str:
    """A person's search as a LIKE pattern with `\\` as escape: it is found wherever it stands, as it is written."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
