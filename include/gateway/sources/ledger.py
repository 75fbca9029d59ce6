"""Who fetches what. A claim is a row that only one process can insert, so nothing is fetched twice, whoever asks at once.

    claimed   the items have rows; one owner downloads, until its lease ends
    taken     the files are in the files store and the batch is open: from here on the batch is like any other
    settled   the originals were left, moved or deleted

A process that is killed leaves a lease that ends; the next one takes the same claim over, with the same batch id.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from gateway.sources.port import Item
from gateway.store import ids
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import SourceClaim, SourceItem, now

LEASE_S = 600.0  # without a sign of life: a file is renewed for at least every time it is begun
SLICE = 400  # ids in one query


@dataclass(frozen=True, slots=True)
class Claim:
    """What one process may fetch now."""

    batch_id: str
    owner: str


@dataclass(frozen=True, slots=True)
class Known:
    """A claimed item. free: nobody fetches it now, and its batch is not open yet."""

    batch_id: str
    taken: bool
    settled: bool
    free: bool


def item_id(agent_id: str, source: str, item: Item) -> str:
    """A hash: a path in a source may name a person."""
    told = "\0".join((agent_id, source, item.key, item.version))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def known(agent_id: str, source: str, items: Sequence[Item]) -> dict[Item, Known]:
    """Those of the items that were claimed before."""
    by_id = {item_id(agent_id, source, item): item for item in items}
    wanted, found, at = list(by_id), {}, now()
    with reading() as session:
        for start in range(0, len(wanted), SLICE):
            rows = session.execute(
                select(SourceItem.id, SourceClaim)
                .join(SourceClaim, SourceClaim.batch_id == SourceItem.batch_id)
                .where(SourceItem.id.in_(wanted[start : start + SLICE]))
            )
            for identity, claim in rows:
                taken = claim.taken_at is not None
                free = not taken and claim.lease_until <= at
                found[by_id[identity]] = Known(claim.batch_id, taken, claim.settled_at is not None, free)
    return found


def claim(agent_id: str, source: str, items: Iterable[Item]) -> tuple[Claim, list[Item]] | None:
    """Claims those of the items that nobody has; None if somebody was faster with all of them."""
    by_id = {item_id(agent_id, source, item): item for item in items}
    made = Claim(ids.batch_id(), secrets.token_hex(8))
    with writing() as session:
        session.add(
            SourceClaim(
                batch_id=made.batch_id, agent_id=agent_id, source=source, owner=made.owner, lease_until=_lease_end()
            )
        )
        session.flush()
        won: set[str] = set()
        wanted = sorted(by_id)  # in one order, so that two claimers wait for each other instead of locking up
        for start in range(0, len(wanted), SLICE):
            rows = [{"id": one, "batch_id": made.batch_id} for one in wanted[start : start + SLICE]]
            done = insert_into(session, SourceItem).values(rows).on_conflict_do_nothing().returning(SourceItem.id)
            won.update(session.scalars(done))
        if not won:
            session.rollback()
            return None
    return made, [item for identity, item in by_id.items() if identity in won]


def take_over(batch_id: str) -> Claim | None:
    """The claim of a process that is gone; None if it is not gone, or somebody else was faster."""
    owner = secrets.token_hex(8)
    with writing() as session:
        done = session.execute(
            update(SourceClaim)
            .where(SourceClaim.batch_id == batch_id, SourceClaim.taken_at.is_(None), SourceClaim.lease_until <= now())
            .values(owner=owner, lease_until=_lease_end())
            .returning(SourceClaim.batch_id)
        )
        return Claim(batch_id, owner) if done.scalar_one_or_none() else None


def keep(claim_: Claim) -> bool:
    """A sign of life; False if the lease had ended and another process has the claim: stop then."""
    return _mine(claim_, lease_until=_lease_end())


def give_back(claim_: Claim) -> None:
    """The download failed: the next look may try it at once."""
    _mine(claim_, lease_until=now())


def taken(claim_: Claim) -> bool:
    """The batch is open. False if another process has the claim: it says the same soon."""
    return _mine(claim_, taken_at=now())


def settled(agent_id: str, source: str, batch_id: str, *, stay: Iterable[Item] = ()) -> None:
    """The originals are dealt with. Only those that stay are remembered: a new file may have the name of an old one."""
    kept = {item_id(agent_id, source, item) for item in stay}
    with writing() as session:
        session.execute(update(SourceClaim).where(SourceClaim.batch_id == batch_id).values(settled_at=now()))
        rows = session.scalars(select(SourceItem.id).where(SourceItem.batch_id == batch_id)).all()
        gone = [one for one in rows if one not in kept]
        for start in range(0, len(gone), SLICE):
            session.execute(delete(SourceItem).where(SourceItem.id.in_(gone[start : start + SLICE])))


def open_claims(agent_id: str, source: str) -> dict[str, bool]:
    """Claims of the source that are not settled -> whether their batch is open. Those that somebody fetches now are left out."""
    with reading() as session:
        rows = session.execute(
            select(SourceClaim.batch_id, SourceClaim.taken_at).where(
                SourceClaim.agent_id == agent_id,
                SourceClaim.source == source,
                SourceClaim.settled_at.is_(None),
                or_(SourceClaim.taken_at.is_not(None), SourceClaim.lease_until <= now()),
            )
        ).all()
    return {row.batch_id: row.taken_at is not None for row in rows}


def drop(claim_: Claim) -> None:
    """Forgets a claim of which nothing was fetched and nothing is there any more."""
    with writing() as session:
        session.execute(
            delete(SourceClaim).where(
                SourceClaim.batch_id == claim_.batch_id,
                SourceClaim.owner == claim_.owner,
                SourceClaim.taken_at.is_(None),
            )
        )


def _mine(claim_: Claim, **values: object) -> bool:
    with writing() as session:
        done = session.execute(
            update(SourceClaim)
            .where(SourceClaim.batch_id == claim_.batch_id, SourceClaim.owner == claim_.owner)
            .values(**values)
            .returning(SourceClaim.batch_id)
        )
        return done.scalar_one_or_none() is not None


def _lease_end() -> datetime:
    return now() + timedelta(seconds=LEASE_S)
