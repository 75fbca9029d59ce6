"""A little of `make chaos`: a batch's process is killed, and everybody arrives once all the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_whole_batches_survive_kills() -> None:
    command = [sys.executable, "benchmarks/chaos.py", "--trials", "2", "--store", "sqlite"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "2 trials, 2 kills, 0 wrong" in done.stdout, "the control: somebody was killed"
