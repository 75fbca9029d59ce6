"""How far an agent's confidences, its gate and its watches can be trusted, as the page shows it. No personal data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.pipeline.learning.calibrate import InForce, Proposal, in_force, proposal
from gateway.pipeline.learning.fairness import FORMATS, Compared, compare, content_of, formats_since
from gateway.pipeline.learning.observe import MISSING, checked_passes
from gateway.quality.bound import CERTAIN, e_value
from gateway.quality.risk import limit_for
from gateway.quality.sampling import ErrorRate, error_rate
from gateway.quality.scores import CONTACT
from gateway.quality.sequential import GroupWatch
from gateway.store.engine import reading
from gateway.store.tables import Alarm, Document, Observation, Profile, Verdict, Watch, now
from gateway.values.values import phone_country

DAYS = 365
EDGES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)  # between the bins of stated confidences
ROWS = 40  # groups shown of a kind
CLOSED = 10  # newest closed alarms shown
PROXY_ROWS = 20_000  # newest profiles that a proxy is counted over
LEAST = 20  # people in a group of a proxy that is shown by name; smaller ones could be told apart
PROXIES = ("phone_country", "email_domain", "location")


@dataclass(frozen=True, slots=True)
class Bin:
    """Values of about the same stated confidence: the mean that was said, and the share that was right."""

    said: float
    found: ErrorRate  # of the right ones: rate, low and high are shares that were right


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one source or layout family: said and true over all that was checked."""

    field: str
    group: str
    said: float
    found: ErrorRate
    bins: tuple[Bin, ...]

    @property
    def tone(self) -> str:
        """good: what was said lies in the interval of what was true; bad: too much was said; info: too little."""
        low, high = self.found.low or 0.0, self.found.high or 1.0
        return "bad" if self.said > high else "info" if self.said < low else "good"


@dataclass(frozen=True, slots=True)
class Stated:
    """The stated error against what people found among automatic passes. evidence: CERTAIN and more refutes it."""

    max_error: float
    found: ErrorRate
    evidence: float

    @property
    def refuted(self) -> bool:
        return self.evidence >= CERTAIN


@dataclass(frozen=True, slots=True)
class Watched:
    """One group under watch. strength 0..1: how much of an alarm's evidence is there; ready: enough documents to compare with."""

    dimension: str
    name: str
    seen: int
    strength: float
    ready: bool


@dataclass(frozen=True, slots=True)
class Reliability:
    agent_id: str
    since: datetime
    stated: Stated | None  # None: the agent has no file
    fields: list[Line]
    sources: list[Line]
    families: list[Line]
    alarms: list[Alarm]
    closed: list[Alarm]
    watched: list[Watched]
    formats: list[Compared]
    proposal: Proposal | None
    in_force: InForce
    proxy: str = ""
    proxies: list[tuple[str, str]] = field(default_factory=list)


def reliability(agent_id: str, agent: Agent | None, proxy: str = "", columns: Iterable[str] = ()) -> Reliability:
    """Everything the page shows of one agent.

    agent     its file, None without one
    proxy     one of PROXIES, or "column:NAME" of a list: hold rates are compared by it too
    columns   names of columns offered as proxies
    """
    since = now() - timedelta(days=DAYS)
    with reading() as session:
        cells = _cells(session, agent_id, since)
        alarms = session.scalars(
            select(Alarm).where(Alarm.agent_id == agent_id).order_by(Alarm.raised_at.desc()).limit(100)
        ).all()
        watched = [
            Watched(row.dimension, row.name, watch.seen, watch.strength, watch.ready)
            for row in session.scalars(select(Watch).where(Watch.agent_id == agent_id))
            for watch in [GroupWatch.of(row.counted)]
        ]
        found = list(compare(formats_since(session, agent_id, DAYS)))
        offered = [(name, name.replace("_", " ")) for name in PROXIES]
        offered += [(f"column:{name}", f"column “{name}”") for name in sorted(columns)]
        if proxy in dict(offered):
            found += _by_proxy(session, agent_id, proxy)
        return Reliability(
            agent_id=agent_id,
            since=since,
            stated=_stated(session, agent) if agent else None,
            fields=_lines(cells, None),
            sources=_lines(cells, "source")[:ROWS],
            families=_lines(cells, "family")[:ROWS],
            alarms=[one for one in alarms if one.closed_at is None],
            closed=[one for one in alarms if one.closed_at is not None][:CLOSED],
            watched=sorted(watched, key=lambda one: (-one.strength, -one.seen, one.name))[:ROWS],
            formats=found,
            proposal=proposal(session, agent) if agent else None,
            in_force=in_force(session, agent_id),
            proxy=proxy if proxy in dict(offered) else "",
            proxies=offered,
        )


_Cell = tuple[str, str, str, int, int, float, int]  # field, source, family, bin, looked at, sum said, right


def _cells(session: Session, agent_id: str, since: datetime) -> list[_Cell]:
    place = case(*((Observation.said < edge, at) for at, edge in enumerate(EDGES)), else_=len(EDGES))
    keys = (Observation.field, Observation.source, Observation.family, place)
    rows = session.execute(
        select(
            *keys, func.count(), func.sum(Observation.said), func.sum(case((Observation.right.is_(True), 1), else_=0))
        )
        .where(
            Observation.agent_id == agent_id,
            Observation.seen_at >= since,
            Observation.source != MISSING,
            Observation.field.in_(CONTACT),
        )
        .group_by(*keys)
    )
    return [tuple(row) for row in rows]


def _lines(cells: list[_Cell], by: str | None) -> list[Line]:
    """One line a field, or a field and source or family; the most checked first."""
    bins: dict[tuple[str, str], dict[int, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0, 0.0, 0]))
    for name, source, family, place, number, said, right in cells:
        group = {"source": source, "family": family}.get(by or "", "")
        one = bins[name, group][place]
        one[0] += number
        one[1] += said
        one[2] += right
    lines = []
    for (name, group), found in bins.items():
        looked, total, correct = (sum(one[at] for one in found.values()) for at in range(3))
        made = tuple(
            Bin(one[1] / one[0], error_rate(int(one[0]), int(one[2]))) for _, one in sorted(found.items()) if one[0]
        )
        lines.append(Line(name, group, total / looked, error_rate(int(looked), int(correct)), made))
    if by is None:
        return sorted(lines, key=lambda line: CONTACT.index(line.field))
    return sorted(lines, key=lambda line: (-line.found.looked_at, line.group, line.field))


def _stated(session: Session, agent: Agent) -> Stated:
    limit = limit_for(agent.max_error)
    shift = in_force(session, agent.id).shifts.get("risk", 0.0)
    found = [wrong for risk, wrong in checked_passes(session, agent.id, shift) if risk is None or risk <= limit]
    evidence = e_value(sum(found), len(found), agent.max_error)
    return Stated(agent.max_error, error_rate(len(found), sum(found)), evidence)


def _by_proxy(session: Session, agent_id: str, proxy: str) -> list[Compared]:
    """Hold rates by something that the user chose, within the same content; groups of fewer than LEAST people are one."""
    kind, _, column = proxy.partition(":")
    newest = (
        select(Profile.id)
        .where(Profile.agent_id == agent_id)
        .order_by(Profile.created_at.desc(), Profile.id)
        .limit(PROXY_ROWS)
        .subquery()
    )
    rows = session.execute(
        select(Profile.id, Profile.name, Profile.email, Profile.phone, Profile.location, Profile.data, Verdict.outcome)
        .join(newest, newest.c.id == Profile.id)
        .join(Verdict, Verdict.profile_id == Profile.id)
        .where(Verdict.profile_version == 1)
        .order_by(Profile.id, Verdict.created_at)
    )
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    done: set[str] = set()
    for identity, name, email, phone, location, data, outcome in rows:
        if identity in done:
            continue
        done.add(identity)
        group = _value(kind, column, email, phone, location, data)
        one = counts[group][content_of(name, email, phone, data)]
        one[0] += 1
        one[1] += outcome == "hold"
    merged: dict[str, list[int]] = {}
    for group, cells in counts.items():
        shown = group if sum(judged for judged, _ in cells.values()) >= LEAST else "fewer than 20 people each"
        for content, (judged, held) in cells.items():
            key = "|".join((*[""] * (len(FORMATS) - 1), shown.replace("|", "/"), content))
            one = merged.setdefault(key, [0, 0])
            one[0] += judged
            one[1] += held
    return [
        Compared("proxy", one.name, one.judged, one.held, one.expected, one.odds, one.z)
        for one in compare(merged.items())
        if one.format == FORMATS[-1]
    ]


def _value(kind: str, column: str, email: str | None, phone: str | None, location: str | None, data: Any) -> str:
    if kind == "phone_country":
        return (phone_country(phone) if phone else None) or "unknown"
    if kind == "email_domain":
        return email.rpartition("@")[2].casefold() if email else "unknown"
    if kind == "location":
        return (location or "unknown").rpartition(",")[2].strip() or "unknown"
    return str(data.get("extra", {}).get(column) or "empty")[:40]


def columns_of(agent_id: str) -> list[str]:
    """Columns of the agent's newest lists that were no field: what a user may choose as a proxy."""
    with reading() as session:
        facts = session.scalars(
            select(Document.facts)
            .where(Document.agent_id == agent_id, Document.media_type.in_(["text/csv", "text/tab-separated-values"]))
            .order_by(Document.created_at.desc())
            .limit(20)
        )
        return sorted({str(k) for one in facts for k, v in (one.get("mapping") or {}).items() if k and not v})[:30]
