"""`gateway status [BATCH]`: the state of one batch, or of all batches with the problems that need a person."""

from __future__ import annotations

import argparse
import json
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("status", help="batches, documents, counts, problems", description=__doc__)
    parser.add_argument("batch", nargs="?", help="one batch, one line per document")
    parser.add_argument("--deliveries", action="store_true", help="the delivery ledger instead")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    parser.add_argument("--limit", type=int, default=20, help="batches shown, newest first")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.cli.ingest import print_batch
    from gateway.pipeline.lines import batch_lines, delivery_lines, document_lines, trouble_lines
    from gateway.pipeline.report import totals
    from gateway.store.engine import migrate

    migrate()
    if options.deliveries:
        _print(delivery_lines(options.batch), options.json)
    elif options.batch:
        rows, numbers = document_lines(options.batch), totals(options.batch)
        if options.json:
            _print([*rows, numbers.as_dict()], True)
        else:
            print_batch(options.batch, rows, numbers)
    else:
        _print([*batch_lines(options.limit), *trouble_lines()], options.json)
        if not options.json:
            print(f"\n{totals().sentence()}")  # noqa: T201
    return 0


def _print(rows: list[dict[str, Any]], as_json: bool) -> None:
    for row in rows:
        text = json.dumps(row, default=str, ensure_ascii=False)
        print(text if as_json else "  ".join(f"{value}" for value in row.values() if value not in (None, "")))  # noqa: T201
