"""Who is the same person: exact links, likely proposes, contradicting names never merge."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import ExtractedProfile, Work
from gateway.quality.duplicates import Person, differences, likely_pairs, likeness, same_name

MIRA = Person(
    "Mira Okonjo",
    "mira@harbourlight.example",
    "+14155550134",
    "Bremen",
    ("Harbour Light Surveys",),
    ("Nautical School North",),
    ("https://linkedin.com/in/mira-okonjo",),
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Mira Okonjo", "OKONJO, Mira", True),
        ("Mira Okonjo", "M. Okonjo", True),
        ("Dr. Mira Adaeze Okonjo", "Mira Okonjo", True),
        ("Alex Müller", "Alexander Mueller", True),
        ("Łukasz Wójcik", "Lukasz Wojcik", True),
        ("Mira Okonjo", "Tomas Okonjo", False),
        ("T. Okonjo", "Mira Okonjo", False),
        ("Mira Okonjo", "Mira Lindqvist", False),
        ("山田太郎", "Taro Yamada", True),
    ],
)
def test_spellings_of_one_name(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same_name(other, one) is same


def test_same_address_or_number_is_exact_unless_the_names_contradict() -> None:
    assert likeness(MIRA, Person("M. Okonjo", "Mira+jobs@harbourlight.example")).kind == "exact"
    assert likeness(MIRA, Person(None, None, MIRA.phone)).kind == "exact"
    family = likeness(MIRA, Person("Tomas Okonjo", MIRA.email, MIRA.phone))
    assert (family.kind, family.reasons_for) == ("different", ("the same e-mail address", "the same phone number"))
    assert family.reasons_against == ("the names contradict",)


def test_a_name_alone_is_never_enough_but_a_name_with_an_employer_is_proposed() -> None:
    assert likeness(Person("Mira Okonjo"), Person("Mira Okonjo")).kind == "different"
    again = Person("Mira Okonjo", "m.okonjo@example.net", None, None, ("Harbour Light Surveys Ltd",))
    proposed = likeness(MIRA, again)
    assert proposed.kind == "likely"
    assert "an employer in common" in proposed.reasons_for
    assert "different e-mail addresses" in proposed.reasons_against


def test_two_namesakes_with_different_lives_are_different() -> None:
    namesake = Person("Mira Okonjo", "mo@example.net", "+14155550199", "Lisbon", ("Tile Works",), ("Art College",))
    assert likeness(MIRA, namesake).kind == "different"


def test_pairs_are_found_without_comparing_everybody() -> None:
    crowd = {f"k{i}": Person(f"Given{i} Family{i}", f"g{i}@example.org") for i in range(3000)}
    new = {"n1": replace(MIRA, email="other@example.org", phone=None), "n2": Person("Given7 Family7", "x@example.com")}
    pairs = likely_pairs(new, {**crowd, "old": MIRA, "n1": MIRA})
    assert [(identity, [other for other, _ in found]) for identity, found in pairs.items()] == [("n1", ["old"])]
    exact = likely_pairs({"n3": MIRA}, {"old": MIRA}, with_exact=True)
    assert exact["n3"][0][1].kind == "exact"


def test_a_newer_record_tells_what_changed() -> None:
    old = ExtractedProfile(name="Mira Okonjo", skills=("Diving",), work=(Work("Harbour Light", "Surveyor"),))
    new = replace(old, skills=("Diving", "Welding"), location="Bremen")
    assert [(c.field, c.before, c.after) for c in differences(old, new)] == [
        ("location", None, "Bremen"),
        ("skills", ["Diving"], ["Diving", "Welding"]),
    ]
    assert differences(old, old) == ()


words = st.sampled_from(["Mira", "Okonjo", "Tomas", "M.", "Lindqvist", "Anna-Lena", "李", "de"])
people = st.builds(
    Person,
    name=st.none() | st.lists(words, min_size=1, max_size=4).map(" ".join),
    email=st.none() | st.sampled_from(["a@example.org", "b@example.org", "mirokonjo@example.org", "no address"]),
    phone=st.none() | st.sampled_from(["+14155550134", "+14155550199"]),
    location=st.none() | st.sampled_from(["Bremen", "Lisbon, Portugal"]),
    employers=st.lists(st.sampled_from(["Tile Works", "Harbour"]), max_size=2).map(tuple),
    links=st.just(()) | st.just(("github.com/mira",)),
)


@given(people, people)
def test_likeness_is_symmetric_bounded_and_never_exact_against_the_names(one: Person, other: Person) -> None:
    there, back = likeness(one, other), likeness(other, one)
    assert there == back
    assert 0 <= there.score <= 1
    if one.name and other.name and not same_name(one.name, other.name):
        assert there.kind == "different"
