"""A received file made visible: a page as a picture, rows of a list as they stand. In a child process with limits.

One child a request: it starts in a fifth of a second, and a file that crashes, hangs or floods it costs that picture only.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.errors import Transient, Unreadable
from gateway.extract.child.confine import Folder, clean_environment
from gateway.settings import settings

DPI = 110
TIMEOUT_S = 15.0
MEMORY_MB = 700
_MOST_AT_ONCE = 2  # pictures made at the same time by one process; further requests wait their turn
_turns = threading.BoundedSemaphore(_MOST_AT_ONCE)
_CHILD = "gateway.extract.child.show_child"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a list as a spreadsheet shows it; header is () if the list has none. Personal."""

    row: int
    header: tuple[str, ...]
    cells: tuple[str, ...]
    sheet: str | None = field(default=None)


def page_png(
    path: Path, number: int, *, turn: int | None = None, dpi: int = DPI, timeout_s: float = TIMEOUT_S
) -> bytes:
    """One page of a PDF as PNG.

    number   counts from 1
    turn     quarter turns clockwise, as model.Sheet has them; None = turned so that its lines run from left to right
    raises   Unreadable(PAGE_NOT_SHOWN or the code with which the PDF cannot be opened), Transient(SHOW_BUSY)
    """
    return _ask({"do": "page", "path": str(path.absolute()), "number": number, "turn": turn, "dpi": dpi}, timeout_s)


def pages_pdf(path: Path, first: int, last: int, *, timeout_s: float = TIMEOUT_S) -> bytes:
    """Some pages of a PDF as a separate PDF, without any content of the other pages.

    first, last   count from 1, both included
    raises        as page_png does
    """
    return _ask({"do": "pages", "path": str(path.absolute()), "first": first, "last": last}, timeout_s)


def table_rows(
    path: Path,
    media_type: str,
    wanted: Sequence[tuple[str | None, int]],
    mapping: Mapping[str, str | None] | None = None,
    *,
    timeout_s: float = TIMEOUT_S,
) -> list[TableRow]:
    """The requested rows, by (sheet or None, row), that exist in the list, in its order.

    mapping  the agent's own, as in model.Hints: it has a say in which row is the header
    raises   Unreadable(PAGE_NOT_SHOWN), Transient(SHOW_BUSY)
    """
    request = {
        "do": "rows",
        "path": str(path.absolute()),
        "media_type": media_type,
        "wanted": list(wanted),
        "mapping": dict(mapping or {}),
    }
    rows: list[list[Any]] = json.loads(_ask(request, timeout_s))
    return [TableRow(row, tuple(header), tuple(cells), sheet) for sheet, row, header, cells in rows]


def _ask(request: dict[str, Any], timeout_s: float) -> bytes:
    if not _turns.acquire(timeout=timeout_s):
        raise Transient(
            "SHOW_BUSY", "Too many pictures of documents are being rendered at once: try again in a moment.", 5.0
        )
    folder = Folder(None)
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-m", _CHILD],
            input=json.dumps({**request, "cpu_s": timeout_s, "memory_mb": MEMORY_MB, "parent": os.getpid()}).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # native parsers write parts of documents there
            timeout=timeout_s,
            env=clean_environment(settings(), folder.temporary),
            cwd=folder.temporary,
            check=False,
        )
    except subprocess.TimeoutExpired as wrong:
        raise _not_shown(f"it took more than {timeout_s:g} seconds") from wrong
    finally:
        folder.close()
        _turns.release()
    kind, _, body = done.stdout.partition(b"\n")
    if done.returncode == 0 and kind == b"ok":
        return body
    if done.returncode == 0 and kind == b"no":
        told = json.loads(body)
        raise Unreadable(told["code"], told["sentence"])
    raise _not_shown("the process that renders it stopped" + (" by a signal" if done.returncode < 0 else ""))


def _not_shown(why: str) -> Unreadable:
    return Unreadable(
        "PAGE_NOT_SHOWN", f"This part of the document cannot be shown: {why}. Download the file to view it."
    )
