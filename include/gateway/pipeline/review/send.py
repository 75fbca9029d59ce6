"""What follows from decisions: approved profiles are sent, and batches with nothing held any more are closed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from gateway.errors import GatewayError
from gateway.model import BatchState, Mode
from gateway.model import DeliveryState as L
from gateway.model import ProfileState as P
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.delivery.deliver import agents_with_pending, deliver_profiles
from gateway.pipeline.delivery.lanes import lane_of
from gateway.pipeline.judging.judge import judge_profiles
from gateway.pipeline.review.audit import draw_audit
from gateway.pipeline.statistics import remember
from gateway.settings import settings
from gateway.store import change, outbox
from gateway.store.counts import counts
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Profile, now


def deliver_reviewed() -> dict[str, int]:
    """Sends what reviewers approved, lane after lane, then closes batches without held profiles; returns counts.

    raises   the first failure of an agent, after every other agent had its turn
    """
    started = now()
    done: dict[str, int] = {}
    failures: list[GatewayError] = []
    for lane in waiting_lanes():
        try:
            done = _sum(done, deliver_lane(lane))
        except GatewayError as wrong:
            failures.append(wrong)  # one target's closed door must not keep the others waiting
    done["batches_closed"] = close_reviewed(started)
    if failures:
        raise failures[0]
    return done


def waiting_lanes() -> list[str]:
    """The lanes of targets that somebody waits for: approved profiles, and deliveries that an earlier walk left open."""
    return sorted({_lane(agent_id) for agent_id in {*agents_with_pending(), *_approved()}})


def _lane(agent_id: str) -> str:
    """An agent whose file is wrong has a lane of its own, so that delivering there says what is wrong with it."""
    try:
        return lane_of(agent_of(agent_id))
    except GatewayError:
        return f"agent:{agent_id}"


def deliver_lane(lane: str) -> dict[str, int]:
    """Judges the lane's approved profiles again, for the record, and sends them; returns counts.

    A person's approval outweighs a gate, except for what no target can take (no email, no name): that is held again.
    Whatever earlier deliveries left open (no answer, given back, not exported) is settled as well.
    raises   the first failure of an agent, after every other agent of the lane had its turn
    """
    approved = _approved()
    done: dict[str, int] = {}
    failures: list[GatewayError] = []
    for agent_id in sorted({*agents_with_pending(), *approved}):
        if _lane(agent_id) != lane:
            continue
        try:
            agent = agent_of(agent_id)
            profile_ids = approved.get(agent_id, [])
            if profile_ids:
                judge_profiles(agent, profile_ids)
            done = _sum(done, deliver_profiles(agent, profile_ids))
        except GatewayError as wrong:
            failures.append(wrong)
    if failures:
        raise failures[0]
    return done


def _approved() -> dict[str, list[str]]:
    """agent id -> its approved profiles that are to be sent, by id."""
    with reading() as session:
        rows = session.execute(
            select(Profile.agent_id, Profile.id)
            .join(Batch, Batch.id == Profile.batch_id)
            .where(Profile.state == P.APPROVED, Batch.mode != Mode.DRY_RUN)
            .order_by(Profile.agent_id, Profile.id)
        )
        found: dict[str, list[str]] = {}
        for agent_id, profile_id in rows:
            found.setdefault(agent_id, []).append(profile_id)
    return found


def _sum(one: dict[str, int], other: dict[str, int]) -> dict[str, int]:
    return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}


def _tell_delivered(since: datetime) -> None:
    """Tells of decisions that were delivered while others of the batch still wait; the end of a batch tells of itself."""
    with writing() as session:
        rows = session.scalars(
            select(Batch)
            .join(Delivery, Delivery.batch_id == Batch.id)
            .where(
                Delivery.updated_at >= since,
                Delivery.state.in_([L.CONFIRMED, L.REFUSED]),
                Batch.state == BatchState.WAITING_REVIEW,
            )
            .distinct()
        ).all()
        for batch in rows:
            data = {
                "batch_id": batch.id,
                "state": str(batch.state),
                "mode": str(batch.mode),
                "code": batch.code,
                "sentence": batch.error,
                "url": settings().page(f"/batches/{batch.id}") or None,
                "counts": counts(session, batch.id).as_dict(),
            }
            once = f"review.delivered:{batch.id}:{now():%Y%m%d%H}"
            outbox.emit(session, "review.delivered", batch.agent_id, data, batch_id=batch.id, once=once)


def _draw_late_audits(since: datetime) -> None:
    """Draws audits for automatic passes that were delivered late, after their batch drew its sample."""
    with reading() as session:
        late = session.scalars(
            select(Delivery.batch_id).where(Delivery.state == L.CONFIRMED, Delivery.updated_at >= since).distinct()
        ).all()
    for batch_id in sorted(late):
        draw_audit(batch_id)


def close_reviewed(since: datetime) -> int:
    """Sets batches that waited for review and have nothing open any more to done; returns their number.

    since   who was delivered late, without a person's word, from then on joins its batch's audit sample; batches that
            others of still wait in tell what was delivered since then
    """
    _draw_late_audits(since)
    closed = _close_batches()
    _tell_delivered(since)
    return closed


def _close_batches() -> int:
    open_states = [P.HELD, P.APPROVED, P.EXTRACTED, P.PASSED]
    would_be_sent = [P.PASSED, P.APPROVED]  # where a dry run's profiles come to rest
    closed = 0
    with writing() as session:
        for batch in session.scalars(select(Batch).where(Batch.state == BatchState.WAITING_REVIEW)):
            waits = [state for state in open_states if batch.mode != Mode.DRY_RUN or state not in would_be_sent]
            left = select(Profile.id).where(Profile.batch_id == batch.id, Profile.state.in_(waits)).limit(1)
            if session.scalar(left) is None:
                change.move(session, batch, BatchState.DONE, actor="review", rule="nothing held")
                remember(session, batch)
                closed += 1
    return closed
