"""What-if: judge history again under other criteria, and say who would pass or hold now, by code. Sends nothing.

The same agent and rules reproduce every verdict exactly; where they do not, the part of the version that differs is
named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.agents import Agent
from gateway.model import Severity
from gateway.quality.case import Case
from gateway.quality.judge import HOLD, PASS, judge
from gateway.quality.versions import differing


@dataclass(frozen=True, slots=True)
class Before:
    """The current verdict: outcome, every finding as (code, severity, field, measured), and its version."""

    outcome: str
    findings: tuple[tuple[str, str, str | None, str | None], ...]
    suite_version: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One profile judged differently; codes are those that hold it."""

    profile_id: str
    before: str
    now: str
    codes_before: tuple[str, ...]
    codes_now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """The result of judging history again; JSON-ready through as_json, ids and counts only.

    would_pass, would_hold   profiles whose outcome changes
    by_code              holding code -> (profiles it holds before, now)
    changed              profiles whose outcome or findings differ at all
    versions             stored suite version -> the parts in which today's differs: agent, rules, engine
    """

    profiles: int
    passed_before: int
    passed_now: int
    would_pass: int
    would_hold: int
    by_code: dict[str, tuple[int, int]]
    changed: int
    suite_version: str
    versions: dict[str, tuple[str, ...]]

    @property
    def reproduced(self) -> bool:
        """True if every verdict came out unchanged."""
        return self.changed == 0

    @property
    def unexplained(self) -> bool:
        """True if verdicts differ although no part of the version does: that would be a defect."""
        return bool(self.changed) and not any(self.versions.values())

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "reproduced": self.reproduced}

    def differs_in(self) -> tuple[str, ...]:
        """Parts of the suite version in which today's differs from any that judged before."""
        return tuple(sorted({part for parts in self.versions.values() for part in parts}))


Slice = tuple[Sequence[Case], Mapping[str, Before]]


def replay(agent: Agent, history: Iterable[Slice], changed: Callable[[Changed], None] = lambda _: None) -> Replay:
    """Judge history under `agent`, slice after slice, and compare with the current verdicts.

    history   (cases, profile id -> its verdict) of one part after another, so that memory holds one at a time; a case
              without a verdict counts as not passed before
    changed   gets each profile whose outcome or findings differ
    raises    as judge() does
    """
    seen: Counter[str] = Counter()
    held_before: Counter[str] = Counter()
    held_now: Counter[str] = Counter()
    versions: set[str] = set()
    version = judge(agent, ()).suite_version
    for cases, before in history:
        seen["profiles"] += len(cases)
        versions.update(one.suite_version for one in before.values())
        for one in judge(agent, cases).judgements:
            old = before.get(one.profile_id)
            was = old.outcome if old else HOLD
            seen["before"] += was == PASS
            seen["now"] += one.outcome == PASS
            if one.outcome != was:
                seen["would_pass" if one.outcome == PASS else "would_hold"] += 1
            findings = {(f.code, str(f.severity), f.field, f.measured) for f in one.findings}
            codes_before = {code for code, hard, *_ in (old.findings if old else ()) if hard == Severity.CRITICAL}
            codes_now = {f.code for f in one.findings if f.severity is Severity.CRITICAL}
            held_before.update(codes_before)
            held_now.update(codes_now)
            if old is None or one.outcome != was or findings != set(old.findings):
                seen["changed"] += 1
                codes = tuple(sorted(codes_before)), tuple(sorted(codes_now))
                changed(Changed(one.profile_id, was, one.outcome, *codes))
    return Replay(
        profiles=seen["profiles"],
        passed_before=seen["before"],
        passed_now=seen["now"],
        would_pass=seen["would_pass"],
        would_hold=seen["would_hold"],
        by_code={c: (held_before[c], held_now[c]) for c in sorted(held_before.keys() | held_now.keys())},
        changed=seen["changed"],
        suite_version=version,
        versions={v: differing(v, version) for v in sorted(versions)},
    )
