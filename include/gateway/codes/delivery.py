"""Targets and the delivery ledger."""

from __future__ import annotations

from .base import Code

DELIVERY: tuple[Code, ...] = (
    Code(
        "TARGET_UNKNOWN", "deliver", "The agent names a kind of target this version does not have.", "A newer agent file.",
        "operator", "Correct `target.kind` in the agent's file.", "There is no target of kind 'abc'.",
    ),
    Code(
        "TARGET_REFUSED", "deliver", "The target said no to this candidate.", "A rule of the target.", "recruiter",
        "Read the target's sentence, correct the profile and approve it again.", "refused: TARGET_REFUSED",
    ),
    Code(
        "DELIVERY_UNKNOWN", "deliver", "The target never said whether the candidate arrived; it is looked for first.",
        "A broken connection or a stopped worker while sending.", "nobody",
        "Nothing: the next run asks the target before sending again.", "unknown: DELIVERY_UNKNOWN",
    ),
)  # fmt: skip
