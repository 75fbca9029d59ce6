"""What a page says about the trust its reading deserves, and the plain second reader."""

from __future__ import annotations

from pathlib import Path

from gateway.extract.child.wire import profile_from_line, profile_line
from gateway.model import ExtractedProfile, Hints
from support.pdf_maker import Run, make, read, resume, run

ADA = ("Adelheid Moreau", "a.moreau@example.org", "+1 415 555 0134")


def signals(path: Path, page: list[Run]) -> dict[str, float]:
    _, profiles = read(make(path, page))
    return profiles[0].signals


def test_a_clear_page_has_no_doubts(tmp_path: Path) -> None:
    found = signals(tmp_path / "a.pdf", resume(*ADA))
    assert found["name_largest"] == found["name_first_page"] == found["email_own"] == 1.0
    for doubt in ("plain_name_differs", "plain_email_differs", "plain_phone_differs", "other_addresses", "put_aside"):
        assert doubt not in found, doubt
    assert all(-2 <= value <= 2 for value in found.values())


def test_a_larger_line_above_the_name_makes_the_plain_reader_differ(tmp_path: Path) -> None:
    page = [run(60, 30, "Harbour Hollow", 40, "B"), *resume(*ADA)]
    _, profiles = read(make(tmp_path / "a.pdf", page))
    assert profiles[0].name == ADA[0]
    assert profiles[0].signals["plain_name_differs"] == 1.0


def test_other_addresses_and_numbers_on_the_page_are_counted(tmp_path: Path) -> None:
    page = [*resume(*ADA), run(60, 128, "or otherwise: hello@moreau.example / 0171 2345 6789 12", 10)]
    found = signals(tmp_path / "a.pdf", page)
    assert found["other_addresses"] > 0


def test_signals_travel_out_of_the_reading_child_and_hold_nothing_of_the_person(tmp_path: Path) -> None:
    _, profiles = read(make(tmp_path / "a.pdf", resume(*ADA)))
    assert profile_from_line(profile_line(profiles[0])) == profiles[0]
    assert all(isinstance(value, float) for value in profiles[0].signals.values())


def guessed(tmp_path: Path, lines: list[str], country: str) -> ExtractedProfile:
    page = [r for r in resume(*ADA) if "415" not in str(r[2]) and "Portland" not in str(r[2])]
    page += [run(60, 108, ADA[1]), *(run(60, 122 + 13 * n, line) for n, line in enumerate(lines))]
    _, profiles = read(make(tmp_path / f"{country}.pdf", page), Hints(country=country))
    return profiles[0]


def test_a_number_that_only_the_default_country_makes_whole_is_marked(tmp_path: Path) -> None:
    alone = guessed(tmp_path, ["Tel. 030 90182 055"], "DE")
    assert (alone.phone, alone.marks) == ("+493090182055", ("PHONE_COUNTRY_GUESSED",))
    phone = alone.best("phone")
    assert phone is not None
    assert "030 90182 055" in phone.raw, "the number as printed is kept"
    with_code = guessed(tmp_path, ["Tel. +49 30 90182 055"], "DE")
    assert (with_code.phone, with_code.marks) == ("+493090182055", ())
    with_place = guessed(tmp_path, ["Tel. 030 90182 055", "10115 Berlin, Germany"], "DE")
    assert with_place.marks == ()
