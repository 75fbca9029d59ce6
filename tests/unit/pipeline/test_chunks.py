"""How documents are grouped into mapped tasks."""

from __future__ import annotations

import random
from itertools import chain

import pytest

from gateway.pipeline.read import split_evenly


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
