"""Decisions about held profiles. They are idempotent; the first writer wins, and the second is told so.

approve   deliver it although a gate held it (what no target can take stays held)
correct   replace values; the profile is judged again and delivered if it passes
discard   never deliver it
undo      back to held, as long as nothing was sent; a correction's values and evidence come back, a link is taken back

In a review row, `before` and `after` hold the values a correction changed; `before["kept"]` holds the data for undo.
Links between profiles of one person: persons.py. Typed values: correct.py. Sending afterwards: send.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Misconfigured
from gateway.model import ProfileState as P
from gateway.pipeline.delivery.ledger import being_sent
from gateway.pipeline.learning.alarms import learn
from gateway.pipeline.review import persons
from gateway.pipeline.review.choices import APPROVE_ALL, APPROVE_PASSED, DISCARD_ALL, WAITS
from gateway.pipeline.review.correct import correct
from gateway.pipeline.review.decided import decided_by_another, reopen, restore, reviews, standing, write_review
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Profile

TO = {"approve": P.APPROVED, "correct": P.APPROVED, "discard": P.DISCARDED, "undo": P.HELD}


def decide(
    profile_id: str,
    decision: str,
    *,
    reviewer: str,
    corrections: Mapping[str, str | None] | None = None,
    expected_version: int | None = None,
    expected_state: str | None = None,
    note: str | None = None,
    bulk_of: int | None = None,
    by_candidate: bool = False,
) -> bool:
    """Writes one decision; False if the same decision was already made.

    corrections        with "correct": new values of name, email, phone, location; None or "" empties one
    expected_version   the version of the profile that the reviewer saw; a different one now is a conflict
    expected_state     the state they saw; a different one now is a conflict that says who decided
    bulk_of            number of decisions made by the same click; None = a single decision
    by_candidate       the corrections are the candidate's own words, which their evidence says
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
            raise Conflict(
                "VERSION_CONFLICT", f"Profile {profile_id} has changed in the meantime: reload and decide again."
            )
        if profile.state == TO[decision] and not corrections:
            return False
        if being_sent(session, profile_id):
            raise Conflict(
                "STATE_CONFLICT", f"Profile {profile_id} is being sent to its target: decide once that is finished."
            )
        held_by = profile.codes
        before: dict[str, Any] = {}
        after: dict[str, Any] = {}
        if decision == "correct":
            before, after = correct(session, profile, corrections or {}, rule="candidate" if by_candidate else "review")
        if decision == "undo":
            before, after = _take_back(session, profile)
        change.move(session, profile, TO[decision], actor=reviewer, rule=decision)
        if decision == "undo":
            reopen(session, profile, reviewer=reviewer)
        write_review(
            session,
            profile,
            decision,
            reviewer=reviewer,
            codes=held_by,
            before=before,
            after=after,
            note=note,
            bulk_of=bulk_of,
        )
        learn(session, profile)
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
            f"Profile {profile.id} got values from a merge after its correction: undo the merge first.",
        )
    restore(session, profile, last.before["kept"])
    values = {name: value for name, value in last.before.items() if name != "kept"}
    return last.after, values


def _is_duplicate(profile_id: str) -> bool:
    with reading() as session:
        return session.scalar(select(Profile.state).where(Profile.id == profile_id)) == P.DUPLICATE


def answer_batch(batch_id: str, answer: str, *, reviewer: str) -> int:
    """Applies the answer to a batch's required action to every profile held now; returns the number decided."""
    decisions = {APPROVE_PASSED: "approve", APPROVE_ALL: "approve", DISCARD_ALL: "discard"}
    if answer not in decisions:
        return 0
    with reading() as session:
        held = session.execute(
            select(Profile.id, Profile.codes)
            .where(Profile.batch_id == batch_id, Profile.state == P.HELD)
            .order_by(Profile.created_at, Profile.id)
        ).all()
    meant = [row.id for row in held if answer != APPROVE_PASSED or WAITS.issuperset(row.codes)]
    decided = 0
    for profile_id in meant:
        try:
            decided += decide(profile_id, decisions[answer], reviewer=reviewer, bulk_of=len(meant))
        except Conflict:
            continue  # somebody on the queue was first; theirs stands
    return decided
