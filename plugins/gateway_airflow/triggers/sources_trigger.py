"""The sources' doorbell: an event when a source is due, or when a batch from the API waits for its run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent


class SourcesTrigger(BaseEventTrigger):
    """Rings once for each batch, and for each source that is due; a source that is still due rings again after a while.

    poll_s, again_s   seconds between two looks into our own store, and between two rings for the same source
    """

    def __init__(self, poll_s: float, again_s: float) -> None:
        super().__init__()
        self.poll_s = poll_s
        self.again_s = again_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return (
            "gateway_airflow.triggers.sources_trigger.SourcesTrigger",
            {"poll_s": self.poll_s, "again_s": self.again_s},
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from gateway.sources.bell import Bell

        bell = Bell(self.again_s)
        while True:
            try:
                news = await asyncio.to_thread(bell.listen)
            except Exception as wrong:  # a store that is away for a moment must not end the watch
                self.log.warning("Sources could not be looked at (%s); trying again later.", type(wrong).__name__)
                news = 0
            if news:
                yield TriggerEvent({"news": news})
            await asyncio.sleep(self.poll_s)
