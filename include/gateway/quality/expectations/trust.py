"""Expectations on how well a profile was read, and on how it relates to others."""

from __future__ import annotations

from typing import Any

import pandas as pd
from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_condition_partial import (
    column_pair_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_pair_map_metric_provider import (
    ColumnPairMapMetricProvider,
)

from .base import GateExpectation, PairExpectation


class IsTrue(ColumnMapMetricProvider):
    condition_metric_name = "column_values.is_true"
    condition_value_keys = ()

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], **kwargs: Any) -> pd.Series[bool]:
        return column.astype(bool)


class IsAtLeast(ColumnMapMetricProvider):
    condition_metric_name = "column_values.is_at_least"
    condition_value_keys = ("least",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], least: float, **kwargs: Any) -> pd.Series[bool]:
        return column.astype(float) >= least


class IsAtMost(ColumnMapMetricProvider):
    condition_metric_name = "column_values.is_at_most"
    condition_value_keys = ("most",)

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(cls, column: pd.Series[Any], most: float, **kwargs: Any) -> pd.Series[bool]:
        return column.astype(float) <= most


class HasNoneOfMarks(ColumnMapMetricProvider):
    """The marks of a profile are in one cell, separated by spaces."""

    condition_metric_name = "column_values.has_none_of_marks"
    condition_value_keys = ("marks", "but")

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(
        cls, column: pd.Series[Any], marks: list[str], but: list[str] | None = None, **kwargs: Any
    ) -> pd.Series[bool]:
        fits = [not chosen_marks(str(cell), marks, but or ()) for cell in column]
        return pd.Series(fits, index=column.index, dtype=bool)


def chosen_marks(cell: str, marks: list[str], but: Any = ()) -> list[str]:
    """The marks of one cell that a gate asks about: those in `marks` ("*" = any), except those in `but`."""
    return [m for m in cell.split() if ("*" in marks or m in marks) and m not in but]


class ExpectFieldToBeRead(GateExpectation):
    """The field was found in the document."""

    map_metric = "column_values.is_true"
    says = "The field was read in every profile"


class ExpectFieldToHaveEvidence(GateExpectation):
    """Every value of the field says where it was read: page and box, or row and column."""

    map_metric = "column_values.is_true"
    says = "The place where the field was read is known"


class ExpectConfidenceAtLeast(GateExpectation):
    """Our calibrated confidence in the field reaches the threshold."""

    map_metric = "column_values.is_at_least"
    success_keys = ("least", "mostly")
    says = "We are sure enough of the field"
    least: float


class IsSureOrCorroborated(ColumnPairMapMetricProvider):
    """column_A is a confidence, column_B the agreement of name and address (1.0 = they repeat each other)."""

    condition_metric_name = "column_pair_values.is_sure_or_corroborated"
    condition_value_keys = ("least", "corroborated")

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls, column_A: pd.Series[Any], column_B: pd.Series[Any], least: float, corroborated: float, **kwargs: Any
    ) -> pd.Series[bool]:
        confidence, agreement = column_A.astype(float), column_B.astype(float)
        agreed = (confidence >= corroborated) & (agreement >= 1.0)
        return confidence.isna() | (confidence >= least) | agreed


class ExpectConfidenceOrCorroboration(PairExpectation):
    """Our confidence reaches the threshold, or a lower one where another value repeats this one."""

    map_metric = "column_pair_values.is_sure_or_corroborated"
    success_keys = ("least", "corroborated", "mostly")
    says = "We are sure enough of the field, or another value repeats it"
    least: float
    corroborated: float


class IsWithinLimit(ColumnPairMapMetricProvider):
    """column_A is a risk (missing = not known), column_B the limit that the agent's own evidence leaves."""

    condition_metric_name = "column_pair_values.is_within_limit"
    condition_value_keys = ("most",)

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: pd.Series[Any], column_B: pd.Series[Any], most: float, **kwargs: Any) -> pd.Series[bool]:
        risk, limit = column_A.astype(float), column_B.astype(float).clip(upper=most)
        return risk.isna() | (risk <= limit)


class ExpectRiskWithinLimit(PairExpectation):
    """The risk that a contact value is wrong stays within the limit for the stated error."""

    map_metric = "column_pair_values.is_within_limit"
    success_keys = ("most", "mostly")
    says = "The risk of a wrong name, e-mail or phone is low enough"
    most: float


class ExpectContactToAgree(GateExpectation):
    """Expects an address that repeats or resembles the name, if that can be decided."""

    map_metric = "column_values.is_at_least"
    success_keys = ("least", "mostly")
    says = "Name and e-mail address agree"
    least: float


class ExpectScoreAtLeast(GateExpectation):
    """A score (quality, completeness, text layer) reaches its threshold."""

    map_metric = "column_values.is_at_least"
    success_keys = ("least", "mostly")
    says = "The score is high enough"
    least: float


class ExpectShareAtMost(GateExpectation):
    """A share stays under its threshold."""

    map_metric = "column_values.is_at_most"
    success_keys = ("most", "mostly")
    says = "The share is low enough"
    most: float


class ExpectNoReaderMarks(GateExpectation):
    """The reader attached none of these marks ("*" = any, `but` = except these)."""

    map_metric = "column_values.has_none_of_marks"
    success_keys = ("marks", "but", "mostly")
    says = "The reader found nothing doubtful on the page"
    marks: list[str]
    but: tuple[str, ...] = ()


class ExpectNobodyElseToShare(GateExpectation):
    """No other name has this contact value."""

    map_metric = "column_values.is_at_most"
    success_keys = ("most", "mostly")
    says = "Nobody with another name has this contact value"
    most: float = 0


class ExpectNoLikelyDuplicates(GateExpectation):
    """No known candidate is probably the same person."""

    map_metric = "column_values.is_at_most"
    success_keys = ("most", "mostly")
    says = "No known candidate is probably the same person"
    most: float = 0
