"""The table `make run` ends with."""

from __future__ import annotations

from typing import Any

from gateway.pipeline.report import table, totals

WIDTHS = (44, 9, 8)


def print_table(batch_id: str, run: dict[str, Any]) -> bool:
    """One line a document, then the counts; True if the run succeeded and the counts add up."""
    rows = table(batch_id)
    numbers = totals(batch_id)
    print(f"\nBatch {batch_id}")  # noqa: T201
    print(_line(("document", "status", "profiles"), "what became of them"))  # noqa: T201
    print(_line(tuple("-" * width for width in WIDTHS), "-" * 30))  # noqa: T201
    for row in rows:
        rest = row["outcome"] or (f"{row['code']}: {row['error']}" if row["code"] else "")
        print(_line((row["path"], str(row["status"]), str(row["profiles"])), rest))  # noqa: T201
    print(  # noqa: T201
        f"\n{numbers.received} documents = {numbers.success} success + {numbers.failed} failed"
        f" + {numbers.processing} processing\n"
        f"{numbers.profiles} profiles = {numbers.delivered} ingested + {numbers.held} held"
        f" + {numbers.duplicate} duplicate + {numbers.discarded} discarded + {numbers.refused} refused"
        f" + {numbers.unknown} unknown + {numbers.in_flight} in flight"
    )
    succeeded = run.get("state") == "success"
    if not succeeded:
        print(f"The run ended as {run.get('state')}: open it in Airflow.")  # noqa: T201
    return succeeded and numbers.add_up() and not numbers.processing


def _line(cells: tuple[str, ...], last: str) -> str:
    shown = [
        (cell if len(cell) <= width else "…" + cell[-width + 1 :]).ljust(width)
        for cell, width in zip(cells, WIDTHS, strict=True)
    ]
    return "  ".join([*shown, last])
