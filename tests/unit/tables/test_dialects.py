"""Separators, quotes and line ends."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ADA = ("Ada Archer", "ada@example.org", None)
BELA = ("Bela Birkin", "bela@example.org", None)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "^", "~"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends(people, separator, line_end):
    rows = [["Name", "Email", "Notes"], ["Ada Archer", ADA[1], "4,5 kg; or 3"], ["Bela Birkin", BELA[1], ""]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(rows)
    assert people(text.getvalue()) == [ADA, BELA]


def test_sep_line_names_the_separator_and_counts_as_a_row(table):
    _, profiles = table("sep=;\nName;Email\nAda Archer;ada@example.org\n")
    assert [(p.name, p.row) for p in profiles] == [("Ada Archer", 3)]


def test_rows_quoted_as_a_whole_once_more(table):
    text = '"Name,Email,City"\n"Ada Archer,ada@example.org,""Leeds, UK"""\n"Bela Birkin,bela@example.org,Austin"\n'
    _, profiles = table(text)
    assert [(p.name, p.location) for p in profiles] == [("Ada Archer", "Leeds, UK"), ("Bela Birkin", "Austin")]


def test_apostrophes_as_quotes(people):
    assert people("'Name';'Email'\n'Ada Archer';'ada@example.org'\n'Bela; Birkin';'bela@example.org'\n")[0] == ADA


def test_apostrophes_before_numbers_are_no_quotes(people):
    text = "Name,Phone,City\nAda Archer,'+1 202-555-0101,Leeds\nBela Birkin,'+1 202-555-0102,Leeds\n"
    assert [phone for _, _, phone in people(text)] == ["+12025550101", "+12025550102"]


def test_backslash_escapes(table):
    text = "Name,Email,Notes\n"
    text += '"Ada Archer","ada@example.org","said \\"yes\\", twice"\n"Bela Birkin","bela@example.org",""\n'
    _, profiles = table(text)
    assert [p.name for p in profiles] == ["Ada Archer", "Bela Birkin"]
    assert profiles[0].extra["Notes"] == 'said "yes", twice'


def test_cell_over_several_lines_is_one_row_and_keeps_its_lines(table):
    _, profiles = table(
        'Name,Email,Notes\nAda Archer,ada@example.org,"one\ntwo, three"\nBela Birkin,bela@example.org,\n'
    )
    assert [(p.name, p.row) for p in profiles] == [("Ada Archer", 2), ("Bela Birkin", 3)]
    assert profiles[0].extra["Notes"] == "one\ntwo, three"


@pytest.mark.parametrize("closing_later", [False, True])
def test_quote_never_closed_costs_no_rows(table, closing_later):
    rows = [f"Person {chr(65 + i)},p{i}@example.org,ok" for i in range(20)]
    rows[3] = 'Person D,p3@example.org,"said hello'
    if closing_later:
        rows[9] = 'Person J,p9@example.org,and"'
    reading, profiles = table("\n".join(["Name,Email,Notes", *rows]) + "\n")
    assert [p.email for p in profiles] == [f"p{i}@example.org" for i in range(20)]
    assert "UNCLOSED_QUOTE" in {note.code for note in reading.notes}


def test_inch_marks_inside_cells(table):
    _, profiles = table('Name,Email,Height\nAda Archer,ada@example.org,5\'6"\nBela Birkin,bela@example.org,6" x 2\n')
    assert [p.name for p in profiles] == ["Ada Archer", "Bela Birkin"]


CELL = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), max_size=30)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    notes=st.lists(st.tuples(CELL, CELL), min_size=2, max_size=8),
    separator=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_a_csv_writer_wrote_comes_back_row_for_row(table, notes, separator, line_end, codec, quoting):
    rows = [[f"Ada {chr(65 + i)}rcher", f"ada.{i}@example.org", *cells] for i, cells in enumerate(notes)]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=quoting)
    writer.writerows([["Name", "Email", "First remark", "Second remark"], *rows])
    _, profiles = table(text.getvalue().encode(codec))
    assert [(p.name, p.email) for p in profiles] == [(row[0], row[1]) for row in rows]
    for profile, row in zip(profiles, rows, strict=True):
        kept = profile.extra
        assert kept.get("First remark", "") == row[2].strip()
        assert kept.get("Second remark", "") == row[3].strip()
