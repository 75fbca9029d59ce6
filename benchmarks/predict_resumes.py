"""Writes predictions for a folder of résumé PDFs in one process, with CPU time by step; feeds score_resumes.py.

python benchmarks/predict_resumes.py FOLDER OUT.jsonl [--no-ocr]
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path

from gateway.extract.pdf import read_pdf
from gateway.model import ExtractedProfile, Hints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--no-ocr", action="store_true", help="leave out documents whose pages are images")
    options = parser.parse_args()
    steps: dict[str, float] = {}
    count = 0
    with options.out.open("w", encoding="utf-8") as out:
        for path in sorted(options.folder.glob("*.pdf")):
            profiles: list[ExtractedProfile] = []
            started = time.process_time()
            if options.no_ocr:
                import gateway.extract.pdf as module

                module._needs_ocr = lambda page, handle: False
            reading = read_pdf(path, profiles.append, Hints(), limit_pages=60)
            steps["total"] = steps.get("total", 0.0) + time.process_time() - started
            for name, seconds in reading.cpu_s.items():
                steps[name] = steps.get(name, 0.0) + seconds
            count += 1
            rows = []
            for profile in profiles:
                row = asdict(profile)
                row["fields"] = {
                    f.name: {"value": f.value, "raw": f.raw, "confidence": f.confidence} for f in profile.fields
                }
                rows.append(row)
            line = {
                "file": path.name,
                "status": reading.status,
                "code": reading.code,
                "error": reading.error,
                "profiles": rows,
            }
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    print({name: round(1000 * seconds / max(1, count), 1) for name, seconds in steps.items()}, "ms a document")


if __name__ == "__main__":
    main()
