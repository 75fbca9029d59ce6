"""The two scores and the agreement of name and address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import Evidence, ExtractedProfile, Field
from gateway.quality.scores import FIELDS, FieldFact, completeness_score, facts, quality_score, simple_scores, word
from gateway.values.agreement import name_email_agreement

SEEN = Evidence("text", "scorer", page=1, box=(0, 0, 1, 1))


def profile(confidence: float = 0.98, evidence: Evidence | None = SEEN, **changes: object) -> ExtractedProfile:
    values = {"name": "Mira Okonjo", "email": "mira.okonjo@example.com", "phone": "+14155550134", **changes}
    fields = tuple(Field(k, str(v), str(v), confidence, evidence) for k, v in values.items() if v)
    return ExtractedProfile(**values, fields=fields)  # type: ignore[arg-type]


def test_well_read_contact_is_excellent_and_half_complete() -> None:
    quality, completeness = simple_scores(profile())
    assert word(quality) == "excellent"
    assert completeness == pytest.approx(0.6 + 0.4 / 5)


def test_value_without_evidence_costs_quality() -> None:
    assert simple_scores(profile(evidence=None))[0] < 0.5 < simple_scores(profile())[0]


def test_nothing_read_is_zero_and_nothing_contactable_is_poor() -> None:
    assert simple_scores(ExtractedProfile()) == (0.0, 0.0)
    only_skills = ExtractedProfile(skills=("Welding",), fields=(Field("skills[0]", "Welding", "Welding", 1.0, SEEN),))
    assert word(simple_scores(only_skills)[0]) == "poor"


def test_list_fields_take_the_mean_of_their_members() -> None:
    read = ExtractedProfile(
        skills=("a", "b"), fields=(Field("skills[0]", "a", "a", 1.0, SEEN), Field("skills[1]", "b", "b", 0.5, SEEN))
    )
    assert facts(read)["skills"].confidence == 0.75


def test_bad_text_layer_costs_quality() -> None:
    known = facts(profile())
    assert quality_score(known, text_quality=0.2).value < quality_score(known, text_quality=1.0).value


def test_completeness_names_what_is_missing_and_asking_for_nothing_is_complete() -> None:
    score = completeness_score(["name"], required=["name", "email"], wanted=["phone"])
    assert score.missing == ("email", "phone")
    assert score.value == pytest.approx(0.3)
    assert completeness_score([], required=[], wanted=[]).value == 1.0


@pytest.mark.parametrize(
    ("name", "email", "expected"),
    [
        ("Jürgen Müller", "juergen.mueller@example.com", 1.0),
        ("Łukasz Wójcik", "l.wojcik@example.com", 1.0),
        ("Dr. Bo Li", "bo@example.com", 1.0),
        ("Ana de Souza", "as@example.com", 0.8),
        ("Mira Okonjo", "trailrunner77@example.com", 0.5),
        ("山田太郎", "taro@example.com", None),
        ("Mira Okonjo", None, None),
        (None, "mira@example.com", None),
    ],
)
def test_agreement_of_name_and_address(name: str | None, email: str | None, expected: float | None) -> None:
    assert name_email_agreement(name, email) == expected


known_facts = st.dictionaries(
    st.sampled_from(FIELDS), st.builds(FieldFact, st.booleans(), st.floats(0, 1), st.booleans())
)


@given(known_facts, st.none() | st.floats(0, 1), st.none() | st.floats(0, 1))
def test_quality_stays_in_bounds_and_more_confidence_never_lowers_it(
    known: dict[str, FieldFact], agreement: float | None, text: float | None
) -> None:
    score = quality_score(known, agreement=agreement, text_quality=text)
    assert 0 <= score.value <= 1
    surer = {name: FieldFact(fact.present, 1.0, fact.evidenced) for name, fact in known.items()}
    assert quality_score(surer, agreement=agreement, text_quality=text).value >= score.value - 1e-9
