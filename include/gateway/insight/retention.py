"""How long an agent keeps what, and what is due, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.pipeline.erasure.retention import periods_of
from gateway.store.engine import reading

TITLES = {
    "held": "Candidates who wait",
    "ingested": "Our copy of those ingested",
    "refused": "Refused by the target",
    "discarded": "Discarded, and duplicates",
    "files": "Documents",
}


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One class. days None = kept; due now, and due besides within 30 days."""

    title: str
    days: int | None
    due: int
    soon: int


def kept_lines(agent_id: str) -> tuple[KeptLine, ...]:
    """Every class of an agent, in a fixed order."""
    with reading() as session:
        return tuple(KeptLine(TITLES[one.name], one.days, one.due, one.soon) for one in periods_of(session, agent_id))
