"""Which task is first when slots are scarce. Registered by the plugin; Airflow stores its name with each DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.task.priority_strategy import PriorityWeightStrategy

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

ASKED_FOR = 100  # more than any place in a run adds
BY_A_PERSON = ("retry-", "manual__")  # how the ids of such runs begin


class PeopleFirst(PriorityWeightStrategy):
    """What a person waits for goes before bulk: retries, resumed batches, runs from the form. Next, what is nearest to its end.

    Airflow's own rule does the opposite of the second: with a hundred batches waiting, it would read all before it ends one.
    """

    def get_weight(self, ti: TaskInstance) -> int:
        steps_done = len(ti.task.get_flat_relative_ids(upstream=True)) if ti.task is not None else 0
        asked_for = bool(ti.run_id) and ti.run_id.startswith(BY_A_PERSON)
        return 1 + steps_done + ASKED_FOR * asked_for
