"""The question about a batch's held profiles, which also ends when they were decided without it."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import TaskAwaitingInput
from airflow.sdk.timezone import utcnow

from gateway.pipeline.review.choices import DECIDED_ELSEWHERE
from gateway_airflow.triggers.decided_trigger import NO_QUESTION, DecidedTrigger


class AskOperator(HITLOperator):
    """Asks like a HITLOperator, and closes the required action when nothing of the batch is held any more, or when a newer
    question about the batch took its place.

    Airflow parks a waiting question outside the triggerer, where only an answer or the timeout reaches it. Here it waits on
    a trigger that looks at the store; an answer given in Airflow still resumes the task at once. The result's
    `chosen_options` is then [DECIDED_ELSEWHERE], which nobody can choose and which decides nothing.

    batch_id   templated
    question   templated; the batch's id for this question, "" if it has none
    """

    template_fields = (*HITLOperator.template_fields, "batch_id", "question")

    def __init__(self, *, batch_id: str, question: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch_id = batch_id
        self.question = question

    def execute(self, context: Any) -> Any:
        """Asks and waits. A later try looks for the answer of the earlier try, and asks only if there is no question.

        Airflow ends a task as failed when its answer arrives while the worker that asked is still ending (the executor's
        "success" for the first part meets a task that is queued again). The answer stays in Airflow's table; asking again
        would erase it, so a retry waits on the trigger, which reads it.
        """
        if context["task_instance"].try_number == 1:
            self._ask(context)
        self._wait(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> Any:
        if event == NO_QUESTION:  # an earlier try ended before it could ask
            self._ask(context)
            self._wait(context)
        return super().execute_complete(context, event)

    def _ask(self, context: Any) -> None:
        try:
            super().execute(context)
        except TaskAwaitingInput:
            return  # the question is written; this operator waits on its own trigger

    def _wait(self, context: Any) -> None:
        self.defer(
            trigger=DecidedTrigger(
                batch_id=self.batch_id,
                question=self.question,
                ti_id=context["task_instance"].id,
                options=self.options,
                params=self.serialized_params,
                defaults=self.defaults,
                multiple=self.multiple,
                timeout_datetime=utcnow() + self.response_timeout if self.response_timeout else None,
            ),
            method_name="execute_complete",
        )

    def validate_chosen_options(self, chosen_options: list[str]) -> None:
        if chosen_options != [DECIDED_ELSEWHERE]:
            super().validate_chosen_options(chosen_options)
