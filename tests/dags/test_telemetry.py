"""What monitors are told: the names are those that are documented and shown, and nobody's data is among it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway_airflow.telemetry import COUNTERS, GAUGES, about, gauged, told

PROJECT = Path(__file__).resolve().parents[2]
BOARD = json.loads((PROJECT / "deploy" / "grafana" / "gateway.json").read_text("utf-8"))


class Heard:
    def __init__(self) -> None:
        self.counted: dict[str, int] = {}
        self.values: dict[str, float] = {}

    def incr(self, stat: str, count: int = 1, rate: float = 1, *, tags: Any = None) -> None:
        self.counted[stat] = self.counted.get(stat, 0) + count

    def gauge(self, stat: str, value: float, rate: float = 1, delta: bool = False, *, tags: Any = None) -> None:
        self.values[stat] = value


@pytest.fixture
def heard() -> Iterator[Heard]:
    from airflow.sdk._shared.observability.metrics.base_stats_logger import NoStatsLogger
    from airflow.sdk.observability import stats

    listening = Heard()
    stats.initialize(factory=lambda: listening, export_legacy_names=True)  # type: ignore[arg-type, return-value]
    yield listening
    stats.initialize(factory=NoStatsLogger, export_legacy_names=True)


def test_a_steps_result_is_counted_and_handed_on(heard: Heard) -> None:
    result = {"passed": 3, "held": 0, "duplicate": 1, "something new": 9}
    assert told("judge", result) is result
    assert heard.counted == {"gateway.judge.passed": 3, "gateway.judge.duplicate": 1}


def test_how_things_stand_is_told_whole(heard: Heard, store: str) -> None:
    from gateway.insight.gauges import gauges
    from support import stored

    gauged(gauges())
    assert heard.values == dict.fromkeys(GAUGES, 0)
    stored.batch(state="running")
    stored.person("p1")
    gauged(gauges())
    assert heard.values["gateway.review.held"] == heard.values["gateway.batches.open"] == 1
    assert heard.values["gateway.review.oldest_s"] > 0


def test_a_batch_is_found_in_traces_by_its_id_alone() -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with provider.get_tracer("test").start_as_current_span("worker.judge"):
        about("b20261122-190501-k7m2qd")
    about("no span, no error")
    [span] = kept.get_finished_spans()
    assert dict(span.attributes or {}) == {"gateway.batch_id": "b20261122-190501-k7m2qd"}


def test_every_task_of_a_batch_marks_its_trace() -> None:
    source = (PROJECT / "dags" / "ingest_batch.py").read_text("utf-8")
    marked = set(re.findall(r"    def (\w+)\([^)]*\)[^:]*:\n(?:(?!    @task).*\n)*?        +about\(", source))
    assert marked >= {"register", "extract_chunk", "judge", "deliver", "report"}


def test_every_name_is_documented() -> None:
    told_names = set(re.findall(r"^\| `(gateway\.[a-z_.]+)` \|", (PROJECT / "docs/monitoring.md").read_text(), re.M))
    assert told_names == COUNTERS.keys() | GAUGES.keys()


def airflow_names() -> set[str]:
    from airflow._shared.observability.metrics.metrics_registry import MetricsRegistry

    return set(MetricsRegistry()._metrics)


def shown() -> set[str]:
    """The metrics the dashboard asks for, as Prometheus calls them, without what OpenTelemetry adds."""
    asked = "\n".join(target["expr"] for panel in BOARD["panels"] for target in panel["targets"])
    return set(re.findall(r"airflow_([a-z_]+)(?=[({\[\s)]|$|\(_total)", asked, re.M))


def test_the_dashboard_shows_metrics_that_exist() -> None:
    """By Airflow's own registry, and ours; a renamed metric would leave an empty panel."""
    known = {name.replace(".", "_") for name in (airflow_names() | COUNTERS.keys() | GAUGES.keys())}
    assert shown() <= known, shown() - known
    assert {name.replace(".", "_") for name in COUNTERS.keys() | GAUGES.keys()} - shown() == {
        "gateway_extract_profiles"
    }
    assert "scheduler_heartbeat" in shown()


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    assert BOARD["schemaVersion"] >= 36
    assert BOARD["uid"] == "candidate-ingestion-gateway"
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        assert panel["datasource"]["uid"] == "${source}"
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
