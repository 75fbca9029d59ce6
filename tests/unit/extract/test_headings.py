"""Headings in many languages and forms, headlines, and lists of skills: what a section is, and what is none."""

from __future__ import annotations

import pytest

from gateway.extract.resume.headings import guessed_heading, known_heading
from gateway.model import ExtractedProfile
from support.page_maker import read_runs
from support.pdf_maker import Run, run

PERSON = [run(60, 60, "Adelheid Moreau", 20, "B"), run(60, 80, "a.moreau@example.org | +1 415 555 0134")]


def profile_of(*runs: Run, person: list[Run] | None = None) -> ExtractedProfile:
    _, profiles = read_runs([*(person or PERSON), *runs])
    return profiles[0]


def sections(work: str, education: str, skills: str, size: float = 14, style: str = "B") -> list[Run]:
    return [
        run(60, 120, work, size, style),
        run(60, 140, "Head Baker", 10, "B"),
        run(430, 140, "2019 - 2023"),
        run(60, 154, "Harbour Bread Ltd"),
        run(60, 190, education, size, style),
        run(60, 210, "Riverside Culinary College", 10, "B"),
        run(430, 210, "2012 - 2014"),
        run(60, 250, skills, size, style),
        run(60, 270, "Sourdough, Lamination, Costing"),
    ]


@pytest.mark.parametrize(
    ("work", "education", "skills"),
    [
        ("3 Work experience", "4 Education", "5 Skills"),
        ("My Work History", "Academic formation", "What can I do?"),
        ("INDUSTRIAL EXPERIENCE - Cont'd.", "ACADEMIC HIGHLIGHTS", "PROGRAMMING SKILLS"),
        ("Berufserfahrungen", "Schule - Berufsausbildung", "Persönliche Kompetenzen"),
        ("Mes expériences professionnelles", "Diplôme", "Principales compétences"),
        ("Trayectoria laboral reciente", "Información Académica", "Aptitudes principales"),
        ("Mijn werkervaringen", "Opleidingen", "ICT-vaardigheden"),
        ("Esperienze professionali recenti", "Percorso di studi e formazione", "Competenze digitali"),
        ("Experiências profissionais anteriores", "Formação acadêmica", "Principais ferramentas"),
        ("Профессиональный опыт и карьера", "Основное образование", "Ключевые навыки и умения"),
        ("工作与实习经历", "教育背景", "专业技能"),
        ("職務経歴", "学歴", "技術スキル"),
        ("경력사항", "학력사항", "나의 스킬"),
        ("الخبرات العملية", "المؤهل العلمي", "المهارات"),
        ("ניסיון תעסוקתי", "השכלה", "כישורים"),
    ],
)
def test_sections_are_found_in_many_languages_and_forms(work: str, education: str, skills: str) -> None:
    profile = profile_of(*sections(work, education, skills))
    assert [w.company for w in profile.work] == ["Harbour Bread Ltd"]
    assert [e.institution for e in profile.education] == ["Riverside Culinary College"]
    assert profile.skills == ("Sourdough", "Lamination", "Costing")


@pytest.mark.parametrize("text", ["S K I L L S", "Certi cates", "II. Education", "Experience (continued)"])
def test_a_known_heading_is_known_whatever_was_done_to_it(text: str) -> None:
    assert known_heading(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Skills Trainer",
        "Educational Collaborator",
        "Head Baker",
        "Harbour Bread Ltd",
        "a@b.example",
        "Brno, Czechia, EU",
    ],
)
def test_names_are_not_made_of_the_words_of_headings(text: str) -> None:
    guess = guessed_heading(text)
    assert guess is None or not guess[1]


@pytest.mark.parametrize(
    ("text", "section"),
    [
        ("Volunteer Experience Highlights", "other"),
        ("Academic Projects", "projects"),
        ("Language Skills Overview", "languages"),
        ("Career Objective Statement", "summary"),
        ("Research Publications", "other"),
    ],
)
def test_the_narrower_word_rules_a_heading(text: str, section: str) -> None:
    assert guessed_heading(text) == (section, True) or (known_heading(text) or ("",))[0] == section


def test_certificates_projects_and_clubs_are_no_jobs() -> None:
    page = sections("Work Experience", "Education", "Skills")
    y = 310.0
    for heading in ("Courses & Certificates", "Personal Projects", "Honors and Awards", "Volunteering and Clubs"):
        page += [run(60, y, heading, 14, "B"), run(60, y + 20, "Bread Guild", 10, "B"), run(430, y + 20, "2020 - 2021")]
        y += 50
    assert [w.company for w in profile_of(*page).work] == ["Harbour Bread Ltd"]


@pytest.mark.parametrize(
    "line",
    [
        "linkedin.com/in/",
        "github.com/adelheid",
        "School: Riverside",
        "PERSONAL INFORMATION",
        "MOREAU",
        "Brno, Czechia",
        "Stammdaten",
        "adelheid-moreau.example.org/cv",
    ],
)
def test_what_stands_under_the_name_is_not_always_a_headline(line: str) -> None:
    person = [run(60, 60, "Adelheid Moreau", 20, "B"), run(60, 82, line, 11), run(60, 100, "a.moreau@example.org")]
    assert profile_of(*sections("Work Experience", "Education", "Skills"), person=person).headline is None


@pytest.mark.parametrize("line", ["Head Baker", "Ingeniero Backend", "Student", "Hybrid Pastry Development"])
def test_a_job_title_under_the_name_is_the_headline(line: str) -> None:
    person = [run(60, 60, "Adelheid Moreau", 20, "B"), run(60, 82, line, 11), run(60, 100, "a.moreau@example.org")]
    assert profile_of(*sections("Work Experience", "Education", "Skills"), person=person).headline == line


def skills_of(*lines: str) -> tuple[str, ...]:
    page = sections("Work Experience", "Education", "Skills")[:-1]
    return profile_of(*page, *(run(60, 270 + 14 * n, line) for n, line in enumerate(lines))).skills


def test_skills_in_brackets_and_sentences() -> None:
    assert skills_of("AWS (S3, Lambda), SQL, and Excel") == ("AWS", "S3", "Lambda", "SQL", "Excel")
    assert skills_of("Python (advanced), Costing") == ("Python", "Costing")
    prose = skills_of(
        "I have worked for years with the tools of a bakery and know most of them well, Rondo",
        "and I like to teach what I know to people who are new in the trade, also in SAP",
    )
    assert set(prose) <= {"Rondo", "SAP"}


def test_sure_entries_say_so_and_doubtful_ones_do_not() -> None:
    clear = profile_of(*sections("Work Experience", "Education", "Skills"))
    page = [*sections("Work Experience", "Education", "Skills")]
    page[1:4] = [run(60, 140, "Brontide"), run(60, 154, "Wheels")]
    vague = profile_of(*page)
    sure = [f.confidence for f in clear.fields if f.name.startswith("work[0].")]
    doubtful = [f.confidence for f in vague.fields if f.name.startswith("work[0].")]
    assert min(sure) > 0.8
    assert doubtful
    assert max(doubtful) < 0.6


def test_jobs_and_schools_without_any_heading_are_found() -> None:
    page = [
        *PERSON,
        run(60, 120, "I bake bread and teach others how to do it, in two languages."),
        run(60, 150, "2019 - 2023"),
        run(200, 150, "Head Baker, Harbour Bread Ltd"),
        run(60, 170, "2015 - 2018"),
        run(200, 170, "Pastry Cook, Lantern Hotel Group"),
        run(60, 190, "2012 - 2014"),
        run(200, 190, "Diploma in Baking, Riverside Culinary College"),
    ]
    _, profiles = read_runs(page)
    assert [w.company for w in profiles[0].work] == ["Harbour Bread Ltd", "Lantern Hotel Group"]
    assert [e.institution for e in profiles[0].education] == ["Riverside Culinary College"]


def test_a_form_with_dates_and_nobodys_address_is_no_resume() -> None:
    page = [
        run(60, 60, "Record of work placements", 14, "B"),
        run(60, 90, "Surname and first name: Moreau Adelheid"),
        run(60, 110, "2019 - 2023 Trainee, Harbour Bread Ltd"),
        run(60, 130, "2015 - 2018 Trainee, Lantern Hotel Group"),
        run(60, 150, "2012 - 2014 Riverside Culinary College"),
    ]
    _, profiles = read_runs(page)
    assert profiles == []
