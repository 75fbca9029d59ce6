"""The gateway's statistics for the last 30, 90 or 365 days. No personal data goes in and none comes out.

Everything is about the batches received in that time and whatever became of them since. Batches that are done and still
look as they did then are read from the sums they left (pipeline/statistics.py); all others are counted from their rows.
So a year is read in a few milliseconds, and every figure is today's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, select
from sqlalchemy.orm import Session

from gateway.insight.prices import Price, prices_of
from gateway.insight.progress import Progress, progress
from gateway.model import BatchState, Mode
from gateway.model import DocumentState as D
from gateway.model import ProfileState as P
from gateway.pipeline.learning.minutes import cost_of
from gateway.pipeline.statistics import KEY, by_state, decided_of, decisions, links, listed, sender_of
from gateway.quality.sampling import ErrorRate, error_rate
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Audit, Batch, Document, Event, Profile, now

DAYS = (30, 90, 365)
FRESH_S = 10.0
ANSWERS = 32  # answers cached per process: agents times periods in use


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


def analytics(agent_id: str | None, days: int, at: datetime | None = None) -> Analytics:
    """Everything the page shows, for one agent or for all.

    days   how many days up to and including today (UTC); more than 45 are shown by week

    Counted again whenever anything happened: every change of the store appends an event, so the newest event says
    whether the last answer still holds. FRESH_S bounds what a transaction that commits late could hide.
    """
    today = (at or now()).astimezone(UTC).date()
    with reading() as session:
        newest = session.scalar(select(func.max(Event.id)))
    asked = (settings().store_url, agent_id, days, today)
    known = _answers.get(asked)
    if known is not None and known.newest == newest and monotonic() - known.at < FRESH_S:
        return known.answer
    made = _count(agent_id, days, today)
    if len(_answers) >= ANSWERS:
        _answers.clear()
    _answers[asked] = _Answer(newest, monotonic(), made)
    return made


@dataclass(frozen=True, slots=True)
class _Answer:
    newest: int | None
    at: float
    answer: Analytics


_answers: dict[tuple[str, str | None, int, date], _Answer] = {}


def _count(agent_id: str | None, days: int, today: date) -> Analytics:
    since = datetime.combine(today - timedelta(days=days - 1), time.min, UTC)
    chosen: list[ColumnElement[bool]] = [Batch.created_at >= since]
    if agent_id:
        chosen.append(Batch.agent_id == agent_id)
    with reading() as session:
        batches: Sequence[Any] = session.execute(
            select(
                Batch.id,
                Batch.agent_id,
                Batch.created_at,
                Batch.finished_at,
                Batch.state,
                Batch.mode,
                Batch.source,
                cast(Batch.statistics[KEY], Text).label("sums"),
            ).where(*chosen)
        ).all()
        sums = {row.id: made for row in batches if (made := _sums(row.sums))}
        rows = _Rows(session, batches, sums)
        audits = _audits(session, chosen, rows)
        shown = [_Shown(row.id, row.agent_id, sender_of(row.source)) for row in batches]
        interviews = progress(session, shown, rows.asked_of, chosen)
        cost = cost_of(session, agent_id)
        oldest = select(func.min(Profile.created_at)).where(Profile.state == P.HELD)
        oldest_held = session.scalar(oldest.where(Profile.agent_id == agent_id) if agent_id else oldest)
    weekly = days > 45
    known = list(sums.values())
    sources = {row.id: sender_of(row.source) for row in batches}
    return Analytics(
        agent_id=agent_id,
        days=days,
        since=since,
        weekly=weekly,
        batches=len(batches),
        unsettled=len(batches) - len(sums),
        funnel=_funnel(batches, rows, interviews),
        buckets=_buckets(since.date(), today, weekly, batches, rows),
        prices=prices_of(rows.outcomes, cost),
        layouts=_groups((name, one) for made in known for name, one in made["layout"].items()),
        kinds=_groups((name, one) for made in known for name, one in made["kind"].items()),
        sources=_groups((sources[batch_id], one) for batch_id, made in sums.items() for one in made["kind"].values()),
        failed=dict(_added(made["failed"] for made in known).most_common()),
        documents=sum(made["documents"] for made in known),
        scans=sum(made["scans"] for made in known),
        known=sum(made["known"] for made in known),
        audits=audits,
        settled=_took(made["settled_s"] for made in known if made["settled_s"] is not None),
        finished=_took(
            (row.finished_at - row.created_at).total_seconds()
            for row in batches
            if row.state == BatchState.DONE and row.finished_at
        ),
        oldest_held=oldest_held,
        progress=interviews,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """A batch as far as it may be shown."""

    id: str
    agent_id: str
    source: str


class _Rows:
    """The outcome of the batches: from their totals where these are valid, else from the rows."""

    def __init__(self, session: Session, batches: Sequence[Any], sums: Mapping[str, dict[str, Any]]) -> None:
        profiles = by_state(session, Profile, [row.id for row in batches])
        kept = {
            row.id: sums[row.id]
            for row in batches
            if row.state == BatchState.DONE and row.id in sums and sums[row.id]["states"] == profiles.get(row.id, {})
        }
        changed = [row.id for row in batches if row.id not in kept]
        given = links(session, changed)
        self.profiles = profiles
        self.documents = by_state(session, Document, changed)
        self.documents.update({batch_id: sums["received"] for batch_id, sums in kept.items()})
        self.decided: dict[str, Mapping[str, int]] = dict(decisions(session, changed))  # batch -> Decided.key -> number
        self.decided.update({batch_id: sums["decided"] for batch_id, sums in kept.items() if sums["decided"]})
        self.asked_of = {batch_id: asked for batch_id, (_, asked) in given.items()}
        self.asked_of.update({batch_id: sums["asked"] for batch_id, sums in kept.items() if sums["asked"]})
        self.linked = sum(linked for linked, _ in given.values()) + sum(sums["linked"] for sums in kept.values())
        self.asked = sum(self.asked_of.values())
        self.outcomes = _added(self.decided.values())


def _funnel(batches: Sequence[Any], rows: _Rows, interviews: Progress) -> Funnel:
    dry = {row.id for row in batches if row.mode == Mode.DRY_RUN}
    documents = _added(rows.documents.values())
    states: Counter[str] = Counter()
    for batch_id, found in rows.profiles.items():
        for state, number in found.items():
            rests = batch_id in dry and state in (P.PASSED, P.APPROVED)
            states["dry_run" if rests else state] += number
    to_send = states[P.PASSED] + states[P.APPROVED]
    return Funnel(
        received=documents.total(),
        read=documents[D.SUCCESS],
        failed=documents[D.FAILED],
        processing=documents[D.PROCESSING],
        found=states.total(),
        passed=states[P.DELIVERED] + states[P.REFUSED] + states[P.UNKNOWN] + to_send + states["dry_run"],
        delivered=states[P.DELIVERED],
        left={
            "held": states[P.HELD],
            "discarded": states[P.DISCARDED],
            "duplicate": states[P.DUPLICATE],
            "extracted": states[P.EXTRACTED],
            "refused": states[P.REFUSED],
            "unknown": states[P.UNKNOWN],
            "to_send": to_send,
            "dry_run": states["dry_run"],
        },
        linked=rows.linked if rows.asked else None,
        asked=rows.asked,
        started=interviews.total.started if interviews.asked and rows.asked else None,
        completed=interviews.total.completed if interviews.asked and rows.asked else None,
        scored=interviews.total.scored if interviews.asked and rows.asked else None,
        knocked_out=interviews.total.knocked_out,
        written_to=interviews.written_to,
    )


def _buckets(first: date, last: date, weekly: bool, batches: Sequence[Any], rows: _Rows) -> list[Bucket]:
    def start(day: date) -> date:
        return day - timedelta(days=day.weekday()) if weekly else day

    day_of = {row.id: start(row.created_at.date()) for row in batches}
    documents: Counter[date] = Counter()
    profiles: Counter[date] = Counter()
    for counted, found in ((documents, rows.documents), (profiles, rows.profiles)):
        for batch_id, states in found.items():
            counted[day_of[batch_id]] += sum(states.values())
    keys: dict[date, dict[str, int]] = {}
    for batch_id, decided in rows.decided.items():
        of_day = keys.setdefault(day_of[batch_id], {})
        for key, number in decided.items():
            of_day[key] = of_day.get(key, 0) + number
    step = timedelta(days=7 if weekly else 1)
    days = [start(first) + step * n for n in range((start(last) - start(first)) // step + 1)]
    return [Bucket(day, documents[day], profiles[day], _codes(keys.get(day, {}))) for day in days]


def _codes(keys: Mapping[str, int]) -> dict[str, int]:
    """code -> number of candidates held by it, most first."""
    counted: Counter[str] = Counter()
    for key, number in keys.items():
        for code in decided_of(key).codes:
            counted[code] += number
    return dict(counted.most_common())


def _audits(session: Session, chosen: Sequence[ColumnElement[bool]], rows: _Rows) -> Audits:
    fields = cast(Audit.wrong_fields, Text)
    found = session.execute(
        select(Audit.outcome, fields, func.count())
        .join(Batch, Batch.id == Audit.batch_id)
        .where(*chosen)
        .group_by(Audit.outcome, fields)
    ).all()
    outcomes: Counter[str | None] = Counter()
    wrong: Counter[str] = Counter()
    for outcome, names, number in found:
        outcomes[outcome] += number
        for name in listed(names) if outcome == "wrong" else ():
            wrong[name] += number
    delivered = sum(states.get(P.DELIVERED, 0) for states in rows.profiles.values())
    by_people = sum(number for key, number in rows.outcomes.items() if decided_of(key).delivered)
    return Audits(
        automatic=delivered - by_people,
        drawn=outcomes.total(),
        rate=error_rate(outcomes["right"] + outcomes["wrong"], outcomes["wrong"]),
        wrong_fields=dict(wrong.most_common()),
    )


def _groups(parts: Iterable[tuple[str, list[float]]]) -> list[Group]:
    """Adds up totals of the same name, most documents first."""
    by_name: dict[str, list[list[float]]] = {}
    for name, one in parts:
        by_name.setdefault(name, []).append(one)
    groups = []
    for name, several in by_name.items():
        documents, failed, profiles, judged, quality, held = (sum(column) for column in zip(*several, strict=True))
        mean = round(quality / judged, 3) if judged else None
        groups.append(Group(name, int(documents), int(failed), int(profiles), int(judged), int(held), mean))
    return sorted(groups, key=lambda group: (-group.documents, group.name))


@lru_cache(maxsize=4096)
def _sums(text: str | None) -> dict[str, Any] | None:
    """A batch's totals from their JSON; shared, so do not modify. Those of a year are parsed once per process."""
    made: dict[str, Any] | None = json.loads(text) if text else None
    return made


def _took(seconds: Iterable[float]) -> Took:
    known = sorted(seconds)
    if not known:
        return Took(0, None, None)
    return Took(len(known), _rank(known, 0.5), _rank(known, 0.9))


def _rank(known: Sequence[float], share: float) -> float:
    """The smallest value that at least that share does not exceed."""
    return known[max(0, -(-len(known) * round(share * 100) // 100) - 1)]


def _added(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    added: dict[str, int] = {}  # Counter.update would take three times as long for many small ones
    for one in counts:
        for name, number in one.items():
            added[name] = added.get(name, 0) + number
    return Counter(added)
