"""One rate for one key, however many workers use it: slots are handed out by the store, evenly spaced.

Evenly spaced calls keep any limit that is counted a minute, whether its window slides or is fixed. A pause the target
asks for holds everybody, those who already wait for their slot included.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store.engine import insert_into, writing
from gateway.store.tables import RateLimit


class Limiter:
    """`take` before every call with the key `name`; `hold` when the target says to wait.

    per_minute   calls a minute of all workers together
    clock        Unix seconds; machines' clocks should agree within a second (NTP): a skew only moves slots by as much
    """

    def __init__(
        self,
        name: str,
        per_minute: float,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self.interval_s = 60.0 / per_minute
        self.clock, self.sleep = clock, sleep

    def take(self) -> float:
        """Waits for the next free slot; returns the seconds waited."""
        waited = 0.0
        while True:
            slot = self._next_slot()
            pause = max(0.0, slot - self.clock())
            if pause:
                self.sleep(pause)
                waited += pause
            if not pause or self._held_until() <= self.clock():
                return waited

    def try_take(self, ahead: int = 0) -> float:
        """Takes a slot without waiting, one of the next `ahead` too; returns 0, or the seconds to wait, and none is taken."""
        with writing() as session:
            row, at = self._row(session), self.clock()
            slot = max(row.next_at, row.held_until, at)
            wait = max(0.0, slot - at - ahead * self.interval_s)
            if not wait:
                row.next_at = slot + self.interval_s
            return wait

    def hold(self, seconds: float) -> None:
        """Makes every worker wait for that long; a longer pause already set stays."""
        until = self.clock() + seconds
        with writing() as session:
            row = self._row(session)
            row.held_until = max(row.held_until, until)
            row.next_at = max(row.next_at, row.held_until)

    def _next_slot(self) -> float:
        with writing() as session:
            row = self._row(session)
            slot = max(row.next_at, row.held_until, self.clock())
            row.next_at = slot + self.interval_s
            return slot

    def _held_until(self) -> float:
        with writing() as session:
            return self._row(session).held_until

    def _row(self, session: Session) -> RateLimit:
        session.execute(
            insert_into(session, RateLimit).values(name=self.name, next_at=0.0, held_until=0.0).on_conflict_do_nothing()
        )
        return session.scalars(select(RateLimit).where(RateLimit.name == self.name).with_for_update()).one()
