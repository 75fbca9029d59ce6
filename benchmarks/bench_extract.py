"""What reading a résumé costs: CPU by step, against pypdf's extract_text() of the same files in the same run, and pages a second.

    python benchmarks/bench_extract.py [FOLDER]      (make bench runs it)

FOLDER holds PDFs (default: the corpus beside the checkout); those without a text layer are left out. Ends with one JSON line a figure:
{"name", "value", "unit", "budget", "ok"}.
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
DEFAULT = Path(os.environ.get("GATEWAY_CORPUS", ROOT.parent / "shared" / "corpus")) / "resumes" / "pdf"
RUNS = 3


def ours(path: Path) -> tuple[dict[str, float], int]:
    from gateway.extract.pdf import read_pdf
    from gateway.model import Hints

    started = time.process_time()
    reading = read_pdf(path, lambda profile: None, Hints(), limit_pages=60)
    return {**reading.cpu_s, "whole": time.process_time() - started}, reading.pages or 0


def theirs(path: Path) -> float:
    import pypdf

    started = time.process_time()
    for page in pypdf.PdfReader(path).pages:
        page.extract_text()
    return time.process_time() - started


def has_text(path: Path) -> bool:
    import pypdfium2

    document = pypdfium2.PdfDocument(path)
    try:
        return any(page.get_textpage().count_chars() > 40 for page in document)
    finally:
        document.close()


def report(name: str, value: float, unit: str, budget: float | None, ok: bool) -> None:
    print(json.dumps({"name": name, "value": round(value, 3), "unit": unit, "budget": budget, "ok": ok}))


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT
    files = [path for path in sorted(folder.glob("*.pdf")) if has_text(path)]
    if not files:
        print(f"No PDFs with text in {folder}.", file=sys.stderr)
        return 1
    ours(files[0]), theirs(files[0])  # imports and data are loaded once a process, not once a document
    steps: dict[str, list[float]] = {}
    ratios = []
    for _ in range(RUNS):
        mine = other = 0.0
        for path in files:
            cpu, _ = ours(path)
            for step, seconds in cpu.items():
                steps.setdefault(step, []).append(seconds)
            mine += cpu["whole"]
            other += theirs(path)
        ratios.append(mine / other)
    for step, seconds in steps.items():
        report(f"extract_{step}_cpu", 1000 * sum(seconds) / len(files) / RUNS, "ms a document", None, True)
    ratio = median(ratios)
    report("extract_cpu_against_pypdf_text", ratio, "ratio", 1.0, ratio < 1.0)
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(ours, files[:4]))
        started = time.perf_counter()
        pages = sum(count for _, count in pool.map(ours, files, chunksize=8))
        report("extract_pages_per_second_2_jobs", pages / (time.perf_counter() - started), "pages/s", None, True)
    return 0 if ratio < 1.0 else 1


if __name__ == "__main__":
    raise SystemExit(main())
