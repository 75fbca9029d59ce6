"""OpenLineage: a batch is an input with its gates as assertions, the posting an output; nobody's data, and nobody waits for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attr
import pytest

from gateway.insight.lineage import lineage_of
from gateway.pipeline.run import run_batch
from gateway_airflow import lineage

LIST = """Name,Email,Phone
Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134
Ines Baptista,,+1 206 555 0190
"""


@pytest.fixture
def batch(store: str, tmp_path: Path) -> str:
    folder = tmp_path / "from greta"
    folder.mkdir()
    (folder / "greta hollingsworth.csv").write_text(LIST)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    return run_batch("backend-engineer", [folder], actor="rita")


def test_a_batch_goes_in_with_its_gates_and_comes_out_at_the_posting(batch: str) -> None:
    read, sent = lineage.datasets(lineage_of(batch))
    assert read.name == f"batches/backend-engineer/{batch}"
    size = read.inputFacets["dataQualityMetrics"]
    assert (size.fileCount, size.rowCount) == (2, 2)
    assert size.bytes > len(LIST)
    assertions = {one.assertion: one for one in read.inputFacets["dataQualityAssertions"].assertions}
    assert (assertions["DOCUMENTS_READ"].success, assertions["DOCUMENTS_READ"].actual) == (False, "1 of 2")
    missing = assertions["EMAIL_MISSING"]
    assert (missing.success, missing.severity, missing.actual) == (False, "error", "1 of 2")
    assert any(one.success for one in assertions.values())
    assert sent.outputFacets["outputStatistics"].rowCount == 1
    assert sent.namespace.endswith("/own_pool")


def test_no_facet_names_anybody(batch: str) -> None:
    told = json.dumps([attr.asdict(one) for one in lineage.datasets(lineage_of(batch))]).lower()
    for personal in ("greta", "hollingsworth", "baptista", "example.com", "555", ".csv", "rita"):
        assert personal not in told


def test_the_event_is_of_the_task_that_runs(batch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.openlineage import api

    sent: list[dict[str, Any]] = []
    monkeypatch.setattr(api, "is_openlineage_active", lambda: True)
    monkeypatch.setattr(api, "emit_dataset_lineage", lambda **given: sent.append(given))
    assert lineage.emit(batch)
    assert len(sent) == len(sent[0]["inputs"]) == len(sent[0]["outputs"]) == 1


def test_nothing_is_sent_where_nobody_asked_for_it(batch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not lineage.emit(batch), "no transport is set"
    monkeypatch.setattr(lineage, "find_spec", lambda _: None)
    monkeypatch.setattr(lineage, "lineage_of", None)
    assert not lineage.emit(batch), "the provider is not installed"
