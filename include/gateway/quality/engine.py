"""Great Expectations, started quietly: the only module that imports it, and only when it is called.

Its import takes seconds and logs some 150 lines at INFO; its runs draw progress bars. Nothing here touches the
network: usage statistics are off, contexts are ephemeral, results stay in memory.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from gateway.errors import Misconfigured, Permanent
from gateway.quality.gates import Gate

if TYPE_CHECKING:
    import pandas as pd

# Expectations on two columns -> the second one.
BESIDE = {
    "expect_email_to_be_personal": "name",
    "expect_confidence_or_corroboration": "agreement",
    "expect_risk_within_limit": "risk_cap",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one gate: positions of the rows that failed, out of those with a value to judge."""

    gate: Gate
    rows: tuple[int, ...]
    evaluated: int


@lru_cache(maxsize=1)
def great_expectations() -> ModuleType:
    """The package, with logs at WARNING, progress bars and usage statistics off, and our expectations registered."""
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations as gx

    import gateway.quality.expectations  # noqa: F401 - importing registers them with GX

    return gx


def suite_of(name: str, gates: Sequence[Gate]) -> Any:
    """A real ExpectationSuite: one expectation per gate, with its severity, words and code (in meta).

    raises  Misconfigured(OWN_EXPECTATION_INVALID) when Great Expectations refuses an expectation's arguments
    """
    gx = great_expectations()
    expectations = []
    for position, gate in enumerate(gates):
        try:
            expectations.append(_expectation(gate, position))
        except Exception as wrong:  # GX raises several unrelated classes for arguments it refuses
            raise Misconfigured(
                "OWN_EXPECTATION_INVALID",
                f"Expectation {gate.expectation} on {gate.column} is refused by Great Expectations "
                f"({type(wrong).__name__}); check its kwargs in the agent file.",
            ) from wrong
    return gx.ExpectationSuite(name=name, expectations=expectations)


def _expectation(gate: Gate, position: int) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl

    arguments: dict[str, Any] = {"column": gate.column, **gate.kwargs}
    if gate.expectation in BESIDE:
        arguments = {"column_A": gate.column, "column_B": BESIDE[gate.expectation], **gate.kwargs}
    meta = {"code": gate.code, "gate": position}
    arguments |= {"severity": str(gate.severity), "description": gate.says, "meta": meta}
    return get_expectation_impl(gate.expectation)(**arguments)


def run(name: str, gates: Sequence[Gate], frame: pd.DataFrame) -> tuple[list[Outcome], Any]:
    """Judge every row of the frame by every gate, in one validation.

    frame    one row a profile, RangeIndex
    returns  one Outcome a gate in the gates' order, and GX's own result (holds values: never log or store it)
    raises   Permanent(GATE_BROKEN) when an expectation could not be computed: nothing passes unjudged
    """
    gx = great_expectations()
    context = _context(gx)
    asset = context.data_sources.add_pandas("profiles").add_dataframe_asset("batch")
    definition = asset.add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(suite_of(name, gates))
    validation = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=definition, suite=suite))
    result = validation.run(
        batch_parameters={"dataframe": frame},
        result_format={
            "result_format": "COMPLETE",
            "return_unexpected_index_query": False,
            "partial_unexpected_count": 0,
        },
    )
    found: dict[int, Outcome] = {}
    for one in result.results:
        position = one.expectation_config.meta["gate"]
        gate = gates[position]
        if _raised(one.exception_info):
            raise Permanent(
                "GATE_BROKEN",
                f"Gate {gate.code} ({gate.expectation} on {gate.column}) could not be computed; nothing of this batch "
                "was judged. Check the agent's custom expectations, then run the judge again.",
            )
        answer = one.result
        evaluated = answer["element_count"] - (answer.get("missing_count") or 0)
        found[position] = Outcome(gate, tuple(answer.get("unexpected_index_list") or ()), evaluated)
    if len(found) != len(gates):
        raise Permanent(
            "GATE_BROKEN", f"{len(gates) - len(found)} gates gave no result; nothing of this batch was judged."
        )
    return [found[position] for position in range(len(gates))], result


def _context(gx: ModuleType) -> Any:
    """An ephemeral context that writes nothing to disk, draws no progress bars and reports to nobody."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )
    return gx.get_context(project_config=config, mode="ephemeral")


def _raised(info: Mapping[str, Any] | None) -> bool:
    """GX reports an exception flat, or once for each metric that raised."""
    if not info:
        return False
    if "raised_exception" in info:
        return bool(info["raised_exception"])
    return any(isinstance(one, Mapping) and one.get("raised_exception") for one in info.values())
