"""`gateway upgrade [--check] [--backup FOLDER | --no-backup]`: brings the store to this version, after a backup.

--check only says what would be done (exit code 1 if there is something). A store of a newer version is refused (STORE_NEWER).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("upgrade", help="bring the store to this version", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say what would be done")
    before = parser.add_mutually_exclusive_group()
    before.add_argument("--backup", type=Path, metavar="FOLDER", help="default: into GATEWAY_BACKUP_DIR")
    before.add_argument("--no-backup", action="store_true", help="somebody else made one")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.pipeline.keeping.upgrade import planned, upgrade

    if options.check:
        plan = planned()
        _tell(plan.before, plan.after, plan.steps)
        return 1 if plan.steps or plan.before != plan.after else 0
    done = upgrade(backup_into=options.backup, no_backup=options.no_backup)
    if done.backup is not None:
        print(f"backup: {done.backup.folder}")  # noqa: T201
    _tell(done.before, done.after, done.steps)
    return 0


def _tell(before: str | None, after: str, steps: tuple[tuple[str, str], ...]) -> None:
    for revision, what in steps:
        print(f"{revision}  {what}")  # noqa: T201
    print(f"revision {before or 'none'} -> {after}" if before != after else f"the store is at {after}")  # noqa: T201
