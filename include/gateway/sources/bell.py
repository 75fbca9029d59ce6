"""Whether there is something to do for pull_sources, asked every few seconds by a trigger."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import select

from gateway.intake.inbox import CLAIMED
from gateway.model import FROM_API, BatchState
from gateway.pipeline.arrival.runs import run_to_start
from gateway.settings import settings
from gateway.sources.state import due
from gateway.store.engine import reading
from gateway.store.tables import Batch


class Bell:
    """Remembers what it rang for."""

    def __init__(self, again_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.again_s, self.clock = again_s, clock
        self._rung: dict[str, float] = {}

    def listen(self) -> int:
        """How many things are new: due sources, and batches of the API whose run nobody started yet."""
        at = self.clock()
        wanted = {f"source:{one.agent_id}/{one.source}" for one in due()} | waiting_runs(from_api=True).keys()
        self._rung = {name: when for name, when in self._rung.items() if name in wanted}
        new = [
            name
            for name in wanted
            if name not in self._rung or (name.startswith("source:") and at - self._rung[name] >= self.again_s)
        ]
        self._rung.update(dict.fromkeys(new, at))
        return len(new)


def waiting_runs(*, from_api: bool = False) -> dict[str, str]:
    """Batches that were fetched or sent and wait for their run -> the run's id.

    A batch that the inbox still holds is not among them: its turn comes from sense_inbox.
    """
    where = [Batch.state == BatchState.RECEIVING]
    if from_api:
        where.append(Batch.source.startswith(FROM_API, autoescape=True))
    with reading() as session:
        waiting = session.scalars(select(Batch).where(*where).order_by(Batch.id)).all()
        claimed = settings().inbox / CLAIMED
        return {
            one.id: run
            for one in waiting
            if (run := run_to_start(one)) is not None and not (claimed / one.agent_id / one.id).is_dir()
        }
