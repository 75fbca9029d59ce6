"""Is the batch as a whole what it should be? A strange one stops before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.agents import Agent
from gateway.model import Finding, Severity
from gateway.quality.case import Case


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """What is known of a batch besides its profiles. None = not known, and not judged.

    documents, documents_failed   how many files it had, and how many could not be read
    rows_expected, rows_found     what its manifest promised (profiles or rows), and what was read
    duplicates                    profiles that repeat another; None = counted from the cases
    """

    documents: int | None = None
    documents_failed: int = 0
    rows_expected: int | None = None
    rows_found: int | None = None
    duplicates: int | None = None


def batch_findings(agent: Agent, cases: Sequence[Case], held: int, facts: BatchFacts) -> tuple[Finding, ...]:
    """What is strange about the batch, by the agent's limits; shares only count from min_profiles on."""
    limits = agent.limits
    found: list[Finding] = []
    total = len(cases)
    if total >= limits.min_profiles:
        _share(
            found,
            "BATCH_HOLDS",
            held,
            total,
            limits.max_hold_share,
            "Look at the codes that held most: usually one layout or one setting is behind them.",
        )
        repeats = facts.duplicates if facts.duplicates is not None else sum(c.repeats_in_batch for c in cases)
        _share(
            found,
            "BATCH_DUPLICATES",
            repeats,
            total,
            limits.max_duplicate_share,
            "Check whether the same list was put in twice.",
        )
        languages = {c.language for c in cases if c.language}
        if limits.max_languages is not None and len(languages) > limits.max_languages:
            found.append(
                _stop(
                    "BATCH_LANGUAGES",
                    f"{len(languages)} languages",
                    f"{limits.max_languages}",
                    "Check that the batch belongs to this agent; raise limits.max_languages if so.",
                )
            )
    if facts.documents is not None and facts.documents >= limits.min_profiles:
        _share(
            found,
            "BATCH_UNREADABLE",
            facts.documents_failed,
            facts.documents,
            limits.max_failed_share,
            "Look at the documents' codes; a damaged upload is sent again.",
        )
    if limits.rows_must_match and facts.rows_expected is not None:
        read = facts.rows_found if facts.rows_found is not None else total
        if read != facts.rows_expected:
            found.append(
                _stop(
                    "BATCH_COUNT_MISMATCH",
                    str(read),
                    str(facts.rows_expected),
                    "Compare the manifest with the files; send the missing ones or mend the count.",
                )
            )
    return tuple(found)


def _share(found: list[Finding], code: str, part: int, whole: int, most: float | None, remedy: str) -> None:
    if most is not None and whole and part / whole > most:
        found.append(_stop(code, f"{part} of {whole}", f"{most:.0%}", remedy))


def _stop(code: str, measured: str, threshold: str, remedy: str) -> Finding:
    return Finding(code, Severity.CRITICAL, None, "batch", measured, threshold, remedy)
