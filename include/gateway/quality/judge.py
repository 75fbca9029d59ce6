"""The verdict on every profile of a batch, in one Great Expectations run.

A profile passes when no critical gate fails. A gate judges whether our reading is fit to act on, never the person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.agents import Agent
from gateway.codes import CODES
from gateway.model import Finding, Judgement, Severity
from gateway.quality.batch import BatchFacts, batch_gates
from gateway.quality.case import COMPARED, Case
from gateway.quality.gates import Gate, gates_for
from gateway.quality.scores import Score, completeness_score, quality_score
from gateway.quality.versions import suite_version

PASS, HOLD = "pass", "hold"


@dataclass(frozen=True, slots=True)
class GateCount:
    """The result of one gate for a whole batch, as counts.

    gate        unique within the suite, and the same from batch to batch as long as the agent's file is: "code field severity"
    evaluated   profiles that had a value to judge; 1 for a gate on the batch itself
    """

    gate: str
    code: str
    field: str | None
    severity: Severity
    evaluated: int
    unexpected: int


@dataclass(frozen=True, slots=True)
class BatchJudgement:
    """The result of judging a batch.

    judgements      one per case, in the order of the cases
    batch_findings  problems of the batch as a whole; a critical one stops it before anything is sent
    gates           a count for each gate of the suite and of the batch itself, from the same Great Expectations run
    statistics      JSON-ready counts for analytics: profiles, pass, hold, by code and severity; no personal data
    result          GX's own result for Data Docs, None for an empty batch; holds values: never log or store it
    """

    judgements: tuple[Judgement, ...]
    batch_findings: tuple[Finding, ...]
    suite_version: str
    gates: tuple[GateCount, ...] = ()
    statistics: dict[str, Any] = field(default_factory=dict)
    result: Any = field(default=None, repr=False, compare=False)


def judge(agent: Agent, cases: Sequence[Case], facts: BatchFacts | None = None) -> BatchJudgement:
    """Judge every case by the agent's gates.

    facts    facts about the batch besides its profiles (documents, manifest); None = none
    raises   Permanent(GATE_BROKEN) when a gate cannot be computed, Misconfigured(OWN_EXPECTATION_INVALID);
             ValueError when two cases have the same profile_id
    """
    if len({case.profile_id for case in cases}) != len(cases):
        raise ValueError("two cases have the same profile_id; each profile is judged once")
    gates = gates_for(agent)
    version = suite_version(agent)
    scores = [scores_of(agent, case) for case in cases]
    findings: list[list[Finding]] = [[] for _ in cases]
    counts: Counter[tuple[str, str]] = Counter()
    result = None
    gate_counts: list[GateCount] = []
    rows: list[dict[str, Any]] = []
    if cases:
        from gateway.quality.engine import run
        from gateway.quality.frame import frame_of, row_of

        rows = [row_of(case, *both) for case, both in zip(cases, scores, strict=True)]
        outcomes, result = run(f"{agent.id}-{agent.preset}", gates, frame_of(rows))
        for outcome in outcomes:
            gate_counts.append(_counted(outcome.gate, outcome.evaluated, len(outcome.rows), gate_counts))
            for at in outcome.rows:
                for found in _findings(outcome.gate, rows[at]):
                    findings[at].append(found)
                    counts[found.code, str(found.severity)] += 1
    judgements = tuple(
        Judgement(
            case.profile_id,
            HOLD if any(f.severity is Severity.CRITICAL for f in found) else PASS,
            quality.value,
            completeness.value,
            tuple(found),
            _parts(case, quality, completeness, row["risk"]),
        )
        for case, (quality, completeness), found, row in zip(cases, scores, findings, rows, strict=True)
    )
    held = sum(one.outcome == HOLD for one in judgements)
    of_batch = batch_gates(agent, cases, held, facts or BatchFacts())
    strange = tuple(one.found for one in of_batch if one.found is not None)
    gate_counts += [GateCount(o.code, o.code, None, Severity.CRITICAL, 1, int(o.found is not None)) for o in of_batch]
    statistics = {
        "profiles": len(cases),
        "pass": len(cases) - held,
        "hold": held,
        "gates": len(gates),
        "codes": {code: sum(n for (c, _), n in counts.items() if c == code) for code in sorted({c for c, _ in counts})},
        "held_by": dict(sorted((code, n) for (code, s), n in counts.items() if s == Severity.CRITICAL)),
        "batch_codes": [f.code for f in strange],
    }
    return BatchJudgement(judgements, strange, version, tuple(gate_counts), statistics, result)


def _counted(gate: Gate, evaluated: int, unexpected: int, before: Sequence[GateCount]) -> GateCount:
    name = " ".join((gate.code, gate.field or gate.column, str(gate.severity)))[:110]
    same = sum(one.gate.partition(" #")[0] == name for one in before)  # two own expectations on one column
    unique = f"{name} #{same + 1}" if same else name
    return GateCount(unique, gate.code, gate.field, gate.severity, evaluated, unexpected)


def scores_of(agent: Agent, case: Case) -> tuple[Score, Score]:
    """(quality, completeness) of a case: completeness by the fields that this agent asks for."""
    known = case.facts()
    quality = quality_score(known, agreement=case.agreement, text_quality=case.text_quality)
    present = [name for name, fact in known.items() if fact.present]
    return quality, completeness_score(present, agent.fields.required, agent.fields.wanted)


def _parts(case: Case, quality: Score, completeness: Score, risk: float | None) -> dict[str, float]:
    """The scores' parts, the risk where there is one, and what comparing found ("fact.*", where there is anything to tell): a replay needs it as it was then."""
    parts = {f"quality.{k}": v for k, v in quality.parts.items()}
    parts |= {f"completeness.{k}": v for k, v in completeness.parts.items()}
    if risk is not None:
        parts["risk"] = risk
    if case.domain_accepts_mail is not None:
        parts["fact.domain_accepts_mail"] = float(case.domain_accepts_mail)
    return parts | {f"fact.{k}": float(v) for k, nothing in COMPARED.items() if (v := getattr(case, k)) != nothing}


def _findings(gate: Gate, row: dict[str, Any]) -> list[Finding]:
    severity = gate.severity
    if gate.by_risk and severity is Severity.CRITICAL and row["risk"] is not None:
        severity = Severity.WARNING  # one sign of a doubtful reading among those the risk weighs
    remedy = gate.remedy if isinstance(gate.remedy, str) else gate.remedy(row)
    threshold = gate.threshold(row) if callable(gate.threshold) else gate.threshold
    if gate.expectation == "expect_no_reader_marks":
        from gateway.quality.expectations.trust import chosen_marks

        marks = chosen_marks(row["marks"], gate.kwargs["marks"], gate.kwargs.get("but", ()))
        return [
            Finding(m if m in CODES else gate.code, severity, gate.field, gate.expectation, "marked", threshold, remedy)
            for m in marks
        ]
    return [Finding(gate.code, severity, gate.field, gate.expectation, gate.measured(row), threshold, remedy)]
