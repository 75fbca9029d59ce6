"""Costs of the sandbox and of long lists, on made-up documents: python benchmarks/files.py

Ends with one JSON line a figure: {"name", "value", "unit", "budget", "ok"}.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "tests")]
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])

from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.settings import Settings

ROWS = 20_000


def main() -> int:
    figures = []
    with tempfile.TemporaryDirectory(prefix="gateway-bench-") as work:
        folder = Path(work)
        started = time.perf_counter()
        with ReaderPool(1) as pool:
            tiny = written(folder / "tiny.csv", "Name,Email\nAda Archer,ada@example.org\n")
            list(pool.read([(0, tiny)]))
            figures.append(figure("sandbox: start to first document", time.perf_counter() - started, "s", 5.0))
            figures.append(figure("sandbox: one small list", per_document(pool, [tiny] * 300), "ms a document", 20.0))
            figures += long_list(pool, folder)
        with ReaderPool(1, config=Settings(recycle_after=1)) as pool:
            list(pool.read([(0, tiny)]))
            figures.append(
                figure("sandbox: a new worker for each", per_document(pool, [tiny] * 50), "ms a document", 60.0)
            )
        with ReaderPool(1, reader="support.bad_readers:read") as pool:
            crash = written(folder / "crash", "segfault ")
            list(pool.read([(0, crash)]))
            figures.append(
                figure("sandbox: a crashing document", per_document(pool, [crash] * 30), "ms a document", 250.0)
            )
    for line in figures:
        print(json.dumps(line))
    return 0 if all(line["ok"] for line in figures) else 1


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def per_document(pool: ReaderPool, paths: list[Path]) -> float:
    started = time.perf_counter()
    for _ in pool.read(enumerate(paths)):
        pass
    return (time.perf_counter() - started) / len(paths) * 1000


def long_list(pool: ReaderPool, folder: Path) -> list[dict[str, object]]:
    rows = (f"Person {i},person.{i}@example.org,+120255501{i % 100:02d},Leeds\n" for i in range(ROWS))
    path = written(folder / "long.csv", "Name,Email,Phone,City\n" + "".join(rows))
    started = time.perf_counter()
    count = sum(1 for result in pool.read([(0, path)]) for _ in iter_profiles(result.spool))
    seconds = time.perf_counter() - started
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        figure("list: rows read and taken over", count, "rows", ROWS, at_least=True),
        figure("list: speed", count / seconds, "rows a second", 1_000, at_least=True),
        figure("list: peak memory of the parent", peak_mb, "MB", 200),
    ]


def figure(name: str, value: float, unit: str, budget: float, *, at_least: bool = False) -> dict[str, object]:
    ok = value >= budget if at_least else value <= budget
    return {"name": name, "value": round(value, 2), "unit": unit, "budget": budget, "ok": ok}


if __name__ == "__main__":
    sys.exit(main())
