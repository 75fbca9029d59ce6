"""Waits for the answer about a batch, or until nothing of it is held any more, or another question took its place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.providers.standard.triggers.hitl import HITLTrigger, HITLTriggerEventSuccessPayload
from airflow.sdk.exceptions import AirflowRuntimeError
from airflow.sdk.execution_time.hitl import update_hitl_detail_response
from airflow.sdk.timezone import utcnow
from airflow.triggers.base import TriggerEvent

from gateway.pipeline.review.choices import DECIDED_ELSEWHERE

# The event of a trigger that finds no question to wait for.
NO_QUESTION = {"no_question": True}


class DecidedTrigger(HITLTrigger):
    """A HITLTrigger that looks at the store as well; it never raises.

    An answer given in Airflow resumes the waiting task without us; the only one left to see here is one that came before
    the task waited. The timeout is Airflow's own: then the default stands.
    """

    def __init__(self, *, batch_id: str, question: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_id = batch_id
        self.question = question

    def serialize(self) -> tuple[str, dict[str, Any]]:
        _, kwargs = super().serialize()
        return "gateway_airflow.triggers.decided_trigger.DecidedTrigger", {
            **kwargs,
            "batch_id": self.batch_id,
            "question": self.question,
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        event: TriggerEvent | None = None
        look = self._handle_response
        while event is None:
            try:
                event = await look()
            except AirflowRuntimeError as wrong:
                if _says_not_found(wrong):
                    event = TriggerEvent(NO_QUESTION)
                else:
                    self._later(wrong)
            except Exception as wrong:  # a store or an API that is away for a moment must not end the question
                self._later(wrong)
            else:
                look = self._look
            if event is None:
                await asyncio.sleep(self.poke_interval)
        yield event

    def _later(self, wrong: Exception) -> None:
        self.log.warning("Batch %s could not be checked (%s); trying again later.", self.batch_id, type(wrong).__name__)

    async def _look(self) -> TriggerEvent | None:
        if self.timeout_datetime and self.timeout_datetime < utcnow():
            event: TriggerEvent = await self._handle_timeout()
            return event
        if await asyncio.to_thread(_held, self.batch_id, self.question):
            return None
        return await self._close()

    async def _close(self) -> TriggerEvent | None:
        """Answers the required action in the gateway's name; an answer that was quicker stands."""
        answered: TriggerEvent | None = await self._handle_response()
        if answered:
            return answered
        response = await asyncio.to_thread(
            update_hitl_detail_response, ti_id=self.ti_id, chosen_options=[DECIDED_ELSEWHERE], params_input={}
        )
        return TriggerEvent(
            HITLTriggerEventSuccessPayload(
                chosen_options=[DECIDED_ELSEWHERE],
                params_input={},
                responded_at=response.responded_at,  # type: ignore[typeddict-item] # just answered, so never None
                responded_by_user=None,
                timedout=False,
            )
        )


def _says_not_found(wrong: AirflowRuntimeError) -> bool:
    detail = wrong.error.detail or {}
    return detail.get("status_code") == 404


def _held(batch_id: str, question: str) -> int:
    """How many this question is about: none, when all were decided or a newer question speaks for them."""
    from gateway.pipeline.review.held import held_count
    from gateway.store.engine import reading
    from gateway.store.tables import Batch

    with reading() as session:
        batch = session.get(Batch, batch_id)
        newest = batch.question if batch is not None else None
    return held_count(batch_id) if newest in (None, question) or not question else 0
