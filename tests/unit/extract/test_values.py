"""Normalised values keep their promises for printed oddities, and give None where nothing can be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.values.places import city_countries, country_from_text, region_countries, region_country, short_regions
from gateway.values.values import (
    find_emails,
    is_plausible_name,
    join_name,
    normalise_email,
    normalise_link,
    normalise_phone,
    split_name,
)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("Ada.Byrd@Example.com", "ada.byrd@example.com"),
        ("mailto:ada%40example.org?subject=hi", "ada@example.org"),
        ("Ada Byrd <ada@example.org>", "ada@example.org"),
        ("ada (at) mail (dot) example.org", "ada@mail.example.org"),
        ("ada at example dot org", "ada@example.org"),
        ("ａｄａ＠example.com", "ada@example.com"),
        ("ada@example.com.", "ada@example.com"),
        ("a\u200bda@example.com", "ada@example.com"),
        ("ada@example.test", None),
        ("ada@example.com, bo@example.com", None),
        ("not an address", None),
        ("", None),
        (None, None),
    ],
)
def test_email(raw: str | None, value: str | None) -> None:
    assert normalise_email(raw) == value


@given(st.text(max_size=60))
def test_email_is_idempotent_and_never_raises(text: str) -> None:
    value = normalise_email(text)
    assert value is None or normalise_email(value) == value


@pytest.mark.parametrize(
    ("raw", "country", "value", "valid"),
    [
        ("(415) 555-0134", "US", "+14155550134", True),
        ("+44 (0)20 7946 0958", None, "+442079460958", True),
        ("0049 30 23125134", None, "+493023125134", True),
        ("44 20 7946 0958", "GB", "+442079460958", True),
        ("+1 415 555 0134 ext. 22", None, "+14155550134", True),
        ("415-555-0134x22", "US", "+14155550134", True),
        ("tel:+1-415-555-0134", None, "+14155550134", True),
        ("٠١٠١٢٣٤٥٦٧٨", "EG", "+201012345678", True),
        ("030 23125134", None, None, False),  # national, and no country is known: never guessed
        ("2019-2021", "US", None, False),
        ("12", "US", None, False),
        (None, "US", None, False),
    ],
)
def test_phone(raw: str | None, country: str | None, value: str | None, valid: bool) -> None:
    assert normalise_phone(raw, country) == (value, valid)


@pytest.mark.parametrize(
    ("raw", "strict", "loose"),
    [
        ("www.Example.org/", "https://www.example.org/", "https://www.example.org/"),
        ("linkedin.com/in/ada", "https://linkedin.com/in/ada", "https://linkedin.com/in/ada"),
        ("asp.net", None, "https://asp.net"),  # a product as likely as a host
        ("ada@example.org", None, None),
        ("mailto:ada@example.org", None, None),
        ("tel:+14155550134", None, None),
        ("file:///etc/hosts", None, None),
        ("https://example.org/a@b", "https://example.org/a@b", "https://example.org/a@b"),
    ],
)
def test_link(raw: str, strict: str | None, loose: str | None) -> None:
    assert normalise_link(raw, bare_hosts=False) == strict
    assert normalise_link(raw) == loose


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("United Kingdom", "GB"),
        ("Berlin, Deutschland", "DE"),
        ("Austin, TX", "US"),
        ("DE", "DE"),
        ("横浜市", "JP"),
        ("10115 Berlin", "DE"),
        ("London SW1A 1AA United Kingdom", "GB"),
        ("Россия", "RU"),
        ("القاهرة", "EG"),
        ("Springfield", "US"),
        ("nowhere at all", None),
        ("", None),
        (None, None),
    ],
)
def test_country(text: str | None, country: str | None) -> None:
    assert country_from_text(text) == country


@pytest.mark.parametrize(
    ("name", "countries"),
    [
        ("TX", ("US",)),
        ("tx", ()),  # short forms are printed in capitals
        ("Texas", ("US",)),
        ("PE", ("CA", "BR")),
        ("Piauí", ("BR",)),  # the hand-written list had 12 of Brazil's 27
        ("Himachal Pradesh", ("IN",)),
        ("Castilla y León", ("ES",)),
        ("Comunidad de Madrid", ("ES",)),
        ("Schleswig-Holstein", ("DE",)),
        ("Georgia", ()),  # a country first
        ("Puerto Rico", ()),
        ("Berlin", ()),  # a city first, where addresses name no region
        ("para", ()),  # a word first
        ("SA", ()),  # a form of company first
    ],
)
def test_regions_belong_to_their_countries(name: str, countries: tuple[str, ...]) -> None:
    assert region_countries(name) == countries
    assert region_country(name) == (countries[0] if countries else None)


def test_the_city_tells_whose_short_form_it_is() -> None:
    assert country_from_text("Perth, WA") == "AU"
    assert country_from_text("Seattle, WA") == "US"
    assert {"NSW", "WA", "NT"} < set(short_regions("AU"))
    assert short_regions("DE") == ()


def test_cities_are_found_under_their_own_and_foreign_names_largest_first() -> None:
    assert city_countries("München")[0][0] == city_countries("Munich")[0][0] == "DE"
    assert city_countries("Paris")[0][0] == "FR"
    assert city_countries("Paris")[0][1] > city_countries("Paris")[1][1]
    assert city_countries("Xyzzyville") == ()


@pytest.mark.parametrize(
    ("text", "plausible"),
    [
        ("Ana María López", True),
        ("Dr. Jo van der Berg, PhD", True),
        ("田中 幹", True),
        ("O'Neil", True),
        ("Нина Иванова", True),
        ("محمد علي", True),
        ('Robert "Bob" Smith', True),
        ("3PointLabs", False),
        ("email: x", False),
        ("Plans the shifts of teams", False),
    ],
)
def test_form_of_a_name(text: str, plausible: bool) -> None:
    assert is_plausible_name(text) is plausible


def test_names_split_and_join() -> None:
    assert split_name("Ludwig van Beethoven") == ("Ludwig", "van Beethoven")
    assert split_name("Byrd, Ada") == ("Ada", "Byrd")
    assert split_name("田中 幹") == ("幹", "田中")
    assert join_name("Ada", "Byrd") == "Ada Byrd"
    assert join_name("幹", "田中") == "田中 幹"
    assert join_name(None, "  ") is None


def test_emails_in_running_text_come_with_their_places() -> None:
    text = "Write to ada@example.org or bo@example.com."
    assert [(text[a:b], v) for a, b, v in find_emails(text)] == [
        ("ada@example.org", "ada@example.org"),
        ("bo@example.com", "bo@example.com"),
    ]
