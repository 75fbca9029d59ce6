"""What-if: judge history again under other criteria, and say who would pass or hold now, by code. Sends nothing.

The same agent and rules reproduce every verdict exactly; where they do not, the part of the version that differs is
named.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gateway.agents import Agent
from gateway.model import Severity
from gateway.quality.case import Case
from gateway.quality.judge import HOLD, PASS, judge
from gateway.quality.scores import CONTACT
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

    now_pass, now_hold   ids of profiles whose outcome changes
    by_code              holding code -> (profiles it holds before, now)
    changed              profiles whose outcome or findings differ at all
    minutes              of review that the holds cost (before, now)
    wrong                automatic passes expected to have a wrong contact value (before, now), by their risk
    checked              of now_pass: how many people had looked at, and in how many they found a contact value wrong
    versions             stored suite version -> the parts in which today's differs: agent, rules, engine
    """

    profiles: int
    passed_before: int
    passed_now: int
    now_pass: tuple[str, ...]
    now_hold: tuple[str, ...]
    by_code: dict[str, tuple[int, int]]
    changed: int
    suite_version: str
    versions: dict[str, tuple[str, ...]]
    minutes: tuple[float, float] = (0.0, 0.0)
    wrong: tuple[float, float] = (0.0, 0.0)
    checked: tuple[int, int] = (0, 0)

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

    @property
    def error(self) -> tuple[float, float]:
        """The expected share of wrong passes (before, now)."""
        before, now = self.wrong
        return before / max(1, self.passed_before), now / max(1, self.passed_now)

    def differs_in(self) -> tuple[str, ...]:
        """Parts of the suite version in which today's differs from any that judged before."""
        return tuple(sorted({part for parts in self.versions.values() for part in parts}))


Slice = tuple[Sequence[Case], Mapping[str, Before]]


def replay(
    agent: Agent,
    history: Iterable[Slice],
    minutes: Callable[[tuple[str, ...]], float] = lambda codes: 0.0,
    changed: Callable[[Changed], None] = lambda _: None,
) -> Replay:
    """Judge history under `agent`, slice after slice, and compare with the current verdicts.

    history   (cases, profile id -> its verdict) of one part after another, so that memory holds one at a time; a case
              without a verdict counts as not passed before
    minutes   of review for a candidate held by these codes
    changed   gets each profile whose outcome or findings differ
    raises    as judge() does
    """
    seen: Counter[str] = Counter()
    held_before: Counter[str] = Counter()
    held_now: Counter[str] = Counter()
    versions: set[str] = set()
    version = judge(agent, ()).suite_version
    now_pass: list[str] = []
    now_hold: list[str] = []
    spent, wrong = [0.0, 0.0], [0.0, 0.0]
    for cases, before in history:
        seen["profiles"] += len(cases)
        versions.update(one.suite_version for one in before.values())
        for case, one in zip(cases, judge(agent, cases).judgements, strict=True):
            old = before.get(one.profile_id)
            was = old.outcome if old else HOLD
            seen["before"] += was == PASS
            seen["now"] += one.outcome == PASS
            if one.outcome != was:
                (now_pass if one.outcome == PASS else now_hold).append(one.profile_id)
            findings = {(f.code, str(f.severity), f.field, f.measured) for f in one.findings}
            codes_before = {code for code, hard, *_ in (old.findings if old else ()) if hard == Severity.CRITICAL}
            codes_now = {f.code for f in one.findings if f.severity is Severity.CRITICAL}
            doubt = one.parts.get("risk", _doubt(case))
            for at, (outcome, codes) in enumerate(((was, codes_before), (one.outcome, codes_now))):
                wrong[at] += doubt if outcome == PASS else 0.0
                spent[at] += minutes(tuple(sorted(codes))) if outcome == HOLD else 0.0
            held_before.update(codes_before)
            held_now.update(codes_now)
            if old is None or one.outcome != was or findings != set(old.findings):
                seen["changed"] += 1
                both = tuple(sorted(codes_before)), tuple(sorted(codes_now))
                changed(Changed(one.profile_id, was, one.outcome, *both))
    return Replay(
        profiles=seen["profiles"],
        passed_before=seen["before"],
        passed_now=seen["now"],
        now_pass=tuple(now_pass),
        now_hold=tuple(now_hold),
        by_code={c: (held_before[c], held_now[c]) for c in sorted(held_before.keys() | held_now.keys())},
        changed=seen["changed"],
        suite_version=version,
        versions={v: differing(v, version) for v in sorted(versions)},
        minutes=(round(spent[0], 1), round(spent[1], 1)),
        wrong=(round(wrong[0], 2), round(wrong[1], 2)),
    )


def _doubt(case: Case) -> float:
    """The risk of a row of a table, which has no signals: that not all of its contact values are right."""
    return 1 - math.prod(case.confidences.get(name, 1.0) for name in CONTACT)
