"""docs/scale.md from measured figures: what a daily volume needs. The model is gateway.insight.capacity.need.

    python benchmarks/scale.py [--figures benchmarks/figures.json] [--check]

--check writes nothing and exits with 1 if the page is not what the figures give.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "include"))

from gateway.insight.capacity import Figures, need, plan

PAGE = ROOT / "docs" / "scale.md"
FIGURES = ROOT / "benchmarks" / "figures.json"
WORKER_CORES = 16
REAL_BYTES = 250_000  # assumed of a real résumé; the invented ones that are measured are small


def page(kept: dict[str, Any]) -> str:
    figures = Figures(**{name: kept[name] for name in Figures.__dataclass_fields__})
    real = Figures(
        **{name: getattr(figures, name) for name in Figures.__dataclass_fields__} | {"file_bytes": REAL_BYTES}
    )
    volumes = []
    for number in (10_000, 100_000, 1_000_000):
        for hours in (24.0, 8.0):
            wanted = need(number, real, hours=hours)
            volumes.append(
                f"| {number:,} | {hours:.0f} | {wanted.documents_a_second:.1f} | {wanted.cores_busy:.1f} | {wanted.cores} "
                f"| {wanted.store_gb_a_day:.1f} GB | {wanted.files_gb_a_day:.0f} GB | {wanted.calls_a_minute:.1f} |"
            )
    sizes = []
    for batch in (1, 3, 20, 200, 1000):
        wanted = need(1_000_000, real, batch=batch)
        sizes.append(f"| {batch:,} | {wanted.cores} | {wanted.calls_a_minute:.0f} |")
    million = need(1_000_000, real)
    workers = -(-million.cores // WORKER_CORES)
    planned = plan(max(1, workers), WORKER_CORES)
    settings = "\n".join(f"    {one.name}={one.value}" for one in planned.settings)
    return f"""# Scale

Computed by `benchmarks/scale.py` from what `make bench-scale` measured; the model is `need` in `include/gateway/insight/capacity.py`. Change
neither this page nor the numbers by hand.

## What was measured

On {kept["machine"]}, with {kept["documents"]:,} invented résumés of one to three pages; processor seconds of every process together, Airflow's own
included.

| what | cost |
| --- | --- |
| reading one document | {figures.read_s:.3f} s |
| judging, delivering and reporting it, in a large batch | {figures.steps_s:.3f} s |
| one run of `ingest_batch`, whatever its size | {figures.run_s:.1f} s |
| one more mapped task | {figures.task_s:.2f} s |
| in the database, with indexes | {figures.store_bytes / 1000:.1f} kB |

Files are reckoned at {REAL_BYTES / 1000:.0f} kB, an assumption about real résumés: the invented ones are small. Scans cost seconds a page to
recognise, so add that for their share.

## What a day needs

Batches of 200, cores at work for 70 % of the time. Cores are those of workers, scheduler, api-server and database together.

| documents a day | in hours | a second | cores at work | cores to have | database a day | files a day | calls a minute to the target |
| --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(volumes)}

The size of batches matters as much as their number, since each run costs {figures.run_s:.0f} seconds before it reads anything:

| documents a batch (a million a day) | cores to have | calls a minute |
| --- | --- | --- |
{chr(10).join(sizes)}

So let a sender collect for a minute rather than send one file at a time; the push API and `inbox` take any number.

## A million a day

{million.cores} cores in 24 hours: {max(1, workers)} worker(s) of {WORKER_CORES} cores, of which each needs {planned.memory_mb / 1000:.0f} GB at most (every reader at its limit at
once). `gateway plan --workers {max(1, workers)} --cores {WORKER_CORES}`:

{settings}

- **Database**: {million.store_gb_a_day:.0f} GB a day. Give PostgreSQL the rows of a month in memory, at most {planned.connections} connections (PgBouncer in front), and periods in
  the agents' files (`retention`), which keep it from growing without end. What people look at stays as quick as it was:
  `benchmarks/growth.py` compares 10,000 and 100,000 profiles.
- **Scheduler**: runs a day are documents / batch: at 200 documents a batch a million is 5,000 runs, one every 17 seconds.
- **Files**: an object store; {million.files_gb_a_day:.0f} GB a day, {million.files_gb_a_day * 30 / 1000:.1f} TB a month until `retention.files_days` removes them.
- **Target**: {million.calls_a_minute:.0f} calls a minute of up to 100 candidates. A target with a lower limit is the real bound: its lane then has a queue, and
  the others do not wait for it.
- **People**: at 20 % held and half a minute each, a million a day is 1,700 hours of review (an assumption too). Raise what passes by itself before you raise the
  volume (docs/quality.md).
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=Path, default=FIGURES)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    text = page(json.loads(given.figures.read_text("utf-8")))
    if given.check:
        return 0 if PAGE.read_text("utf-8") == text else 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
