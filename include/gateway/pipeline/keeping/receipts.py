"""Receipts of erasures outlive the backups that were made before them: a copy lies beside the backups.

A receipt names ids and keyed hashes, nobody. With it, a restore removes again whoever an older backup brings back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from upath import UPath

from gateway.intake import files
from gateway.intake.inbox import disk_problem
from gateway.settings import settings

FOLDER = "receipts"


def copy_out() -> int:
    """Copies receipts that are not yet in GATEWAY_BACKUP_DIR/receipts; returns how many. Nothing without that setting.

    raises   Transient(DISK_FULL | CLAIM_FAILED) if the folder cannot be written to
    """
    beside = settings().backup_dir
    ours = files.root() / FOLDER
    if beside is None or not ours.exists():
        return 0
    target = beside / FOLDER
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = {path.name for path in target.iterdir()}
        new = [path for path in ours.iterdir() if path.name not in known]
        for path in new:
            part = target / f".{path.name}.part"
            part.write_bytes(path.read_bytes())
            part.replace(target / path.name)
    except OSError as wrong:
        raise disk_problem(
            wrong, "The person was erased and the receipt is kept, but it could not be copied beside the backups"
        ) from wrong
    return len(new)


def found_in(places: Iterable[Path | UPath]) -> Iterator[dict[str, Any]]:
    """Every receipt in these folders once, oldest first; what is no receipt is passed over."""
    said: dict[str, dict[str, Any]] = {}
    for place in places:
        if not place.exists():
            continue
        for path in place.iterdir():
            try:
                receipt = json.loads(path.read_bytes())
                said.setdefault(str(receipt["receipt"]), receipt)
            except (OSError, ValueError, KeyError, TypeError):
                continue
    yield from sorted(said.values(), key=lambda one: str(one.get("at")))
