"""The judge: one verdict a profile, whole batches, order, duplicates, and what happens when a gate breaks."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.errors import Misconfigured, Permanent
from gateway.model import Severity
from gateway.quality import engine
from gateway.quality.batch import BatchFacts
from gateway.quality.case import Case
from gateway.quality.gates import gates_for
from gateway.quality.judge import HOLD, PASS, judge
from gateway.quality.versions import differing, suite_version
from support.cases import CLEAN, agent, spoilt


@pytest.mark.parametrize("preset", ["lenient", "standard", "strict"])
def test_a_perfectly_read_profile_passes_every_preset(preset: str) -> None:
    (one,) = judge(agent(preset), [CLEAN]).judgements
    assert one.outcome == PASS
    assert one.findings == ()


def test_an_empty_batch_is_judged_without_great_expectations() -> None:
    code = (
        "import sys; sys.path.insert(0, 'include')\n"
        "from gateway.agents import parse_agent\n"
        "from gateway.quality.judge import judge\n"
        "a = parse_agent('id: a\\ntitle: A\\ntarget: {posting: x}', 'a')\n"
        "b = judge(a, [])\n"
        "assert b.judgements == () and b.statistics['profiles'] == 0\n"
        "assert 'great_expectations' not in sys.modules and 'pandas' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_import_logs_and_prints_nothing() -> None:
    code = (
        "import logging, sys; logging.basicConfig(level=logging.INFO, stream=sys.stdout)\n"
        "sys.path[:0] = ['include', 'tests']\n"
        "from support.cases import CLEAN, agent\n"
        "from gateway.quality.judge import judge\n"
        "judge(agent(), [CLEAN])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_two_cases_of_one_profile_are_refused() -> None:
    with pytest.raises(ValueError, match="same profile_id"):
        judge(agent(), [CLEAN, CLEAN])


def test_a_gate_that_cannot_be_computed_stops_the_judge_instead_of_passing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine.great_expectations()
    from gateway.quality.expectations import contact

    def broken(cls: type, value: object) -> bool:
        raise RuntimeError(f"met {value}")

    monkeypatch.setattr(contact.EmailValid, "fits", classmethod(broken))
    with pytest.raises(Permanent) as caught:
        judge(agent(), [CLEAN])
    assert caught.value.code == "GATE_BROKEN"
    assert "EMAIL_INVALID" in caught.value.sentence
    assert "harbourlight" not in caught.value.sentence


def test_own_expectations_are_judged_with_the_others() -> None:
    own = """
expectations:
  - {type: expect_column_values_to_be_between, column: skills_count, kwargs: {min_value: 6}, severity: critical,
     says: At least six skills were read}
  - {type: expect_column_values_to_match_regex, column: location, kwargs: {regex: '^B'}, says: The town begins with B}
"""
    (one,) = judge(agent(more=own), [CLEAN]).judgements
    assert [(f.code, f.measured, f.threshold) for f in one.findings] == [
        ("OWN_EXPECTATION", "5", "At least six skills were read")
    ]
    assert one.outcome == HOLD
    (other,) = judge(agent(more=own), [spoilt(location="Rostock", counts={**CLEAN.counts, "skills": 9})]).judgements
    assert [(f.severity, f.measured) for f in other.findings] == [(Severity.WARNING, "not met")]


def test_an_own_expectation_that_great_expectations_refuses_is_named() -> None:
    own = """
expectations:
  - {type: expect_column_values_to_be_between, column: skills_count, kwargs: {min_value: 9}, says: Many skills}
"""
    gates = [replace(gate, kwargs={"min_value": "nine"}) for gate in gates_for(agent(more=own))[-1:]]
    with pytest.raises(Misconfigured) as caught:
        engine.suite_of("test", gates)
    assert caught.value.code == "OWN_EXPECTATION_INVALID"


def test_every_reader_mark_is_a_finding_under_its_own_code() -> None:
    marked = spoilt(marks=("HIDDEN_TEXT", "EXCEL_DAMAGE"))
    for preset, held in (("standard", {"HIDDEN_TEXT"}), ("strict", {"HIDDEN_TEXT", "EXCEL_DAMAGE"})):
        (one,) = judge(agent(preset), [marked]).judgements
        assert {f.code for f in one.findings} == {"HIDDEN_TEXT", "EXCEL_DAMAGE"}
        assert {f.code for f in one.findings if f.severity is Severity.CRITICAL} == held


def test_scores_travel_with_the_verdict_in_parts() -> None:
    (one,) = judge(agent(), [spoilt(phone=None)]).judgements
    assert one.parts["completeness.required"] == 1.0
    assert one.parts["completeness.wanted"] == pytest.approx(0.8)
    assert one.quality > 0.9


def test_the_suite_version_names_what_differs() -> None:
    standard, strict = suite_version(agent()), suite_version(agent("strict"))
    assert len(standard) <= 64
    assert differing(standard, suite_version(agent(more="notify: {log: false}\n"))) == ()
    assert differing(standard, strict) == ("agent",)
    assert differing(standard, standard.rsplit(".", 1)[0] + ".0000000000") == ("engine",)
    assert differing(standard, "1") == ("agent", "rules", "engine")


def test_a_strange_batch_stops_whole() -> None:
    a = agent(more="limits: {min_profiles: 2, max_hold_share: 0.5, max_duplicate_share: 0.4, max_languages: 1}\n")
    cases = [
        spoilt("p1", email=None),
        spoilt("p2", email=None, language="fr", repeats_in_batch=True),
        spoilt("p3", repeats_in_batch=True),
    ]
    facts = BatchFacts(documents=4, documents_failed=3, rows_expected=5)
    judged = judge(a, cases, facts)
    assert [(f.code, f.measured) for f in judged.batch_findings] == [
        ("BATCH_HOLDS", "2 of 3"),
        ("BATCH_DUPLICATES", "2 of 3"),
        ("BATCH_LANGUAGES", "2 languages"),
        ("BATCH_UNREADABLE", "3 of 4"),
        ("BATCH_COUNT_MISMATCH", "3"),
    ]
    assert {f.severity for f in judged.batch_findings} == {"critical"}
    assert all(f.threshold and f.remedy for f in judged.batch_findings)
    assert judge(a, [spoilt("p1"), spoilt("p2")], BatchFacts(rows_expected=2)).batch_findings == ()


def test_shares_of_a_small_batch_mean_nothing() -> None:
    assert judge(agent(), [spoilt("p1", email=None)]).batch_findings == ()


odd_text = st.sampled_from(
    ["", "John Doe", "info@acme.org", "x", "Curriculum Vitae", "+49", "née Ωμέγα", "a\x00b", "１２"]
)
some_case = st.builds(
    Case,
    profile_id=st.uuids().map(str),
    name=st.none() | odd_text | st.text(max_size=30),
    email=st.none() | odd_text | st.emails(),
    phone=st.none() | odd_text | st.from_regex(r"\+?[0-9 ]{3,14}", fullmatch=True),
    counts=st.just({}) | st.just({"skills": 3}),
    confidences=st.dictionaries(st.sampled_from(["name", "email", "phone"]), st.floats(0, 1)),
    evidenced=st.frozensets(st.sampled_from(["name", "email", "phone"])),
    language=st.none() | st.sampled_from(["en", "de"]),
    text_quality=st.none() | st.floats(0, 1),
    ocr_share=st.floats(0, 1),
    marks=st.just(()) | st.just(("HIDDEN_TEXT",)),
    other_names_with_email=st.integers(0, 3),
)
slow = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@slow
@given(st.lists(some_case, max_size=6), st.sampled_from(["lenient", "standard", "strict"]), st.randoms())
def test_no_profile_passes_with_a_failing_critical_and_order_changes_nothing(cases, preset, random) -> None:
    a = agent(preset)
    judged = {one.profile_id: one for one in judge(a, cases).judgements}
    for one in judged.values():
        assert (one.outcome == HOLD) == any(f.severity is Severity.CRITICAL for f in one.findings)
    shuffled = list(cases)
    random.shuffle(shuffled)
    assert {one.profile_id: one for one in judge(a, shuffled).judgements} == judged
    for case in cases:  # and a profile's verdict does not depend on who is judged beside it
        assert judge(a, [case]).judgements[0] == judged[case.profile_id]


@slow
@given(st.lists(some_case, min_size=1, max_size=4))
def test_what_strict_passes_the_milder_presets_pass_too(cases: list[Case]) -> None:
    passing = []
    for preset in ("strict", "standard", "lenient"):
        judged = judge(agent(preset), cases).judgements
        passing.append({one.profile_id for one in judged if one.outcome == PASS})
    assert passing[0] <= passing[1] <= passing[2]


@slow
@given(some_case)
def test_adding_a_duplicate_never_lets_more_pass(case: Case) -> None:
    again = replace(case, profile_id="again", repeats_in_batch=True, likely_duplicates=case.likely_duplicates + 1)
    alone = {j.profile_id for j in judge(agent(), [case]).judgements if j.outcome == PASS}
    both = {j.profile_id for j in judge(agent(), [case, again]).judgements if j.outcome == PASS}
    assert both == alone


def test_a_case_survives_storage() -> None:
    import json

    assert Case.from_json(json.loads(json.dumps(CLEAN.as_json()))) == CLEAN


def test_gates_say_everything_people_need() -> None:
    for preset in ("lenient", "standard", "strict"):
        for gate in gates_for(agent(preset, "check_dns: true\n")):
            assert gate.says
            assert gate.remedy
            assert gate.threshold


def test_name_and_address_that_repeat_each_other_need_less_confidence() -> None:
    doubtful = {**CLEAN.confidences, "email": 0.85}
    agrees, disagrees, foreign = judge(
        agent("strict"),
        [
            spoilt("agrees", confidences=doubtful),
            spoilt("disagrees", confidences=doubtful, email="deepwater77@harbourlight.org"),
            spoilt("foreign", confidences=doubtful, name="山本 さくら"),
        ],
    ).judgements
    assert agrees.outcome == PASS
    assert disagrees.outcome == foreign.outcome == HOLD
    (own,) = judge(agent("strict", "thresholds: {email: 0.9}\n"), [spoilt(confidences=doubtful)]).judgements
    assert own.outcome == HOLD
