"""Gates that compare a profile with others, and the agent's own expectations."""

from __future__ import annotations

from collections.abc import Callable

from gateway.agents import Agent
from gateway.model import Severity
from gateway.quality.gates.base import LETTERS, Gate, Row, always, look


def other_gates(at: int) -> list[Gate]:
    """Gates that compare a profile with others; the pipeline counts, the gate decides."""
    return [
        Gate(
            "EMAIL_ROLE",
            "email",
            "expect_email_to_be_personal",
            _must(LETTERS["WCC"[at]]),
            "The e-mail address belongs to a person, not to an office such as info@ or jobs@",
            look("e-mail address"),
            field="email",
            measured=always("an office's address"),
            threshold="a person's",
        ),
        Gate(
            "SHARED_CONTACT",
            "other_names_with_email",
            "expect_nobody_else_to_share",
            Severity.CRITICAL,
            "Nobody with another name has this e-mail address",
            "Find out whose address it is; a recruiter's or referee's may have been read.",
            field="email",
            measured=lambda row: f"{row['other_names_with_email']:.0f} other names",
            threshold="0",
        ),
        Gate(
            "SHARED_PHONE",
            "other_names_with_phone",
            "expect_nobody_else_to_share",
            _must(LETTERS["IWW"[at]]),
            "Nobody with another name has this phone number",
            "Find out whose number it is; families often share one.",
            field="phone",
            measured=lambda row: f"{row['other_names_with_phone']:.0f} other names",
            threshold="0",
        ),
        Gate(
            "LIKELY_DUPLICATE",
            "likely_duplicates",
            "expect_no_likely_duplicates",
            _must(LETTERS["WCC"[at]]),
            "No known candidate is probably the same person",
            "Compare both profiles and link them, or keep them apart.",
            measured=lambda row: f"{row['likely_duplicates']:.0f} likely",
            threshold="0",
        ),
    ]


def _must(severity: Severity | None) -> Severity:
    if severity is None:
        raise ValueError("a gate that compares profiles cannot be switched off by a preset")
    return severity


def own_gates(agent: Agent) -> list[Gate]:
    return [
        Gate(
            "OWN_EXPECTATION",
            own.column,
            own.type,
            own.severity,
            own.says,
            f"The agent's own rule decides: {own.says.rstrip('.')}.",
            field=own.column.removesuffix("_confidence").removesuffix("_count"),
            kwargs=dict(own.kwargs),
            measured=_shown(own.column),
            threshold=own.says,
        )
        for own in agent.expectations
    ]


def _shown(column: str) -> Callable[[Row], str]:
    """Numbers are shown; texts are personal data and are not."""

    def measured(row: Row) -> str:
        value = row[column]
        if value is None or value != value:  # NaN is the one value unlike itself
            return "missing"
        return f"{value:.2f}".removesuffix(".00") if isinstance(value, int | float) else "not met"

    return measured
