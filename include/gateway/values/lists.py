"""The generated lists of data/: sorted lines, searched by bisection in the file's bytes.

Nothing is loaded into dictionaries: no start-up cost, and a look-up takes some 10 µs. training/build_lists.py writes them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=8)
def lines(name: str) -> bytes:
    return (_DATA / f"{name}.txt").read_bytes()


def find(name: str, key: str) -> str | None:
    """The second column of the line whose first is `key`."""
    data, wanted = lines(name), key.encode("utf-8", "replace")
    low, high = 0, len(data) - 1
    while low < high:
        middle = (low + high) // 2
        start = data.rfind(b"\n", 0, middle + 1) + 1
        end = data.find(b"\n", start)
        if end < 0:
            high = middle
            continue
        line = data[start:end].split(b"\t")
        if line[0] == wanted:
            return line[1].decode() if len(line) > 1 else ""
        if line[0] < wanted:
            low = end
        else:
            high = start - 1
            if high <= 0:
                return None
    return None
