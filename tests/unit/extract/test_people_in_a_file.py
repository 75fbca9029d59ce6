"""Who stands on which page of a file: contact pages, referees, page numbers, and addresses of nobody in sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.pdf_maker import Run, make, read, resume, run

ADA = ("Adelheid Moreau", "a.moreau@example.org", "+14155550134")
CAS = ("Casimir Oyelaran", "casimir.oyelaran@example.net", "+13125550119")


def without_contact(name: str) -> list[Run]:
    return [one for one in resume(name, "", "") if "|" not in one[2]]


def contact_page(email: str, title: str = "Contact") -> list[Run]:
    return [
        run(60, 70, title, 22, "B"),
        run(60, 100, f"E-Mail: {email}"),
        run(60, 114, "Phone: +1 415 555 0134"),
        run(60, 128, "12 Quay Street, Portland, OR, United States"),
    ]


def test_a_contact_page_at_the_end_is_no_new_person(tmp_path: Path) -> None:
    _, profiles = read(make(tmp_path / "a.pdf", without_contact(ADA[0]), contact_page(ADA[1])))
    assert [(profile.name, profile.email, profile.pages) for profile in profiles] == [(ADA[0], ADA[1], (1, 2))]
    assert profiles[0].marks == ()


def test_a_contact_page_with_the_name_again_is_no_new_person(tmp_path: Path) -> None:
    _, profiles = read(make(tmp_path / "a.pdf", without_contact(ADA[0]), contact_page(ADA[1], ADA[0])))
    assert [(profile.name, profile.email) for profile in profiles] == [(ADA[0], ADA[1])]


def test_referees_on_a_page_of_their_own_are_no_people(tmp_path: Path) -> None:
    referees = [
        run(60, 70, "References", 14, "B"),
        run(60, 90, "Ingeborg Tanaka, Lantern Hotel Group"),
        run(60, 104, "i.tanaka@example.com, +1 312 555 0177"),
        run(60, 130, "Otto Nkemelu, Harbour Bread Ltd"),
        run(60, 144, "otto.nkemelu@example.com, +1 312 555 0155"),
    ]
    _, profiles = read(make(tmp_path / "a.pdf", resume(*ADA), referees))
    assert [(profile.name, profile.email) for profile in profiles] == [ADA[:2]]


def test_two_people_stay_two(tmp_path: Path) -> None:
    _, profiles = read(make(tmp_path / "a.pdf", resume(*ADA), resume(*CAS)))
    assert [(profile.name, profile.email) for profile in profiles] == [ADA[:2], CAS[:2]]
    assert [profile.marks for profile in profiles] == [(), ()]


def numbered(page: list[Run], number: int) -> list[Run]:
    return [*page, run(500, 820, f"Page {number} of 2", 8)]


def test_a_second_page_that_says_so_goes_on(tmp_path: Path) -> None:
    """It has the sections and the large title of a first page."""
    second = numbered(without_contact("Selected Projects"), 2)
    _, profiles = read(make(tmp_path / "a.pdf", numbered(resume(*ADA), 1), second))
    assert [(profile.name, profile.pages) for profile in profiles] == [(ADA[0], (1, 2))]


def test_two_people_numbered_through_stay_two(tmp_path: Path) -> None:
    _, profiles = read(make(tmp_path / "a.pdf", numbered(resume(*ADA), 1), numbered(resume(*CAS), 2)))
    assert [(profile.name, profile.email) for profile in profiles] == [ADA[:2], CAS[:2]]


@pytest.mark.parametrize(("email", "marks"), [("deepwater77@example.org", ("PEOPLE_MIXED",)), (ADA[1], ())])
def test_an_address_that_nothing_connects_with_the_name_is_marked(
    tmp_path: Path, email: str, marks: tuple[str, ...]
) -> None:
    _, profiles = read(make(tmp_path / "a.pdf", without_contact(ADA[0]), contact_page(email)))
    assert [(profile.email, profile.marks) for profile in profiles] == [(email, marks)]


def test_the_name_printed_beside_the_address_connects_them(tmp_path: Path) -> None:
    page = contact_page("deepwater77@example.org", ADA[0])
    _, profiles = read(make(tmp_path / "a.pdf", without_contact(ADA[0]), page))
    assert [profile.marks for profile in profiles] == [()]


def test_a_page_that_names_nobody_starts_nobody(tmp_path: Path) -> None:
    """A web page printed: "Résumé" heads a section of it, and a sentence is its title."""
    section = [
        run(60, 70, "Resume", 12),
        run(60, 100, "More of my work.", 24, "B"),
        *[(x, y + 60, *rest) for x, y, *rest in without_contact(ADA[0])[2:]],
    ]
    _, profiles = read(make(tmp_path / "a.pdf", resume(*ADA), section))  # type: ignore[arg-type]
    assert [(profile.name, profile.email) for profile in profiles] == [ADA[:2]]
