"""The stated error holds: in simulation over 1,000 seeded runs, whatever the order, and with an agent's own evidence."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gateway.quality.bound import ALARM, DELTA, binomial_tail, e_value, kept_limit, learn_then_test, limits_to_test

RUNS = 1_000


def population(dice: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(risk, wrong): the truth follows a curve of its own, so that the risk ranks well and is not calibrated."""
    risk = dice.beta(0.6, 6, size)
    return risk, dice.random(size) < 0.5 * risk**1.3


def true_error(limit: float) -> float:
    """The share of what passes at this limit that is wrong, by numeric integration of the population."""
    grid = (np.arange(200_000) + 0.5) / 200_000
    density = grid**-0.4 * (1 - grid) ** 5
    passing = grid <= limit
    return float((density * 0.5 * grid**1.3)[passing].sum() / density[passing].sum())


@pytest.mark.parametrize("max_error", [0.005, 0.01, 0.02])
def test_the_bound_holds_over_a_thousand_runs(max_error: float) -> None:
    grid = np.linspace(0.001, 0.6, 600)
    errors = np.array([true_error(limit) for limit in grid])
    broken = useful = 0
    for seed in range(RUNS):
        dice = np.random.default_rng(seed)
        chosen, _ = population(dice, 300)
        risk, wrong = population(dice, 1_800)  # as many as the shipped limits were proved with
        order = np.argsort(risk)
        risk, wrong = risk[order], wrong[order]
        limit = learn_then_test(risk.tolist(), wrong.tolist(), limits_to_test(chosen.tolist()), max_error)
        broken += limit > 0 and float(np.interp(limit, grid, errors)) > max_error
        useful += limit > 0
    # 1,000 runs with a chance of DELTA each: 130 would happen once in a thousand times.
    assert broken <= RUNS * DELTA + 30, f"the stated error was exceeded in {broken} of {RUNS} runs"
    if max_error >= 0.01:
        assert useful > RUNS / 2, "a bound that never lets anything pass would hold as well"


def test_a_limit_without_proof_lets_nothing_pass() -> None:
    limits = limits_to_test([n / 100 for n in range(100)])
    assert learn_then_test([0.001] * 50, [False] * 50, limits, 0.005) == 0.0, "50 right ones prove no 0.5 %"
    assert learn_then_test([0.001] * 2_000, [False] * 2_000, limits, 0.005) == pytest.approx(limits[1][-1])


def test_the_binomial_tail_is_exact() -> None:
    assert binomial_tail(0, 460, 0.005) == pytest.approx(0.995**460)
    assert binomial_tail(3, 3, 0.2) == 1.0
    with pytest.raises(ValueError, match="makes no sense"):
        binomial_tail(4, 3, 0.2)


def test_looking_after_every_answer_raises_few_false_alarms() -> None:
    """Agents whose error is exactly what they state, watched for 2,000 audits each."""
    alarms = 0
    for seed in range(RUNS):
        wrong = np.cumsum(np.random.default_rng(seed).random(2_000) < 0.01)
        worst = [
            (int(wrong[n]), n + 1) for n in np.flatnonzero(np.diff(wrong, prepend=0))
        ]  # it only rises with a wrong one
        alarms += any(e_value(bad, looked, 0.01) >= ALARM for bad, looked in worst)
    assert alarms <= RUNS / ALARM + 20, f"{alarms} false alarms in {RUNS} agents"


def test_an_error_four_times_the_stated_one_is_found() -> None:
    assert e_value(20, 500, 0.01) >= ALARM
    assert e_value(0, 500, 0.01) < 1 < e_value(1, 3, 0.005) < ALARM


def test_own_evidence_only_tightens_and_its_order_says_nothing() -> None:
    ladder = [0.01, 0.02, 0.05, 0.1]
    looked = [(0.03, True)] * 9 + [(0.005, False)] * 300
    assert kept_limit(0.04, [], ladder, 0.005) == 0.04
    assert kept_limit(0.04, looked, ladder, 0.005) == 0.02, "the wrong ones all have a risk above it"
    assert kept_limit(0.015, looked, ladder, 0.005) == 0.015, "never looser than the shipped limit"
    assert kept_limit(0.04, [(0.001, True)] * 9, ladder, 0.005) == 0.0
    for seed in range(20):
        random.Random(seed).shuffle(looked)
        assert kept_limit(0.04, looked, ladder, 0.005) == 0.02
