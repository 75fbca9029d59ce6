"""The figures of the analytics page, as values: what each holds and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from gateway.insight.progress import Progress
from gateway.quality.sampling import ErrorRate

ENOUGH = 10  # decisions needed before a criterion's price is shown
DEAR = 0.5  # a criterion is dear when, with 95 % certainty, more than half of what it holds is accepted unchanged
WORTH = 0.25  # and worth its price when, as surely, less than a quarter is


@dataclass(frozen=True, slots=True)
class Funnel:
    """Documents, then candidates, at each step. `left` says where candidates went instead; dry runs stop at `passed`.

    found = passed + held + discarded + duplicate + waiting ("extracted": not judged yet)
    passed = delivered + refused + unknown + to_send + dry_run
    linked      the target gave an interview link, out of `asked` confirmed deliveries to targets that give links
    started, completed, scored   interviews known to be so far; None = no target that tells was asked
    knocked_out                  of the started, ended by a question of the target; written_to: whom we invited ourselves
    """

    received: int
    read: int
    failed: int
    processing: int
    found: int
    passed: int
    delivered: int
    left: dict[str, int]
    linked: int | None
    asked: int
    started: int | None = None
    completed: int | None = None
    scored: int | None = None
    knocked_out: int = 0
    written_to: int = 0


@dataclass(frozen=True, slots=True)
class Bucket:
    """One day, or one week that starts on that day."""

    start: date
    documents: int
    profiles: int
    held: dict[str, int]  # code -> candidates it held, of the batches received then; a candidate may carry several


@dataclass(frozen=True, slots=True)
class Price:
    """The cost and benefit of one reason to hold. held = open + decided + in_bulk

    decided     by a person who looked at the candidate: unchanged + corrected + discarded + same_person
    in_bulk     decided with many others by one click: counted, but they weigh nothing in `accepted` and `verdict`
    accepted    share of the decided that a person accepted unchanged, with its interval: held for nothing
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
    criterion: bool

    @property
    def decided(self) -> int:
        return self.unchanged + self.corrected + self.discarded + self.same_person

    @property
    def held(self) -> int:
        return self.open + self.decided + self.in_bulk

    @property
    def verdict(self) -> str | None:
        """dear | worth it | None if the numbers do not decide; never for codes of a mode."""
        if not self.criterion or self.decided < ENOUGH:
            return None
        if (self.accepted.low or 0) >= DEAR:
            return "dear"
        return "worth it" if (self.accepted.high or 1) <= WORTH else None


@dataclass(frozen=True, slots=True)
class Group:
    """How well one layout, kind of file or source was read. quality: mean of the judged, 0..1, None without any."""

    name: str
    documents: int
    failed: int
    profiles: int
    judged: int
    held: int
    quality: float | None

    @property
    def failed_share(self) -> float | None:
        return self.failed / self.documents if self.documents else None

    @property
    def held_share(self) -> float | None:
        return self.held / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Audits:
    """Checks of automatic passes afterwards. automatic: delivered without anybody's decision."""

    automatic: int
    drawn: int
    rate: ErrorRate
    wrong_fields: dict[str, int]


@dataclass(frozen=True, slots=True)
class Took:
    """Durations in seconds over this number of batches: half took less than the median, nine of ten less than p90; None without any."""

    batches: int
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class Analytics:
    agent_id: str | None
    days: int
    since: datetime
    weekly: bool
    batches: int
    unsettled: int  # batches without sums yet: running, or from before sums were kept
    funnel: Funnel
    buckets: list[Bucket]
    prices: list[Price]
    layouts: list[Group]
    kinds: list[Group]
    sources: list[Group]
    failed: dict[str, int]  # code -> documents
    documents: int  # in the sums: read or failed, not known before
    scans: int
    known: int
    audits: Audits
    settled: Took  # from received to the first rest, people not counted
    finished: Took  # from received to everything decided
    oldest_held: datetime | None
    progress: Progress
