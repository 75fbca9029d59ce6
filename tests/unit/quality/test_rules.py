"""The contact rules: real people pass, what stands beside them does not, and nothing makes a rule raise."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.values.doubt.emails import domain_of, email_doubts, is_role, typo_proposal
from gateway.values.doubt.names import is_place, name_doubts
from gateway.values.doubt.phones import phone_doubts
from gateway.values.values import phone_country

PEOPLE = [
    "Mira Okonjo",
    "Dr. Ana de Souza Lima",
    "Seán Ó Dálaigh",
    "Nguyễn Thị Hồng",
    "O'Neill-Brandt, Joe",
    "Bo Li",
    "Jean-Luc d'Arc",
    "山本 さくら",
    "김서연",
    "Ольга Мельник",
    "Μαρία Παππά",
    "ليلى الحداد",
    "María José Ñúñez",
    "J. P. Vance",
    "Ludwig van der Meer",
    "Chad Jordan",
    "Paris Berlin",
    "Virginia Georgia Banks",
    "Karl Cook",
    "Anna Baker-Porter",
    "Hope School-Jones".replace("School-", "Scholl-"),
    "Prof. Dr. Ing. Uwe Ötztal",
    "Mark Summers PhD",
    "Israel Chavez",
]


@pytest.mark.parametrize("name", PEOPLE)
def test_people_are_not_doubted(name: str) -> None:
    assert name_doubts(name) == frozenset()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Berufserfahrung", "NAME_IS_HEADING"),
        ("WORK EXPERIENCE", "NAME_IS_HEADING"),
        ("履歴書", "NAME_IS_HEADING"),
        ("Датум 12.03.2021", "NAME_IMPLAUSIBLE"),
        ("mira@quayside.org", "NAME_IMPLAUSIBLE"),
        ("Senior Software Developer", "NAME_IS_JOB_TITLE"),
        ("Quayside Logistics GmbH", "NAME_IS_ORGANISATION"),
        ("株式会社みなと", "NAME_IS_ORGANISATION"),
        ("San Francisco, California", "NAME_IS_PLACE"),
        ("New Zealand", "NAME_IS_PLACE"),
        ("Max Mustermann", "NAME_PLACEHOLDER"),
        ("N/A", "NAME_PLACEHOLDER"),
        ("[Your Name]", "NAME_PLACEHOLDER"),
        ("aaaaaa bbb", "NAME_IMPLAUSIBLE"),
        ("-", "NAME_IMPLAUSIBLE"),
        ("M i r a", "NAME_IMPLAUSIBLE"),
        ("Okonjo", "NAME_SINGLE_WORD"),
    ],
)
def test_what_stands_where_names_stand(text: str, code: str) -> None:
    assert code in name_doubts(text)


def test_one_word_is_never_a_place_because_people_are_called_so() -> None:
    assert not any(is_place(word) for word in ("Jordan", "Paris", "Georgia", "Berlin"))
    assert is_place("Paris, France")


@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("yaho.fr", "yahoo.fr"),
        ("outlok.com", "outlook.com"),
        ("iclud.com", "icloud.com"),
        ("mail.com", None),
        ("ymail.com", None),
        ("email.com", None),
        ("gmx.net", None),
        ("yahoo.co.uk", None),
        ("live.nl", None),
        ("quayside.org", None),
        ("proton.me", None),
        ("", None),
        ("localhost", None),
    ],
)
def test_misspelt_providers_are_proposed_and_real_ones_left_alone(domain: str, meant: str | None) -> None:
    assert typo_proposal(domain) == meant


@pytest.mark.parametrize(
    ("email", "name", "role"),
    [
        ("info@quayside.org", "Mira Okonjo", True),
        ("hello@quayside.org", "Mira Okonjo", True),
        ("hello@miraokonjo.org", "Mira Okonjo", False),
        ("jobs@okonjo.org", "Mira Okonjo", False),
        ("contact@quayside.org", None, True),
        ("mira@quayside.org", "Mira Okonjo", False),
    ],
)
def test_an_office_is_told_from_a_person_with_a_domain(email: str, name: str | None, role: bool) -> None:
    assert is_role(email, name) is role


@pytest.mark.parametrize(
    ("email", "codes"),
    [
        ("mira.okonjo@quayside.org", set()),
        ("mira@beispiel.example", {"EMAIL_FICTIONAL"}),
        ("mira@mail.example.co.uk", {"EMAIL_FICTIONAL"}),
        ("mira@quayside.invalid", {"EMAIL_FICTIONAL"}),
        ("mi ra@example.com", {"EMAIL_INVALID"}),
        ("mira@@quayside.org", {"EMAIL_INVALID"}),
        ("noreply@quayside.org", {"EMAIL_PLACEHOLDER"}),
        ("mira@yourdomain.com", {"EMAIL_PLACEHOLDER"}),
        ("mira@yopmail.com", {"EMAIL_DISPOSABLE"}),
        ("mira@spamgourmet.com", {"EMAIL_DISPOSABLE"}),  # the package does not know it
        ("mira@0-mail.com", {"EMAIL_DISPOSABLE"}),  # it knows thousands that we did not
        ("mira@okonjo.dynv6.net", set()),  # somebody's own mail server behind dynamic DNS
        ("mira@0-mailer.dynv6.net", set()),
        ("用户@quayside.org", set()),
    ],
)
def test_addresses(email: str, codes: set[str]) -> None:
    assert email_doubts(email) == codes


@pytest.mark.parametrize(
    ("phone", "codes"),
    [
        ("+4930901820", set()),
        ("+14155550134", {"PHONE_FICTIONAL"}),
        ("+447700900123", {"PHONE_FICTIONAL"}),
        ("+33639981234", {"PHONE_FICTIONAL"}),
        ("+493023125123", {"PHONE_FICTIONAL"}),
        ("+61491570156", {"PHONE_FICTIONAL"}),
        ("+4930", {"PHONE_UNASSIGNED"}),
        ("+1415", {"PHONE_INVALID"}),
        ("+", {"PHONE_INVALID"}),
        ("030 901820", {"PHONE_NO_COUNTRY"}),
        ("1111111111", {"PHONE_PLACEHOLDER"}),
        ("+4915123456789", {"PHONE_PLACEHOLDER"}),
    ],
)
def test_numbers(phone: str, codes: set[str]) -> None:
    assert phone_doubts(phone) == codes


def test_the_country_of_a_fictional_number_is_known_too() -> None:
    assert phone_country("+447700900123") == "GB"
    assert phone_country("+14155550134") == "US"
    assert phone_country("nonsense") is None


@given(st.text(max_size=60), st.none() | st.text(max_size=20))
def test_no_text_makes_a_rule_raise(text: str, name: str | None) -> None:
    assert all(code.isupper() for code in name_doubts(text) | email_doubts(text) | phone_doubts(text))
    assert is_role(text, name) in (True, False)
    assert domain_of(text) == domain_of(text).lower()
    phone_country(text)
