"""One person in several profiles, to look at: the versions of a person, and who else may be the same one.

What links and parts them: persons.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Misconfigured
from gateway.model import Mode
from gateway.model import ProfileState as P
from gateway.quality.duplicates import FieldChange, Person, differences, likeness
from gateway.store.engine import reading
from gateway.store.profiles import profile_rows
from gateway.store.tables import Batch, Document, Profile

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Version:
    """One profile of a person. Personal: path and changes.

    kept      whether it stands for the person
    code      what linked it, None for the kept one
    changes   differences from the previous version; () for the first
    """

    profile_id: str
    batch_id: str
    document_id: str
    path: str
    ordinal: int
    state: str
    created_at: datetime
    kept: bool
    code: str | None
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A profile that may be the same person. Personal except for the reasons.

    kind      exact | likely | different (shares an address, but the names contradict)
    score     0..1; reasons are sentences without personal data
    changes   differences of the given profile from this one
    """

    profile_id: str
    batch_id: str
    path: str
    ordinal: int
    state: str
    created_at: datetime
    name: str | None
    email: str | None
    phone: str | None
    kind: str
    score: float
    reasons_for: tuple[str, ...]
    reasons_against: tuple[str, ...]
    changes: tuple[FieldChange, ...]


def versions_of(profile_id: str) -> list[Version]:
    """The person's profiles including the kept one, oldest first, each with its changes; at most SHOWN.

    raises   Misconfigured(UNKNOWN_PROFILE)
    """
    with reading() as session:
        kept_id = kept_id_of(session, profile_id)
        linked = (Profile.duplicate_of == kept_id) & (Profile.state == P.DUPLICATE)
        ordered = session.execute(
            select(Profile.id, Document.path)
            .join(Document, Document.id == Profile.document_id)
            .where((Profile.id == kept_id) | linked)
            .order_by(Profile.created_at, Document.path, Profile.ordinal)
            .limit(SHOWN)
        ).all()
        loaded = {row.id: (row, value) for row, value in profile_rows(session, [row.id for row in ordered])}
    versions: list[Version] = []
    earlier = None
    for identity, path in ordered:
        row, value = loaded[identity]
        kept = identity == kept_id
        versions.append(
            Version(
                identity,
                row.batch_id,
                row.document_id,
                path,
                row.ordinal,
                row.state,
                row.created_at,
                kept,
                None if kept else next(iter(row.codes), None),
                differences(earlier, value) if earlier else (),
            )
        )
        earlier = value
    return versions


def proposals_for(profile_id: str, limit: int = 5) -> list[Proposal]:
    """Possible duplicates, best first: profiles the judge found similar, and profiles with the same address.

    raises   Misconfigured(UNKNOWN_PROFILE)
    """
    with reading() as session:
        profile = session.get(Profile, profile_id)
        if profile is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        found = set(profile.data.get("alike", ()))
        if profile.email_norm:
            found |= set(
                session.scalars(
                    select(Profile.id)
                    .where(Profile.agent_id == profile.agent_id, Profile.email_norm == profile.email_norm)
                    .order_by(Profile.created_at.desc())
                    .limit(SHOWN)
                )
            )
        people = {row.id: (row, value) for row, value in profile_rows(session, sorted({profile_id, *found}))}
        mine = people.pop(profile_id)[1]
        dry = dry_runs(session, [row for row, _ in people.values()]) - {profile.batch_id}
        paths = dict(
            session.execute(
                select(Document.id, Document.path).where(
                    Document.id.in_({row.document_id for row, _ in people.values()})
                )
            ).all()
        )
    proposals = []
    for row, value in people.values():
        if row.batch_id in dry or row.state == P.DUPLICATE or profile.duplicate_of == row.id:
            continue
        like = likeness(Person.of(mine), Person.of(value))
        if like.kind == "different" and not like.reasons_for:
            continue
        proposals.append(
            Proposal(
                row.id,
                row.batch_id,
                paths[row.document_id],
                row.ordinal,
                row.state,
                row.created_at,
                row.name,
                row.email,
                row.phone,
                like.kind,
                like.score,
                like.reasons_for,
                like.reasons_against,
                differences(value, mine),
            )
        )
    rank = {"exact": 0, "likely": 1, "different": 2}
    return sorted(proposals, key=lambda p: (rank[p.kind], -p.score, p.created_at, p.profile_id))[:limit]


def kept_id_of(session: Session, profile_id: str) -> str:
    """The profile that stands for the person of this profile. A link counts while its profile is a duplicate."""
    seen: set[str] = set()
    while profile_id not in seen:
        seen.add(profile_id)
        row = session.execute(select(Profile.state, Profile.duplicate_of).where(Profile.id == profile_id)).one_or_none()
        if row is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        if row.state != P.DUPLICATE or row.duplicate_of is None:
            return profile_id
        profile_id = row.duplicate_of
    raise Misconfigured("DUPLICATE_INVALID", f"The links of profile {profile_id} form a circle: undo one of them.")


def dry_runs(session: Session, profiles: Iterable[Profile]) -> set[str]:
    """The batches of these profiles that are dry runs: nobody in them is ever sent."""
    batch_ids = {profile.batch_id for profile in profiles}
    return set(session.scalars(select(Batch.id).where(Batch.id.in_(batch_ids), Batch.mode == Mode.DRY_RUN)))
