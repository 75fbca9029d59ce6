"""Bounds on the share of automatic passes that are wrong. Pure statistics, no model and no store.

learn_then_test   the loosest limit on the risk at which the error is proved to be at most `max_error`, from profiles whose
                  truth is known (Angelopoulos, Bates, Candes, Jordan, Lei 2021, arXiv 2110.01052): every limit is a
                  hypothesis "more than max_error of what passes is wrong", tested by the exact binomial tail, in a fixed
                  sequence from strict to loose. With probability 1 - delta the error of the chosen limit is as stated.
e_value           evidence that more than `max_error` of the passes is wrong; it may be checked after every answer,
                  in any order, for ever (Ville's inequality): at most one in 1/delta true statements ever reaches 1/delta.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence

DELTA = 0.1  # how often a stated bound may be wrong
STARTS = (0.2, 0.5)  # shares passing at which a sequence of tests starts; delta is shared among them
STEP = 0.02
ALARM = 20.0  # the e-value at which the stated error counts as refuted: one false alarm in 20 agents, ever

CERTAIN = (
    100.0  # the e-value at which people are told, and a calibration is proposed: one false alarm in 100 agents, ever
)


def binomial_tail(wrong: int, passed: int, rate: float) -> float:
    """P(at most `wrong` of `passed` are wrong) when each is wrong with probability `rate`."""
    if not 0 <= wrong <= passed or not 0 < rate < 1:
        raise ValueError(f"{wrong} of {passed} at a rate of {rate} makes no sense")
    logs = [
        math.lgamma(passed + 1)
        - math.lgamma(k + 1)
        - math.lgamma(passed - k + 1)
        + k * math.log(rate)
        + (passed - k) * math.log1p(-rate)
        for k in range(wrong + 1)
    ]
    top = max(logs)
    return min(1.0, math.exp(top) * sum(math.exp(one - top) for one in logs))


def limits_to_test(risks: Sequence[float]) -> list[list[float]]:
    """The sequences of limits, strict to loose, one for each of STARTS; fixed by profiles that are not tested with."""
    ordered = sorted(risks)
    shares = [[start + STEP * step for step in range(round((1 - start) / STEP))] for start in STARTS]
    return [[ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in one] for one in shares]


def learn_then_test(
    risks: Sequence[float],
    wrong: Sequence[bool],
    limits: Sequence[Sequence[float]],
    max_error: float,
    delta: float = DELTA,
) -> float:
    """The loosest proved limit; 0.0 if there is none: then nothing passes automatically.

    risks, wrong   of profiles that chose neither the model nor the limits
    limits         limits_to_test() of other profiles
    """
    ordered = sorted(zip(risks, wrong, strict=True))
    sorted_risks = [risk for risk, _ in ordered]
    wrong_before = [0, *itertools.accumulate(int(bad) for _, bad in ordered)]
    best = 0.0
    for sequence in limits:
        for limit in sequence:
            passed = bisect.bisect_right(sorted_risks, limit)
            if not passed or binomial_tail(wrong_before[passed], passed, max_error) > delta / len(limits):
                break
            best = max(best, limit)
    return best


def expected_limit(
    risks: Sequence[float], wrong: Sequence[bool], limits: Sequence[Sequence[float]], max_error: float
) -> float:
    """The loosest limit at which the expected error is as stated: (wrong + 1) / (passed + 1), the correction of conformal
    risk control (Angelopoulos and others 2022, arXiv 2208.02814). This is not a proof: it holds on average, not nearly always.
    """
    best = 0.0
    for limit in {limit for sequence in limits for limit in sequence}:
        among = [bad for risk, bad in zip(risks, wrong, strict=True) if risk <= limit]
        if among and (sum(among) + 1) / (len(among) + 1) <= max_error:
            best = max(best, limit)
    return best


def e_value(wrong: int, looked_at: int, max_error: float) -> float:
    """Evidence against "at most max_error of the passes are wrong": 1 says nothing, ALARM and more refutes it.

    The mean of likelihood ratios against rates of twice to 64 times the stated one; depends on the counts alone.
    """
    if not looked_at:
        return 1.0
    rates = [rate for k in range(1, 7) if (rate := max_error * 2**k) < 0.9] or [0.9]
    ratios = [
        math.exp(
            min(
                700.0,
                wrong * math.log(rate / max_error) + (looked_at - wrong) * (math.log1p(-rate) - math.log1p(-max_error)),
            )
        )
        for rate in rates
    ]
    return sum(ratios) / len(ratios)


def kept_limit(
    limit: float, looked_at: Sequence[tuple[float, bool]], ladder: Sequence[float], max_error: float
) -> float:
    """The limit that an agent's own evidence leaves standing: never above `limit`, 0.0 when no step of the ladder holds.

    looked_at   (risk, whether it was wrong) of passes that a person checked, in any order
    ladder      limits to fall back to
    """
    for step in sorted({limit, *(one for one in ladder if one < limit)}, reverse=True):
        among = [wrong for risk, wrong in looked_at if risk <= step]
        if e_value(sum(among), len(among), max_error) < ALARM:
            return step
    return 0.0
