"""Comparing the profiles of a batch with each other and with history."""

from __future__ import annotations

from gateway.model import ExtractedProfile
from gateway.quality.case import Case
from gateway.quality.compare import Comparison, compare
from gateway.quality.duplicates import Person

MIRA = Person("Mira Okonjo", "mira@quayside.org", "+4930901820", employers=("Quayside Surveys",))


def test_repeats_shared_contacts_and_likely_duplicates_are_told_apart() -> None:
    found = compare(
        {
            "first": MIRA,
            "again": Person("M. Okonjo", "MIRA@quayside.org"),
            "brother": Person("Tomas Okonjo", "mira@quayside.org", "+4930901820"),
            "likely": Person("Mira Okonjo", "mo@tidewater.org", employers=("Quayside Surveys",)),
            "nobody": Person(),
        },
        {"old": Person("Ida Fenwick", None, "+4930901820")},
    )
    assert found["first"].facts() == Comparison(1, 2, 1, False).facts()
    assert set(found["first"].alike) == {"again", "likely"}, "proposed: the same person, and a likely one"
    assert found["again"].repeats_in_batch
    assert found["brother"].other_names_with_email == 2
    assert found["likely"].likely_duplicates == 1
    assert found["nobody"] == Comparison()


def test_a_profile_judged_again_is_not_compared_with_its_old_self() -> None:
    assert compare({"p": MIRA}, {"p": MIRA}) == {"p": Comparison()}


def test_a_comparison_fits_into_a_case() -> None:
    case = Case.of("p", ExtractedProfile(name="Mira Okonjo"), **Comparison(1, 0, 2, True, ("other",)).facts())
    assert (case.other_names_with_email, case.likely_duplicates, case.repeats_in_batch) == (1, 2, True)


def test_a_discarded_profile_is_compared_and_says_nothing_against_others() -> None:
    found = compare({"p": MIRA, "wrong": Person("Tomas Lind", "mira@quayside.org")}, silent={"wrong"})
    assert (found["p"].other_names_with_email, found["wrong"].other_names_with_email) == (0, 1)
