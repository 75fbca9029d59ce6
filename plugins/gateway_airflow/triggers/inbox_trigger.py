"""The inbox's doorbell: an event each time a drop becomes complete. Claiming is the DAG's work, not the bell's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from gateway.intake.inbox import look

RING_AGAIN_S = 60.0  # an event can be lost while its DAG is paused; a drop that is still there rings again


class InboxTrigger(BaseEventTrigger):
    """Rings when a complete drop is in the inbox, once a drop and change, again after a minute if it is still there.

    inbox, agents_dir   folders; an agent is known by its file, which may come while we watch
    quiet_s, poll_s     as in gateway.settings
    """

    def __init__(self, inbox: str, agents_dir: str, quiet_s: float, poll_s: float) -> None:
        super().__init__()
        self.inbox = inbox
        self.agents_dir = agents_dir
        self.quiet_s = quiet_s
        self.poll_s = poll_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "gateway_airflow.triggers.inbox_trigger.InboxTrigger",
            {"inbox": self.inbox, "agents_dir": self.agents_dir, "quiet_s": self.quiet_s, "poll_s": self.poll_s},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        rung: dict[int, float] = {}
        while True:
            # The walk touches the disk: in a thread, so that other triggers go on.
            try:
                complete = await asyncio.to_thread(self.complete_drops)
            except Exception as wrong:  # a share that is away for a moment must not end the watch of every inbox
                self.log.warning("The inbox could not be checked (%s); trying again later.", type(wrong).__name__)
                await asyncio.sleep(self.poll_s)
                continue
            at = time.monotonic()
            rung = {signature: when for signature, when in rung.items() if signature in complete}
            new = [s for s in complete if at - rung.get(s, -RING_AGAIN_S) >= RING_AGAIN_S]
            if new:
                rung.update(dict.fromkeys(new, at))
                yield TriggerEvent({"drops": len(new)})
            await asyncio.sleep(self.poll_s)

    def complete_drops(self) -> set[int]:
        """Signatures of the drops that may be claimed now."""
        root = Path(self.inbox)
        if not root.is_dir():
            return set()
        agents = {path.stem for path in Path(self.agents_dir).glob("*.yaml")}
        view = look(root, agents, quiet_s=self.quiet_s, alarm_s=float("inf"))
        return {drop.signature for drop in view.drops if drop.complete}
