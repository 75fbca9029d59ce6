"""Profiles go through the ledger into the agent's target: reserve, send, confirm; what is unclear is looked for first.

    reserved    a row exists, unique for person and posting: nobody else may send this person there
    sent        written before the request leaves; found in this state later, the request may or may not have arrived
    unknown     the answer never came, or left the record out: looked for in the target by external_id
    confirmed   the target has the candidate; refused: it said no
    unknown -> reserved only when the target proved that it has no such record

A killed worker therefore costs a look, never a second candidate.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, selectinload

from gateway.agents import Agent
from gateway.deliver.port import Receipt, Request, Target, request_of
from gateway.deliver.targets import target_of
from gateway.errors import Refused, Transient
from gateway.model import DeliveryState as L
from gateway.model import Mode
from gateway.model import ProfileState as P
from gateway.pipeline.receive import agent_of
from gateway.store import change, ids
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Profile, now

log = logging.getLogger(__name__)
ACTOR = "deliver"
READY = (P.PASSED, P.APPROVED)


def deliver_batch(batch_id: str) -> dict[str, int]:
    """Sends the passed and approved profiles of a batch; returns counts by what became of them.

    A dry run sends nothing: its profiles stay passed, and `would_send` says how many.
    raises   Transient (retry later; nothing is lost), Misconfigured, Refused (target closed: nothing was sent)
    """
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        waiting = session.scalars(
            select(Profile.id).where(Profile.batch_id == batch_id, Profile.state.in_(READY)).order_by(Profile.id)
        ).all()
        unclear = session.scalars(
            select(Delivery.id).where(Delivery.batch_id == batch_id, Delivery.state.in_([L.SENT, L.UNKNOWN]))
        ).all()
    agent = agent_of(batch.agent_id)
    if batch.mode == Mode.DRY_RUN:
        return {"would_send": len(waiting)}
    done = deliver_profiles(agent, waiting, unclear) if waiting or unclear else {}
    finish([batch_id])
    return done


def deliver_profiles(agent: Agent, profile_ids: Sequence[str], unclear: Sequence[str] = ()) -> dict[str, int]:
    """Sends these profiles to the agent's target; `unclear` are deliveries of an earlier attempt to look for first."""
    target = target_of(agent)
    target.preflight(agent.target.posting)
    done: dict[str, int] = {}
    if unclear:
        _add(done, reconcile(target, unclear))
    for start in range(0, len(profile_ids), target.chunk_size):
        _add(done, _send(target, _reserve(agent, target, profile_ids[start : start + target.chunk_size], done)))
    return done


def finish(batch_ids: Iterable[str]) -> None:
    """Lets each batch's target close what it keeps a batch (our pool's export); safe to repeat."""
    for batch_id in batch_ids:
        with reading() as session:
            sent = session.scalar(select(Delivery.id).where(Delivery.batch_id == batch_id).limit(1))
            agent_id = session.get_one(Batch, batch_id).agent_id
        if sent is not None:
            agent = agent_of(agent_id)
            target_of(agent).finish(agent.target.posting, batch_id)


def _add(total: dict[str, int], part: dict[str, int]) -> None:
    for key, number in part.items():
        total[key] = total.get(key, 0) + number


def _reserve(agent: Agent, target: Target, profile_ids: Sequence[str], done: dict[str, int]) -> list[Request]:
    """Reserves a ledger row for each profile and marks it sent; a person already there becomes a duplicate.

    The unique constraint decides between two workers, not a look beforehand.
    """
    requests: list[Request] = []
    posting = agent.target.posting
    with writing() as session:
        profiles = session.scalars(
            select(Profile)
            .where(Profile.id.in_(profile_ids))
            .options(selectinload(Profile.document))
            .order_by(Profile.id)
        ).all()
        for profile in profiles:
            if profile.state not in READY:
                continue
            try:
                request_of(profile, "", posting)
            except Refused as wrong:
                _hold(session, profile, wrong.code)
                _add(done, {"held": 1})
                continue
            row = _row(session, target.kind, posting, profile)
            if row.profile_id != profile.id:
                profile.duplicate_of = row.profile_id
                profile.codes = ["DUPLICATE_DELIVERED"]
                change.move(session, profile, P.DUPLICATE, actor=ACTOR, code="DUPLICATE_DELIVERED", rule="ledger")
                _add(done, {"duplicate": 1})
            elif row.state == L.CONFIRMED:
                change.move(session, profile, P.DELIVERED, actor=ACTOR)
            elif row.state == L.REFUSED and profile.state == P.APPROVED:
                change.move(session, row, L.RESERVED, actor=ACTOR, rule="approved again")
            if row.profile_id == profile.id and row.state == L.RESERVED:
                row.attempts += 1
                change.move(session, row, L.SENT, actor=ACTOR)
                requests.append(request_of(profile, row.id, posting))
    return requests


def _row(session: Session, kind: str, posting: str, profile: Profile) -> Delivery:
    """The ledger row of this person and posting: a new one, or the one that was first."""
    key = {"target": kind, "posting": posting, "email_norm": profile.email_norm}
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    stamp = {"created_at": now(), "updated_at": now(), "attempts": 0, "receipt": {}}
    made = session.execute(
        insert(Delivery)
        .values(
            id=ids.delivery_id(), profile_id=profile.id, batch_id=profile.batch_id, state=L.RESERVED, **key, **stamp
        )
        .on_conflict_do_nothing(index_elements=["target", "posting", "email_norm"])
        .returning(Delivery.id)
    ).scalar_one_or_none()
    row = session.scalars(select(Delivery).filter_by(**key)).one()
    if made is not None:
        change.record(session, "reserved", row, actor=ACTOR)
    return row


def _hold(session: Session, profile: Profile, code: str) -> None:
    profile.codes = sorted({*profile.codes, code})
    change.move(session, profile, P.HELD, actor=ACTOR, code=code)


def _send(target: Target, requests: list[Request]) -> dict[str, int]:
    if not requests:
        return {}
    wanted = {request.external_id for request in requests}
    try:
        receipts = list(target.put(requests))
    except Transient:
        _give_back(wanted)
        raise
    except Exception:
        # The request left and no answer came: only the target knows. Looked for at the next attempt.
        _settle(wanted, [])
        raise
    return _settle(wanted, receipts)


def _give_back(external_ids: Iterable[str]) -> None:
    """Nothing of it can have arrived: unknown for the record, then free to be sent again."""
    with writing() as session:
        for row in session.scalars(select(Delivery).where(Delivery.id.in_(list(external_ids)))):
            change.move(session, row, L.UNKNOWN, actor=ACTOR, rule="not sent")
            change.move(session, row, L.RESERVED, actor=ACTOR, rule="not sent")


def _settle(wanted: set[str], receipts: Iterable[Receipt]) -> dict[str, int]:
    """Writes the answers: by external_id; a repeated one counts once, a stranger's is ignored, a missing one is unknown."""
    answers = {receipt.external_id: receipt for receipt in receipts if receipt.external_id in wanted}
    done: dict[str, int] = {}
    with writing() as session:
        rows = session.scalars(select(Delivery).where(Delivery.id.in_(wanted)).order_by(Delivery.id)).all()
        for row in rows:
            answer = answers.get(row.id)
            profile = session.get_one(Profile, row.profile_id)
            if answer is None:
                change.move(session, row, L.UNKNOWN, actor=ACTOR, code="DELIVERY_UNKNOWN")
                change.move(session, profile, P.UNKNOWN, actor=ACTOR, code="DELIVERY_UNKNOWN")
                _add(done, {"unknown": 1})
                continue
            row.receipt, row.code, row.error = answer.as_dict(), answer.code, answer.error
            if answer.accepted:
                change.move(session, row, L.CONFIRMED, actor=ACTOR)
                change.move(session, profile, P.DELIVERED, actor=ACTOR)
                _add(done, {"delivered": 1})
            else:
                profile.codes = sorted({*profile.codes, answer.code or "TARGET_REFUSED"})
                change.move(session, row, L.REFUSED, actor=ACTOR, code=answer.code)
                change.move(session, profile, P.REFUSED, actor=ACTOR, code=answer.code)
                _add(done, {"refused": 1})
    return done


def reconcile(target: Target, delivery_ids: Sequence[str]) -> dict[str, int]:
    """Asks the target which of these arrived; confirms them, and frees the proved-absent to be sent again."""
    done: dict[str, int] = {}
    with reading() as session:
        rows = session.scalars(select(Delivery).where(Delivery.id.in_(delivery_ids))).all()
    by_posting: dict[str, list[Delivery]] = {}
    for row in rows:
        by_posting.setdefault(row.posting, []).append(row)
    for posting, group in by_posting.items():
        since = min(row.created_at for row in group)
        found = {receipt.external_id: receipt for receipt in target.find(posting, [row.id for row in group], since)}
        requests: list[Request] = []
        with writing() as session:
            for stale in group:
                row = session.get_one(Delivery, stale.id)
                profile = session.get_one(Profile, row.profile_id)
                if row.state not in (L.SENT, L.UNKNOWN):
                    continue
                if row.id in found:
                    row.receipt = found[row.id].as_dict()
                    change.move(session, row, L.CONFIRMED, actor=ACTOR, rule="found in target")
                    change.move(session, profile, P.DELIVERED, actor=ACTOR, rule="found in target")
                    _add(done, {"delivered": 1})
                    continue
                change.move(session, row, L.UNKNOWN, actor=ACTOR, rule="no answer")
                change.move(session, row, L.RESERVED, actor=ACTOR, rule="proved absent")
                change.move(session, row, L.SENT, actor=ACTOR)
                row.attempts += 1
                if profile.state == P.UNKNOWN:
                    change.move(session, profile, P.PASSED, actor=ACTOR, rule="proved absent")
                requests.append(request_of(profile, row.id, posting))
        _add(done, _send(target, requests))
    return done


def planned_requests(batch_id: str) -> list[dict[str, Any]]:
    """What a dry run would send: the requests of its passed profiles, as the target would get them."""
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        agent = agent_of(batch.agent_id)
        profiles = session.scalars(
            select(Profile)
            .where(Profile.batch_id == batch_id, Profile.state.in_(READY))
            .options(selectinload(Profile.document))
            .order_by(Profile.id)
        ).all()
        return [_plain(request_of(profile, "not reserved", agent.target.posting)) for profile in profiles]


def _plain(request: Request) -> dict[str, Any]:
    from gateway.deliver.own_pool import record

    return record(request)
