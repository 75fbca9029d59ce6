"""`gateway restore FOLDER [--receipts FOLDER]`: a backup on an empty machine; then says which batches to resume.

Who was erased after the backup is erased again, from the receipts in the files store, beside the backup, and in --receipts.
Exit code 1 when a receipt was found that our key did not sign: look at who wrote it.
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("restore", help="restore a backup on an empty machine", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--receipts", type=Path, action="append", default=[], metavar="FOLDER")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.pipeline.keeping.restore import restore

    done = restore(options.folder, more_receipts=options.receipts, actor=getpass.getuser())
    print(f"{done.rows:,} rows of revision {done.revision} and {done.files:,} files restored.")  # noqa: T201
    for receipt, number in done.erased_again.items():
        print(f"erased again: {number} profiles of receipt {receipt}")  # noqa: T201
    for receipt in done.not_ours:
        print(f"NOT SIGNED BY US, nothing done: receipt {receipt}")  # noqa: T201
    for batch in done.open:
        print(f"in the middle: gateway resume {batch} --force")  # noqa: T201
    return 1 if done.not_ours else 0
