"""Claims on held profiles. A courtesy that keeps two people off the same one; decisions never depend on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select

from gateway.errors import Misconfigured
from gateway.settings import settings
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Claim, Profile, now


@dataclass(frozen=True, slots=True)
class Claimed:
    """The claim on a profile: reviewer and end time; mine = it belongs to the caller."""

    reviewer: str
    until: datetime
    mine: bool


def claim(profile_id: str, reviewer: str) -> Claimed:
    """Claims a profile for `review_claim_min` minutes, or extends the caller's own claim by that time.

    returns  the current claim: the caller's own, or that of somebody who opened the profile within the time
    raises   Misconfigured(UNKNOWN_PROFILE)
    """
    until = now() + timedelta(minutes=settings().review_claim_min)
    with writing() as session:
        if session.get(Profile, profile_id) is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        fresh = insert_into(session, Claim).values(profile_id=profile_id, reviewer=reviewer, until=until)
        session.execute(
            fresh.on_conflict_do_update(
                index_elements=[Claim.profile_id],
                set_={"reviewer": fresh.excluded.reviewer, "until": fresh.excluded.until},
                where=or_(Claim.reviewer == reviewer, Claim.until <= now()),
            )
        )
        row = session.execute(select(Claim.reviewer, Claim.until).where(Claim.profile_id == profile_id)).one()
        return Claimed(row.reviewer, row.until, row.reviewer == reviewer)


def standing(profile_id: str, reviewer: str) -> Claimed | None:
    """The claim on a profile, or None."""
    with reading() as session:
        row = session.execute(
            select(Claim.reviewer, Claim.until).where(Claim.profile_id == profile_id, Claim.until > now())
        ).one_or_none()
        return None if row is None else Claimed(row.reviewer, row.until, row.reviewer == reviewer)


def release(profile_id: str, reviewer: str) -> bool:
    """Releases the caller's own claim; False if there was none."""
    with writing() as session:
        gone = session.execute(
            delete(Claim).where(Claim.profile_id == profile_id, Claim.reviewer == reviewer).returning(Claim.profile_id)
        )
        return gone.scalar_one_or_none() is not None
