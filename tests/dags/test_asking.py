"""The question about a batch: what the trigger sees, says and survives; the integration test has the real thing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from gateway.pipeline.review.choices import APPROVE_ALL, DECIDED_ELSEWHERE, KEEP_HELD
from gateway.pipeline.review.review import answer_batch, decide
from gateway.store.engine import writing
from gateway.store.tables import Batch
from gateway_airflow.triggers import decided_trigger
from gateway_airflow.triggers.decided_trigger import NO_QUESTION, DecidedTrigger
from support.stored import batch, person


class Airflow:
    """Stands for the API a trigger talks to: one question and its answer."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer: list[str] | None = None
        self.by: Any = None
        self.fails = 0
        monkeypatch.setattr("airflow.providers.standard.triggers.hitl.get_hitl_detail_content_detail", self.get)
        monkeypatch.setattr("airflow.providers.standard.triggers.hitl.update_hitl_detail_response", self.put)
        monkeypatch.setattr(decided_trigger, "update_hitl_detail_response", self.put)

    def get(self, ti_id: UUID) -> Any:
        return SimpleNamespace(
            response_received=self.answer is not None,
            chosen_options=self.answer,
            params_input={},
            responded_at=datetime(2026, 1, 1, tzinfo=UTC),
            responded_by_user=self.by,
        )

    def put(self, ti_id: UUID, chosen_options: list[str], params_input: dict[str, Any]) -> Any:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("the API is away, says ada@example.org")
        self.answer = chosen_options
        return self.get(ti_id)


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch, home: Any) -> Airflow:
    batch()
    person("p1")
    return Airflow(monkeypatch)


def trigger(**more: Any) -> DecidedTrigger:
    return DecidedTrigger(
        batch_id="b1",
        ti_id=UUID(int=1),
        options=[APPROVE_ALL, KEEP_HELD],
        params={},
        defaults=[KEEP_HELD],
        timeout_datetime=None,
        poke_interval=0.01,
        **more,
    )


def event(one: DecidedTrigger, limit_s: float = 5) -> dict[str, Any]:
    async def first() -> Any:
        async for found in one.run():
            return dict(found.payload)
        raise AssertionError("the trigger ended without an event")

    return asyncio.run(asyncio.wait_for(first(), limit_s))


def test_it_waits_while_something_is_held(airflow: Airflow) -> None:
    with pytest.raises(TimeoutError):
        event(trigger(), 0.5)
    assert airflow.answer is None


def test_it_closes_when_all_was_decided_elsewhere(airflow: Airflow) -> None:
    decide("p1", "discard", reviewer="rita")
    said = event(trigger())
    assert said["chosen_options"] == airflow.answer == [DECIDED_ELSEWHERE]
    assert answer_batch("b1", DECIDED_ELSEWHERE, reviewer="timeout") == 0, "it decides nothing"


def test_an_answer_that_was_quicker_stands(airflow: Airflow) -> None:
    airflow.answer, airflow.by = [APPROVE_ALL], SimpleNamespace(id="7", name="rita")
    said = event(trigger())
    assert (said["chosen_options"], said["responded_by_user"]["name"]) == ([APPROVE_ALL], "rita")


def test_the_timeout_keeps_what_is_held(airflow: Airflow) -> None:
    one = trigger()
    one.timeout_datetime = datetime.now(UTC) - timedelta(seconds=1)
    assert (event(one)["chosen_options"], airflow.answer) == ([KEEP_HELD], [KEEP_HELD])


def test_nothing_that_is_away_for_a_moment_ends_the_question(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> None:
    decide("p1", "discard", reviewer="rita")
    airflow.fails = 2
    looks = iter([OSError("the store is away"), 1, 0, 0, 0])

    def held(batch_id: str, question: str) -> int:
        answer = next(looks)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    monkeypatch.setattr(decided_trigger, "_held", held)
    assert event(trigger())["chosen_options"] == [DECIDED_ELSEWHERE]


def test_a_newer_question_about_the_batch_closes_the_older(airflow: Airflow) -> None:
    """Two required actions for one batch after a retry: both spoke for the same people."""
    with writing() as session:
        session.get_one(Batch, "b1").question = "review-b1-1"
    with pytest.raises(TimeoutError):
        event(trigger(question="review-b1-1"), 0.5)
    assert event(trigger(question="review-b1"))["chosen_options"] == [DECIDED_ELSEWHERE]
    assert answer_batch("b1", DECIDED_ELSEWHERE, reviewer="timeout") == 0, "and decides nothing"


def test_the_question_says_no_count_that_becomes_untrue(dag_bag: Any) -> None:
    ask = dag_bag.dags["review_batch"].get_task("decide")
    assert "held }}" not in ask.subject
    assert "were held when this question" in ask.body


def test_the_trigger_survives_a_restart_of_the_triggerer() -> None:
    path, kwargs = trigger().serialize()
    assert path == "gateway_airflow.triggers.decided_trigger.DecidedTrigger"
    assert DecidedTrigger(**kwargs).serialize() == (path, kwargs)


def test_the_operator_takes_the_gateways_own_answer_and_no_other(dag_bag: Any) -> None:
    ask = dag_bag.dags["review_batch"].get_task("decide")
    ask.validate_chosen_options([DECIDED_ELSEWHERE])
    ask.validate_chosen_options([KEEP_HELD])
    with pytest.raises(ValueError, match="Burn them"):
        ask.validate_chosen_options(["Burn them"])
    assert DECIDED_ELSEWHERE not in ask.options, "nobody is offered it"


def waiting(ask: Any, try_number: int) -> Any:
    """What the operator defers to on this try."""
    from airflow.sdk.exceptions import TaskDeferred

    with pytest.raises(TaskDeferred) as deferred:
        ask.execute({"task_instance": SimpleNamespace(id=UUID(int=1), try_number=try_number)})
    return deferred.value.trigger


def test_a_retry_reads_the_answer_that_is_there_and_never_asks_again(
    airflow: Airflow, dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking again would erase the answer in Airflow's table: the upsert forgets a response."""
    asked: list[Any] = []
    monkeypatch.setattr("airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **k: asked.append(k))
    ask = dag_bag.dags["review_batch"].get_task("decide")
    assert ask.retries >= 3, "an answer that meets an ending worker fails the try"
    waiting(ask, 1)
    assert len(asked) == 1
    airflow.answer, airflow.by = [APPROVE_ALL], SimpleNamespace(id="7", name="rita")
    again = waiting(ask, 2)
    assert len(asked) == 1
    again.poke_interval = 0.01
    assert event(again)["chosen_options"] == [APPROVE_ALL]


def test_a_retry_asks_when_the_first_try_ended_before_it_could(
    airflow: Airflow, dag_bag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType, TaskDeferred
    from airflow.sdk.execution_time.comms import ErrorResponse

    def missing(ti_id: UUID) -> Any:
        raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail={"status_code": 404}))

    monkeypatch.setattr("airflow.providers.standard.triggers.hitl.get_hitl_detail_content_detail", missing)
    said = event(trigger())
    assert said == NO_QUESTION
    asked: list[Any] = []
    monkeypatch.setattr("airflow.providers.standard.operators.hitl.upsert_hitl_detail", lambda **k: asked.append(k))
    ask = dag_bag.dags["review_batch"].get_task("decide")
    with pytest.raises(TaskDeferred):
        ask.execute_complete({"task_instance": SimpleNamespace(id=UUID(int=1), try_number=2)}, said)
    assert len(asked) == 1


def test_the_body_links_the_page_where_its_address_is_known(
    home: Any, airflow_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.dag_processing.dagbag import DagBag

    from gateway.settings import PROJECT, settings

    monkeypatch.setenv("GATEWAY_PAGE_URL", "https://airflow.example/base")
    settings.cache_clear()
    bag = DagBag(dag_folder=PROJECT / "dags", bundle_path=PROJECT / "dags", bundle_name="dags-folder")
    body = bag.dags["review_batch"].get_task("decide").body
    assert "(https://airflow.example/base/plugin/candidates/base/gateway/review?batch={{ params.batch_id }})" in body
