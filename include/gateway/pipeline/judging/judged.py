"""Results of judging a batch for analytics: one row per gate, counts, Data Docs. Counts, codes and ids, no personal data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from gateway.model import ProfileState as P
from gateway.model import as_json
from gateway.quality.judge import BatchJudgement
from gateway.store.tables import Batch, GateResult, now

# What each state is called in batch.statistics["judged"].
WORDS = {P.PASSED: "passed", P.HELD: "held", P.DUPLICATE: "duplicate"}


class Tally:
    """Counts verdicts as they are written."""

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.codes: Counter[str] = Counter()

    def add(self, state: P, codes: Sequence[str]) -> None:
        self.states[WORDS[state]] += 1
        self.codes.update(codes)

    def as_json(self) -> dict[str, Any]:
        """{"passed", "held", "duplicate", "codes": {code: profiles held or linked by it}}"""
        return {**{word: self.states[word] for word in WORDS.values()}, "codes": dict(sorted(self.codes.items()))}


def keep_gate_results(session: Session, batch: Batch, judged: BatchJudgement) -> None:
    """Replaces the batch's row for each gate by those of this run."""
    session.execute(delete(GateResult).where(GateResult.batch_id == batch.id))
    rows = [
        {
            "batch_id": batch.id,
            "gate": one.gate,
            "agent_id": batch.agent_id,
            "suite_version": judged.suite_version,
            "code": one.code,
            "field": one.field,
            "severity": str(one.severity),
            "evaluated": one.evaluated,
            "unexpected": one.unexpected,
            "created_at": now(),
        }
        for one in judged.gates
    ]
    if rows:
        session.execute(insert(GateResult), rows)


def statistics_of(judged: BatchJudgement, tally: Tally, docs_code: str | None) -> dict[str, Any]:
    """What batch.statistics learns from judging. data_docs: whether there are pages, data_docs_code: why not."""
    return {
        "suite_version": judged.suite_version,
        "findings": [as_json(finding) for finding in judged.batch_findings],
        "judged": tally.as_json(),
        "data_docs": docs_code is None,
        "data_docs_code": docs_code,
    }
