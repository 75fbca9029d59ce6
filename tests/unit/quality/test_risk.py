"""The risk of a profile: what it is made of, what it decides, and what it says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from gateway.agents import parse_agent
from gateway.model import Evidence, ExtractedProfile, Field, Severity
from gateway.quality import risk
from gateway.quality.case import Case
from gateway.quality.judge import HOLD, PASS, judge
from gateway.quality.replay import Before, replay
from support.cases import CLEAN, agent, spoilt

# What the reader says of a page on which nothing is doubtful.
SURE = {
    **{f"{field}_{what}": 1.0 for field in ("name", "email", "phone") for what in ("margin", "score", "first_page")},
    "name_largest": 1.0,
    "name_relative_size": 1.0,
    "name_known_names": 1.0,
    "name_early": 1.0,
    "name_agrees_email": 1.0,
    "email_own": 1.0,
    "phone_own": 1.0,
    "phone_plus": 1.0,
    "resume": 1.0,
}
DOUBTFUL = {**SURE, "name_margin": -0.5, "name_score": 0.1, "name_largest": 0.0, "plain_name_differs": 1.0}


def with_signals(signals: dict[str, float], **changes: Any) -> Case:
    return replace(spoilt(**changes), signals=signals)


def rated(case: Case) -> risk.Risk:
    found = risk.risk_of(case)
    assert found is not None
    return found


def test_a_clear_page_passes_under_strict_and_a_doubtful_one_is_held_with_the_signal_that_decided() -> None:
    clear, doubtful = judge(
        agent("strict"), [with_signals(SURE, profile_id="clear"), with_signals(DOUBTFUL, profile_id="doubtful")]
    ).judgements
    assert clear.outcome == PASS
    assert doubtful.outcome == HOLD
    (finding,) = [f for f in doubtful.findings if f.severity is Severity.CRITICAL]
    assert finding.code == "RISK_TOO_HIGH"
    assert finding.measured is not None
    assert "mostly because" in finding.measured
    assert finding.remedy is not None
    assert any(finding.remedy.startswith(remedy) for _, remedy in risk.WORDS.values())
    assert "0.50% wrong passes" in str(finding.threshold)
    assert doubtful.parts["risk"] > clear.parts["risk"] > 0


def test_single_signs_of_a_doubtful_reading_only_mark_where_the_risk_is_known() -> None:
    low = {**CLEAN.confidences, "phone": 0.85}
    known, unknown = (
        judge(agent("strict"), [case]).judgements[0]
        for case in (with_signals(SURE, confidences=low), spoilt(confidences=low))
    )
    severity = {
        one.outcome: {f.severity for f in one.findings if f.code == "CONFIDENCE_LOW"} for one in (known, unknown)
    }
    assert severity == {PASS: {Severity.WARNING}, HOLD: {Severity.CRITICAL}}


def test_an_agents_own_threshold_holds_whatever_the_risk() -> None:
    low = {**CLEAN.confidences, "phone": 0.85}
    own = agent("lenient", "thresholds: {phone: 0.9}")
    assert judge(own, [with_signals(SURE, confidences=low)]).judgements[0].outcome == HOLD


def test_no_signal_lowers_the_risk() -> None:
    assert all(weight >= 0 for weight in risk.model()["weights"].values())
    assert set(risk.model()["weights"]) <= set(risk.SIGNALS)
    assert {group for _, group in risk.SIGNALS.values()} <= set(risk.WORDS)
    for name, value in risk.signals(with_signals(DOUBTFUL), {}).items():
        assert value >= 0, name


@pytest.mark.parametrize(
    ("changed", "group"),
    [
        ({"name_margin": -1.0, "name_score": -0.5}, "name_unsure"),
        ({"name_title_words": 1.0, "name_title": 1.0, "name_company": 1.0, "name_lower_word": 1.0}, "name_form"),
        ({"phone_own": 0.0, "phone_work": 1.0, "phone_far_from_email": 1.0}, "phone_place"),
        ({"plain_name_differs": 1.0, "plain_email_differs": 1.0, "plain_phone_differs": 1.0}, "second_reader"),
    ],
)
def test_the_deciding_signal_is_named(changed: dict[str, float], group: str) -> None:
    assert rated(with_signals({**SURE, **changed})).deciding == group
    assert rated(with_signals({**SURE, **changed})).value > rated(with_signals(SURE)).value


@pytest.mark.parametrize(
    ("email", "glued"),
    [
        ("mira.okonjo@harbourlight.org", False),
        ("mokonjo@harbourlight.org", False),
        ("okonjo.m@harbourlight.org", False),
        ("emira.okonjo@harbourlight.org", True),
        ("emailmira77@harbourlight.org", True),
        ("mailtidal12@harbourlight.org", True),
        ("tidal12@harbourlight.org", False),
    ],
)
def test_an_address_that_swallowed_its_label_is_doubtful(email: str, glued: bool) -> None:
    found = risk.signals(with_signals(SURE, email=email), {})
    assert bool(found.get("email_glued")) is glued


@pytest.mark.parametrize(
    ("name", "email", "lost"),
    [
        # Not an initial: the given name stands behind it.
        ("Elias Schwaiger", "eelias.schwaiger@harbourlight.org", True),
        ("Elias Schwaiger", "eschwaiger@harbourlight.org", False),
        ("Lauretta Barcaccia", "tta@harbourlight.org", True),  # "laure" stands in the line above
        ("Elizabeth Crane", "beth@harbourlight.org", False),
    ],
)
def test_an_address_that_lost_or_won_letters_is_doubtful(name: str, email: str, lost: bool) -> None:
    found = risk.signals(with_signals(SURE, name=name, email=email), {})
    assert bool(found.get("email_glued")) is lost


@pytest.mark.parametrize(
    ("name", "email", "signal"),
    [
        ("Andrea Ballesteros G", "blue1384@harbourlight.org", "name_part"),
        ("Tanpınar Züfer", "contact@tanpinar-martin.org", "name_continued"),
        ("Tanpınar Martin", "contact@tanpinar-martin.org", None),
        ("Malcolm G. Martin", "mgmartin@harbourlight.org", None),
    ],
)
def test_a_name_that_goes_on_elsewhere_is_doubtful(name: str, email: str, signal: str | None) -> None:
    found = risk.signals(with_signals(SURE, name=name, email=email), {})
    assert {key for key in ("name_part", "name_continued") if found.get(key)} == ({signal} if signal else set())


def test_a_row_of_a_table_and_a_profile_a_person_corrected_have_no_risk() -> None:
    assert risk.risk_of(CLEAN) is None
    shown = Field("name", "Mira Okonjo", "Mira", 1.0, Evidence("person", "review"))
    profile = ExtractedProfile(name="Mira Okonjo", fields=(shown,), signals=DOUBTFUL, marks=("HIDDEN_TEXT",))
    assert Case.of("p", profile).signals == {}
    assert Case.of("p", ExtractedProfile(name="Mira", signals=SURE)).signals == SURE


def test_less_error_lets_less_through_and_the_file_may_state_it_in_percent() -> None:
    stated = [agent("lenient", f"automation: {{max_error: {said}}}") for said in ("0.5 %", "0.005", "2%", "5 %")]
    assert [one.max_error for one in stated] == [0.005, 0.005, 0.02, 0.05]
    limits = [risk.limit_for(one.max_error) for one in stated]
    assert limits == sorted(limits)
    assert [agent(preset).max_error for preset in ("strict", "standard", "lenient")] == [0.005, 0.01, 0.02]
    assert risk.limit_for(0.0001) == 0.0, "nothing is proved for so little"
    assert 0 < risk.reach_for(0.01)["real"] <= 1


@pytest.mark.parametrize("said", ["-1 %", "90 %", "much", "0"])
def test_an_error_that_makes_no_sense_is_refused(said: str) -> None:
    from gateway.errors import Misconfigured

    with pytest.raises(Misconfigured) as caught:
        parse_agent(f"id: a\ntitle: A\ntarget: {{posting: P}}\nautomation: {{max_error: {said}}}\n", "a.yaml")
    assert "automation.max_error" in caught.value.sentence


def test_the_agents_own_evidence_caps_what_passes() -> None:
    case = with_signals(SURE)
    capped = replace(case, profile_id="p1", risk_cap=rated(case).value / 2)
    free, held = judge(agent("strict"), [case, capped]).judgements
    assert (free.outcome, held.outcome) == (PASS, HOLD)
    assert held.parts["fact.risk_cap"] == pytest.approx(capped.risk_cap), "a replay needs the cap as it was"


def test_the_order_of_arrival_changes_no_decision_and_a_replay_reproduces_all() -> None:
    cases = [
        with_signals(
            {**SURE, "name_margin": n / 10, "plain_name_differs": float(n % 2)},
            profile_id=f"p{n}",
            email=f"m{n}@quay.org",
        )
        for n in range(-5, 10)
    ]
    forward = judge(agent("strict"), cases)
    alone = {case.profile_id: judge(agent("strict"), [case]).judgements[0] for case in cases[::5]}
    backward = judge(agent("strict"), cases[::-1])
    by_id = {one.profile_id: one for one in backward.judgements}
    assert all(by_id[one.profile_id] == one for one in forward.judgements)
    assert all(by_id[identity] == one for identity, one in alone.items())
    before = {
        one.profile_id: Before(
            one.outcome,
            tuple((f.code, str(f.severity), f.field, f.measured) for f in one.findings),
            forward.suite_version,
        )
        for one in forward.judgements
    }
    assert replay(agent("strict"), [(cases, before)]).reproduced


@pytest.mark.parametrize(
    ("wish", "outcome"),
    [
        ("", HOLD),
        ("phone_without_country: leave_out", PASS),
        ("phone_without_country: leave_out\nfields: {required: [name, email, phone], wanted: []}", HOLD),
    ],
)
def test_a_number_that_only_the_default_country_made_whole(wish: str, outcome: str) -> None:
    case = with_signals(SURE, marks=("PHONE_COUNTRY_GUESSED",))
    (judged,) = judge(agent("standard", wish), [case]).judgements
    assert judged.outcome == outcome
    assert ("PHONE_COUNTRY_GUESSED", "phone") in {(f.code, f.field) for f in judged.findings}


def test_a_number_that_a_person_corrected_is_no_guess() -> None:
    fields = (Field("phone", "+4930901820", "030 901820", 1.0, Evidence("person", "review")),)
    assert (
        Case.of("p", ExtractedProfile(phone="+4930901820", fields=fields, marks=("PHONE_COUNTRY_GUESSED",))).marks == ()
    )


def test_a_hold_says_all_that_would_have_had_to_be_otherwise() -> None:
    found = rated(with_signals(DOUBTFUL))
    heaviest = sorted(found.shares.values(), reverse=True)
    assert found.needed(found.value) == (), "nothing has to go for what passes"
    for limit in (0.3, 0.05, 0.02):
        needed = found.needed(limit)
        assert needed[:1] == ((found.deciding,) if found.value > limit else ())
        left = math.log(found.value / (1 - found.value)) - sum(heaviest[: len(needed)])
        assert 1 / (1 + math.exp(-left)) <= limit or len(needed) == len(heaviest)
    (held,) = judge(agent("strict"), [with_signals(DOUBTFUL)]).judgements
    (finding,) = [f for f in held.findings if f.code == "RISK_TOO_HIGH"]
    most = risk.limit_for(agent("strict").max_error)
    assert ("By itself that is not enough" in str(finding.remedy)) is (len(found.needed(most)) > 1)


def test_the_limit_shown_is_the_one_that_people_left() -> None:
    (held,) = judge(agent("strict"), [with_signals(DOUBTFUL, risk_cap=0.001)]).judgements
    (finding,) = [f for f in held.findings if f.code == "RISK_TOO_HIGH"]
    assert "at most 0.1%" in str(finding.threshold)


def test_an_agents_calibration_moves_its_risk_and_nothing_else() -> None:
    plain, moved = (rated(with_signals(DOUBTFUL, risk_shift=shift)) for shift in (0.0, 1.0))
    odds = [math.log(one.value / (1 - one.value)) for one in (plain, moved)]
    assert odds[1] - odds[0] == pytest.approx(1.0)
    assert moved.shares == plain.shares
