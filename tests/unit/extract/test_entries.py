"""Employers, positions and schools by class of layout: made-up pages, each printed as one of the ways résumés set their entries."""

from __future__ import annotations

import itertools

import pytest

from gateway.extract.resume.spans import periods
from gateway.model import Education, Work
from support.page_maker import read_runs
from support.pdf_maker import Run, run

PERSON = [run(60, 60, "Adelheid Moreau", 20, "B"), run(60, 80, "a.moreau@example.org | +1 415 555 0134")]
JOBS = (
    ("Head Baker", "Harbour Bread Ltd", "01/2019", "03/2023", "2019-01", "2023-03"),
    ("Pastry Cook", "Lantern Hotel Group", "06/2015", "12/2018", "2015-06", "2018-12"),
    ("Kitchen Assistant", "Quillfeather", "2013", "2015", "2013", "2015"),
)
TASKS = (
    "Planned the night shifts of a team of six.",
    "Made plated desserts for ninety covers.",
    "Cut waste by a third",
)


def work_of(*runs: Run, heading: str = "Work Experience", size: float = 14) -> tuple[Work, ...]:
    page = [*PERSON, run(60, 120, heading, size, "B"), *runs]
    low = max(r[1] for r in runs)
    page += [run(60, low + 40, "Skills", size, "B"), run(60, low + 58, "Sourdough, Lamination, Costing")]
    _, profiles = read_runs(page)
    return profiles[0].work


def schools_of(*runs: Run, heading: str = "Education") -> list[tuple[str | None, str | None]]:
    page = [*PERSON, run(60, 120, heading, 14, "B"), *runs]
    low = max(r[1] for r in runs)
    page += [run(60, low + 40, "Skills", 14, "B"), run(60, low + 58, "Sourdough, Lamination, Costing")]
    _, profiles = read_runs(page)
    return [(e.institution, e.degree) for e in profiles[0].education]


def pairs(work: tuple[Work, ...]) -> list[tuple[str | None, str | None]]:
    return [(w.company, w.position) for w in work]


def one_line(job: tuple[str, ...], order: str, between: str, dash: str, brackets: str) -> str:
    position, employer, begin, end, *_ = job
    dates = f"{begin}{dash}{end}"
    parts = {"p": position, "e": employer, "d": f"({dates})" if brackets == "()" else dates}
    text = between.join(parts[key] for key in order)
    return text.replace(f"{between}(", " (") if brackets == "()" else text


ONE_LINERS = list(
    itertools.product(("ped", "epd", "dpe", "dep"), (", ", " | ", " - ", " – "), (" - ", "-", " – "), ("", "()"))
)


@pytest.mark.parametrize("number", range(4))
def test_an_entry_on_one_line_is_cut_at_its_separators(number: int) -> None:
    """ "Position, Employer, 01/2019 - 03/2023" in every order, with every separator: no date and no task in a name."""
    wrong = []
    for order, between, dash, brackets in ONE_LINERS[number::4]:
        if brackets and order[0] == "d":
            continue
        runs, y = [], 140.0
        for job, task in zip(JOBS, TASKS, strict=True):
            runs += [run(60, y, one_line(job, order, between, dash, brackets)), run(70, y + 14, f"- {task}")]
            y += 34
        got = work_of(*runs)
        want = tuple(Work(e, p, b, f) for p, e, _, _, b, f in JOBS)
        if got != want:
            wrong.append((order, between, dash, brackets, got))
    assert not wrong, wrong


def test_positions_under_one_employer_get_it() -> None:
    """As LinkedIn exports them: company, total time, then position, dates and place for each role; a page number between them."""
    work = work_of(
        run(60, 140, "Quillfeather", 12),
        run(60, 155, "4 years 2 months", 10),
        run(60, 172, "Head Baker", 11.5),
        run(60, 187, "January 2021 - Present (2 years 1 month)", 10),
        run(60, 201, "Greater Portland Area", 10),
        run(60, 222, "Planned the night shifts of a team of six and cut waste by a third.", 10),
        run(60, 245, "Pastry Cook", 11.5),
        run(60, 260, "December 2018 - January 2021 (2 years 1 month)", 10),
        run(60, 274, "Portland, Oregon, United States", 10),
        run(300, 290, "Page 1 of 2", 9),
        run(60, 310, "Ostrava Digital", 12),
        run(60, 327, "Kitchen Assistant", 11.5),
        run(60, 342, "March 2015 - December 2018 (3 years 9 months)", 10),
        run(60, 356, "Brno, South Moravia, Czechia", 10),
    )
    assert pairs(work) == [
        ("Quillfeather", "Head Baker"),
        ("Quillfeather", "Pastry Cook"),
        ("Ostrava Digital", "Kitchen Assistant"),
    ]
    assert [w.start for w in work] == ["2021-01", "2018-12", "2015-03"]


def test_entries_that_open_with_a_list_mark_are_entries() -> None:
    work = work_of(
        run(60, 140, "● Head Baker at Quillfeather (2019-Current)"),
        run(80, 154, "○ Planned the night shifts of a team of six"),
        run(80, 168, "○ Cut waste by a third"),
        run(60, 182, "● Pastry Cook at Lantern Hotel Group (Summer of 2018)"),
        run(80, 196, "○ Made plated desserts for ninety covers"),
    )
    assert pairs(work) == [("Quillfeather", "Head Baker"), ("Lantern Hotel Group", "Pastry Cook")]
    assert (work[0].start, work[0].end, work[1].end) == ("2019", "present", "2018")


def test_a_place_with_the_date_is_no_employer() -> None:
    work = work_of(
        run(60, 140, "Quillfeather | Stage", 11, "B"),
        run(60, 154, "Lyon, France 19 Mai - 20 Juin 2022 (1 mois)"),
        run(60, 168, "- Préparation de la pâte et du levain."),
        run(60, 190, "Atelier Morel | Stage", 11, "B"),
        run(60, 204, "Nantes, France 11 Mars – 5 Avril 2021 (1 mois)"),
        run(60, 218, "- Inventaire des stocks."),
        heading="Expériences professionnelles",
    )
    assert pairs(work) == [("Quillfeather", "Stage"), ("Atelier Morel", "Stage")]
    assert [(w.start, w.end) for w in work] == [("2022-05", "2022-06"), ("2021-03", "2021-04")]


def test_a_task_without_a_list_mark_is_no_employer() -> None:
    work = work_of(
        run(60, 140, "Head Baker, Blue Otter, 2019 - 2023", 10, "B"),
        run(60, 154, "Supported customers in three languages"),
        run(60, 174, "Pastry Cook, City Library, 2015 - 2018", 10, "B"),
        run(60, 188, "Reduced costs by 12% in 2017"),
    )
    assert pairs(work) == [("Blue Otter", "Head Baker"), ("City Library", "Pastry Cook")]


def test_entries_side_by_side_are_read_one_after_the_other() -> None:
    schools = schools_of(
        run(60, 140, "Universidade de Arouca", 10.5, "B"),
        run(320, 140, "Universidad de Nájera", 10.5, "B"),
        run(60, 154, "Sep 2008 - Jun 2011", 9),
        run(320, 154, "Sep 2006 - Jun 2008", 9),
        run(60, 168, "Licenciatura", 9),
        run(320, 168, "Grado", 9),
    )
    assert schools == [("Universidade de Arouca", "Licenciatura"), ("Universidad de Nájera", "Grado")]


def test_dates_and_headings_in_the_margin_belong_to_the_lines_beside_them() -> None:
    """A narrow column of headings and dates, the text to its right: as Europass prints it."""
    page = [
        run(184, 50, "Adelheid Moreau", 16, "B"),
        run(184, 70, "a.moreau@example.org"),
        run(184, 84, "+1 415 555 0134"),
        run(60, 130, "WORK EXPERIENCE", 9),
        run(60, 156, "08/2013-Present", 9),
        run(60, 226, "01/2009-07/2013", 9),
        run(184, 156, "Head Baker", 11),
        run(184, 172, "Quillfeather, Brno (Czechia)", 9),
        run(184, 188, "- Planned the night shifts of a team of six.", 9),
        run(184, 226, "Pastry Cook", 11),
        run(184, 242, "Lantern Hotel Group, Brno (Czechia)", 9),
        run(184, 258, "- Made plated desserts for ninety covers.", 9),
        run(60, 300, "EDUCATION AND TRAINING", 9),
        run(60, 326, "09/2005-06/2008", 9),
        run(184, 326, "Diploma in Baking", 11),
        run(184, 342, "Riverside Culinary College", 9),
    ]
    _, profiles = read_runs(page)
    assert profiles[0].work == (
        Work("Quillfeather", "Head Baker", "2013-08", "present"),
        Work("Lantern Hotel Group", "Pastry Cook", "2009-01", "2013-07"),
    )
    assert profiles[0].education == (
        Education("Riverside Culinary College", "Diploma in Baking", "2005-09", "2008-06"),
    )


def test_labels_say_which_part_is_which() -> None:
    work = work_of(
        run(60, 140, "Dates: 01/2019 - 03/2023"),
        run(60, 154, "Occupation or position held: Head Baker"),
        run(60, 168, "Name and address of employer: Morel & Daughters"),
        run(60, 182, "City: Brno"),
        run(60, 210, "Dates: 2015 - 2018"),
        run(60, 224, "Occupation or position held: Mixing"),
        run(60, 238, "Name and address of employer: Head Baker's Delight"),
        run(60, 252, "City: Brno"),
    )
    assert work == (
        Work("Morel & Daughters", "Head Baker", "2019-01", "2023-03"),
        Work("Head Baker's Delight", "Mixing", "2015", "2018"),
    )


def test_a_freelancer_has_no_employer() -> None:
    work = work_of(
        run(60, 140, "Pastry Cook", 11, "B"),
        run(430, 140, "2019 - 2023"),
        run(60, 154, "Self-employed"),
        run(60, 180, "Head Baker", 11, "B"),
        run(430, 180, "2015 - 2018"),
        run(60, 194, "Quillfeather"),
    )
    assert pairs(work) == [(None, "Pastry Cook"), ("Quillfeather", "Head Baker")]


def test_lists_after_the_last_job_are_no_jobs() -> None:
    work = work_of(
        run(60, 140, "Head Baker", 11, "B"),
        run(430, 140, "2019 - 2023"),
        run(60, 154, "Quillfeather"),
        run(60, 168, "- Planned the night shifts of a team of six."),
        run(60, 200, "Machines: mixers, ovens, sheeters"),
        run(60, 214, "Methods: lamination, cold proofing, scaling"),
    )
    assert pairs(work) == [("Quillfeather", "Head Baker")]


def test_the_names_of_a_school_and_its_abbreviation_are_one() -> None:
    schools = schools_of(
        run(60, 140, "UNARO - Universidade de Arouca", 11, "B"),
        run(60, 154, "Bacharelado em Gastronomia (2015 - 2018)"),
        run(60, 180, "CTU, High School Diploma of Baking, 2012 - 2015", 11, "B"),
    )
    assert schools[0] == ("UNARO - Universidade de Arouca", "Bacharelado em Gastronomia")
    assert schools[1][0] == "CTU"


def test_a_degree_under_the_school_before_belongs_to_it() -> None:
    schools = schools_of(
        run(60, 140, "Institut Morel", 10, "B"),
        run(60, 154, "Master Informatique", 10, "I"),
        run(430, 154, "2017 - 2018"),
        run(60, 168, "- Algorithmique, réseaux, droit."),
        run(60, 182, "Licence Mathématiques", 10, "I"),
        run(430, 182, "2014 - 2017"),
        heading="Formation",
    )
    assert schools == [("Institut Morel", "Master Informatique"), ("Institut Morel", "Licence Mathématiques")]


def test_capitals_with_full_stops_are_no_sentence() -> None:
    schools = schools_of(
        run(60, 140, "IIT KANPUR", 11, "B"),
        run(60, 153, "B. TECH. IN COMPUTER SCIENCE", 10, "B"),
        run(60, 166, "Jun 14 - Jul ’18", 9, "B"),
        run(60, 190, "RIVERSIDE JUNIOR COLLEGE", 11, "B"),
        run(60, 203, "TWELFTH GRADE", 10, "B"),
        run(60, 216, "Grad. May ’14", 9, "B"),
    )
    assert schools == [("IIT KANPUR", "B. TECH. IN COMPUTER SCIENCE"), ("RIVERSIDE JUNIOR COLLEGE", "TWELFTH GRADE")]


def test_a_japanese_form_says_what_happened_behind_each_name() -> None:
    page = [
        run(60, 60, "田辺 龍", 18, "B"),
        run(60, 84, "tanabe@example.org | +81 90 0000 0000"),
        run(260, 120, "学歴", 12, "B"),
        *(run(56, y, year, 10) for y, year in ((140, "2017"), (160, "2017"), (180, "2021"))),
        *(run(100, y, month, 10) for y, month in ((140, "3"), (160, "4"), (180, "3"))),
        run(148, 140, "青葉高等学校 卒業", 10),
        run(148, 160, "神波大学 外国語学部 入学", 10),
        run(148, 180, "神波大学 外国語学部 卒業", 10),
        run(260, 210, "職歴", 12, "B"),
        run(56, 230, "2021", 10),
        run(100, 230, "4", 10),
        run(148, 230, "株式会社ひので 入社", 10),
        run(500, 250, "以上", 10),
    ]
    _, profiles = read_runs(page)
    assert [(e.institution, e.end) for e in profiles[0].education] == [
        ("青葉高等学校", "2017-03"),
        ("神波大学 外国語学部", "2017-04"),
        ("神波大学 外国語学部", "2021-03"),
    ]
    assert [w.company for w in profiles[0].work] == ["株式会社ひので"]


@pytest.mark.parametrize(
    ("text", "start", "end", "printed"),
    [
        ("Summer of 2018", "2018", None, "Summer of 2018"),
        ("Fall 2019 – Spring 2020", "2019", "2020", "Fall 2019 – Spring 2020"),
        ("June ’18-Present", "2018-06", "present", "June ’18-Present"),
        ("Baker 07/21 - 08/22", "2021-07", "2022-08", "07/21 - 08/22"),
        ("Jun 14 - Jul ’18", "2014-06", "2018-07", "Jun 14 - Jul ’18"),
        ("2025 — … , CH", "2025", "present", "2025 — …"),
        ("since 2019", "2019", "present", "since 2019"),
        ("septembre 2024 ‑ mars 2025", "2024-09", "2025-03", "septembre 2024 ‑ mars 2025"),
        ("(Juin à Août 2025)", "2025-06", "2025-08", "Juin à Août 2025"),
        ("2017 עד היום", "2017", "present", "2017 עד היום"),
        ("2019 г. - н.в.", "2019", "present", "2019 г. - н.в."),
    ],
)
def test_dates_of_entries(text: str, start: str, end: str | None, printed: str) -> None:
    (period,) = periods(text)
    assert (period.start, period.end, text[slice(*period.span)]) == (start, end, printed)
