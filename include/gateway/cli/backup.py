"""`gateway backup [FOLDER]`: everything that is kept, into a new folder; `--verify FOLDER` checks one.

Safe while batches run. Without a folder it goes into GATEWAY_BACKUP_DIR, named by the time; documents that the backup before
has are linked, not copied. Nobody but you may read it: it holds everybody's data and the gateway's keys.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("backup", help="back everything up", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
    parser.add_argument("--verify", action="store_true", help="only check the backup in FOLDER")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.errors import Misconfigured
    from gateway.pipeline.keeping.backup import backup, verify

    if options.verify:
        if options.folder is None:
            raise Misconfigured("FORM_INCOMPLETE", "--verify needs the folder of a backup.")
        said = verify(options.folder)
        print(f"Good: backup of {said['at']}, revision {said['revision']}, {said['files']:,} files.")  # noqa: T201
        return 0
    made = backup(options.folder)
    print(  # noqa: T201
        f"{made.folder}: {made.rows:,} rows of revision {made.revision}, {made.files:,} files ({made.linked:,} linked), "
        f"{made.size_bytes / 1e6:,.1f} MB"
    )
    return 0
