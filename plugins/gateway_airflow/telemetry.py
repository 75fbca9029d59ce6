"""What the gateway tells monitors, through Airflow's own settings ([metrics], [traces]): numbers, and a batch's id. Nobody's data.

With neither switched on, nothing here does anything. docs/monitoring.md lists the names; deploy/grafana has a dashboard.
"""

from __future__ import annotations

from collections.abc import Mapping

# Of one step's result, what is counted: gateway.<step>.<key> -> what it is.
COUNTERS = {
    "gateway.extract.success": "Documents read",
    "gateway.extract.failed": "Documents that could not be read",
    "gateway.extract.profiles": "Candidates read from documents",
    "gateway.judge.passed": "Candidates who passed every gate",
    "gateway.judge.held": "Candidates held for review",
    "gateway.judge.duplicate": "Candidates known already",
    "gateway.deliver.delivered": "Candidates the target has",
    "gateway.deliver.refused": "Candidates the target refused",
    "gateway.deliver.unknown": "Deliveries without an answer when their step ended",
    "gateway.deliver.come_back": "Deliveries that found their target busy and came back later",
}
# Written by watch_gateway, every five minutes.
GAUGES = {
    "gateway.review.held": "Candidates waiting for a person",
    "gateway.review.oldest_s": "Seconds the oldest of them has waited",
    "gateway.batches.open": "Batches that are not finished",
    "gateway.deliveries.open": "Deliveries whose answer is missing",
    "gateway.notices.waiting": "Messages to people and programs that were not sent yet",
}


def about(batch_id: str) -> None:
    """Marks the running task's trace with the batch: what one batch did is then found across machines."""
    from opentelemetry import trace

    trace.get_current_span().set_attribute("gateway.batch_id", batch_id)


def told(step: str, numbers: dict[str, int]) -> dict[str, int]:
    """Counts a step's result (read_chunk, judge_batch, deliver_batch) and returns it unchanged."""
    from airflow.sdk.observability import stats

    for key, number in numbers.items():
        if number and f"gateway.{step}.{key}" in COUNTERS:
            stats.incr(f"gateway.{step}.{key}", number)
    return numbers


def gauged(values: Mapping[str, float]) -> None:
    """Tells how things stand. values: by the names in GAUGES, every one of them."""
    from airflow.sdk.observability import stats

    for name in GAUGES:
        stats.gauge(name, values[name])
