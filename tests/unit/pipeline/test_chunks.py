"""How documents are grouped into mapped tasks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest

from gateway.intake import files
from gateway.pipeline import read
from gateway.pipeline.read import chunks_for, split_evenly
from gateway.pipeline.report import totals
from gateway.pipeline.run import run_batch
from gateway.settings import settings


@pytest.mark.parametrize("seed", range(200))
def test_parts_are_whole_in_order_and_about_even(seed: int) -> None:
    chance = random.Random(seed)
    weights = [chance.choice([0.15, 0.3, 1.0, 8.0]) for _ in range(chance.randint(1, 120))]
    number = chance.randint(1, 20)
    parts = split_evenly(weights, number)
    assert list(chain.from_iterable(parts)) == list(range(len(weights)))
    assert len(parts) == min(number, len(weights))
    heaviest = max(sum(weights[i] for i in part) for part in parts)
    assert heaviest <= sum(weights) / len(parts) + max(weights)


def test_one_giant_does_not_starve_the_others() -> None:
    assert [len(part) for part in split_evenly([100.0, 1, 1, 1, 1, 1], 3)] == [1, 1, 4]
    assert [len(part) for part in split_evenly([1.0, 1, 1, 1, 1, 100], 3)] == [4, 1, 1]


@pytest.mark.parametrize(
    ("seconds", "number"), [(0.1, 1), (7, 1), (15, 2), (16, 2), (31, 4), (59, 4), (61, 8), (130, 12), (5000, 64)]
)
def test_no_slot_idles_while_another_has_two_chunks_before_it(seconds: float, number: int) -> None:
    assert (settings().read_slots, settings().chunk_s, settings().max_chunks) == (4, 15, 64)
    assert chunks_for(seconds) == number


def test_a_chunk_keeps_no_copy_of_what_it_has_read(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From an object store each document is a copy on disk: ten thousand of them would fill it."""
    drop = tmp_path / "drop"
    drop.mkdir()
    for number in range(12):
        (drop / f"{number}.csv").write_text(f"Name,Email\nPerson Number,person{number}@example.org\n")
    here: set[str] = set()
    most = []

    @contextmanager
    def copied(key: str) -> Iterator[Path]:
        with real(key) as path:
            here.add(key)
            most.append(len(here))
            try:
                yield path
            finally:
                here.discard(key)

    real = files.local
    monkeypatch.setattr(read.files, "local", copied)
    monkeypatch.setenv("GATEWAY_EXTRACT_JOBS", "2")
    settings.cache_clear()
    assert totals(run_batch("regional-nurse", [drop], actor="test")).success == 12
    assert not here
    assert max(most) <= 2 + 2, "one a reader, one that waits for a reader, one that was just read"
