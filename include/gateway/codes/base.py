"""The shape of a reason code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """One reason.

    id       SCREAMING_SNAKE, stable: reports and filters depend on it
    stage    intake | extract | quality | deliver | review | notify | outreach | page | api
    means    one sentence for a recruiter
    cause    the usual cause
    who      who acts: recruiter | sender | operator | nobody
    fix      what to do, in one sentence
    example  a line as it is shown to people
    """

    id: str
    stage: str
    means: str
    cause: str
    who: str
    fix: str
    example: str


def gate(id_: str, means: str, cause: str, fix: str, example: str, who: str = "recruiter") -> Code:
    """A code of a gate: stage quality; `example` is shown after the code."""
    return Code(id_, "quality", means, cause, who, fix, f"{id_}: {example}")
