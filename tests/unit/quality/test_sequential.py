"""The alarms that may be looked at after every observation: how often they are false, and how soon they come, by simulation."""

from __future__ import annotations

import random

import pytest

from gateway.quality.bound import CERTAIN
from gateway.quality.sequential import DIMENSIONS, ErrorWatch, GroupWatch, lot_of, overconfident, shift_of, shifted

MONTH = 30_000  # documents


def usual(dice: random.Random) -> float:
    """The score of an everyday document: 3 of 100 fail, 5 lack a name or an address, the others have a small risk."""
    kind = dice.random()
    return 3.0 if kind < 0.03 else 2.0 if kind < 0.08 else dice.betavariate(0.6, 8)


CHANGES = {
    "cannot be read": lambda dice: 3.0,
    "every second without name or address": lambda dice: 2.0 if dice.random() < 0.5 else usual(dice),
    "risk four times as high": lambda dice: dice.betavariate(2, 5),
}


def test_less_than_one_false_alarm_a_month_at_a_thousand_documents_a_day() -> None:
    """Twelve months, in eight sources, twelve layouts and three languages of very different size."""
    alarms = 0
    for month in range(12):
        dice = random.Random(month)
        sizes = {"source": 8, "family": 12, "language": 3}
        watches: dict[tuple[str, int], GroupWatch] = {}
        for _ in range(MONTH):
            score = usual(dice)
            for dimension in DIMENSIONS:
                group = int(sizes[dimension] * dice.random() ** 2)
                alarms += bool(watches.setdefault((dimension, group), GroupWatch()).add(score, dice.random()))
    assert alarms < 12


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_change_is_found_within_thirty_documents(change: str) -> None:
    found: list[int] = []
    for seed in range(100):
        dice = random.Random(seed)
        watch = GroupWatch()
        for _ in range(400):
            watch.add(usual(dice), dice.random())
        for number in range(1, 200):
            if since := watch.add(CHANGES[change](dice), dice.random()):
                found.append(number)
                assert since <= number + 40, "the change is not dated long before it happened"
                break
    soon = sum(number <= 30 for number in found)
    assert soon >= 75, (change, soon)
    assert sorted(found)[len(found) // 2] <= 25


def test_a_watch_goes_on_from_what_was_kept() -> None:
    dice = random.Random(3)
    whole, parts = GroupWatch(), GroupWatch()
    for number in range(700):
        score, lot = usual(dice), lot_of(str(number))
        parts = GroupWatch.of(parts.state())
        assert whole.add(score, lot) == parts.add(score, lot)
    assert parts.seen == whole.seen == 700
    assert parts.window == whole.window
    assert parts.strength == pytest.approx(whole.strength, rel=1e-3)


def test_the_stated_error_is_kept_quiet_and_its_breach_told() -> None:
    """At exactly the stated error a false alarm comes at most once in 10,000 checked passes; at eight times it soon comes."""
    false = 0
    for seed in range(40):
        dice, watch = random.Random(seed), ErrorWatch(0.01)
        false += any(watch.add(dice.random() < 0.01) for _ in range(2_500))
    assert false <= 40 * 2_500 / 10_000
    delays = []
    for seed in range(40):
        dice, watch = random.Random(1_000 + seed), ErrorWatch(0.01)
        for _ in range(1_000):
            watch.add(dice.random() < 0.005)
        delays.append(next(n for n in range(1, 2_000) if watch.add(dice.random() < 0.08)))
    assert sorted(delays)[20] <= 120, "a good year before it does not delay the alarm"


def test_confidences_that_hold_are_not_called_too_high() -> None:
    right, wrong = 0, 0
    for seed in range(200):
        dice = random.Random(seed)
        said = [dice.choice([0.7, 0.9, 0.97, 0.99]) for _ in range(200)]
        right += overconfident([(one, dice.random() < one) for one in said]) >= CERTAIN
        wrong += overconfident([(one, dice.random() < one - 0.12) for one in said]) >= CERTAIN
    assert right <= 200 / CERTAIN + 2
    assert wrong >= 180


def test_a_shift_brings_what_is_said_to_what_is_true() -> None:
    dice = random.Random(1)
    checked = [(0.95, dice.random() < 0.8) for _ in range(2_000)]
    shift = shift_of(checked)
    assert shifted(0.95, shift) == pytest.approx(0.8, abs=0.03)
    assert (shift_of([]), shifted(0.4, 0.0), shifted(1.0, -2.0)) == (0.0, 0.4, 1.0)
