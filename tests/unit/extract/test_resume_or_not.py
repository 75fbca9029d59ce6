"""Résumé, doubtful or no: by what stands in a document, not by its headings alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model import Hints
from support.pdf_maker import Run, make, read, resume, run

LETTER = [
    run(60, 70, "Harbour Bread Ltd"),
    run(60, 110, "Dear Ms Oyelaran,"),
    run(60, 130, "thank you for your interest in our bakery. We would like to meet you on Monday."),
    run(60, 144, "Please bring a photograph and the signed form that came with our last letter."),
    run(60, 180, "Kind regards"),
    run(60, 194, "Adelheid Moreau, a.moreau@example.org"),
]
PAPER = [
    run(60, 70, "Proofing Times of Rye Doughs", 18, "B"),
    run(60, 96, "Adelheid Moreau, Riverside Culinary College, a.moreau@example.org"),
    run(60, 130, "Abstract", 12, "B"),
    run(60, 146, "We measured the proofing times of forty doughs between 2015 and 2019."),
    run(60, 180, "1 Introduction", 12, "B"),
    run(60, 196, "Rye needs patience, as earlier work at the university has shown."),
    run(60, 230, "2 Method", 12, "B"),
    run(60, 246, "Each dough was weighed twice a day by the same baker."),
    run(60, 280, "References", 12, "B"),
    run(60, 296, "Oyelaran, C. (2012). Doughs. Riverside Press."),
]


def bare(*, contact: bool = True) -> list[Run]:
    """A candidate's page without a heading the reader knows."""
    lines = [
        run(60, 70, "Adelheid Moreau", 22, "B"),
        run(60, 130, "How I spent my days", 13, "B"),
        run(60, 150, "Mar 2019 - Present  Head Baker, Harbour Bread Ltd"),
        run(60, 164, "2015 - 2019  Pastry Cook, Lantern Hotel Group"),
        run(60, 200, "Where they taught me", 13, "B"),
        run(60, 220, "2012 - 2014  Diploma in Baking, Riverside Culinary College"),
    ]
    return [*lines, run(60, 92, "a.moreau@example.org, +1 415 555 0134")] if contact else lines


def test_a_candidate_without_known_headings_is_read(tmp_path: Path) -> None:
    reading, profiles = read(make(tmp_path / "a.pdf", bare()))
    assert reading.status == "success"
    assert [profile.email for profile in profiles] == ["a.moreau@example.org"]


def test_one_that_nobody_can_reach_is_read_and_marked(tmp_path: Path) -> None:
    reading, profiles = read(make(tmp_path / "a.pdf", bare(contact=False)))
    assert [profile.marks for profile in profiles] == [("RESUME_DOUBTFUL",)]
    assert [(note.code, note.page) for note in reading.notes] == [("RESUME_DOUBTFUL", 1)]


def test_a_plain_resume_is_not_marked(tmp_path: Path) -> None:
    reading, profiles = read(
        make(tmp_path / "a.pdf", resume("Adelheid Moreau", "a.moreau@example.org", "+14155550134"))
    )
    assert [profile.marks for profile in profiles] == [()]
    assert reading.notes == ()


@pytest.mark.parametrize(("page", "kind"), [(LETTER, "a letter"), (PAPER, "a paper")])
def test_other_documents_are_refused_with_what_they_look_like(tmp_path: Path, page: list[Run], kind: str) -> None:
    reading, profiles = read(make(tmp_path / "a.pdf", page))
    assert (reading.code, profiles) == ("NOT_A_RESUME", [])
    assert kind in (reading.error or "")


def test_whoever_says_so_has_it_read_as_a_resume_and_held(tmp_path: Path) -> None:
    reading, profiles = read(make(tmp_path / "a.pdf", LETTER), Hints(as_resume=True))
    assert reading.status == "success"
    assert [profile.marks for profile in profiles] == [("RESUME_DOUBTFUL",)]


def test_a_personal_statement_is_no_bank_statement(tmp_path: Path) -> None:
    page = [*resume("Adelheid Moreau", "a.moreau@example.org", "+14155550134")]
    page.insert(3, run(60, 130, "Personal Statement", 14, "B"))
    page.insert(4, run(60, 142, "Patient with doughs and people."))
    _, profiles = read(make(tmp_path / "a.pdf", page))
    assert [profile.marks for profile in profiles] == [()]


def test_a_letter_beside_a_resume_is_named_and_not_read(tmp_path: Path) -> None:
    """Two people's pages in one file: what was left out is said."""
    other = [
        *LETTER[:-1],
        run(60, 40, "Casimir Oyelaran", 22, "B"),
        run(60, 56, "c.oyelaran@example.net, +1 312 555 0119"),
    ]
    ada = resume("Adelheid Moreau", "a.moreau@example.org", "+14155550134")
    reading, profiles = read(make(tmp_path / "a.pdf", ada, other))
    assert len(profiles) == 1
    assert [(note.code, note.page) for note in reading.notes] == [("NOT_A_RESUME", 2)]
