"""The shared corpus of lists, scored by its own scorer; skipped where the corpus is not beside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CORPUS = Path(os.environ.get("GATEWAY_CORPUS") or ROOT.parent / "shared" / "corpus")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus at {CORPUS}; set GATEWAY_CORPUS to its folder"),
]


def score(*sets: str) -> dict[str, dict]:
    command = [sys.executable, str(ROOT / "benchmarks" / "score.py"), *sets]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "GATEWAY_CORPUS": str(CORPUS)})
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"name"')]
    return {line["name"]: line for line in lines}


def test_every_list_is_read_exactly():
    figures = score("csv")
    assert len(figures) >= 6
    assert [name for name, figure in figures.items() if not figure["ok"]] == []


def test_every_archive_is_handled_within_its_limits():
    (figure,) = score("zip").values()
    assert figure["value"] == figure["budget"]
