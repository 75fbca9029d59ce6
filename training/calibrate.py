# ruff: noqa: T201
"""Fits the risk model and its limits to the reader as it is now; writes quality/data/risk.json.   (make calibrate)

    PYTHONPATH=include python training/calibrate.py [--documents N] [--jobs N] [--real GOLD FOLDER]

Run it after every change of the reader or its weights: the risk says how often *this* reader is wrong. It takes a few minutes.

1. Generated documents, made hard (stress.py), fit the weights: a logistic regression whose weights cannot be negative, drawn
   towards WORTH and STRONG, so that a sign no generated document shows keeps a say.
2. One shift of the log-odds makes the risk right on average for ordinary documents (ORDINARY of the hardness).
   training/real.json says how many real résumés go through at each error; they decide nothing. --real counts them anew: GOLD as
   the wild set's dev-gold.jsonl, FOLDER with its PDFs. Nothing else of a document is kept.
3. The same ordinary documents, which chose neither weights nor the limits to test, prove the limits by learn-then-test
   (quality/bound.py), each max_error on its own. Where they are too few to prove one, its limit is the expected one.
"""

from __future__ import annotations

import argparse
import json
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from risk_examples import Example, examples

from gateway.quality import risk
from gateway.quality.bound import DELTA, expected_limit, learn_then_test, limits_to_test
from gateway.quality.case import Case

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT / "training" / "real.json"
MAX_ERRORS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)
WORTH = 0.7  # what a signal counts before any document speaks, in log-odds
# Signs that are rare, and nearly always right where they are seen.
STRONG = {
    "email_glued": 4.0,
    "email_unknown_ending": 4.0,
    "email_other_name": 3.0,
    "numbers_but_no_phone": 1.5,
    "unread_without_phone": 1.5,
}
PENALTY = 8.0
USUAL = 0.98
ORDINARY = 0.25
Labelled = list[tuple[Case, bool]]


def passable(example: Example) -> bool:
    """Would reach the risk: what other gates hold whatever the risk says neither fits nor proves."""
    case = example.case
    return bool(case.name and case.email) and not (case.phone and not case.phone.startswith("+"))


def usual_of(cases: Sequence[Case]) -> dict[str, float]:
    found = [risk.signals(case, {}) for case in cases]
    return {
        name: round(float(np.quantile([one.get(name, 0.0) for one in found], USUAL)), 4)
        for name in risk.SIGNALS
        if name != "novel"
    }


def matrix(cases: Sequence[Case], usual: dict[str, float], names: Sequence[str]) -> np.ndarray:
    found = [risk.signals(case, usual) for case in cases]
    return np.array([[one.get(name, 0.0) for name in names] for one in found])


def fit(x: np.ndarray, y: np.ndarray, names: Sequence[str]) -> tuple[float, np.ndarray]:
    """(bias, weights >= 0) by projected Newton steps on single coordinates; the loss is convex, so the order does not matter."""
    worth = np.array([STRONG.get(name, WORTH) for name in names])
    bias, weights = -3.0, worth.copy()
    z = bias + x @ weights
    for _ in range(200):
        p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        step = float(np.sum(p - y) / max(np.sum(p * (1 - p)), 1e-9))
        bias, z = bias - step, z - step
        moved = abs(step)
        for k in range(x.shape[1]):
            p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
            gradient = float(x[:, k] @ (p - y)) + PENALTY * (weights[k] - worth[k])
            curve = float((x[:, k] ** 2) @ (p * (1 - p))) + PENALTY
            new = max(0.0, weights[k] - gradient / curve)
            z = z + (new - weights[k]) * x[:, k]
            moved = max(moved, abs(new - weights[k]))
            weights[k] = new
        if moved < 1e-4:
            break
    return bias, weights


def fit_shift(odds: np.ndarray, wrong: int) -> float:
    """How much likelier an error is on ordinary documents than on hard ones, in log-odds. It moves no profile past another."""
    low, high = -12.0, 12.0
    for _ in range(60):
        shift = (low + high) / 2
        expected = float(np.sum(1 / (1 + np.exp(-(odds + shift)))))
        low, high = (low, shift) if expected > wrong else (shift, high)
    return round(shift, 3)


def _odds(case: Case, fitted: dict[str, Any]) -> float:
    value = risk.weighed(risk.signals(case, fitted["usual"]), {**fitted, "shift": 0.0}).value
    return math.log(value / (1 - value))


def auc(risks: Sequence[float], wrong: Sequence[bool]) -> float:
    """The chance that a wrong profile has the higher risk of two."""
    bad = [r for r, w in zip(risks, wrong, strict=True) if w]
    good = [r for r, w in zip(risks, wrong, strict=True) if not w]
    pairs = sum((b > g) + 0.5 * (b == g) for b in bad for g in good)
    return pairs / max(1, len(bad) * len(good))


def curve(
    risks: Sequence[float], wrong: Sequence[bool], of: int, limits: dict[float, float]
) -> dict[float, tuple[int, int, float]]:
    """max_error -> (passed, wrong among them, reach) of `of` documents."""
    out = {}
    for error, limit in limits.items():
        among = [w for r, w in zip(risks, wrong, strict=True) if r <= limit]
        out[error] = (len(among), sum(among), len(among) / max(1, of))
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=1000, help="hard ones, for the weights")
    parser.add_argument("--proof", type=int, default=4000, help="ordinary ones, for the limits")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--real", nargs=2, type=Path, metavar=("GOLD", "FOLDER"), help="fit training/real.json anew")
    parser.add_argument(
        "--cache", type=Path, help="keep what was read, to try out fits; delete it when the reader changes"
    )
    options = parser.parse_args()
    if options.cache and options.cache.is_file():
        hard, ordinary = pickle.loads(options.cache.read_bytes())  # noqa: S301  our own file
    else:
        hard = examples(options.documents, options.seed, options.jobs, 1.0)
        ordinary = examples(options.proof, options.seed + 1, options.jobs, ORDINARY)
        if options.cache:
            options.cache.write_bytes(pickle.dumps((hard, ordinary)))
    halves = [[e for e in hard if passable(e)], [e for e in ordinary if passable(e)]]
    usual = usual_of([e.case for e in halves[0] if not e.wrong])
    names = list(risk.SIGNALS)
    truth = np.array([float(bool(e.wrong)) for e in halves[0]])
    bias, weights = fit(matrix([e.case for e in halves[0]], usual, names), truth, names)
    fitted: dict[str, Any] = {
        "bias": round(bias, 4),
        "weights": {name: round(float(w), 4) for name, w in zip(names, weights, strict=True) if w > 1e-3},
        "usual": usual,
    }
    known = json.loads(REAL.read_text("utf-8")) if REAL.is_file() else {}
    if options.real:
        from real_documents import labelled_real

        real_cases, documents = labelled_real(*options.real)
        known = {"documents": documents, "profiles": len(real_cases)}
    ordinary_odds = np.array([_odds(e.case, fitted) for e in halves[1]])
    fitted["shift"] = fit_shift(ordinary_odds, sum(bool(e.wrong) for e in halves[1]))
    rated = [[risk.weighed(risk.signals(e.case, usual), fitted).value for e in half] for half in halves]
    wrong = [[bool(e.wrong) for e in half] for half in halves]
    tests = limits_to_test(rated[0])
    proved = {error: learn_then_test(rated[1], wrong[1], tests, error) for error in MAX_ERRORS}
    limits = {error: limit or expected_limit(rated[1], wrong[1], [rated[0]], error) for error, limit in proved.items()}
    found = curve(rated[1], wrong[1], len(rated[1]), limits)
    if options.real:
        there = [risk.weighed(risk.signals(case, usual), fitted).value for case, _ in real_cases]
        known["reach"] = {
            str(k): round(v[2], 3) for k, v in curve(there, [w for _, w in real_cases], documents, limits).items()
        }
        REAL.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
        for error, (n, bad, reach) in curve(there, [w for _, w in real_cases], documents, limits).items():
            print(f"real: at {error:.1%} {n} of {documents} pass ({reach:.0%}), {bad} of them wrong")
        print(f"real: AUC {auc(there, [w for _, w in real_cases]):.3f}")
    fitted["levels"] = [
        {
            "max_error": error,
            "proved": proved[error] > 0,
            "limit": math.floor(1e5 * limits[error]) / 1e5,
            "reach": {"generated": round(found[error][2], 3), "real": known.get("reach", {}).get(str(error), 0.0)},
        }
        for error in MAX_ERRORS
    ]
    fitted["made"] = {
        "by": "training/calibrate.py",
        "documents": [options.documents, options.proof],
        "seed": options.seed,
        "fitted on": len(halves[0]),
        "proved on": len(halves[1]),
        "delta": DELTA,
        "auc": round(auc(rated[1], wrong[1]), 4),
        "wrong before any gate": round(sum(wrong[1]) / len(wrong[1]), 4),
        "real documents": known.get("documents", 0),
    }
    risk.MODEL.parent.mkdir(exist_ok=True)
    risk.MODEL.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")
    print(fitted["made"])
    for error, (n, bad, reach) in found.items():
        print(
            f"generated: at {error:.1%} limit {limits[error]:.4f}: {n} of {len(rated[1])} pass ({reach:.0%}), {bad} of them wrong"
        )


if __name__ == "__main__":
    main()
