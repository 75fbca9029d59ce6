"""Shared parts of the gates' expectations and metrics: one check per distinct value, plain words when shown."""

from __future__ import annotations

from typing import Any, ClassVar

import pandas as pd
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation, ColumnPairMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.render.renderer_configuration import RendererConfiguration


class GateExpectation(ColumnMapExpectation):
    """Base of the gates. A gate bound to an agent carries its own words; `says` is the default."""

    says: ClassVar[str] = ""

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: RendererConfiguration[Any]) -> RendererConfiguration[Any]:
        """Data Docs show the rule as a sentence instead of the type's name and arguments."""
        renderer_configuration.template_str = cls.says
        return renderer_configuration


class PairExpectation(ColumnPairMapExpectation):
    """Base of the gates on two columns. Rows are never left out: a missing second value must not hide the first."""

    says: ClassVar[str] = ""
    domain_keys = (  # type: ignore[assignment] # GX types it by its base's five
        "batch_id",
        "table",
        "column_A",
        "column_B",
        "row_condition",
        "condition_parser",
        "ignore_row_if",
    )
    ignore_row_if: str = "neither"

    @classmethod
    def _prescriptive_template(cls, renderer_configuration: RendererConfiguration[Any]) -> RendererConfiguration[Any]:
        renderer_configuration.template_str = cls.says
        return renderer_configuration


class ValueMetric(ColumnMapMetricProvider):
    """A condition on single values, asked once for each distinct value. Missing values are left out by GX."""

    condition_value_keys = ()

    @classmethod
    def fits(cls, value: Any) -> bool:
        """Whether this value is as expected."""
        raise NotImplementedError

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], **kwargs: Any) -> pd.Series[Any]:
        answers = {value: cls.fits(value) for value in column.unique()}
        return column.map(answers).astype(bool)
