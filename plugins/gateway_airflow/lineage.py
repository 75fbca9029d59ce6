"""OpenLineage events about a batch, when Airflow's OpenLineage provider is installed and told where to send them.

The batch is what goes in, with each gate as an assertion on it; the target's posting is what comes out.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from gateway.insight.lineage import Lineage, lineage_of

NAMESPACE = "candidate-ingestion-gateway"


def emit(batch_id: str) -> bool:
    """Sends one RUNNING event of the present task for the batch; False where nobody wants any.

    A receiver that does not answer is a line in the log and fails nothing: the provider sees to that.
    """
    if find_spec("airflow.providers.openlineage") is None:
        return False
    from airflow.providers.openlineage.api import emit_dataset_lineage, is_openlineage_active

    if not is_openlineage_active():
        return False
    read, sent = datasets(lineage_of(batch_id))
    emit_dataset_lineage(inputs=[read], outputs=[sent])
    return True


def datasets(batch: Lineage) -> tuple[Any, Any]:
    """(the batch with its documents and gates, the posting with what it received) as OpenLineage's datasets."""
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import (
        data_quality_assertions_dataset,
        data_quality_metrics_input_dataset,
        output_statistics_output_dataset,
    )

    gates = [
        data_quality_assertions_dataset.Assertion(
            assertion=check.code,
            success=not check.unexpected,
            column=check.column,
            severity="error" if check.holds else "warn",
            name=check.name,
            description=check.says,
            expected=f"0 of {check.evaluated}",
            actual=f"{check.unexpected} of {check.evaluated}",
        )
        for check in batch.checks
    ]
    documents = data_quality_assertions_dataset.Assertion(
        assertion="DOCUMENTS_READ",
        success=not batch.failed,
        severity="warn",
        name="every document can be read",
        expected=f"0 of {batch.documents}",
        actual=f"{batch.failed} of {batch.documents}",
    )
    quality = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(assertions=[documents, *gates])
    size = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
        columnMetrics={}, rowCount=batch.profiles, bytes=batch.size, fileCount=batch.documents
    )
    read = InputDataset(
        namespace=NAMESPACE,
        name=f"batches/{batch.agent_id}/{batch.batch_id}",
        inputFacets={"dataQualityAssertions": quality, "dataQualityMetrics": size},
    )
    received = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rowCount=batch.delivered)
    sent = OutputDataset(
        namespace=f"{NAMESPACE}/{batch.target}", name=batch.posting, outputFacets={"outputStatistics": received}
    )
    return read, sent
