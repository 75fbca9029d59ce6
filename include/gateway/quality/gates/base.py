"""The shape of a gate, and the helpers the tables share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.agents import Preset
from gateway.model import Severity

Row = Mapping[str, Any]
LETTERS = {"C": Severity.CRITICAL, "W": Severity.WARNING, "I": Severity.INFO, "-": None}
ORDER = (Preset.LENIENT, Preset.STANDARD, Preset.STRICT)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate bound to an agent.

    column, expectation, kwargs   what Great Expectations runs; expectation is a type in snake case
    says        the rule in plain words, for Data Docs
    measured    row of the judged frame -> the measurement shown, never personal data
    threshold   what would have been enough; may be a function of the row
    remedy      what would have changed the outcome; may be a function of the row
    by_risk     a single sign of a doubtful reading: where the profile has a risk, the risk decides and this only marks
    """

    code: str
    column: str
    expectation: str
    severity: Severity
    says: str
    remedy: str | Callable[[Row], str]
    field: str | None = None
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    measured: Callable[[Row], str] = lambda row: "not met"
    threshold: str | Callable[[Row], str] | None = None
    by_risk: bool = False

    def key(self) -> dict[str, Any]:
        """The parts that decide the verdict, JSON-ready: part of the suite's version."""
        return {
            "code": self.code,
            "column": self.column,
            "expectation": self.expectation,
            "kwargs": self.kwargs,
            "severity": str(self.severity),
            "field": self.field,
            "by_risk": self.by_risk,
        }


def look(name: str) -> str:
    """The remedy of most gates."""
    return f"Open the document, compare, and correct the {name} or approve it unchanged."


def always(text: str) -> Callable[[Row], str]:
    return lambda row: text


def number(column: str) -> Callable[[Row], str]:
    return lambda row: f"{row[column]:.2f}"
