"""`gateway ingest PATH... --agent ID`: runs the whole pipeline in this process, without Airflow."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import Any

from gateway.model import Mode


def register(commands: Any) -> None:
    parser = commands.add_parser("ingest", help="run the whole pipeline without Airflow", description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="files or folders; they are copied")
    parser.add_argument("--agent", required=True, metavar="ID", help="interview agent (a file of include/agents)")
    parser.add_argument("--mode", choices=[str(mode) for mode in Mode], help="default: the mode in the agent's file")
    parser.add_argument(
        "--canary", type=int, metavar="N", help="deliver the first N passing candidates and hold the rest"
    )
    parser.add_argument("--json", action="store_true", help="one JSON line per profile and a last line with totals")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """0 when every document got a status and the counts add up."""
    from gateway.pipeline.delivery.dry_run import dry_run_difference, planned_calls
    from gateway.pipeline.lines import document_lines, profile_lines
    from gateway.pipeline.report import totals
    from gateway.pipeline.run import run_batch
    from gateway.store.engine import migrate

    migrate()
    mode = Mode(options.mode) if options.mode else None
    try:
        batch_id = run_batch(
            options.agent,
            [path.resolve() for path in options.paths],
            actor=f"cli:{getpass.getuser()}",
            mode=mode,
            canary=options.canary,
        )
    finally:
        send_notices()
    numbers = totals(batch_id)
    if options.json:
        for line in profile_lines(batch_id):
            print(json.dumps(line, ensure_ascii=False))  # noqa: T201
        print(json.dumps({"batch_id": batch_id, **numbers.as_dict()}, ensure_ascii=False))  # noqa: T201
    else:
        print_batch(batch_id, document_lines(batch_id), numbers)
        if mode == Mode.DRY_RUN:
            for call in planned_calls(batch_id):
                print(json.dumps(call, ensure_ascii=False))  # noqa: T201
            print(dry_run_difference(batch_id).sentence())  # noqa: T201
    return 0 if numbers.add_up() and not numbers.processing else 1


def send_notices() -> None:
    """Sends the messages of the batch. A channel that fails keeps its messages and never fails the batch."""
    from sqlalchemy.exc import SQLAlchemyError

    from gateway.notify.send import send_due

    try:
        done = send_due()
    except SQLAlchemyError:  # the batch itself reports the cause
        return
    if done.later or done.dead:
        said = f"{done.later + done.dead} notice(s) did not leave: see `python -m gateway notify channels`."
        print(f"NOTICE_NOT_SENT: {said}", file=sys.stderr)  # noqa: T201


def print_batch(batch_id: str, rows: list[dict[str, Any]], numbers: Any, out: Any = None) -> None:
    """Prints one line per document, then the two sums."""
    widths = (44, 9, 8)
    out = out or sys.stdout

    def line(cells: tuple[str, str, str], last: str) -> None:
        shown = [
            (cell if len(cell) <= width else "…" + cell[-width + 1 :]).ljust(width)
            for cell, width in zip(cells, widths, strict=True)
        ]
        print("  ".join([*shown, last]), file=out)

    print(f"\nBatch {batch_id}", file=out)
    line(("document", "status", "profiles"), "what became of them")
    line(("-" * widths[0], "-" * widths[1], "-" * widths[2]), "-" * 30)
    for row in rows:
        rest = row["outcome"] or (f"{row['code']}: {row['error']}" if row["code"] else "")
        line((row["path"], str(row["status"]), str(row["profiles"])), rest)
    print(f"\n{numbers.sentence()}", file=out, flush=True)
