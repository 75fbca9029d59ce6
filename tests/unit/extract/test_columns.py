"""Columns, margins and headings by class of layout: made-up pages set as web themes, LaTeX classes and office templates set them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.extract.page.words import Word
from gateway.extract.resume.spans import periods
from gateway.model import ExtractedProfile
from support.page_maker import page, profiles_of, words

HEAD = [
    words(50, 50, "Greta Hollingsworth", 22, True),
    words(50, 74, "greta.hollingsworth@example.org | +44 20 7946 0480 | London, United Kingdom"),
]
JOBS = (
    ("Data Analyst", "Bluefin Analytics Ltd", "2019-03", "Present"),
    ("Account Executive", "Stonebridge Bank", "2015-05", "2018-12"),
)
STUDY = ("BSc Economics", "University of Leeds", "2011-09", "2014-06")
PAIRS = [("Bluefin Analytics Ltd", "Data Analyst"), ("Stonebridge Bank", "Account Executive")]


def read(*lines: list[Word], head: Sequence[list[Word]] = HEAD) -> ExtractedProfile:
    return profiles_of(page(*head, *lines))[0][0]


def pairs(profile: ExtractedProfile) -> list[tuple[str | None, str | None]]:
    return [(work.company, work.position) for work in profile.work]


def schools(profile: ExtractedProfile) -> list[str | None]:
    return [study.institution for study in profile.education]


# ---- dates


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("January 15, 2021 – Present", "2021-01", "present"),
        ("Aug 1st, 2017 to Dec 31st, 2020", "2017-08", "2020-12"),
        ("01/15/2021 - 12/31/2022", "2021-01", "2022-12"),
        ("1 de enero de 2020 - 3 de marzo de 2021", "2020-01", "2021-03"),
        ("Bluefin Analytics, Dundee, 2020-06-01 - 2021-02-01", "2020-06", "2021-02"),
        ("12/2020 – 09/2018", "2018-09", "2020-12"),
    ],
)
def test_a_day_a_comma_and_the_direction_of_writing_do_not_hide_a_range(text: str, start: str, end: str) -> None:
    (found,) = periods(text)
    assert (found.start, found.end, found.is_range) == (start, end, True)


# ---- margins


def test_a_range_over_two_lines_of_a_margin_dates_one_entry() -> None:
    lines, y = [words(50, 120, "Experience", 14, True)], 140.0
    for position, company, begin, end in JOBS:
        lines += [words(50, y, begin), words(50, y + 13, end), words(150, y, f"{position}, {company}", 10, True)]
        lines += [
            words(150, y + 13, "Moved three reports to a dashboard used by forty managers."),
            words(150, y + 26, "Trained new colleagues"),
        ]
        y += 50
    lines += [words(50, y + 10, "Education", 14, True)]
    lines += [
        words(50, y + 30, STUDY[2]),
        words(50, y + 43, STUDY[3]),
        words(150, y + 30, f"{STUDY[0]}, {STUDY[1]}", 10, True),
    ]
    lines += [words(150, y + 43, "First class in every year of the course.")]
    profile = read(*lines)
    assert pairs(profile) == PAIRS
    assert [(work.start, work.end) for work in profile.work] == [("2019-03", "present"), ("2015-05", "2018-12")]
    assert schools(profile) == ["University of Leeds"]


def test_dates_in_a_column_at_the_right_belong_to_the_entries_beside_them() -> None:
    lines, y = [words(50, 120, "Experience", 14, True)], 140.0
    for position, company, begin, end in (*JOBS, ("Clerk", "Harrow Freight", "2012-01", "2015-04")):
        lines += [words(50, y, company, 11, True), words(430, y + 11, f"{begin} – {end}"), words(50, y + 14, position)]
        lines += [
            words(50, y + 28, "Moved reports to a dashboard."),
            words(50, y + 41, "Trained colleagues in its use."),
        ]
        y += 62
    profile = read(*lines)
    assert [(work.company, work.start) for work in profile.work] == [
        ("Bluefin Analytics Ltd", "2019-03"),
        ("Stonebridge Bank", "2015-05"),
        ("Harrow Freight", "2012-01"),
    ]


def test_headings_in_a_margin_head_the_text_beside_them_also_when_they_take_two_lines() -> None:
    profile = read(
        words(50, 120, "Employment", 13),
        words(50, 134, "History", 13),
        words(170, 121, "Data Analyst, Bluefin Analytics Ltd, London"),
        words(440, 121, "03/2019 – 04/2023"),
        words(182, 135, "Moved three reports to a dashboard used by forty managers."),
        words(170, 156, "Account Executive, Stonebridge Bank, Leeds"),
        words(440, 156, "05/2015 – 12/2018"),
        words(182, 170, "Kept ninety clients and their papers in order."),
        words(50, 200, "Education", 13),
        words(50, 214, "and training", 13),
        words(170, 201, "BSc Economics, University of Leeds"),
        words(440, 201, "2011 – 2014"),
        words(182, 215, "A thesis on the price of bread in two towns"),
    )
    assert pairs(profile) == PAIRS
    assert schools(profile) == ["University of Leeds"]


def test_a_sidebar_keeps_its_own_sections_beside_a_column_with_headings() -> None:
    profile = read(
        words(40, 120, "SKILLS", 9, True),
        words(40, 140, "Logistics", 9, True),
        words(40, 153, "SQL", 9),
        words(40, 166, "Tableau", 9),
        words(40, 190, "LA N G UA G ES", 9, True),
        words(40, 206, "English", 9),
        words(40, 219, "French", 9),
        words(230, 118, "EXPERIENCE", 14, True),
        words(230, 138, "Data Analyst", 10, True),
        words(230, 151, "Bluefin Analytics Ltd | 03/2019 – 04/2023"),
        words(230, 164, "Moved three reports to a dashboard."),
        words(230, 186, "Account Executive", 10, True),
        words(230, 199, "Stonebridge Bank | 05/2015 – 12/2018"),
        words(230, 212, "Kept ninety clients and their papers."),
        words(230, 236, "EDUCATION", 14, True),
        words(230, 254, "BSc Economics, University of Leeds"),
        words(230, 267, "2011 – 2014"),
        words(230, 290, "VOLUNTEERING", 14, True),
        words(230, 308, "Driver for the food bank"),
        head=[words(230, 50, "Greta Hollingsworth", 22, True), words(230, 74, "greta.hollingsworth@example.org")],
    )
    assert profile.skills == ("SQL", "Tableau")
    assert profile.languages == ("English", "French")
    assert pairs(profile) == PAIRS


# ---- headings


def test_a_heading_of_unknown_words_is_known_by_what_stands_under_it() -> None:
    profile = read(
        words(50, 120, "Profile", 14, True),
        words(50, 138, "Calm with numbers and with people."),
        words(50, 160, "The road so far", 14, True),
        words(50, 178, "Data Analyst, Bluefin Analytics Ltd", 10, True),
        words(50, 191, "03/2019 – 04/2023"),
        words(50, 210, "Account Executive, Stonebridge Bank", 10, True),
        words(50, 223, "05/2015 – 12/2018"),
        words(50, 250, "Education", 14, True),
        words(50, 268, "BSc Economics, University of Leeds"),
        words(440, 268, "2011 – 2014"),
    )
    assert pairs(profile) == PAIRS


def test_a_known_word_in_lesser_type_is_a_label_under_headings_of_one_look() -> None:
    profile = read(
        words(50, 120, "Experience", 16),
        words(50, 138, "Data Analyst, Bluefin Analytics Ltd", 10, True),
        words(440, 138, "03/2019 – 04/2023"),
        words(50, 165, "Education", 16),
        words(50, 183, "BSc Economics, University of Leeds", 10, True),
        words(440, 183, "2011 – 2014"),
        words(50, 210, "Skills", 16),
        words(50, 228, "Office", 11, True),
        words(50, 242, "Excel, Power BI"),
        words(50, 258, "Leadership", 11, True),
        words(50, 272, "Shift planning, Coaching"),
        words(50, 300, "Awards", 16),
        words(50, 318, "Employee of the year"),
    )
    assert profile.skills == ("Excel", "Power BI", "Shift planning", "Coaching")


def test_a_word_in_a_list_opens_no_section() -> None:
    profile = read(
        words(50, 120, "Experience", 14, True),
        words(50, 138, "Data Analyst, Bluefin Analytics Ltd", 10, True),
        words(440, 138, "03/2019 – 04/2023"),
        words(60, 152, "- Managing contracts and supplies"),
        words(60, 165, "- Training"),
        words(60, 178, "- Problem solving"),
        words(50, 200, "Account Executive, Stonebridge Bank", 10, True),
        words(440, 200, "05/2015 – 12/2018"),
        words(60, 214, "- Reporting to the board"),
    )
    assert pairs(profile) == PAIRS
    assert not profile.education


# ---- columns


def test_cards_set_side_by_side_are_read_one_after_the_other() -> None:
    profile = read(
        words(50, 120, "Experience", 14, True),
        words(54, 138, "03/2019 – 04/2023", 8),
        words(314, 138, "05/2015 – 12/2018", 8),
        words(50, 151, "Bluefin Analytics Ltd", 11, True),
        words(310, 151, "Stonebridge Bank", 11, True),
        words(50, 165, "Data Analyst"),
        words(310, 165, "Account Executive"),
        words(62, 178, "Moved three reports to a dashboard"),
        words(322, 178, "Kept ninety clients in order"),
        words(62, 191, "Trained forty managers"),
        words(50, 220, "Education", 14, True),
        words(50, 238, "BSc Economics, University of Leeds"),
        words(440, 238, "2011 – 2014"),
    )
    assert pairs(profile) == PAIRS


def test_two_columns_that_share_a_row_of_headings_are_parted() -> None:
    profile = read(
        words(40, 120, "CONTACT", 12, True),
        words(230, 120, "EDUCATION", 12, True),
        words(56, 138, "+44 20 7946 0480", 9),
        words(230, 142, "BSc Economics, first class", 10),
        words(440, 142, "2011-2014", 10),
        words(56, 152, "greta.hollingsworth@example.org", 9),
        words(230, 155, "University of Leeds", 10),
        words(56, 168, "London, United Kingdom", 9),
        words(56, 184, "hollingsworth.example", 9),
        words(230, 186, "A levels", 10),
        words(440, 186, "2009-2011", 10),
        words(230, 199, "Harrogate Grammar School", 10),
        words(40, 260, "EXPERIENCE", 12, True),
        words(40, 280, "Data Analyst, Bluefin Analytics Ltd, the London office of the whole group", 10, True),
        words(440, 280, "03/2019 – 04/2023"),
        head=[words(50, 50, "Greta Hollingsworth", 22, True)],
    )
    assert schools(profile) == ["University of Leeds", "Harrogate Grammar School"]


# ---- names and what stands around them


def test_a_name_that_a_narrow_cell_breaks_beside_its_date_is_whole() -> None:
    profile = read(
        words(50, 120, "Education", 14, True),
        words(50, 140, "Universidad Politécnica de"),
        words(240, 140, "2011 – 2014"),
        words(50, 153, "Manizales"),
        words(50, 180, "École supérieure de Saint-"),
        words(240, 180, "2009 – 2011"),
        words(50, 193, "Étienne"),
    )
    assert schools(profile) == ["Universidad Politécnica de Manizales", "École supérieure de Saint-Étienne"]


def test_the_place_that_every_employer_ends_with_is_no_part_of_its_name() -> None:
    lines, y = [words(50, 120, "Experience", 14, True)], 140.0
    for text in (
        "Data Analyst at Bluefin Analytics Leeds",
        "Clerk at Stonebridge Holding London",
        "Porter at Harrow Freight Leeds",
    ):
        lines += [words(50, y, text), words(430, y, f"{int(y) // 4 + 1970} – {int(y) // 4 + 1972}")]
        lines.append(words(62, y + 14, "Moved three reports to a dashboard used by forty managers."))
        y += 40
    assert [work.company for work in read(*lines).work] == [
        "Bluefin Analytics",
        "Stonebridge Holding",
        "Harrow Freight",
    ]


@pytest.mark.parametrize("subject", ["Bachelor, Supply Chain Management", "Informatics"])
def test_a_school_behind_at_is_the_institution(subject: str) -> None:
    profile = read(
        words(50, 120, "Education", 14, True),
        words(50, 140, f"{subject} at University of Leeds", 11, True),
        words(50, 154, "September 2008 — June 2012"),
    )
    assert [(study.institution, study.degree) for study in profile.education] == [("University of Leeds", subject)]


def test_how_long_a_job_lasted_in_words_is_no_position() -> None:
    profile = read(
        words(50, 120, "Experience", 14, True),
        words(50, 140, "Data Analyst, Bluefin Analytics Ltd", 12, True),
        words(50, 156, "October 2022 — October 2023"),
        words(330, 156, "a year"),
        words(50, 180, "Account Executive, Stonebridge Bank", 12, True),
        words(50, 196, "May 2015 — December 2018"),
        words(330, 196, "3 years"),
    )
    assert pairs(profile) == PAIRS


# ---- skills


def skills(*lines: list[Word]) -> tuple[str, ...]:
    return read(
        words(230, 120, "Experience", 14, True),
        words(230, 138, "Data Analyst, Bluefin Analytics Ltd"),
        words(230, 152, "03/2019 – 04/2023"),
        words(40, 200, "Skills", 14, True),
        *lines,
    ).skills


def test_an_item_that_a_narrow_column_breaks_is_one_skill() -> None:
    close = [
        words(40, y, text)
        for y, text in ((220, "Excel"), (240, "Public"), (252, "speaking"), (272, "Bookkeeping"), (292, "Python"))
    ]
    assert skills(*close) == ("Excel", "Public speaking", "Bookkeeping", "Python")


def test_boxes_of_one_word_each_are_two_skills_and_letters_drawn_apart_one() -> None:
    boxes = [words(40, 220, "Playwright"), words(98, 220, "Jest"), words(40, 240, "S Q L")]
    assert skills(*boxes) == ("Playwright", "Jest", "SQL")


def test_an_ampersand_that_a_template_escaped_is_one() -> None:
    assert skills(words(40, 220, "Safety &amp; health, Excel")) == ("Safety & health", "Excel")


def test_signs_of_a_level_behind_a_skill_are_no_part_of_it() -> None:
    rated = [words(40, 220 + 14 * n, f"{text} ●●●○○") for n, text in enumerate(("Excel", "Cycle counting", "Python"))]
    assert skills(*rated) == ("Excel", "Cycle counting", "Python")


def test_a_group_named_like_a_heading_stays_a_group_of_skills() -> None:
    rows = [("Office", "Excel, Power BI"), ("Leadership", "Shift planning, Coaching")]
    profile = read(
        words(50, 120, "Experience", 10, True),
        words(50, 138, "Data Analyst, Bluefin Analytics Ltd"),
        words(440, 138, "03/2019 – 04/2023"),
        words(50, 165, "Expertise", 10, True),
        *[
            words(x, 182 + 14 * n, text, 10, x == 38)
            for n, row in enumerate(rows)
            for x, text in zip((38, 130), row, strict=True)
        ],
    )
    assert profile.skills == ("Excel", "Power BI", "Shift planning", "Coaching")


# ---- further classes


def test_an_icon_in_front_of_a_heading_is_no_part_of_it() -> None:
    profile = read(
        words(50, 120, "★ Experience", 14, True),
        words(50, 138, "Data Analyst @ Bluefin Analytics Ltd", 10, True),
        words(50, 151, "(03/2019 – 04/2023)"),
        words(50, 175, "✎ Education", 14, True),
        words(50, 193, "BSc Economics @ University of Leeds", 10, True),
        words(50, 206, "(2011 – 2014)"),
    )
    assert pairs(profile) == PAIRS[:1]
    assert schools(profile) == ["University of Leeds"]


def test_a_range_over_two_lines_at_the_right_dates_its_entry() -> None:
    lines, y = [words(50, 120, "Experience", 14, True)], 140.0
    for position, company, begin, end in (
        ("Data Analyst", "Bluefin Analytics Ltd", "Mar 2019 –", "Present"),
        ("Account Executive", "Stonebridge Bank", "Jun 2015 –", "Feb 2019"),
    ):
        lines += [
            words(50, y, company, 11, True),
            words(430, y, begin),
            words(50, y + 13, "Boston, MA"),
            words(430, y + 13, end),
        ]
        lines += [words(50, y + 27, position, 10, True), words(62, y + 41, "Moved three reports to a dashboard.")]
        y += 64
    profile = read(*lines)
    assert [(w.company, w.position, w.start, w.end) for w in profile.work] == [
        ("Bluefin Analytics Ltd", "Data Analyst", "2019-03", "present"),
        ("Stonebridge Bank", "Account Executive", "2015-06", "2019-02"),
    ]


def test_a_word_under_every_entry_is_a_label_and_opens_no_section() -> None:
    lines, y = [words(50, 120, "Experience", 14, True)], 140.0
    for position, company, begin, end in (*JOBS, ("Clerk", "Harrow Freight", "2012-01", "2015-04")):
        lines += [words(50, y, f"{company}", 11, True), words(430, y, f"{begin} – {end}"), words(50, y + 14, position)]
        lines += [words(50, y + 28, "Highlights", 10, True), words(62, y + 42, "Moved three reports to a dashboard.")]
        y += 66
    assert [work.company for work in read(*lines).work] == [
        "Bluefin Analytics Ltd",
        "Stonebridge Bank",
        "Harrow Freight",
    ]


def test_hebrew_words_and_the_latin_dates_among_them_are_read_in_their_own_order() -> None:
    profile = profiles_of(
        page(
            words(40, 50, "Dana Levi", 22, True),
            words(40, 74, "dana.levi@example.org | +972 2 123 6347"),
            words(40, 120, "השכלה", 14, True),
            [
                replace(w, box=(200 - n * 40, *w.box[1:2], 236 - n * 40, w.box[3]))
                for n, w in enumerate(words(0, 140, "המכללה האקדמית רחובות"))
            ],
            [
                replace(w, box=(420 - n * 34, *w.box[1:2], 450 - n * 34, w.box[3]))
                for n, w in enumerate(words(0, 140, "2017 June - 2012 September"))
            ],
            words(40, 160, "מדעי המחשב"),
        )
    )[0][0]
    assert [(s.institution, s.start, s.end) for s in profile.education] == [
        ("המכללה האקדמית רחובות", "2012-09", "2017-06")
    ]
