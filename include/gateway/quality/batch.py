"""Judges a batch as a whole. An unusual one stops before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.agents import Agent
from gateway.model import Finding, Severity
from gateway.quality.case import Case

# Codes of limits on a whole batch.
STOPS = frozenset({"BATCH_HOLDS", "BATCH_DUPLICATES", "BATCH_LANGUAGES", "BATCH_UNREADABLE", "BATCH_COUNT_MISMATCH"})


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """Facts about a batch besides its profiles. None = unknown, and not judged.

    documents, documents_failed   how many files it had, and how many could not be read
    rows_expected, rows_found     the number in its manifest (profiles or rows), and the number read
    """

    documents: int | None = None
    documents_failed: int = 0
    rows_expected: int | None = None
    rows_found: int | None = None


@dataclass(frozen=True, slots=True)
class BatchGate:
    """One limit of the agent that this batch was compared with; found is None if it was kept."""

    code: str
    found: Finding | None


def batch_gates(agent: Agent, cases: Sequence[Case], held: int, facts: BatchFacts) -> tuple[BatchGate, ...]:
    """Compares the batch with the agent's limits. Shares count only from min_profiles on; parts not judged are left out."""
    limits = agent.limits
    gates: list[BatchGate] = []
    total = len(cases)
    if total >= limits.min_profiles:
        gates += _share(
            "BATCH_HOLDS",
            held,
            total,
            limits.max_hold_share,
            "Check the most frequent codes: usually one layout or one setting causes them.",
        )
        repeats = sum(case.repeats_in_batch for case in cases)
        gates += _share(
            "BATCH_DUPLICATES",
            repeats,
            total,
            limits.max_duplicate_share,
            "Check whether the same list was put in twice.",
        )
        if limits.max_languages is not None:
            languages = {c.language for c in cases if c.language}
            gates += _stop(
                "BATCH_LANGUAGES",
                len(languages) > limits.max_languages,
                f"{len(languages)} languages",
                f"at most {limits.max_languages}",
                "Check that the batch belongs to this agent; raise limits.max_languages if so.",
            )
    if facts.documents is not None and facts.documents >= limits.min_profiles:
        gates += _share(
            "BATCH_UNREADABLE",
            facts.documents_failed,
            facts.documents,
            limits.max_failed_share,
            "Check the documents' codes; if the upload was damaged, send it again.",
        )
    if limits.rows_must_match and facts.rows_expected is not None:
        read = facts.rows_found if facts.rows_found is not None else total
        gates += _stop(
            "BATCH_COUNT_MISMATCH",
            read != facts.rows_expected,
            str(read),
            str(facts.rows_expected),
            "Compare the manifest with the files; send the missing ones or correct the count.",
        )
    return tuple(gates)


def _share(code: str, part: int, whole: int, most: float | None, remedy: str) -> list[BatchGate]:
    if most is None or not whole:
        return []
    return _stop(code, part / whole > most, f"{part} of {whole}", f"at most {most:.0%}", remedy)


def _stop(code: str, strange: bool, measured: str, threshold: str, remedy: str) -> list[BatchGate]:
    found = Finding(code, Severity.CRITICAL, None, "batch", measured, threshold, remedy) if strange else None
    return [BatchGate(code, found)]
