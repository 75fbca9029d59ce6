"""How tasks fail and try again, and the defaults all tasks share.

The library says whether trying again can help (gateway.errors); here that becomes Airflow's decision.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.definitions.retry_policy import RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowRescheduleException

from gateway.errors import Permanent, Transient
from gateway.settings import settings
from gateway_airflow.names import OWNER

if TYPE_CHECKING:
    from airflow.sdk.definitions.context import Context


class ByReason(RetryPolicy):
    """Permanent: fail now. Transient: retry after the delay the other side asked for. Anything else: the task's own delay."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        if isinstance(exception, Permanent):
            return RetryDecision.fail(exception.code)
        if isinstance(exception, Transient) and exception.retry_after_s is not None:
            return RetryDecision.retry(timedelta(seconds=exception.retry_after_s), exception.code)
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> ByReason:
        return cls()


def owner_links() -> dict[str, str]:
    """From Airflow's list of DAGs to our page; none where its address is not known, since Airflow refuses a link that is none."""
    page = settings().page("/")
    return {OWNER: page} if page.startswith(("http://", "https://")) else {}


OWNER_LINKS = owner_links()
TASK_DEFAULTS: dict[str, Any] = {
    "owner": OWNER,
    "retries": 2,
    "retry_delay": timedelta(seconds=5),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": ByReason(),
    "execution_timeout": timedelta(minutes=30),
}
# For tasks that look into the watched folder: only some workers may have it.
SEES_THE_INBOX: dict[str, Any] = {"queue": settings().inbox_queue} if settings().inbox_queue else {}

# By name: Airflow writes default arguments into each DAG as text, and an object's address would make a new version each time.
PEOPLE_FIRST = "gateway_airflow.priority.PeopleFirst"
COME_BACK_S = 10.0


def come_back() -> AirflowRescheduleException:
    """To raise in a task whose target's lane is taken: it gives its slot to others and starts anew a little later."""
    pause_s = COME_BACK_S * random.uniform(1.0, 2.0)  # noqa: S311  (spreads, guards nothing)
    return AirflowRescheduleException(datetime.now(UTC) + timedelta(seconds=pause_s))  # type: ignore[no-untyped-call]
