"""Erased people as keyed hashes: enough to recognise them when they are sent again, useless without our key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.model import ExtractedProfile
from gateway.pipeline.erasure.parts import Part, part_of
from gateway.store import keys
from gateway.store.engine import reading
from gateway.store.tables import Delivery, Erased, Invitation, now

GONE = "erased:"  # begins what a row of the ledger has in place of an address


def of_email(email_norm: str) -> str:
    return keys.keyed_hash(f"email:{email_norm}")


def of_emails(addresses: Iterable[str]) -> dict[str, str]:
    """Address -> its hash; reads the key once."""
    wanted = sorted(set(addresses))
    return dict(zip(wanted, keys.keyed_hashes(f"email:{address}" for address in wanted), strict=True))


def of_file(sha256: str) -> str:
    return keys.keyed_hash(f"file:{sha256}")


def gone(address: str, taken: Collection[str] = (), row_id: str = "") -> str:
    """What stands in place of an address: no second row may have the same."""
    if address.startswith(GONE):
        return address
    made = f"{GONE}{of_email(address)}"
    return f"{made}:{row_id}" if made in taken else made


def known_again(session: Session, addresses: Iterable[str]) -> None:
    """Gives the ledger's rows their address back when somebody whose period had ended has come again: nobody is sent twice.

    Who asked to be forgotten is not read in, and gets nothing back.
    """
    made = {hashed: address for address, hashed in of_emails(addresses).items()}
    made = {hashed: made[hashed] for hashed in made.keys() - set(session.scalars(select(Erased.hash)))}
    for table in (Delivery, Invitation):
        rows: Sequence[Any] = session.scalars(
            select(table).where(table.email_norm.in_([GONE + hashed for hashed in made]))
        ).all()
        for row in rows:
            row.email_norm, row.updated_at = made[row.email_norm.removeprefix(GONE)], now()
    session.flush()


def suppress(session: Session, hashes: Iterable[str]) -> int:
    """Adds the hashes that are not there yet; returns their number."""
    wanted = set(hashes)
    known = set(session.scalars(select(Erased.hash).where(Erased.hash.in_(wanted))))
    session.add_all(Erased(hash=one) for one in sorted(wanted - known))
    return len(wanted - known)


class Forgetting:
    """A document's profiles without those of erased people. `parts` has what of it is theirs.

    raises   Misconfigured(KEY_INVALID) where this machine could not know them
    """

    def __init__(self, sha256: str, profiles: Iterator[ExtractedProfile]) -> None:
        with reading() as session:
            self.known = frozenset(session.scalars(select(Erased.hash)))
        if self.known:
            keys.check_suppression_key()
        self.whole_file = bool(self.known) and of_file(sha256) in self.known
        self.profiles = profiles
        self.parts: list[Part] = []

    @property
    def any(self) -> bool:
        return self.whole_file or bool(self.parts)

    def __iter__(self) -> Iterator[ExtractedProfile]:
        return (one for one in self.profiles if not self._is_erased(one)) if self.known else self.profiles

    def _is_erased(self, profile: ExtractedProfile) -> bool:
        email = profile.email.strip().casefold() if profile.email else ""
        if not self.whole_file and not (email and of_email(email) in self.known):
            return False
        self.parts.append(part_of(profile))
        return True
