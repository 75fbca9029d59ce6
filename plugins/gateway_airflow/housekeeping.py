"""What Airflow itself leaves behind: rows of old runs, and log files. Our own store is not touched (docs: retention)."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from gateway.errors import Transient

TIMEOUT_S = 1500
ROWS = 2_000  # deleted in one transaction: the scheduler must not wait for the lock


def clean_database(url: str, before: datetime) -> None:
    """Deletes the rows of Airflow's database that are older, as `airflow db clean` does; the last run of each DAG stays.

    url      of Airflow's database: a task is not told it by Airflow, and this is a program of its own
    raises   Transient(AIRFLOW_NOT_CLEANED)
    """
    command = [sys.executable, "-m", "airflow", "db", "clean", "--yes", "--skip-archive", "--error-on-cleanup-failure"]
    command += ["--clean-before-timestamp", before.isoformat(), "--batch-size", str(ROWS)]
    names = ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__CORE__SQL_ALCHEMY_CONN", "_AIRFLOW_PROCESS_CONTEXT")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] = url
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode:
        # What it printed may quote the address of the database, and with it the password.
        why = f"it ended with code {done.returncode}" if done else f"it took longer than {TIMEOUT_S} s"
        raise Transient(
            "AIRFLOW_NOT_CLEANED",
            f"Old rows were not removed from Airflow's database: {why}. Run `airflow db clean` by hand to see more.",
        )


def clean_logs(folder: Path, before: datetime) -> tuple[int, int]:
    """Removes log files that were last written before, and folders left empty; (files, bytes) removed.

    Follows no links. A file that another worker removes at the same time is no error.
    """
    files = size = 0
    for place, folders, names in os.walk(folder, topdown=False):
        for name in names:
            path = Path(place, name)
            try:
                facts = path.lstat()
                if facts.st_mtime < before.timestamp():
                    path.unlink()
                    files, size = files + 1, size + facts.st_size
            except FileNotFoundError:
                continue
        for name in folders:
            _remove_empty(Path(place, name), before)
    return files, size


def _remove_empty(path: Path, before: datetime) -> None:
    """A folder that a task has just made for its log is empty too: only old ones go."""
    try:
        if not path.is_symlink() and path.lstat().st_mtime < before.timestamp():
            path.rmdir()
    except OSError:
        return
