"""What a person decides about held profiles. Decisions are idempotent; the first writer wins, the second is told.

approve   deliver it although a gate held it (what no target can take stays held)
correct   replace values; the profile is judged again and delivered if it passes
discard   never deliver it
undo      back to held, as long as nothing was sent; a correction's values and evidence come back, a link is taken back

A review row's `before` and `after` hold the values a correction changed; `before["kept"]` what an undo needs.
Links between profiles of one person: persons.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from gateway.errors import Conflict, GatewayError, Misconfigured
from gateway.model import BatchState, Mode
from gateway.model import DeliveryState as L
from gateway.model import ProfileState as P
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.delivery.deliver import agents_with_pending, deliver_profiles
from gateway.pipeline.delivery.ledger import being_sent
from gateway.pipeline.judging.judge import judge_profiles
from gateway.pipeline.read import email_key
from gateway.pipeline.review import persons
from gateway.pipeline.review.audit import draw_audit
from gateway.pipeline.review.choices import APPROVE_ALL, APPROVE_PASSED, DISCARD_ALL, WAITS
from gateway.pipeline.review.decided import (
    decided_by_another,
    reopen,
    restore,
    reviews,
    snapshot,
    standing,
    write_review,
)
from gateway.pipeline.statistics import remember
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Field, Profile, now
from gateway.values.doubt.phones import phone_doubts
from gateway.values.values import normalise_email, normalise_phone

CORRECTABLE = ("name", "email", "phone", "location")
TO = {"approve": P.APPROVED, "correct": P.APPROVED, "discard": P.DISCARDED, "undo": P.HELD}


@dataclass(frozen=True, slots=True)
class HeldProfile:
    """One line of the queue. Personal: shown to reviewers only."""

    profile_id: str
    batch_id: str
    agent_id: str
    path: str
    ordinal: int
    name: str | None
    email: str | None
    codes: tuple[str, ...]


def queue(batch_id: str | None = None, agent_id: str | None = None, limit: int = 100) -> list[HeldProfile]:
    """Held profiles, oldest first."""
    query = (
        select(Profile)
        .where(Profile.state == P.HELD)
        .options(selectinload(Profile.document))
        .order_by(Profile.created_at, Profile.id)
        .limit(limit)
    )
    if batch_id:
        query = query.where(Profile.batch_id == batch_id)
    if agent_id:
        query = query.where(Profile.agent_id == agent_id)
    with reading() as session:
        return [
            HeldProfile(p.id, p.batch_id, p.agent_id, p.document.path, p.ordinal, p.name, p.email, tuple(p.codes))
            for p in session.scalars(query)
        ]


def held_count(batch_id: str) -> int:
    with reading() as session:
        return (
            session.scalar(select(func.count(Profile.id)).where(Profile.batch_id == batch_id, Profile.state == P.HELD))
            or 0
        )


def held_codes(batch_id: str) -> dict[str, int]:
    """How many held profiles carry each code: what a notice may say."""
    counted: dict[str, int] = {}
    with reading() as session:
        for codes in session.scalars(
            select(Profile.codes).where(Profile.batch_id == batch_id, Profile.state == P.HELD)
        ):
            for code in codes:
                counted[code] = counted.get(code, 0) + 1
    return dict(sorted(counted.items()))


def decide(
    profile_id: str,
    decision: str,
    *,
    reviewer: str,
    corrections: Mapping[str, str | None] | None = None,
    expected_version: int | None = None,
    expected_state: str | None = None,
    note: str | None = None,
) -> bool:
    """Writes one decision; False when this very decision stands already.

    corrections        with "correct": new values of name, email, phone, location; None or "" empties one
    expected_version   the profile's version the reviewer looked at; another one now is a conflict
    expected_state     the state they looked at; another one now is a conflict that says who decided
    raises             Conflict(STATE_CONFLICT | VERSION_CONFLICT), Misconfigured(CORRECTION_INVALID | UNKNOWN_PROFILE);
                       undo after the delivery: Conflict(ALREADY_DELIVERED)
    """
    if decision == "undo" and _is_duplicate(profile_id):
        return persons.undo(profile_id, reviewer=reviewer, expected_version=expected_version, note=note)
    if decision not in TO:
        raise Misconfigured("DECISION_INVALID", f"Unknown decision {decision!r}: use {', '.join(TO)}.")
    with writing() as session:
        profile = session.get(Profile, profile_id, with_for_update={"key_share": True})
        if profile is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        if expected_state is not None and profile.state not in (expected_state, TO[decision]):
            raise decided_by_another(session, profile)
        if expected_version is not None and profile.version != expected_version:
            raise Conflict("VERSION_CONFLICT", f"Profile {profile_id} was changed meanwhile: reload and decide again.")
        if profile.state == TO[decision] and not corrections:
            return False
        if being_sent(session, profile_id):
            raise Conflict(
                "STATE_CONFLICT", f"Profile {profile_id} is being sent to its target: decide when that is settled."
            )
        held_by = profile.codes
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        if decision == "correct":
            before, after = _correct(session, profile, corrections or {})
        if decision == "undo":
            before, after = _take_back(session, profile)
        change.move(session, profile, TO[decision], actor=reviewer, rule=decision)
        if decision == "undo":
            reopen(session, profile, reviewer=reviewer)
        write_review(
            session, profile, decision, reviewer=reviewer, codes=held_by, before=before, after=after, note=note
        )
    return True


def _take_back(session: Session, profile: Profile) -> tuple[dict[str, Any], dict[str, Any]]:
    """Undoes the newest decision's values, if it was a correction; the codes become those that held the profile."""
    if profile.state == P.DELIVERED:
        raise Conflict(
            "ALREADY_DELIVERED",
            f"Profile {profile.id} was delivered: it cannot be put back. Change or withdraw the candidate in the target.",
        )
    last = standing(reviews(session, profile.id))
    if last is None:
        return {}, {}
    if last.codes:
        profile.codes = last.codes
    if last.decision != "correct" or "kept" not in last.before:
        return {}, {}
    if profile.version != last.before["kept"]["version"] + 1:
        raise Conflict(
            "VERSION_CONFLICT",
            f"Profile {profile.id} took values in a merge after its correction: undo the merge first.",
        )
    restore(session, profile, last.before["kept"])
    values = {name: value for name, value in last.before.items() if name != "kept"}
    return last.after, values


def _is_duplicate(profile_id: str) -> bool:
    with reading() as session:
        return session.scalar(select(Profile.state).where(Profile.id == profile_id)) == P.DUPLICATE


def answer_batch(batch_id: str, answer: str, *, reviewer: str) -> int:
    """The answer to a batch's required action, for every profile held now; returns how many it decided."""
    decisions = {APPROVE_PASSED: "approve", APPROVE_ALL: "approve", DISCARD_ALL: "discard"}
    if answer not in decisions:
        return 0
    with reading() as session:
        held = session.execute(
            select(Profile.id, Profile.codes)
            .where(Profile.batch_id == batch_id, Profile.state == P.HELD)
            .order_by(Profile.created_at, Profile.id)
        ).all()
    decided = 0
    for profile_id, codes in held:
        if answer == APPROVE_PASSED and not WAITS.issuperset(codes):
            continue
        try:
            decided += decide(profile_id, decisions[answer], reviewer=reviewer)
        except Conflict:
            continue  # somebody on the queue was first; theirs stands
    return decided


def _correct(
    session: Session, profile: Profile, corrections: Mapping[str, str | None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    wrong = sorted(set(corrections) - set(CORRECTABLE))
    if wrong or not corrections:
        raise Misconfigured(
            "CORRECTION_INVALID",
            f"A correction names one or more of {', '.join(CORRECTABLE)}; got {wrong or 'nothing'}.",
        )
    before = {name: getattr(profile, name) for name in corrections}
    before["kept"] = snapshot(session, profile, corrections)
    after: dict[str, Any] = {}
    for name, given in corrections.items():
        value = check_value(profile.agent_id, name, given.strip()) if given and given.strip() else None
        after[name] = value
        setattr(profile, name, value)
        row = session.scalar(select(Field).where(Field.profile_id == profile.id, Field.name == name))
        if row is None:
            row = Field(profile_id=profile.id, name=name)
            session.add(row)
        # The person is the evidence now; where it was read stays in the review row's before, for undo.
        row.value, row.raw, row.confidence = value or "", given or "", 1.0
        row.source, row.rule, row.page, row.box, row.row, row.column = "person", "review", None, None, None, None
    profile.email_norm = email_key(profile.email)
    profile.version += 1
    return before, after


def check_value(agent_id: str, name: str, value: str) -> str:
    """A value a person typed, as it would be kept; raises Misconfigured(CORRECTION_INVALID)."""
    if name == "email":
        email = normalise_email(value)
        if email is None:
            raise Misconfigured("CORRECTION_INVALID", "This is no e-mail address: write it like maria@example.com.")
        return email
    if name == "phone":
        phone, _ = normalise_phone(value, agent_of(agent_id).country)
        # A range nobody has assigned yet is the gate's to mark, here as there.
        if phone is None or "PHONE_INVALID" in phone_doubts(phone):
            raise Misconfigured("CORRECTION_INVALID", "This is no phone number: write it like +1 202 555 0143.")
        return phone
    return value


def deliver_reviewed() -> dict[str, int]:
    """Judges approved profiles again, for the record, and sends them; then closes batches with nothing held.

    A person's approval outweighs a gate, except for what no target can take (no email, no name): that is held again.
    Whatever earlier deliveries left open (no answer, given back, not exported) is settled as well.
    Who was delivered late without a person's word joins its batch's audit sample.
    raises   the first failure of an agent, after every other agent had its turn
    """
    started = now()
    with reading() as session:
        approved = session.execute(
            select(Profile.agent_id, Profile.id)
            .join(Batch, Batch.id == Profile.batch_id)
            .where(Profile.state == P.APPROVED, Batch.mode != Mode.DRY_RUN)
            .order_by(Profile.agent_id, Profile.id)
        ).all()
    done: dict[str, int] = {}
    by_agent: dict[str, list[str]] = {agent_id: [] for agent_id in agents_with_pending()}
    for agent_id, profile_id in approved:
        by_agent.setdefault(agent_id, []).append(profile_id)
    failures: list[GatewayError] = []
    for agent_id, profile_ids in by_agent.items():
        try:
            if profile_ids:
                judge_profiles(agent_of(agent_id), profile_ids)
            for key, number in deliver_profiles(agent_of(agent_id), profile_ids).items():
                done[key] = done.get(key, 0) + number
        except GatewayError as wrong:
            failures.append(wrong)  # one agent's closed door must not keep the others waiting
    _draw_late_audits(started)
    done["batches_closed"] = close_reviewed()
    if failures:
        raise failures[0]
    return done


def _draw_late_audits(since: datetime) -> None:
    """An answer that came late makes an automatic pass delivered after its batch drew its sample."""
    with reading() as session:
        late = session.scalars(
            select(Delivery.batch_id).where(Delivery.state == L.CONFIRMED, Delivery.updated_at >= since).distinct()
        ).all()
    for batch_id in sorted(late):
        draw_audit(batch_id)


def close_reviewed() -> int:
    """Batches that waited for review and have nothing open any more become done; returns how many."""
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
