"""What goes first, what the pools take from the environment, and what a task does whose target is busy."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.settings import settings
from gateway_airflow.names import POOLS, Pool
from gateway_airflow.policy import PEOPLE_FIRST, come_back
from gateway_airflow.priority import PeopleFirst


class _Task:
    def __init__(self, before: int) -> None:
        self.before = before

    def get_flat_relative_ids(self, *, upstream: bool) -> set[int]:
        assert upstream
        return set(range(self.before))


class _Instance:
    def __init__(self, run_id: str, before: int) -> None:
        self.run_id, self.task = run_id, _Task(before)


def weight(run_id: str, before: int) -> int:
    instance: Any = _Instance(run_id, before)
    return PeopleFirst().get_weight(instance)


def test_a_retry_goes_before_bulk_and_the_end_of_a_run_before_its_beginning() -> None:
    bulk, retry, form = "b20261122-190501-k7m2qd", "retry-b20261122-190501-k7m2qd-1", "manual__2026-11-22T19:05:01"
    assert weight(retry, 0) > weight(bulk, 20)
    assert weight(form, 0) > weight(bulk, 20)
    assert weight(bulk, 4) > weight(bulk, 0)


def test_airflow_knows_the_rule_by_its_name() -> None:
    from airflow.serialization.serialized_objects import _get_registered_priority_weight_strategy

    assert _get_registered_priority_weight_strategy(PEOPLE_FIRST) is PeopleFirst


def test_the_dags_with_batches_use_it(dag_bag: Any) -> None:
    for dag_id in ("ingest_batch", "deliver_reviewed"):
        for task in dag_bag.dags[dag_id].tasks:
            rule = task.partial_kwargs["weight_rule"] if task.is_mapped else task.weight_rule
            if task.task_id != "ask_review":
                assert PEOPLE_FIRST in (rule, f"{type(rule).__module__}.{type(rule).__name__}"), task.task_id


def test_a_pool_follows_the_environment_when_it_names_a_number(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = next(pool for pool in POOLS if pool.name == Pool.EXTRACT)
    assert (reading.slots, reading.is_set) == (4, False)
    monkeypatch.setenv("GATEWAY_READ_SLOTS", "24")
    settings.cache_clear()
    assert (reading.slots, reading.is_set) == (24, True)


def test_an_operators_number_of_slots_outlives_a_start_unless_the_environment_names_one(
    home: Any, airflow_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.models.pool import Pool as Slots

    from gateway_airflow.prepare import prepare

    def slots(name: str) -> int:
        found = Slots.get_pool(name)
        assert found is not None
        return int(found.slots)

    Slots.create_or_update_pool(Pool.STORE, 11, "", include_deferred=False)
    monkeypatch.setattr("airflow.utils.db.upgradedb", lambda: None)
    prepare()
    assert slots(Pool.STORE) == 11
    monkeypatch.setenv("GATEWAY_STORE_SLOTS", "8")
    settings.cache_clear()
    prepare()
    assert slots(Pool.STORE) == 8


def test_who_comes_back_does_so_soon_but_not_all_at_once() -> None:
    pauses = {(come_back().reschedule_date - datetime.now(UTC)).total_seconds() for _ in range(20)}
    assert all(9 < pause <= 20 for pause in pauses)
    assert max(pauses) - min(pauses) > 1


def test_a_batch_whose_target_is_busy_gives_its_slot_back_and_is_delivered_later(
    dag_bag: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The task is rescheduled, not failed: no try is used up, and the run ends well."""
    from airflow.sdk.exceptions import AirflowRescheduleException

    from gateway.pipeline.arrival.receive import sense
    from gateway.pipeline.delivery import lanes
    from gateway.pipeline.report import totals

    folder = home / "inbox" / "backend-engineer" / "drop"
    folder.mkdir(parents=True)
    (folder / "list.csv").write_text("Name,Email,Phone\nInes Baptista,ines.baptista@example.org,+1 206 555 0190\n")
    (folder / "_READY").touch()
    [batch_id] = sense().batch_ids
    free, asked = lanes.in_lane, []

    def taken_at_first(lane: str) -> Any:
        asked.append(lane)
        return nullcontext(False) if len(asked) == 1 else free(lane)

    monkeypatch.setattr(lanes, "in_lane", taken_at_first)
    soon = AirflowRescheduleException(datetime.now(UTC))
    monkeypatch.setattr("gateway_airflow.policy.come_back", lambda: soon)
    ended = dag_bag.dags["ingest_batch"].test(run_conf={"batch_id": batch_id})
    [deliver] = [ti for ti in ended.get_task_instances() if ti.task_id == "deliver"]
    assert len(asked) == 2
    assert (str(deliver.state), deliver.try_number) == ("success", 1)
    assert totals(batch_id).delivered == 1


def test_each_target_has_a_task_of_its_own_for_what_reviewers_approved(
    dag_bag: Any, home: Path, tmp_path: Path
) -> None:
    from gateway.model import Mode
    from gateway.pipeline.report import totals
    from gateway.pipeline.review.choices import APPROVE_ALL
    from gateway.pipeline.review.review import answer_batch
    from gateway.pipeline.run import run_batch

    batches = []
    for agent in ("backend-engineer", "regional-nurse"):
        path = tmp_path / f"{agent}.csv"
        path.write_text(f"Name,Email,Phone\nInes Baptista,ines@{agent}.org,+1 206 555 0190\n")
        batches.append(run_batch(agent, [path], actor="test", mode=Mode.REVIEW))
        answer_batch(batches[-1], APPROVE_ALL, reviewer="rita")
    ended = dag_bag.dags["deliver_reviewed"].test()
    done = [ti for ti in ended.get_task_instances() if ti.task_id == "deliver_approved"]
    assert sorted((ti.map_index, str(ti.state)) for ti in done) == [(0, "success"), (1, "success")]
    assert [totals(batch_id).delivered for batch_id in batches] == [1, 1]
