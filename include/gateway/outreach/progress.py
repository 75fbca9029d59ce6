"""How far delivered candidates are at the target, by reading its list: nothing is believed that the API does not say.

The list can be asked for candidates ingested since a moment, not for those that changed. So it is read from the oldest
interview that may still change, with an overlap, and known states change nothing. A state only moves forward:
an old page, read twice or out of order, takes nothing back. One who never starts must not make every look read months:
between two full looks (FULL_EVERY) only the deliveries of the last week are asked about, and hooks tell of the others.

Our own history is not read either: a bookmark says before which confirmation everything is at rest.

source   HeyMilo public API v2: listCandidates, the candidate resource (status, workflow, interviewed_at, score)
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from gateway.agents import Agent, HeyMiloTarget, load_agents_lenient
from gateway.credentials import credentials
from gateway.deliver.client import Client
from gateway.deliver.limiter import Limiter
from gateway.errors import GatewayError, Refused
from gateway.model import DeliveryState
from gateway.model import InterviewState as I
from gateway.settings import settings
from gateway.store import change, ids
from gateway.store.engine import reading, writing
from gateway.store.tables import Bookmark, Delivery, Interview, Profile, now

log = logging.getLogger(__name__)
ACTOR = "progress"
OVERLAP = timedelta(minutes=10)
FOLLOWED = timedelta(days=120)  # an interview that has not moved for so long is not asked about any more
STEPS = (I.INVITED, I.STARTED, I.COMPLETED, I.SCORED)
AT_REST = (I.SCORED, I.KNOCKED_OUT)
RECENT = timedelta(days=7)
FULL_EVERY = timedelta(hours=6)
SLICE = 200


@dataclass(frozen=True, slots=True)
class Seen:
    """One candidate's progress as reported by the target. Times are UTC, None if it reports none."""

    external_id: str
    delivery_id: str | None
    stage: I
    score: float | None
    invited_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None


@dataclass(slots=True)
class Synced:
    """read: rows of the target's lists; new, moved: interviews; problems: agents whose target could not be asked."""

    read: int = 0
    new: int = 0
    moved: int = 0
    problems: list[GatewayError] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        return {"read": self.read, "new": self.new, "moved": self.moved}


def sync_progress(agent_id: str | None = None) -> Synced:
    """Queries every target that reports progress, or that of one agent. One that fails does not stop the next."""
    done = Synced()
    agents, _ = load_agents_lenient(settings().agents_dir)
    for agent in agents.values():
        if agent_id not in (None, agent.id) or not isinstance(agent.target, HeyMiloTarget):
            continue
        try:
            _sync(agent, agent.target, done)
        except GatewayError as wrong:
            log.warning("%s: agent %s: %s", wrong.code, agent.id, wrong.sentence)
            done.problems.append(wrong)
    return done


def _sync(agent: Agent, target: HeyMiloTarget, done: Synced) -> None:
    begun = now()
    full = _is_full(target, begun)
    since = _since(agent, target, begun, full=full)
    if since is None:
        return
    limiter = Limiter(target.connection, target.rate_per_minute)
    client = Client(credentials(target.connection), limiter, allow_private=target.allow_private)
    part: list[Seen] = []
    for row in client.candidates(target.posting, since.timestamp()):
        done.read += 1
        seen = seen_of(row)
        if seen is not None:
            part.append(seen)
        if len(part) >= SLICE:
            _keep(agent, target, part, done)
            part = []
    _keep(agent, target, part, done)
    with writing() as session:
        _mark(session, _name("", target), begun)
        if full:
            _mark(session, _name("full", target), begun)


def look_up(agent: Agent, external_ids: Sequence[str]) -> Synced:
    """Asks the target about single interviews, as somebody says that something happened to them.

    One that the target does not know is passed over. Raises Transient, Misconfigured as the client does.
    """
    done = Synced()
    if not isinstance(agent.target, HeyMiloTarget):
        return done
    target = agent.target
    limiter = Limiter(target.connection, target.rate_per_minute)
    client = Client(credentials(target.connection), limiter, allow_private=target.allow_private)
    found: list[Seen] = []
    for external_id in external_ids:
        try:
            row = client.interview(external_id)
        except Refused:
            continue
        done.read += 1
        seen = seen_of(row)
        # Another posting of the same workspace, or another interview than the one asked for, is none of ours.
        if seen is not None and seen.external_id == external_id and row.get("posting_id") == target.posting:
            found.append(seen)
    _keep(agent, target, found, done)
    return done


def _name(what: str, target: HeyMiloTarget, agent: Agent | None = None) -> str:
    """A bookmark's name. "": last asked; full: last asked about all; rest: everything confirmed before is at rest."""
    parts = ["progress" + (what and f"-{what}"), target.kind, target.posting, *([agent.id] if agent else [])]
    return ":".join(parts)[:250]


def _is_full(target: HeyMiloTarget, at: datetime) -> bool:
    with reading() as session:
        last = _marked(session, _name("full", target))
    return last is None or at - last >= FULL_EVERY


def _ours(agent: Agent, target: HeyMiloTarget) -> tuple[ColumnElement[bool], ...]:
    """Deliveries of this agent that its target has confirmed."""
    return (
        Profile.agent_id == agent.id,
        Delivery.target == target.kind,
        Delivery.posting == target.posting,
        Delivery.state == DeliveryState.CONFIRMED,
    )


def _since(agent: Agent, target: HeyMiloTarget, at: datetime, *, full: bool) -> datetime | None:
    """From which delivery on the target is asked; None if there is nobody whose state may still change.

    Read in the order of confirmations: one that was unclear for a week has an old row, but is confirmed now, so that
    nothing before the bookmark comes to life again.
    """
    name = _name("rest", target, agent)
    with writing() as session:
        begin = max(_marked(session, name) or at - FOLLOWED, at - FOLLOWED)
        oldest, first, last = session.execute(
            select(func.min(Delivery.created_at), func.min(Delivery.updated_at), func.max(Delivery.updated_at))
            .join(Profile, Profile.id == Delivery.profile_id)
            .outerjoin(Interview, Interview.delivery_id == Delivery.id)
            .where(
                *_ours(agent, target),
                Delivery.updated_at >= begin,
                or_(Interview.id.is_(None), Interview.state.not_in(AT_REST)),
            )
        ).one()
        _mark(session, name, (first or at) - OVERLAP)  # one that is being confirmed at this moment is not seen yet
    if oldest is None or (not full and last < at - RECENT):
        return None
    return oldest - OVERLAP if full else max(oldest - OVERLAP, at - RECENT)


def _keep(agent: Agent, target: HeyMiloTarget, seen: Iterable[Seen], done: Synced) -> None:
    """Writes the target's report about our own deliveries; candidates of other tools are ignored."""
    by_id = {one.external_id: one for one in seen}
    if not by_id:
        return
    ours = [one.delivery_id for one in by_id.values() if one.delivery_id]
    with writing() as session:
        rows = session.scalars(
            select(Delivery)
            .join(Profile, Profile.id == Delivery.profile_id)
            .where(
                *_ours(agent, target),
                Profile.email_norm.is_not(None),  # of who was erased nothing more is kept
                or_(Delivery.id.in_(ours), Delivery.receipt["target_id"].as_string().in_(list(by_id))),
            )
            .order_by(Delivery.id)
        ).all()
        deliveries = {row.id: row for row in rows}
        by_target = {str(row.receipt.get("target_id")): row for row in rows}
        known = {
            row.delivery_id: row
            for row in session.scalars(select(Interview).where(Interview.delivery_id.in_(deliveries)).with_for_update())
        }
        for one in by_id.values():
            # The id that the target gave decides; a record with our reference alone was sent before its answer was lost.
            delivery = by_target.get(one.external_id) or deliveries.get(one.delivery_id or "")
            if delivery is None:
                continue
            row = known.get(delivery.id)
            if row is None:
                row = known[delivery.id] = _new(session, target, delivery, one)
                done.new += 1
            if row.external_id == one.external_id:
                done.moved += _advance(session, row, one)


def _new(session: Session, target: HeyMiloTarget, delivery: Delivery, one: Seen) -> Interview:
    profile = session.get_one(Profile, delivery.profile_id)
    row = Interview(
        id=ids.interview_id(target.kind, target.posting, one.external_id),
        target=target.kind,
        posting=target.posting,
        external_id=one.external_id,
        agent_id=profile.agent_id,
        delivery_id=delivery.id,
        profile_id=profile.id,
        batch_id=delivery.batch_id,
        state=I.INVITED,
        invited_at=one.invited_at or delivery.updated_at,
    )
    change.create(session, row, actor=ACTOR)
    session.flush()
    return row


def _advance(session: Session, row: Interview, one: Seen) -> bool:
    """Moves a row step by step to the reported state, so that each step is an event; never back."""
    before = (row.state, row.score)
    if one.started_at and row.started_at is None:
        row.started_at = one.started_at
    if one.completed_at and row.completed_at is None:
        row.completed_at = one.completed_at
    if one.stage == I.KNOCKED_OUT:
        if row.state != I.KNOCKED_OUT:
            change.move(session, row, I.KNOCKED_OUT, actor=ACTOR)
    elif row.state in STEPS:
        for step in STEPS[STEPS.index(I(row.state)) + 1 : STEPS.index(one.stage) + 1]:
            if step == I.STARTED:
                row.started_at = row.started_at or one.completed_at or now()
            if step == I.COMPLETED:
                row.completed_at = row.completed_at or now()
            change.move(session, row, step, actor=ACTOR)
    if one.score is not None:
        row.score = one.score
    return (row.state, row.score) != before


def seen_of(row: Mapping[str, Any]) -> Seen | None:
    """One record of the target's list, read tolerantly; None without an id.

    Shortlisted and dismissed are a recruiter's decisions about a candidate and say nothing of the interview: there the
    workflow and the time of the interview decide.
    """
    external = row.get("interview_id")
    if not isinstance(external, str) or not external:
        return None
    status = str(row.get("status") or "")
    workflow = _mapping(row.get("workflow"))
    listed = workflow.get("steps")
    steps = [_mapping(step) for step in listed] if isinstance(listed, list) else []
    began = [step for step in steps if step.get("started") or step.get("completed")]
    complete = (
        status in ("completed", "evaluating")
        or workflow.get("all_complete") is True
        or _time(row.get("interviewed_at"))
    )
    score = row.get("score")
    score = float(score) if isinstance(score, int | float) and not isinstance(score, bool) else None
    if status == "knocked_out" or any(step.get("knocked_out") for step in steps):
        stage = I.KNOCKED_OUT
    elif complete:
        stage = I.SCORED if score is not None and status != "evaluating" else I.COMPLETED
    else:
        stage = I.STARTED if status == "in_progress" or began else I.INVITED
    times = [at for step in began if (at := _time(step.get("last_updated_at"))) is not None]
    reference = _mapping(row.get("metadata")).get("external_id")
    return Seen(
        external_id=external[:200],
        delivery_id=reference if isinstance(reference, str) else None,
        stage=stage,
        score=score,
        invited_at=_time(row.get("created_at")),
        started_at=min(times, default=None),
        completed_at=(_time(row.get("interviewed_at")) or _time(workflow.get("last_activity_at")))
        if complete
        else None,
    )


def _marked(session: Session, name: str) -> datetime | None:
    value = session.scalar(select(Bookmark.value).where(Bookmark.name == name))
    return datetime.fromisoformat(value) if value else None


def _mark(session: Session, name: str, at: datetime) -> None:
    row = session.get(Bookmark, name)
    if row is None:
        session.add(Bookmark(name=name, value=at.isoformat(), updated_at=at))
    else:
        row.value, row.updated_at = at.isoformat(), at


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _time(value: Any) -> datetime | None:
    """Unix seconds as a time; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
