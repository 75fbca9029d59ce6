"""Classes of layouts that generated résumés showed the reader to misread. All people, firms and schools are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.extract.page.words import Word
from gateway.model import ExtractedProfile
from support.page_maker import page, profiles_of, words

JOBS = [
    words(50, 300, "Experience", 14, True),
    words(50, 320, "Data Analyst, Bluefin Analytics Ltd"),
    words(440, 320, "Jan 2019 - Mar 2023"),
    words(50, 334, "Moved three reports to a dashboard used by forty managers."),
    words(50, 352, "Account Executive, Stonebridge Bank"),
    words(440, 352, "May 2015 - Dec 2018"),
]
STUDIES = [
    words(50, 390, "Education", 14, True),
    words(50, 410, "BSc Economics, University of Leeds"),
    words(440, 410, "2011 - 2014"),
]


def read(*lines: list[Word]) -> ExtractedProfile:
    return profiles_of(page(*lines))[0][0]


def resume(*skills: list[Word]) -> ExtractedProfile:
    return read(
        words(50, 60, "Greta Hollingsworth", 22, True),
        words(50, 90, "greta.hollingsworth@example.org | +44 20 7946 0480 | London, United Kingdom"),
        *JOBS,
        *STUDIES,
        words(50, 450, "Skills", 14, True),
        *skills,
    )


# ---- whose page it is


def test_an_agency_that_heads_the_page_in_large_type_is_not_the_candidate() -> None:
    profiles, facts = profiles_of(
        page(
            words(50, 40, "HARTLEY SEARCH", 22, True),
            words(430, 40, "Tel 0113 496 0299"),
            words(430, 54, "office@hartleysearch.example"),
            words(50, 90, "Greta Hollingsworth", 15, True),
            words(50, 110, "gh77@example.org"),
            words(50, 124, "020 7946 0480"),
            words(50, 138, "London, United Kingdom"),
            *JOBS,
            *STUDIES,
        )
    )
    assert (profiles[0].name, profiles[0].email) == ("Greta Hollingsworth", "gh77@example.org")
    assert profiles[0].phone == "+442079460480"
    assert [note.code for note in facts.notes].count("CONTACT_NOT_OWN") == 2


def test_a_person_s_own_site_is_no_agency() -> None:
    profile = read(
        words(50, 60, "GRETA HOLLINGSWORTH", 22, True),
        words(50, 90, "hello@gretahollingsworth.example | +44 20 7946 0480 | London, United Kingdom"),
        *JOBS,
        *STUDIES,
    )
    assert (profile.name, profile.email) == ("GRETA HOLLINGSWORTH", "hello@gretahollingsworth.example")


def test_a_form_beneath_a_presenting_agency_holds_the_candidate_s_data() -> None:
    profile = read(
        words(50, 60, "Presented by Marlow Partners · Diane Foster · diane.foster@marlow.example"),
        words(50, 74, "Candidate"),
        words(200, 74, "Greta Hollingsworth"),
        words(50, 88, "Email"),
        words(200, 88, "gh77@example.org"),
        words(50, 102, "Mobile"),
        words(200, 102, "+44 20 7946 0480"),
        *JOBS,
        *STUDIES,
    )
    assert (profile.email, profile.phone) == ("gh77@example.org", "+442079460480")


def test_a_cover_page_with_the_name_belongs_to_the_resume_behind_it() -> None:
    cover = page(
        words(50, 60, "Talentbridge Recruitment", 24, True),
        words(50, 300, "Greta Hollingsworth", 14, True),
        words(50, 600, "Your consultant: Gillian Marsh, gillian.marsh@talentbridge.example"),
    )
    inside = page(
        words(50, 60, "Greta Hollingsworth", 22, True),
        words(50, 90, "greta.hollingsworth@example.org | +44 20 7946 0480"),
        *JOBS,
        *STUDIES,
        number=2,
    )
    profiles, _ = profiles_of(cover, inside)
    assert [(p.name, p.email) for p in profiles] == [("Greta Hollingsworth", "greta.hollingsworth@example.org")]


# ---- names


def test_a_light_given_name_above_a_bold_family_name() -> None:
    profile = read(
        words(50, 60, "JULIAN", 16),
        words(50, 92, "HOLLINGSWORTH", 30, True),
        words(350, 60, "hello@example.org"),
        words(350, 74, "+44 20 7946 0480"),
        *JOBS,
        *STUDIES,
    )
    assert profile.name == "JULIAN HOLLINGSWORTH"


def test_a_monogram_above_the_name_is_not_part_of_it() -> None:
    profile = read(
        words(280, 60, "GH", 40),
        words(220, 100, "Greta Hollingsworth", 20, True),
        words(180, 124, "ghollingsworth7@example.org | +44 20 7946 0480"),
        *JOBS,
        *STUDIES,
    )
    assert profile.name == "Greta Hollingsworth"


# ---- numbers and places that a line's end or a missing separator hides


@pytest.mark.parametrize(("end", "begin"), [("(617)", "555-0162"), ("(617) 555-", "0162"), ("+1 617", "555 0162")])
def test_a_number_broken_over_two_lines(end: str, begin: str) -> None:
    profile = read(
        words(50, 60, "Greta Hollingsworth", 22, True),
        words(50, 90, f"Nationality: Irish | Email: greta.hollingsworth@example.org | Phone: {end}"),
        words(50, 104, f"{begin} | Address: 12 Mill Lane, Boston, MA, USA"),
        *JOBS,
        *STUDIES,
    )
    assert profile.phone == "+16175550162"


def test_a_place_that_only_spaces_set_apart_from_the_address() -> None:
    profile = read(
        words(50, 60, "Greta Hollingsworth", 22, True),
        words(50, 90, "greta.hollingsworth@example.org +44 20 7946 0480 London, United Kingdom"),
        *JOBS,
        *STUDIES,
    )
    assert profile.location == "London, United Kingdom"


# ---- skills


def test_sentences_that_only_name_skills() -> None:
    text = "Proficient in SQL, Excel and C++. Working knowledge of Figma, Docker and Power BI."
    assert resume(words(50, 470, text)).skills == ("SQL", "Excel", "C++", "Figma", "Docker", "Power BI")


def test_labels_above_columns_of_skills_are_none() -> None:
    got = resume(
        words(50, 470, "Core", 10, True),
        words(200, 470, "Tools", 10, True),
        words(50, 484, "Excel"),
        words(200, 484, "Figma"),
        words(50, 498, "Docker"),
        words(200, 498, "Power BI"),
    )
    assert sorted(got.skills) == ["Docker", "Excel", "Figma", "Power BI"]


def test_a_table_of_skills_with_levels_and_years() -> None:
    rows = [
        ("Skill", "Level", "Last used"),
        ("SQL", "Good", "2021"),
        ("Figma", "Expert", "2022"),
        ("SAP", "Basic", "2019"),
    ]
    cells = [
        words(x, 470 + 14 * n, text) for n, row in enumerate(rows) for x, text in zip((50, 200, 350), row, strict=True)
    ]
    assert resume(*cells).skills == ("SQL", "Figma", "SAP")


def test_years_and_levels_behind_a_skill_are_left_out() -> None:
    got = resume(
        words(50, 470, "Excel (5 years)"), words(50, 484, "Contract law Advanced"), words(50, 498, "Figma – 3+ yrs")
    )
    assert got.skills == ("Excel", "Contract law", "Figma")


def test_boxes_side_by_side_end_with_their_line() -> None:
    def chips(y: float, *texts: str) -> list[Word]:
        row, x = [], 50.0
        for text in texts:
            placed = words(x, y, text)
            x = placed[-1].box[2] + 11
            row += placed
        return row

    got = resume(chips(470, "Excel", "Figma", "Customer service"), chips(490, "Docker", "Power BI", "Inventory"))
    assert got.skills == ("Excel", "Figma", "Customer service", "Docker", "Power BI", "Inventory")


def test_a_bold_heading_in_a_sidebar_is_smaller_than_those_of_the_main_text() -> None:
    side = [
        words(40, 60, "Contact", 10, True),
        words(40, 76, "gh77@example.org"),
        words(40, 90, "+44 20 7946 0480"),
        words(40, 120, "Top Skills", 10, True),
        words(40, 136, "Negotiation"),
        words(40, 150, "Budgeting"),
        words(40, 180, "Languages", 10, True),
        words(40, 196, "English"),
    ]
    main = [[replace(w, box=(w.box[0] + 180, *w.box[1:2], w.box[2] + 180, w.box[3])) for w in line] for line in JOBS]
    got = read(*side, words(230, 60, "Greta Hollingsworth", 24), words(230, 100, "Summary", 15), *main, *STUDIES[:0])
    assert got.skills == ("Negotiation", "Budgeting")


# ---- work and education


def test_education_in_a_table_with_a_head_row() -> None:
    rows = [
        ("Qualification", "Board / University", "Year of passing", "Percentage"),
        ("BA Economics", "Purdue University", "2020", "94%"),
        ("Diploma in Marketing", "Rice University", "2016", "67%"),
    ]
    cells = [
        words(x, 410 + 20 * n, text)
        for n, row in enumerate(rows)
        for x, text in zip((50, 200, 360, 480), row, strict=True)
    ]
    got = read(
        words(50, 60, "Greta Hollingsworth", 22, True),
        words(50, 90, "greta.hollingsworth@example.org | +44 20 7946 0480"),
        *JOBS,
        words(50, 390, "Education", 14, True),
        *cells,
    )
    assert [(e.institution, e.degree) for e in got.education] == [
        ("Purdue University", "BA Economics"),
        ("Rice University", "Diploma in Marketing"),
    ]
    assert [w.company for w in got.work] == ["Bluefin Analytics Ltd", "Stonebridge Bank"]


@pytest.mark.parametrize(
    "printed", ["BSc Economics from University of Leeds", "BSc Economics, University of Leeds, grade: first"]
)
def test_a_school_behind_from_and_before_a_grade(printed: str) -> None:
    got = read(
        words(50, 60, "Greta Hollingsworth", 22, True),
        words(50, 90, "greta.hollingsworth@example.org | +44 20 7946 0480"),
        *JOBS,
        words(50, 390, "Education", 14, True),
        words(50, 410, printed),
        words(440, 410, "2014"),
    )
    assert [e.institution for e in got.education] == ["University of Leeds"]


def test_a_range_of_dates_broken_in_a_narrow_column() -> None:
    got = read(
        words(50, 60, "Greta Hollingsworth", 22, True),
        words(50, 90, "greta.hollingsworth@example.org | +44 20 7946 0480"),
        words(50, 300, "Experience", 14, True),
        words(50, 320, "May 2020 –"),
        words(150, 320, "Sales Associate", 10, True),
        words(50, 334, "Present"),
        words(150, 334, "Orbital Foods Ltd, Dublin"),
        words(150, 348, "Reduced complaint handling time from six days to two."),
        words(50, 370, "Sep 2018 –"),
        words(150, 370, "Financial Controller", 10, True),
        words(50, 384, "Apr 2020"),
        words(150, 384, "Helix Robotics, Manchester"),
        words(150, 398, "Kept records of every shipment and reconciled them monthly."),
    )
    assert [(w.position, w.company) for w in got.work] == [
        ("Sales Associate", "Orbital Foods Ltd"),
        ("Financial Controller", "Helix Robotics"),
    ]


@pytest.mark.parametrize("printed", ["Braga PT", "4700-123 Braga"])
def test_a_town_beside_its_countrys_letters_is_where_the_person_lives(printed: str) -> None:
    found = read(
        words(50, 60, "Greta Hollingsworth", 22, True), words(50, 90, f"{printed} / gh77@example.org"), *JOBS, *STUDIES
    )
    assert found.location is not None
    assert "Braga" in found.location
