"""One lane a target: at most GATEWAY_TARGET_SLOTS deliveries at a time use it, and a slow target stops nobody else.

A slot is a row with an end that its holder moves on while it lives. Who finds every slot taken does not wait: the task
comes back later, so that it keeps no worker from other targets. If a holder dies, its slot is free after LEASE_S.
"""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, update

from gateway.agents import Agent, HeyMiloTarget, WebhookTarget
from gateway.model import Mode
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.pipeline.delivery.ledger import READY
from gateway.settings import settings
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Batch, Lane, Profile, now

log = logging.getLogger(__name__)
LEASE_S = 60.0
RENEW_S = 15.0


def lane_of(agent: Agent) -> str:
    """What deliveries share: the connection whose rate limit they use up, or the posting in our own pool."""
    target = agent.target
    if isinstance(target, HeyMiloTarget | WebhookTarget):
        return f"{target.kind}:{target.connection}"
    return f"{target.kind}:{target.posting}"


@contextmanager
def in_lane(lane: str) -> Iterator[bool]:
    """Holds a slot of the lane; yields False, and holds nothing, if each of its slots is taken."""
    holder = secrets.token_hex(12)
    slot = _enter(lane, holder)
    if slot is None:
        yield False
        return
    over = threading.Event()
    renewing = threading.Thread(target=_renew, args=(lane, slot, holder, over), daemon=True)
    renewing.start()
    try:
        yield True
    finally:
        over.set()
        renewing.join()
        _set_end(lane, slot, holder, 0.0)


def deliver_in_lane(batch_id: str) -> dict[str, int] | None:
    """What deliver_batch does, in the target's lane; None if the lane is taken and somebody of the batch waits for it."""
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        ready = select(Profile.id).where(Profile.batch_id == batch_id, Profile.state.in_(READY)).limit(1)
        waits = session.scalar(ready) is not None
    if batch.mode == Mode.DRY_RUN:
        return deliver_batch(batch_id)
    with in_lane(lane_of(agent_of(batch.agent_id))) as ours:
        if ours:
            return deliver_batch(batch_id)
    return None if waits else {}


def _enter(lane: str, holder: str) -> int | None:
    """The number of the slot that is now ours; None if each is taken. The row's update decides between two workers."""
    for slot in range(settings().target_slots):
        at = now()
        row = {"target": lane, "slot": slot, "holder": holder, "until": at + timedelta(seconds=LEASE_S)}
        with writing() as session:
            made = insert_into(session, Lane).values(**row).on_conflict_do_nothing().returning(Lane.slot)
            if session.scalar(made) is not None:
                return slot
            free = (Lane.target == lane, Lane.slot == slot, Lane.until <= at)
            took = update(Lane).where(*free).values(holder=holder, until=row["until"]).returning(Lane.slot)
            if session.scalar(took) is not None:
                return slot
    return None


def _renew(lane: str, slot: int, holder: str, over: threading.Event) -> None:
    while not over.wait(RENEW_S):
        try:
            _set_end(lane, slot, holder, LEASE_S)
        except Exception as wrong:  # the delivery goes on without its slot: two at once are slower, not wrong
            log.warning("The lane of a target could not be kept (%s).", type(wrong).__name__)


def _set_end(lane: str, slot: int, holder: str, seconds: float) -> None:
    with writing() as session:
        session.execute(
            update(Lane)
            .where(Lane.target == lane, Lane.slot == slot, Lane.holder == holder)
            .values(until=now() + timedelta(seconds=seconds))
        )
