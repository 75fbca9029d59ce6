"""Erased people as keyed hashes: enough to recognise them when they are sent again, useless without our key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.model import ExtractedProfile
from gateway.store import keys
from gateway.store.engine import reading
from gateway.store.tables import Erased


def of_email(email_norm: str) -> str:
    return keys.keyed_hash(f"email:{email_norm}")


def of_file(sha256: str) -> str:
    return keys.keyed_hash(f"file:{sha256}")


def suppress(session: Session, hashes: Iterable[str]) -> int:
    """Adds the hashes that are not there yet; returns their number."""
    wanted = set(hashes)
    known = set(session.scalars(select(Erased.hash).where(Erased.hash.in_(wanted))))
    session.add_all(Erased(hash=one) for one in sorted(wanted - known))
    return len(wanted - known)


class Forgetting:
    """A document's profiles without those of erased people. `ranges` has the pages of each that was left out.

    raises   Misconfigured(KEY_INVALID) where this machine could not know them
    """

    def __init__(self, sha256: str, profiles: Iterator[ExtractedProfile]) -> None:
        with reading() as session:
            self.known = frozenset(session.scalars(select(Erased.hash)))
        if self.known:
            keys.check_suppression_key()
        self.whole_file = bool(self.known) and of_file(sha256) in self.known
        self.profiles = profiles
        self.ranges: list[tuple[int, int] | None] = []

    @property
    def any(self) -> bool:
        return self.whole_file or bool(self.ranges)

    def __iter__(self) -> Iterator[ExtractedProfile]:
        return (one for one in self.profiles if not self._is_erased(one)) if self.known else self.profiles

    def _is_erased(self, profile: ExtractedProfile) -> bool:
        email = profile.email.strip().casefold() if profile.email else ""
        if not self.whole_file and not (email and of_email(email) in self.known):
            return False
        self.ranges.append(profile.pages)
        return True
