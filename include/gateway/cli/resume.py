"""`gateway resume BATCH`: continues a batch whose run died or failed; finished work is not repeated."""

from __future__ import annotations

import argparse
import getpass
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("resume", help="continue a batch whose run died", description=__doc__)
    parser.add_argument("batch", help="the batch's id")
    parser.add_argument("--here", action="store_true", help="run in this process, without Airflow")
    parser.add_argument(
        "--force", action="store_true", help="continue even if a run seems to be processing it: that run is dead"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Returns 0 if the batch is finished or waits for its run."""
    from gateway.cli.ingest import print_batch
    from gateway.pipeline.arrival.resume import left_to_do, resume_batch
    from gateway.pipeline.lines import document_lines
    from gateway.pipeline.report import totals
    from gateway.pipeline.run import began_outside_airflow, continue_batch
    from gateway.store.engine import migrate

    migrate()
    actor = f"cli:{getpass.getuser()}"
    if options.here or began_outside_airflow(options.batch):
        continue_batch(options.batch, actor=actor, force=options.force)
        numbers = totals(options.batch)
        print_batch(options.batch, document_lines(options.batch), numbers)
        return 0 if numbers.add_up() and not numbers.processing else 1
    run_id = resume_batch(options.batch, actor=actor, force=options.force)
    print(  # noqa: T201
        f"Batch {options.batch} waits for the Airflow run {run_id}, which starts within five minutes: "
        f"{left_to_do(options.batch)}."
    )
    return 0
