"""One person in several profiles: links made by people, and their undoing.

    kept      the profile that stands for the person; every other version points to it, never to one another
    duplicate a version that is linked: never sent

Exact repeats are linked by the judge and the ledger. Likely ones are proposed (versions.py), and a person decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Conflict, Misconfigured
from gateway.model import ProfileState as P
from gateway.pipeline.delivery.ledger import being_sent
from gateway.pipeline.review.decided import (
    VALUES,
    decided_by_another,
    reopen,
    restore,
    reviews,
    snapshot,
    standing,
    value_of,
    write_review,
    write_values,
)
from gateway.pipeline.review.versions import dry_runs, kept_id_of
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Profile, Review

LINKABLE = (P.HELD, P.APPROVED)  # states that wait for a person; the others belong to the pipeline or are decided
GONE = (P.DELIVERED, P.UNKNOWN)
MARKED = "DUPLICATE_MARKED"


def mark_duplicate(
    profile_id: str,
    of: str,
    *,
    reviewer: str,
    expected_version: int | None = None,
    expected_state: str | None = None,
    note: str | None = None,
) -> bool:
    """Links a held or approved profile to another one of the same person; False if that link already exists.

    of                 any profile of the person; the link goes to the one that stands for it
    expected_version   the version of the profile that the reviewer saw; a different one now is a conflict
    expected_state     the state they saw; a different one now is a conflict that says who decided
    raises             Conflict(STATE_CONFLICT | VERSION_CONFLICT), Misconfigured(UNKNOWN_PROFILE | DUPLICATE_INVALID)
    """
    return _link("duplicate", profile_id, of, (), reviewer, expected_version, None, expected_state, note)


def merge(
    profile_id: str,
    into: str,
    *,
    reviewer: str,
    take: Collection[str] = (),
    expected_version: int | None = None,
    into_version: int | None = None,
    expected_state: str | None = None,
    note: str | None = None,
) -> bool:
    """Links a profile like mark_duplicate, and gives the kept profile the values of `take` from it.

    A kept profile that is delivered keeps its values: without `take` the link and its differences are kept, and nothing is
    sent. A version that is linked already may still give values. The kept profile's state does not change.

    take           of name, email, phone, location, headline, links, skills, languages, work, education
    into_version   the version of the kept profile that the reviewer saw
    returns        False when all that stands already
    raises         as mark_duplicate; Misconfigured(CORRECTION_INVALID) for an unknown field,
                   Conflict(ALREADY_DELIVERED) when values were to go into a delivered profile
    """
    wrong = sorted(set(take) - set(VALUES))
    if wrong:
        raise Misconfigured("CORRECTION_INVALID", f"A merge takes one or more of {', '.join(VALUES)}; got {wrong}.")
    names = tuple(name for name in VALUES if name in take)
    return _link("merge", profile_id, into, names, reviewer, expected_version, into_version, expected_state, note)


def _link(
    decision: str,
    profile_id: str,
    other_id: str,
    take: tuple[str, ...],
    reviewer: str,
    expected_version: int | None,
    kept_version: int | None,
    expected_state: str | None,
    note: str | None,
) -> bool:
    with writing() as session:
        kept_id = kept_id_of(session, other_id)
        rows = _locked(session, {profile_id, kept_id, *_versions(session, profile_id)})
        if profile_id not in rows:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        profile, kept = rows[profile_id], rows[kept_id]
        if not set(_versions(session, profile_id)) <= rows.keys():  # one came between looking and locking
            raise Conflict(
                "STATE_CONFLICT",
                f"Profile {profile_id} was linked differently in the meantime: reload and decide again.",
            )
        if expected_state is not None and profile.state not in (expected_state, P.DUPLICATE):
            raise decided_by_another(session, profile)
        _check_pair(session, profile, kept)
        _check_version(profile, expected_version)
        _check_version(kept, kept_version)
        linked = profile.state == P.DUPLICATE and profile.duplicate_of == kept_id
        take = tuple(name for name in take if value_of(profile, name) != value_of(kept, name))
        if linked and not take:
            return False
        if (not linked and profile.state not in LINKABLE) or kept.state == P.DUPLICATE:
            raise Conflict(
                "STATE_CONFLICT",
                f"Profile {profile_id} is {profile.state} and the other one is {kept.state}: reload and decide again.",
            )
        if being_sent(session, profile_id):
            raise Conflict(
                "STATE_CONFLICT", f"Profile {profile_id} is being sent to its target: decide once that is finished."
            )
        before: dict[str, Any] = {
            "state": str(profile.state),
            "codes": profile.codes,
            "duplicate_of": profile.duplicate_of,
            "versions": [],
        }
        held_by = profile.codes
        if take:
            _refuse_delivered(session, kept, f"its values stay. Link profile {profile_id} without taking any")
            if kept.state not in LINKABLE:
                raise Conflict("STATE_CONFLICT", f"Profile {kept_id} is {kept.state} and cannot take values now.")
            before["kept"] = snapshot(session, kept, take)
            _take(session, profile, kept, take)
            change.record(session, "merged", kept, actor=reviewer, rule=f"values of {profile_id}")
        if not linked:
            for row in rows.values():  # its own versions follow it: a chain never forms
                if row.state == P.DUPLICATE and row.duplicate_of == profile_id:
                    row.duplicate_of = kept_id
                    before["versions"].append(row.id)
            profile.duplicate_of, profile.codes = kept_id, [MARKED]
            change.move(session, profile, P.DUPLICATE, actor=reviewer, code=MARKED, rule=decision)
        write_review(
            session,
            profile,
            decision,
            reviewer=reviewer,
            codes=held_by,
            other_id=kept_id,
            note=note,
            before=before,
            after={"duplicate_of": kept_id, "taken": {name: value_of(kept, name) for name in take}},
        )
    return True


def undo(profile_id: str, *, reviewer: str, expected_version: int | None = None, note: str | None = None) -> bool:
    """Undoes the newest link of a profile and restores it and the kept profile exactly; False if already undone.

    A link that the judge or the ledger made is taken back too: the profile is held, and a person decides.
    raises   Conflict(STATE_CONFLICT: not linked | VERSION_CONFLICT: the kept profile was changed after the merge |
             ALREADY_DELIVERED: the merged values were sent), Misconfigured(UNKNOWN_PROFILE)
    """
    with writing() as session:
        found = session.get(Profile, profile_id)
        if found is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        # A first read finds the rows to lock; their content is read again once they are locked.
        last = _link_of(reviews(session, profile_id))
        rows = _locked(session, {profile_id, *_touched(found, last)})
        profile, decisions = rows[profile_id], reviews(session, profile_id)
        last = _link_of(decisions)
        before: dict[str, Any] = last.before if last is not None else {}
        _check_version(profile, expected_version)
        if profile.state != P.DUPLICATE:
            if profile.state == P.HELD and decisions and decisions[-1].decision == "undo":
                return False
            raise Conflict("STATE_CONFLICT", f"Profile {profile_id} is {profile.state}: there is no link to undo.")
        if not set(_touched(profile, last)) <= rows.keys():
            raise Conflict(
                "STATE_CONFLICT",
                f"Profile {profile_id} was linked differently in the meantime: reload and decide again.",
            )
        kept_id = profile.duplicate_of
        if "kept" in before and kept_id is not None:
            kept = rows[kept_id]
            _refuse_delivered(session, kept, "the merge cannot be taken back here")
            if kept.version != before["kept"]["version"] + 1:
                raise Conflict(
                    "VERSION_CONFLICT", f"Profile {kept_id} was changed after the merge: undo that change first."
                )
            restore(session, kept, before["kept"])
            change.record(session, "unmerged", kept, actor=reviewer, rule=f"values of {profile_id}")
        after = {"state": before.get("state", str(P.HELD)), "duplicate_of": before.get("duplicate_of")}
        for identity in before.get("versions", ()):
            row = rows.get(identity)
            if row is not None and row.state == P.DUPLICATE and row.duplicate_of == profile.duplicate_of:
                row.duplicate_of = profile_id
        held_by = profile.codes
        was = {"state": str(profile.state), "duplicate_of": profile.duplicate_of}
        profile.codes = before.get("codes", profile.codes)
        profile.duplicate_of = after["duplicate_of"]
        if change.move(session, profile, after["state"], actor=reviewer, rule="undo"):
            reopen(session, profile, reviewer=reviewer)
        write_review(
            session,
            profile,
            "undo",
            reviewer=reviewer,
            codes=held_by,
            other_id=kept_id,
            note=note,
            before=was,
            after=after,
        )
    return True


def _link_of(decisions: Sequence[Review]) -> Review | None:
    """The person's decision behind a profile's link; None if the judge or the ledger made the link."""
    last = standing(decisions)
    return last if last is not None and last.decision in ("duplicate", "merge") else None


def _touched(profile: Profile, link: Review | None) -> list[str]:
    """The other profiles that undoing the link changes or reads."""
    kept = [profile.duplicate_of] if profile.duplicate_of else []
    return kept + (list(link.before.get("versions", ())) if link is not None else [])


def _versions(session: Session, profile_id: str) -> Iterable[str]:
    return session.scalars(select(Profile.id).where(Profile.duplicate_of == profile_id)).all()


def _locked(session: Session, profile_ids: set[str]) -> dict[str, Profile]:
    """The current rows, locked in the same order by every function (ledger.py)."""
    rows = session.scalars(
        select(Profile)
        .where(Profile.id.in_(profile_ids))
        .order_by(Profile.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def _check_pair(session: Session, profile: Profile, kept: Profile) -> None:
    if profile.id == kept.id:
        raise Misconfigured(
            "DUPLICATE_INVALID", f"Profile {profile.id} stands for that person already: it cannot be its own duplicate."
        )
    if profile.agent_id != kept.agent_id:
        raise Misconfigured("DUPLICATE_INVALID", f"Profiles {profile.id} and {kept.id} belong to different agents.")
    dry = dry_runs(session, [profile, kept])
    if kept.batch_id in dry and profile.batch_id not in dry:
        raise Misconfigured(
            "DUPLICATE_INVALID", f"Profile {kept.id} is of a dry run and will never be sent: link the other way round."
        )


def _check_version(profile: Profile, expected: int | None) -> None:
    if expected is not None and profile.version != expected:
        raise Conflict(
            "VERSION_CONFLICT", f"Profile {profile.id} has changed in the meantime: reload and decide again."
        )


def _refuse_delivered(session: Session, kept: Profile, so: str) -> None:
    if kept.state in GONE or being_sent(session, kept.id):
        raise Conflict("ALREADY_DELIVERED", f"Profile {kept.id} was sent to its target: {so}.")


def _take(session: Session, profile: Profile, kept: Profile, names: tuple[str, ...]) -> None:
    """Marks values as chosen by a person: that is their evidence now, and the rule says where they came from."""
    fields = [
        {
            **row,
            "confidence": 1.0,
            "source": "person",
            "rule": f"merge:{profile.id}",
            "page": None,
            "box": None,
            "row": None,
            "column": None,
        }
        for row in snapshot(session, profile, names)["fields"]
    ]
    write_values(session, kept, {name: value_of(profile, name) for name in names}, fields)
    kept.version += 1
