"""Sends profiles through the ledger to the agent's target: look up unclear ones, reserve, send, write the answer.

A killed worker costs a look, never a second candidate (ledger.py says why). Whoever comes next, for whatever batch,
settles the remains of the last one: rows without an answer, rows given back, and exports not yet written.
"""

from __future__ import annotations

import logging
import random
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, func, select, update

from gateway.agents import Agent
from gateway.deliver.port import Lookup, Target, TooLarge, Unanswered
from gateway.deliver.targets import target_of
from gateway.errors import Misconfigured, Permanent, Refused, Transient
from gateway.model import BatchState, Mode
from gateway.model import DeliveryState as L
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.delivery import ledger
from gateway.pipeline.delivery.dry_run import planned_requests
from gateway.pipeline.delivery.ledger import ACTOR, OPEN, READY, Open
from gateway.settings import settings
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Profile, now

__all__ = [
    "agents_with_pending",
    "check_live",
    "deliver_batch",
    "deliver_profiles",
    "planned_requests",
    "preflight_batch",
]

log = logging.getLogger(__name__)
STRIKES = 4  # calls in a row that failed: the target is down, the task tries again later
IN_LIST = 500


@dataclass(slots=True)
class Walk:
    """One walk through an agent's deliveries: the profiles it touched, and the number of refused calls in a row."""

    touched: set[str] = field(default_factory=set)
    strikes: int = 0

    def failed(self, wrong: Transient) -> None:
        """Counts a failed call, pauses, and gives up after STRIKES. The limiter handles pauses of the whole key."""
        self.strikes += 1
        if self.strikes >= STRIKES:
            raise wrong
        if wrong.code != "RATE_LIMITED":
            time.sleep(0.2 * 2**self.strikes * random.uniform(1.0, 1.25))  # noqa: S311  (spreads, guards nothing)


def preflight_batch(batch_id: str) -> None:
    """Stops a batch before its documents are read if its target does not accept candidates: FAILED, with the code.

    Only if the batch will send automatically: a review or a dry run is worth reading whatever the target says.
    raises   Refused, Misconfigured (as the target), Transient (the target cannot be asked: retry)
    """
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
    if batch.mode != Mode.INGEST:
        return
    agent = agent_of(batch.agent_id)
    try:
        target_of(agent).preflight(agent.target.posting)
    except Permanent as wrong:
        with writing() as session:
            row = session.get_one(Batch, batch_id)
            row.code, row.error = wrong.code, wrong.sentence
            change.move(session, row, BatchState.FAILED, actor=ACTOR, code=wrong.code, rule="preflight")
        raise
    with writing() as session:
        row = session.get_one(Batch, batch_id)
        if row.code in (*POSTING_CODES, "TARGET_KEY_REFUSED", "CONNECTION_MISSING", "CONNECTION_INVALID"):
            row.code = row.error = None


# Codes that speak of the posting, not of a record: they hold what waits, and a person decides when it is open again.
POSTING_CODES = ("TARGET_CLOSED", "TARGET_GONE", "TARGET_NOT_TEST")


def deliver_batch(batch_id: str) -> dict[str, int]:
    """Sends the passed and approved profiles of a batch; returns the number of touched profiles by state.

    A dry run sends nothing: its profiles stay passed, and `would_send` says how many.
    raises   Transient (retry later; nothing is lost), Misconfigured (an operator must act; nothing is lost)
    """
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        waiting = session.scalars(
            select(Profile.id).where(Profile.batch_id == batch_id, Profile.state.in_(READY)).order_by(Profile.id)
        ).all()
    if batch.mode == Mode.DRY_RUN:
        return {"would_send": len(waiting)}
    return deliver_profiles(agent_of(batch.agent_id), waiting)


def deliver_profiles(agent: Agent, profile_ids: Sequence[str]) -> dict[str, int]:
    """Sends these profiles to the agent's target, and settles deliveries that earlier walks of that agent left open.

    Calls without an answer are looked for in this same walk once they are due, if that is within
    GATEWAY_DELIVER_PATIENCE_S; later ones are left to the next walk.
    """
    walk = Walk()
    if not (profile_ids or _has_business(agent)):
        return {}
    target = target_of(agent)
    until = time.monotonic() + settings().deliver_patience_s
    try:
        reconcile(agent, target, walk)
        _send_all(agent, target, [*profile_ids, *_given_back(agent)], walk)
        _wait_for_the_unclear(agent, target, walk, until)
    finally:
        finish(agent, target)
    return _states(walk.touched)


def _wait_for_the_unclear(agent: Agent, target: Target, walk: Walk, until: float) -> None:
    """Looks up unanswered requests as soon as they are due. A failure here only postpones them and does not fail the walk."""
    while (due := _next_due(agent)) is not None and due <= until:
        time.sleep(max(0.0, due - time.monotonic()) + 0.01)
        try:
            reconcile(agent, target, walk)
            _send_all(agent, target, _given_back(agent), walk)
        except Transient as later:
            log.warning(
                "%s: %s Agent %s: what is unclear waits for the next walk.", later.code, later.sentence, agent.id
            )
            return


def agents_with_pending() -> list[str]:
    """Agents with deliveries to settle from an earlier walk: unanswered and due, given back, or not exported."""
    with reading() as session:
        rows = session.scalars(
            select(Profile.agent_id)
            .join(Delivery, Delivery.profile_id == Profile.id)
            .where(_unclear_and_due() | _unfinished() | ((Delivery.state == L.RESERVED) & Profile.state.in_(READY)))
            .distinct()
        )
        return sorted(rows)


def _unclear_and_due() -> ColumnElement[bool]:
    return Delivery.state.in_(OPEN) & (Delivery.due_at.is_(None) | (Delivery.due_at <= now()))


def _unfinished() -> ColumnElement[bool]:
    return (Delivery.state == L.CONFIRMED) & Delivery.finished_at.is_(None)


def _has_business(agent: Agent) -> bool:
    return agent.id in agents_with_pending() or _next_due(agent) is not None


def _given_back(agent: Agent) -> list[str]:
    """Ready profiles whose row is reserved: an earlier request was never sent, or was proved absent."""
    with reading() as session:
        return list(
            session.scalars(
                select(Profile.id)
                .join(Delivery, Delivery.profile_id == Profile.id)
                .where(
                    Profile.agent_id == agent.id,
                    Profile.state.in_(READY),
                    Profile.email_norm == Delivery.email_norm,
                    Delivery.state == L.RESERVED,
                    Delivery.target == agent.target.kind,
                    Delivery.posting == agent.target.posting,
                )
                .order_by(Profile.id)
            )
        )


def _next_due(agent: Agent) -> float | None:
    """When the next unclear row of this agent may be looked up, on the monotonic clock; None if there is none."""
    with reading() as session:
        due = session.scalar(
            select(func.min(Delivery.due_at))
            .join(Profile, Profile.id == Delivery.profile_id)
            .where(Profile.agent_id == agent.id, Delivery.target == agent.target.kind, Delivery.state.in_(OPEN))
        )
    return None if due is None else time.monotonic() + (due - now()).total_seconds()


def _send_all(agent: Agent, target: Target, profile_ids: Iterable[str], walk: Walk) -> None:
    queue = deque(dict.fromkeys(profile_ids))
    if not queue:
        return
    walk.touched.update(queue)
    try:
        target.preflight(agent.target.posting)
        turn = False
        while queue:
            if not turn:
                target.wait_turn()
                turn = True
            part = [queue.popleft() for _ in range(min(target.chunk_size, len(queue)))]
            sending = ledger.reserve(agent, target, part)
            if not sending.requests:
                continue  # the turn is kept for the next chunk
            turn = False
            try:
                _put(target, sending)
                walk.strikes = 0
            except Unanswered as lost:
                target.smaller()
                walk.failed(lost)
            except TooLarge as large:
                target.smaller()
                queue.extendleft(reversed(part))
                if len(part) == 1:
                    walk.failed(large)
            except Transient as later:
                queue.extendleft(reversed(part))
                walk.failed(later)
    except Refused as closed:
        if closed.code not in POSTING_CODES:
            raise
        _hold_waiting(agent, closed)


def _put(target: Target, sending: ledger.Sending) -> None:
    """One call and its answers. Writes whether the rows are free again or unclear before it raises."""
    if sending.too_late():
        ledger.give_back(sending)
        raise Transient(
            "SENDING_DELAYED", "The worker was stopped between reserving and sending: the delivery is retried."
        )
    try:
        receipts = list(target.put(sending.requests))
    except Unanswered:
        ledger.reconcile(sending, [])
        raise
    except (Transient, Permanent):
        ledger.give_back(sending)
        raise
    except Exception as wrong:
        # Unforeseen, so it is unclear whether it was sent. Its text may quote a candidate, so only its type is recorded.
        ledger.reconcile(sending, [])
        raise Unanswered(
            "DELIVERY_UNKNOWN", f"Sending was interrupted ({type(wrong).__name__}): its records are looked up first."
        ) from None
    ledger.reconcile(sending, receipts)


def _hold_waiting(agent: Agent, closed: Refused) -> None:
    """The posting is closed: holds everybody who waits for it, with the reason, and says so in their batches."""
    with writing() as session:
        profiles = session.scalars(
            select(Profile)
            .join(Batch, Batch.id == Profile.batch_id)
            .where(Profile.agent_id == agent.id, Profile.state.in_(READY), Batch.mode != Mode.DRY_RUN)
            .order_by(Profile.id)
            .with_for_update(of=Profile, key_share=True)
        ).all()
        held = {profile.batch_id for profile in profiles if not ledger.being_sent(session, profile.id)}
        for profile in profiles:
            if not ledger.being_sent(session, profile.id):
                ledger.hold(session, profile, closed.code)
        for batch in session.scalars(select(Batch).where(Batch.id.in_(held))):
            batch.code, batch.error = closed.code, closed.sentence
    log.warning("%s: %s Agent %s: what waited is held.", closed.code, closed.sentence, agent.id)


def reconcile(agent: Agent, target: Target, walk: Walk) -> None:
    """Looks up unclear requests in the target: confirms those that arrived, frees the proved-absent to be sent again."""
    with reading() as session:
        rows = session.scalars(
            select(Delivery)
            .join(Profile, Profile.id == Delivery.profile_id)
            .where(_unclear_and_due(), Profile.agent_id == agent.id, Delivery.target == target.kind)
            .order_by(Delivery.id)
        ).all()
        unclear = [Open(r.id, r.posting, r.email_norm, r.profile_id, r.attempts, r.created_at) for r in rows]
    walk.touched.update(item.profile_id for item in unclear)
    groups: dict[tuple[str, bool], list[Open]] = {}
    for item in unclear:
        # Sent twice and not found among the new ones: perhaps the person is in the posting since long before.
        groups.setdefault((item.posting, item.attempts > 1), []).append(item)
    for (posting, everything), group in groups.items():
        since = None if everything else min(item.created_at for item in group)
        try:
            receipts = list(target.find(posting, [Lookup(item.id, item.email_norm) for item in group], since))
        except Refused as gone:
            if gone.code not in POSTING_CODES:
                raise
            log.warning("%s: %s Unclear deliveries stay unknown.", gone.code, gone.sentence)
            ledger.postpone([item.id for item in group])
            continue
        found = {receipt.external_id: receipt for receipt in receipts}
        for start in range(0, len(group), IN_LIST):
            ledger.resolve(target, group[start : start + IN_LIST], found)


def finish(agent: Agent, target: Target) -> None:
    """Lets the target finish every batch with newly confirmed rows (our pool: the export); repeatable."""
    with reading() as session:
        rows = session.execute(
            select(Delivery.posting, Delivery.batch_id, Delivery.id)
            .join(Profile, Profile.id == Delivery.profile_id)
            .where(_unfinished(), Profile.agent_id == agent.id, Delivery.target == target.kind)
        ).all()
    books: dict[tuple[str, str], list[str]] = {}
    for posting, batch_id, delivery_id in rows:
        books.setdefault((posting, batch_id), []).append(delivery_id)
    for (posting, batch_id), delivery_ids in books.items():
        target.finish(posting, batch_id)
        # Rows confirmed after the look above are not among these: they are closed next time.
        for start in range(0, len(delivery_ids), IN_LIST):
            part = delivery_ids[start : start + IN_LIST]
            with writing() as session:
                session.execute(update(Delivery).where(Delivery.id.in_(part)).values(finished_at=now()))


def _states(profile_ids: set[str]) -> dict[str, int]:
    """Number of these profiles in each state now."""
    listed = sorted(profile_ids)
    done: dict[str, int] = {}
    with reading() as session:
        for start in range(0, len(listed), IN_LIST):
            for state, number in session.execute(
                select(Profile.state, func.count())
                .where(Profile.id.in_(listed[start : start + IN_LIST]))
                .group_by(Profile.state)
            ):
                done[state] = done.get(state, 0) + number
    return done


def check_live(agent: Agent) -> None:
    """Asks the agent's target whether it accepts candidates now; sends nothing. Raises the exceptions of preflight."""
    try:
        target_of(agent).preflight(agent.target.posting)
    except Transient as later:
        raise Misconfigured(later.code, later.sentence) from None
