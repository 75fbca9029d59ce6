"""The delivery ledger's rows, and the only functions that move them. Each is one transaction on locked rows.

    reserved    no other profile of this person can be sent to this posting while this one waits
    sent        written before the request leaves; found in this state later, the request may or may not have arrived
    unknown     the answer never came, or left the record out: looked for in the target by external_id
    confirmed   the target has the candidate; refused: the target refused it
    unknown -> reserved only when the target proved that it has no such record

Two rules make a second sending impossible, whatever dies when:

    a sent row is left alone until `due_at`, when its request can no longer be on its way. So nobody looks for a record
    that another worker is just sending. A worker that was stopped after reserving does not send (START_WITHIN_S).
    `attempts` numbers the sendings of a row. What was looked up or answered for an earlier one does not move a later one.

Locks are taken profiles first, by id, then ledger rows, by address: two workers cannot wait for each other. Profiles are
locked FOR NO KEY UPDATE: marking a duplicate refers to another worker's profile, which takes a key lock on it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from gateway.agents import Agent
from gateway.deliver.port import Receipt, Request, Target
from gateway.deliver.request import request_of
from gateway.errors import Refused
from gateway.model import DeliveryState as L
from gateway.model import Mode
from gateway.model import ProfileState as P
from gateway.pipeline.erasure.suppression import known_again
from gateway.store import change, ids
from gateway.store.engine import insert_into, writing
from gateway.store.tables import Batch, Bookmark, Delivery, Event, Profile, Review, now

ACTOR = "deliver"
READY = (P.PASSED, P.APPROVED)
OPEN = (L.SENT, L.UNKNOWN)
START_WITHIN_S = 10.0  # between reserving and sending there is nothing to do: whoever takes longer was stopped
LOOK_AGAIN_S = 3600.0
ROWS_A_STATEMENT = 80  # of 11 values each: SQLite before 3.32 takes 999 parameters
RESTORED = "restored"  # the bookmark with the time of the backup that was restored
LOOK_FIRST = timedelta(days=30)  # after a restore, each first sending is looked up in the target before
OWN = "own_pool"
MAX_ATTEMPTS = 5  # sent so often and proved absent each time: the target loses it, a person must look


@dataclass(frozen=True, slots=True)
class Sending:
    """Requests whose rows are marked sent, to be put in one call now. attempts: external_id -> number of the sending."""

    requests: list[Request]
    attempts: dict[str, int]
    reserved_at: float = field(default_factory=time.monotonic)

    def too_late(self) -> bool:
        return time.monotonic() - self.reserved_at > START_WITHIN_S


@dataclass(frozen=True, slots=True)
class Open:
    """A row whose request may have arrived, as it was when it was read."""

    id: str
    posting: str
    email_norm: str
    profile_id: str
    attempts: int
    created_at: datetime


def reserve(agent: Agent, target: Target, profile_ids: Sequence[str]) -> Sending:
    """Reserves a row for each ready profile and marks it sent; a person already there becomes a duplicate.

    The unique constraint decides between two workers, not a look beforehand. Profiles of a dry run are passed over.
    """
    sending = Sending([], {})
    posting = agent.target.posting
    with writing() as session:
        since = _restored(session, target)
        profiles = session.scalars(
            select(Profile)
            .where(Profile.id.in_(profile_ids))
            .options(selectinload(Profile.document))
            .order_by(Profile.id)
            .with_for_update(of=Profile, key_share=True)
        ).all()
        unseen = approved_unseen(session, agent, [profile.id for profile in profiles])
        dry = _dry_batches(session, {profile.batch_id for profile in profiles})
        wanted = []
        for profile in sorted(profiles, key=lambda p: p.email_norm or ""):
            if profile.state not in READY or profile.batch_id in dry:
                continue
            try:
                request_of(profile, "", posting)
            except Refused as wrong:
                hold(session, profile, wrong.code)
                continue
            wanted.append(profile)
        rows = _rows(session, target.kind, posting, wanted)
        for profile in wanted:
            row = rows[str(profile.email_norm)]
            if row.profile_id != profile.id and _stands(session, row):
                profile.duplicate_of, profile.codes = row.profile_id, ["DUPLICATE_DELIVERED"]
                change.move(session, profile, P.DUPLICATE, actor=ACTOR, code="DUPLICATE_DELIVERED", rule="ledger")
                continue
            if row.profile_id != profile.id:
                row.profile_id, row.batch_id = profile.id, profile.batch_id
                change.record(session, "taken_over", row, actor=ACTOR, rule="the profile before was not delivered")
            if row.state == L.CONFIRMED:
                change.move(session, profile, P.DELIVERED, actor=ACTOR)
            elif row.state == L.REFUSED:
                change.move(session, row, L.RESERVED, actor=ACTOR, rule="given again")
                row.attempts = 0
            if row.state == L.RESERVED and since is not None and not row.attempts:
                _look_up(session, row, profile, target, since)
            elif row.state == L.RESERVED:
                _mark_sent(session, row, target)
                request = request_of(profile, row.id, posting, unseen=profile.id in unseen)
                for mark in request.marks:
                    change.record(session, "trimmed", row, actor=ACTOR, code=mark)
                sending.requests.append(request)
                sending.attempts[row.id] = row.attempts
    return sending


def approved_unseen(session: Session, agent: Agent, profile_ids: Sequence[str]) -> set[str]:
    """Those whose approval was one of many by one click, where the agent leaves guessed numbers out: a click for many
    says that they may be sent, not that somebody looked at each number."""
    if agent.phone_without_country != "leave_out":
        return set()
    newest = (
        select(Review.profile_id, func.max(Review.sequence).label("sequence"))
        .where(Review.profile_id.in_(profile_ids))
        .group_by(Review.profile_id)
        .subquery()
    )
    found = session.scalars(
        select(Review.profile_id)
        .join(newest, (newest.c.profile_id == Review.profile_id) & (newest.c.sequence == Review.sequence))
        .where(Review.decision == "approve", Review.bulk_of.is_not(None))
    )
    return set(found)


def _dry_batches(session: Session, batch_ids: set[str]) -> set[str]:
    return set(session.scalars(select(Batch.id).where(Batch.id.in_(batch_ids), Batch.mode == Mode.DRY_RUN)))


def _rows(session: Session, kind: str, posting: str, profiles: Sequence[Profile]) -> dict[str, Delivery]:
    """address -> the ledger row of that person and posting, locked: a new one, or the earlier one."""
    if not profiles:
        return {}
    known_again(session, [str(profile.email_norm) for profile in profiles])
    stamp = {"created_at": now(), "updated_at": now(), "attempts": 0, "receipt": {}}
    new = [
        {
            "id": ids.delivery_id(),
            "target": kind,
            "posting": posting,
            "email_norm": profile.email_norm,
            "profile_id": profile.id,
            "batch_id": profile.batch_id,
            "state": L.RESERVED,
            **stamp,
        }
        for profile in profiles
    ]
    for start in range(0, len(new), ROWS_A_STATEMENT):
        session.execute(
            insert_into(session, Delivery)
            .values(new[start : start + ROWS_A_STATEMENT])
            .on_conflict_do_nothing(index_elements=["target", "posting", "email_norm"])
        )
    found = session.scalars(
        select(Delivery)
        .where(
            Delivery.target == kind,
            Delivery.posting == posting,
            Delivery.email_norm.in_([profile.email_norm for profile in profiles]),
        )
        .order_by(Delivery.email_norm)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ours = {row["id"] for row in new}
    for row in found:
        if row.id in ours:
            change.record(session, "reserved", row, actor=ACTOR)
    return {row.email_norm: row for row in found}


def _stands(session: Session, row: Delivery) -> bool:
    """Whether the row still belongs to its profile: sent or confirmed, or reserved while that profile waits to be sent.

    A row left behind (its profile was refused, discarded, or got another address) must not swallow the next one.
    """
    if row.state == L.RESERVED:
        owner = session.get_one(Profile, row.profile_id)
        return owner.state in READY and owner.email_norm == row.email_norm
    return row.state != L.REFUSED


def _mark_sent(session: Session, row: Delivery, target: Target) -> None:
    row.attempts += 1
    row.due_at = now() + timedelta(seconds=target.settle_s)
    row.code = row.error = None
    change.move(session, row, L.SENT, actor=ACTOR)


def look_first(since: str) -> None:
    """After a restore: somebody may have been sent whom the restored ledger does not know. See LOOK_FIRST.

    since   ISO time of the backup
    """
    with writing() as session:
        row = {"name": RESTORED, "value": since, "updated_at": now()}
        insertion = insert_into(session, Bookmark).values(**row)
        session.execute(insertion.on_conflict_do_update(index_elements=["name"], set_=row))


def _restored(session: Session, target: Target) -> datetime | None:
    """The time of the backup while first sendings are looked up; None otherwise, and for our own pool, which was restored too."""
    row = session.get(Bookmark, RESTORED) if target.kind != OWN else None
    return datetime.fromisoformat(row.value) if row is not None and now() - row.updated_at < LOOK_FIRST else None


def _look_up(session: Session, row: Delivery, profile: Profile, target: Target, since: datetime) -> None:
    """As if it had been sent before the restore and no answer was kept: the target is asked for this person first."""
    _mark_sent(session, row, target)
    row.created_at, row.due_at, row.code = since, now(), "DELIVERY_UNKNOWN"
    change.move(session, row, L.UNKNOWN, actor=ACTOR, code="DELIVERY_UNKNOWN", rule="looked up after a restore")
    change.move(session, profile, P.UNKNOWN, actor=ACTOR, code="DELIVERY_UNKNOWN", rule="looked up after a restore")


def hold(session: Session, profile: Profile, code: str) -> None:
    profile.codes = sorted({*profile.codes, code})
    change.move(session, profile, P.HELD, actor=ACTOR, code=code)


def give_back(sending: Sending) -> None:
    """Frees rows whose request cannot have arrived: they may be sent again."""
    with writing() as session:
        for row, _ in _locked(session, sending.attempts):
            if row.state == L.SENT and row.attempts == sending.attempts[row.id]:
                row.attempts -= 1
                row.due_at = None
                change.move(session, row, L.RESERVED, actor=ACTOR, rule="not sent")


def reconcile(sending: Sending, receipts: Iterable[Receipt]) -> None:
    """Writes the answers by external_id: a repeated one counts once, an unknown one is ignored, a missing one is unknown.

    An acceptance is a fact, however late it comes. A refusal or a missing answer counts for its own sending only.
    """
    answers: dict[str, Receipt] = {}
    for receipt in receipts:
        if receipt.external_id in sending.attempts and not getattr(answers.get(receipt.external_id), "accepted", False):
            answers[receipt.external_id] = receipt
    with writing() as session:
        for row, profile in _locked(session, sending.attempts):
            answer = answers.get(row.id)
            if answer is not None and answer.accepted:
                _confirm(session, row, profile, answer, "answered")
                continue
            if row.state != L.SENT or row.attempts != sending.attempts[row.id]:
                continue
            if answer is None or answer.accepted is None:
                if answer is not None:
                    row.due_at = now()
                row.code = "DELIVERY_UNKNOWN"
                change.move(session, row, L.UNKNOWN, actor=ACTOR, code="DELIVERY_UNKNOWN")
                if profile.state in READY:
                    change.move(session, profile, P.UNKNOWN, actor=ACTOR, code="DELIVERY_UNKNOWN")
                continue
            _refuse(session, row, profile, answer.code or "TARGET_REFUSED", answer.error)


def resolve(target: Target, looked: Sequence[Open], found: dict[str, Receipt]) -> None:
    """Writes the result of a look-up: records the target has are confirmed; provably absent ones may be sent again."""
    by_id = {item.id: item for item in looked}
    with writing() as session:
        for row, profile in _locked(session, by_id):
            if row.id in found:
                _confirm(session, row, profile, found[row.id], f"found by {found[row.id].matched or 'external_id'}")
                continue
            if row.state not in OPEN or row.attempts != by_id[row.id].attempts:
                continue
            if row.attempts >= MAX_ATTEMPTS and not target.idempotent:
                if row.state == L.SENT:
                    change.move(session, row, L.UNKNOWN, actor=ACTOR, rule="no answer")
                _refuse(
                    session,
                    row,
                    profile,
                    "TARGET_LOSES",
                    "The target accepted this candidate five times but never stored it.",
                )
                continue
            if row.state == L.SENT:
                change.move(session, row, L.UNKNOWN, actor=ACTOR, rule="no answer")
            row.due_at = None
            change.move(session, row, L.RESERVED, actor=ACTOR, rule="proved absent")
            if profile.state == P.UNKNOWN:
                change.move(session, profile, _before_unknown(session, profile), actor=ACTOR, rule="proved absent")


def _before_unknown(session: Session, profile: Profile) -> P:
    """What it was when it was sent: a person's approval stands, and with it all that the person let be sent."""
    was = session.scalar(
        select(Event.before)
        .where(Event.subject_id == profile.id, Event.kind == "state", Event.after == P.UNKNOWN)
        .order_by(Event.id.desc())
        .limit(1)
    )
    return P.APPROVED if was == P.APPROVED else P.PASSED


def postpone(delivery_ids: Sequence[str]) -> None:
    """The target cannot be asked about these rows: look again in LOOK_AGAIN_S."""
    with writing() as session:
        for row, _ in _locked(session, delivery_ids):
            if row.state in OPEN:
                row.due_at = now() + timedelta(seconds=LOOK_AGAIN_S)


def _locked(session: Session, delivery_ids: Iterable[str]) -> list[tuple[Delivery, Profile]]:
    """These rows with their profiles, all locked in the order that every function here keeps."""
    wanted = list(delivery_ids)
    owners = select(Delivery.profile_id).where(Delivery.id.in_(wanted))
    profiles = {
        profile.id: profile
        for profile in session.scalars(
            select(Profile).where(Profile.id.in_(owners)).order_by(Profile.id).with_for_update(key_share=True)
        )
    }
    rows = session.scalars(
        select(Delivery).where(Delivery.id.in_(wanted)).order_by(Delivery.email_norm).with_for_update()
    ).all()
    return [(row, profiles.get(row.profile_id) or session.get_one(Profile, row.profile_id)) for row in rows]


def _confirm(session: Session, row: Delivery, profile: Profile, receipt: Receipt, rule: str) -> None:
    """The target has the candidate, whatever was decided here in the meantime."""
    if row.state == L.CONFIRMED:
        return
    row.receipt, row.code, row.error, row.due_at, row.finished_at = receipt.as_dict(), None, None, None, None
    if row.state == L.REFUSED:  # an earlier sending was taken after all
        change.move(session, row, L.RESERVED, actor=ACTOR, rule=rule)
    change.move(session, row, L.CONFIRMED, actor=ACTOR, rule=rule)
    if profile.state == P.REFUSED:
        change.move(session, profile, P.HELD, actor=ACTOR, rule=rule)
    change.move(session, profile, P.DELIVERED, actor=ACTOR, rule=rule)


def _refuse(session: Session, row: Delivery, profile: Profile, code: str, error: str | None) -> None:
    row.code, row.error, row.due_at = code, error, None
    change.move(session, row, L.REFUSED, actor=ACTOR, code=code)
    if profile.state in (*READY, P.UNKNOWN):
        profile.codes = sorted({*profile.codes, code})
        change.move(session, profile, P.REFUSED, actor=ACTOR, code=code)


def being_sent(session: Session, profile_id: str) -> bool:
    """Whether a request for this profile may be on its way: then no decision about it can be taken back."""
    return (
        session.scalar(select(Delivery.id).where(Delivery.profile_id == profile_id, Delivery.state.in_(OPEN)).limit(1))
        is not None
    )
