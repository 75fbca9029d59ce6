"""The price of a criterion: what became of what it held, and the minutes it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from gateway.pipeline.learning.minutes import Cost
from gateway.pipeline.review.choices import WAITS
from gateway.pipeline.statistics import decided_of
from gateway.quality.sampling import ErrorRate, error_rate

ENOUGH = 10  # decisions needed before a criterion's price is shown
DEAR = 0.5  # a criterion is dear when, with 95 % certainty, more than half of what it holds is accepted unchanged
WORTH = 0.25  # and worth its price when, as surely, less than a quarter is


@dataclass(frozen=True, slots=True)
class Price:
    """The cost and benefit of one reason to hold. held = open + decided + in_bulk

    decided     by a person who looked at the candidate: unchanged + corrected + discarded + same_person
    in_bulk     decided with many others by one click: counted, but they weigh nothing in `accepted` and `verdict`
    accepted    share of the decided that a person accepted unchanged, with its interval: held for nothing
    minutes     of a reviewer for one decision about a candidate held by it
    criterion   False for codes that come from a mode (REVIEW_MODE, CANARY_WAIT): they are not judgements
    """

    code: str
    open: int
    unchanged: int
    corrected: int
    discarded: int
    same_person: int
    in_bulk: int
    accepted: ErrorRate
    minutes: float
    criterion: bool

    @property
    def decided(self) -> int:
        return self.unchanged + self.corrected + self.discarded + self.same_person

    @property
    def held(self) -> int:
        return self.open + self.decided + self.in_bulk

    @property
    def cost_min(self) -> float:
        """Minutes that looking at all that it held takes or took: what was decided in bulk took none."""
        return self.minutes * (self.decided + self.open)

    @property
    def minutes_a_fix(self) -> float | None:
        """Minutes spent for each candidate that needed a person; None while nothing did."""
        needed = self.decided - self.unchanged
        return self.minutes * self.decided / needed if needed else None

    @property
    def verdict(self) -> str | None:
        """dear | worth it | None if the numbers do not decide; never for codes of a mode."""
        if not self.criterion or self.decided < ENOUGH:
            return None
        if (self.accepted.low or 0) >= DEAR:
            return "dear"
        return "worth it" if (self.accepted.high or 1) <= WORTH else None


def prices_of(outcomes: Mapping[str, int], cost: Cost) -> list[Price]:
    """One line per code, the costliest first: most accepted unchanged, then most held."""
    counted: dict[str, Counter[str]] = {}
    for key, number in outcomes.items():
        one = decided_of(key)
        for code in one.codes:
            counted.setdefault(code, Counter())[one.outcome] += number
    prices = [
        Price(
            code=code,
            open=found["open"],
            unchanged=found["unchanged"],
            corrected=found["corrected"],
            discarded=found["discarded"],
            same_person=found["same_person"],
            in_bulk=found["in_bulk"],
            accepted=error_rate(found.total() - found["open"] - found["in_bulk"], found["unchanged"]),
            minutes=cost.minutes.get(code, cost.mean_minutes),
            criterion=code not in WAITS,
        )
        for code, found in counted.items()
    ]
    return sorted(prices, key=lambda price: (not price.criterion, -price.unchanged, -price.held, price.code))
