"""`gateway doctor`: checks this installation. Each line is ok, a warning or a fault, with the remedy. Changes nothing.

Exit code 0 without a fault, 1 with one; --strict counts warnings too. --json is for monitors.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import sys
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="check this installation and say what to do", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object: worst, counts, lines")
    parser.add_argument("--strict", action="store_true", help="exit with code 1 for warnings too")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.insight.doctor import diagnose
    from gateway.insight.doctor.lines import Level

    with contextlib.redirect_stdout(sys.stderr):  # what libraries say must not get into the JSON
        report = diagnose(_airflow())
    if options.json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))  # noqa: T201
    else:
        width = max(len(line.name) for line in report.lines)
        for line in report.lines:
            print(f"{line.level:8} {line.name:{width}}  {line.says}")  # noqa: T201
            if line.step:
                print(f"{'':8} {'':{width}}  -> {line.step}")  # noqa: T201
        counts = report.as_dict()["counts"]
        print(f"\n{counts['fault']} faults, {counts['warning']} warnings, {counts['ok']} ok")  # noqa: T201
    bad = (Level.FAULT, Level.WARNING) if options.strict else (Level.FAULT,)
    return 1 if report.worst in bad else 0


def _airflow() -> Any:
    """The checks of the Airflow adapter, if it is installed: found by name, because the library does not import Airflow."""
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    try:
        adapter = importlib.import_module("gateway_airflow.health")
    except ImportError:
        return ()
    return adapter.looks()
