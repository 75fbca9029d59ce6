"""The doorbell of hooks: an event when a call waits to be handled. Handling is the DAG's work, not the bell's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

RING_AGAIN_S = 60.0  # an event can be lost while its DAG is paused; what still waits rings again


class HooksTrigger(BaseEventTrigger):
    """Rings when calls wait, again after a minute if they still do. poll_s: seconds between two looks at the store."""

    def __init__(self, poll_s: float) -> None:
        super().__init__()
        self.poll_s = poll_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "gateway_airflow.triggers.hooks_trigger.HooksTrigger", {"poll_s": self.poll_s}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        rung, last = -RING_AGAIN_S, 0
        while True:
            try:
                number = await asyncio.to_thread(_waiting)
            except Exception as wrong:  # a store that is away for a moment must not end the watch
                self.log.warning("The hooks could not be checked (%s); trying again later.", type(wrong).__name__)
                await asyncio.sleep(self.poll_s)
                continue
            if number and (number > last or time.monotonic() - rung >= RING_AGAIN_S):
                rung = time.monotonic()
                yield TriggerEvent({"calls": number})
            last = number
            await asyncio.sleep(self.poll_s)


def _waiting() -> int:
    from gateway.hooks.handle import waiting

    return waiting()
