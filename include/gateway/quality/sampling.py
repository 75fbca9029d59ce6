"""Draws the audit sample of automatic passes, and estimates their error rate from the answers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass


def audit_sample(profile_ids: Iterable[str], share: float, seed: str) -> tuple[str, ...]:
    """A random sample of automatic passes, in the order given; the same ids, share and seed give the same sample.

    seed   the batch id: unknown before the batch exists, so that nobody can arrange to be left out
    The expected size is exactly share x n: small batches are sampled now and then rather than always.
    raises ValueError for a share outside 0..1
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share {share} is not between 0 and 1")
    ids = list(dict.fromkeys(profile_ids))
    exact = share * len(ids)
    size = math.floor(exact) + (_fraction(f"{seed}|size") < exact - math.floor(exact))
    chosen = set(sorted(ids, key=lambda identity: _fraction(f"{seed}|{identity}"))[:size])
    return tuple(identity for identity in ids if identity in chosen)


def _fraction(text: str) -> float:
    """A number in 0..1 that looks random and never changes."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """Share of checked passes that were wrong, with its 95 % Wilson interval; None if nothing was checked."""

    looked_at: int
    wrong: int
    rate: float | None
    low: float | None
    high: float | None


def error_rate(looked_at: int, wrong: int) -> ErrorRate:
    """The error rate of the automatic passes from audits (Wilson 1927; valid for few observations and rates near 0)."""
    if not 0 <= wrong <= looked_at:
        raise ValueError(f"{wrong} wrong of {looked_at} looked at")
    if not looked_at:
        return ErrorRate(0, 0, None, None, None)
    z = 1.96
    p, n = wrong / looked_at, looked_at
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    spread = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return ErrorRate(
        looked_at, wrong, round(p, 4), round(max(0.0, middle - spread), 4), round(min(1.0, middle + spread), 4)
    )
