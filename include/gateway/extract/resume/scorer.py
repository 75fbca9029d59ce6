"""The learned part: a logistic regression a field over candidates' features, and the map from its score to a probability.

The weights are data/model.json, made by training/train.py from documents of our own generator. Evaluated in plain Python: some 30
multiplications a candidate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from gateway.extract.resume.contact import Candidate

_MODEL = Path(__file__).parent / "data" / "model.json"


@lru_cache(maxsize=1)
def model() -> dict[str, Any]:
    """{"fields": {field: {"bias", "weights": {feature: weight}, "calibration": [[score, probability], ...]}}, "made": {...}}"""
    loaded: dict[str, Any] = json.loads(_MODEL.read_text("utf-8"))
    return loaded


def raw_score(field: str, features: Mapping[str, float]) -> float:
    """The log-odds that a candidate with these features is right; features the model does not know count nothing."""
    fitted = model()["fields"][field]
    weights: dict[str, float] = fitted["weights"]
    return float(fitted["bias"]) + sum(weights.get(name, 0.0) * value for name, value in features.items())


def calibrated(field: str, score: float, table: str = "calibration") -> float:
    """Probability for a score, by straight lines between the points of the calibration."""
    points: Sequence[Sequence[float]] = model()["fields"][field].get(table) or [[-6, 0.01], [6, 0.99]]
    if score <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        if score <= x1:
            return y0 + (y1 - y0) * (score - x0) / (x1 - x0) if x1 > x0 else y1
    return points[-1][1]


def rank(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates with their scores set, best first."""
    for candidate in candidates:
        candidate.score = raw_score(candidate.field, candidate.features)
    return sorted(candidates, key=lambda c: -c.score)
