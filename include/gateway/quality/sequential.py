"""Alarms that may be looked at after every observation. Pure statistics, no store.

All are e-detectors of the Shiryaev-Roberts kind (Shin, Ramdas, Rinaldo 2022, arXiv 2203.03532): m <- bet * (1 + m), where a bet
is expected to be at most 1 as long as nothing is wrong. After n observations m is then expected to be at most n, so an alarm at
m >= EVERY comes at most once in EVERY observations on average, and it needs no number of observations fixed beforehand.

ErrorWatch   more of the passes are wrong than stated
GroupWatch   the documents of a group (a source, a layout family, a language) have become worse to read than those before them:
             bets on conformal p-values (Vovk and others, arXiv 2006.02329), so nothing is assumed about how their scores are spread
overconfident   the same evidence for stated confidences: an e-value, not a detector
"""

from __future__ import annotations

import bisect
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

# A false alarm about the stated error at most once in so many checked passes.
ERROR_EVERY = 10_000
ERROR_FACTORS = (2.0, 4.0, 8.0, 16.0, 32.0)
# A document stands in three groups, and 1,000 a day make 30,000 a month: at most one false alarm a month among them all. Three
# times that, because a window of some hundred documents knows the usual shares only nearly (tests simulate it).
DIMENSIONS = ("source", "family", "language")
DRIFT_EVERY = 3 * len(DIMENSIONS) * 30_000
# (share, stake): bets that a share of documents, the worst so far, has become that large.
BETS = ((0.02, 0.25), (0.05, 0.4), (0.1, 0.5), (0.2, 0.6), (0.05, 0.8))
WINDOW = 400  # documents that one is compared with,
LAG = 30  # older than so many: the documents of a change are not what the next are compared with
ENOUGH = 100  # fewer are no comparison
AFTER = 25  # documents that are kept as comparison after an alarm: mostly those of the new kind
_MOST = 1e12


@dataclass(slots=True)
class ErrorWatch:
    """Evidence that more than `max_error` of the checked passes are wrong now, whatever was before."""

    max_error: float
    seen: int = 0
    wrong: int = 0
    values: list[float] = field(default_factory=list)

    def add(self, wrong: bool) -> bool:
        """Counts one checked pass; True if that raises the alarm. The order is that of the checks."""
        rates = [rate for factor in ERROR_FACTORS if (rate := self.max_error * factor) < 0.9] or [0.9]
        if not self.values:
            self.values = [0.0] * len(rates)
        self.seen += 1
        self.wrong += wrong
        for at, rate in enumerate(rates):
            bet = rate / self.max_error if wrong else (1 - rate) / (1 - self.max_error)
            self.values[at] = min(_MOST, bet * (1 + self.values[at]))
        return wrong and self.strength >= ERROR_EVERY

    @property
    def strength(self) -> float:
        return sum(self.values) / len(self.values) if self.values else 0.0


@dataclass(slots=True)
class GroupWatch:
    """Whether the documents of one group have become worse. JSON-ready by state(), back by GroupWatch.of().

    window   scores of the documents before, oldest first
    values   one detector a bet
    ends     how far back each detector's evidence begins, in documents
    """

    window: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=lambda: [0.0] * len(BETS))
    sums: list[float] = field(default_factory=lambda: [0.0] * len(BETS))
    lengths: list[int] = field(default_factory=lambda: [0] * len(BETS))
    seen: int = 0
    _ordered: list[float] | None = field(
        default=None, repr=False, compare=False
    )  # the compared part of the window, sorted

    def add(self, score: float, lot: float) -> int:
        """Counts one document; 0, or the number of documents since the change, this one included, if that raises the alarm.

        score   how hard it was to read, larger is worse
        lot     0..1, decides among equal scores; from the document's id (lot_of), so that counting again gives the same
        """
        self.seen += 1
        since = 0
        score = round(score, 5)
        if self._ordered is None:
            self._ordered = sorted(self.window[:-LAG])
        number = len(self._ordered)
        if number >= ENOUGH:
            first, last = bisect.bisect_left(self._ordered, score), bisect.bisect_right(self._ordered, score)
            p = (number - last + lot * (last - first + 1)) / (number + 1)
            for at, (share, stake) in enumerate(BETS):
                bet = stake / share if p <= share else (1 - stake) / (1 - share)
                self.values[at] = min(_MOST, bet * (1 + self.values[at]))
                held = max(0.0, self.sums[at]) + math.log(bet)
                self.lengths[at] = self.lengths[at] + 1 if self.sums[at] > 0 else 1
                self.sums[at] = held
            if sum(self.values) / len(self.values) >= DRIFT_EVERY:
                most = max(self.sums)  # of the bets that carry the alarm, the one whose evidence begins last dates it
                since = min(n for one, n in zip(self.sums, self.lengths, strict=True) if one >= 0.7 * most)
        self._slide(score)
        if since:
            self.start_anew()
        return since

    def _slide(self, score: float) -> None:
        assert self._ordered is not None
        self.window.append(score)
        if len(self.window) > LAG:
            bisect.insort(self._ordered, self.window[-1 - LAG])
        if len(self.window) > WINDOW + LAG:
            self._ordered.pop(bisect.bisect_left(self._ordered, self.window.pop(0)))

    def start_anew(self) -> None:
        """After an alarm: the newest documents are what later ones are compared with."""
        del self.window[:-AFTER]
        self._ordered = None
        self.values = [0.0] * len(BETS)
        self.sums = [0.0] * len(BETS)
        self.lengths = [0] * len(BETS)

    @property
    def ready(self) -> bool:
        """Whether there are enough documents to compare with."""
        return len(self.window) - LAG >= ENOUGH

    @property
    def strength(self) -> float:
        """0..1: how much of what an alarm needs is there, on a scale of logarithms."""
        return min(1.0, math.log1p(sum(self.values) / len(self.values)) / math.log1p(DRIFT_EVERY))

    def state(self) -> dict[str, Any]:
        return {
            "window": self.window,
            "values": [float(f"{value:.6g}") for value in self.values],
            "sums": [round(value, 4) for value in self.sums],
            "lengths": self.lengths,
            "seen": self.seen,
        }

    @classmethod
    def of(cls, state: dict[str, Any]) -> GroupWatch:
        """The reverse of state(); what another number of bets left starts anew."""
        made = cls(**{**state, "window": list(state["window"])}) if state else cls()
        if len(made.values) != len(BETS):
            made.start_anew()
        return made


def lot_of(identity: str) -> float:
    """A number in 0..1 that looks random and belongs to the id."""
    return int.from_bytes(hashlib.sha256(f"lot|{identity}".encode()).digest()[:8]) / 2**64


def overconfident(checked: Iterable[tuple[float, bool]]) -> float:
    """The e-value against "at most 1 - said of the values are wrong": 20 and more says that confidences are too high.

    checked   (stated confidence, whether the value was right)
    Each bet multiplies the odds of an error; the mean of several bets is one again.
    """
    logs = [0.0] * 4
    for said, right in checked:
        doubt = min(max(1 - said, 1e-3), 1 - 1e-3)  # nothing is surer than one error in 1,000
        for at in range(len(logs)):
            factor = 2.0 ** (at + 1)
            share = 1 + (factor - 1) * doubt
            logs[at] += -math.log(share) if right else math.log(factor / share)
    return sum(math.exp(min(700.0, one)) for one in logs) / len(logs)


def shift_of(checked: Sequence[tuple[float, bool]]) -> float:
    """What has to be added to the log-odds of stated confidences so that they are right on average; 0 without any, at least -4.

    Drawn towards 0 as if four more values had been exactly as stated.
    """
    if not checked:
        return 0.0
    odds = [math.log(p / (1 - p)) for said, _ in checked if (p := min(max(said, 1e-3), 1 - 1e-3))]
    right = sum(one for _, one in checked)
    mean = sum(1 / (1 + math.exp(-one)) for one in odds) / len(odds)
    wanted = (right + 4 * mean) / (len(checked) + 4)
    low, high = -4.0, 4.0
    for _ in range(50):
        middle = (low + high) / 2
        found = sum(1 / (1 + math.exp(-(one + middle))) for one in odds) / len(odds)
        low, high = (middle, high) if found < wanted else (low, middle)
    return round((low + high) / 2, 2)


def shifted(confidence: float, shift: float) -> float:
    """A probability with something added to its log-odds; unchanged without a shift."""
    if not shift or not 0 < confidence < 1:
        return confidence
    return 1 / (1 + math.exp(-(math.log(confidence / (1 - confidence)) + shift)))
