"""What-if, audit samples and canaries: pure functions over judged cases."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.agents import changed_agent
from gateway.errors import Misconfigured
from gateway.model import Judgement
from gateway.quality.judge import judge
from gateway.quality.replay import Before, Changed, replay
from gateway.quality.sampling import audit_sample, error_rate
from support.cases import agent, spoilt

CASES = [
    spoilt("sure"),
    spoilt("doubtful", confidences=dict.fromkeys(("name", "email", "phone"), 0.75)),
    spoilt("none", email=None),
]


def stands(judgement: Judgement, version: str) -> Before:
    findings = tuple((f.code, str(f.severity), f.field, f.measured) for f in judgement.findings)
    return Before(judgement.outcome, findings, version)


def history(preset: str = "standard", version: str | None = None) -> dict[str, Before]:
    judged = judge(agent(preset), CASES)
    return {one.profile_id: stands(one, version or judged.suite_version) for one in judged.judgements}


def test_the_same_rules_reproduce_every_verdict() -> None:
    again = replay(agent(), [(CASES, history())])
    assert again.reproduced
    assert not again.unexplained
    assert set(again.versions.values()) == {()}


def test_stricter_criteria_show_who_would_be_held_and_by_what() -> None:
    table: list[Changed] = []
    what_if = replay(agent("strict"), [(CASES, history())], changed=table.append)
    assert (what_if.passed_before, what_if.passed_now) == (2, 1)
    assert (what_if.now_hold, what_if.now_pass) == (("doubtful",), ())
    assert [row.profile_id for row in table if row.before != row.now] == ["doubtful"]
    assert what_if.by_code["CONFIDENCE_LOW"] == (0, 1)
    assert what_if.by_code["EMAIL_MISSING"] == (1, 1)
    assert set(what_if.versions.values()) == {("agent",)}
    assert json.loads(json.dumps(what_if.as_json()))["changed"] == what_if.changed == len(table) > 0


def test_history_in_slices_is_history_in_one() -> None:
    before = history()
    slices = [([case], {case.profile_id: before[case.profile_id]}) for case in CASES]
    whole, parts = [], []
    in_slices = replay(agent("strict"), slices, changed=parts.append)
    assert in_slices == replay(agent("strict"), [(CASES, before)], changed=whole.append)
    assert parts == whole


def test_no_history_is_no_change() -> None:
    nothing = replay(agent(), [])
    assert (nothing.profiles, nothing.reproduced, nothing.versions) == (0, True, {})


def test_a_difference_that_no_version_explains_is_called_one() -> None:
    before = history()
    before["sure"] = replace(before["sure"], outcome="hold")
    assert replay(agent(), [(CASES, before)]).unexplained


def test_criteria_change_keys_of_an_agent_and_nothing_else() -> None:
    changed = changed_agent(agent(), "thresholds: {name: 0.5}\nfields: {required: [email, phone]}\n", "what-if.yaml")
    assert changed.thresholds == {"name": 0.5}
    assert changed.fields.required == ("email", "phone")
    assert "phone" not in changed.fields.wanted
    assert changed.target == agent().target
    with pytest.raises(Misconfigured, match=r"what-if\.yaml: line 2: thresholds\.name"):
        changed_agent(agent(), "preset: strict\nthresholds: {name: 2}\n", "what-if.yaml")
    with pytest.raises(Misconfigured, match="cannot change the agent's id"):
        changed_agent(agent(), "id: other\n", "what-if.yaml")


ids = st.lists(st.uuids().map(str), max_size=60, unique=True)


@given(ids, st.floats(0, 1), st.text(max_size=8))
def test_an_audit_sample_is_deterministic_in_order_and_of_the_right_size(
    profile_ids: list[str], share: float, seed: str
) -> None:
    sample = audit_sample(profile_ids, share, seed)
    assert sample == audit_sample(profile_ids, share, seed)
    assert list(sample) == [one for one in profile_ids if one in sample]
    assert abs(len(sample) - share * len(profile_ids)) < 1
    assert set(audit_sample(reversed(profile_ids), share, seed)) == set(sample)


def test_small_batches_are_sampled_now_and_then() -> None:
    looked_at = sum(len(audit_sample(["p1", "p2"], 0.05, f"batch {n}")) for n in range(2000))
    assert 140 < looked_at < 260  # 200 expected, sd 13


def test_an_audit_tells_how_little_it_knows() -> None:
    assert error_rate(0, 0).rate is None
    none_wrong = error_rate(20, 0)
    assert none_wrong.rate == 0
    assert none_wrong.high == pytest.approx(0.161, abs=0.001)
    highs = [error_rate(n, 0).high or 0 for n in (5, 50, 500)]
    assert all(a > b for a, b in pairwise(highs))
    with pytest.raises(ValueError, match="3 wrong of 2"):
        error_rate(2, 3)


def test_a_what_if_says_what_review_costs_and_how_the_error_changes() -> None:
    cost = {"CONFIDENCE_LOW": 2.0, "EMAIL_MISSING": 5.0}
    what_if = replay(agent("strict"), [(CASES, history())], lambda codes: max(cost.get(code, 1.0) for code in codes))
    assert what_if.minutes == (5.0, 7.0), "the one who would be held takes two minutes more"
    doubtful, sure = 1 - 0.75**3, 1 - 0.99**3
    assert what_if.wrong == (round(doubtful + sure, 2), round(sure, 2)), "rows of lists: by their confidences"
    assert what_if.error == pytest.approx((what_if.wrong[0] / 2, what_if.wrong[1]))
    assert replay(agent(), [(CASES, {})]).error[0] == 0.0, "nobody passed"
