"""Which column is what, and what becomes of each row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codes import CODES
from gateway.extract.tables import cells
from gateway.extract.tables.headers import meaning
from gateway.model import Hints

ADA = ("Ada Archer", "ada@example.org", "+12025550101")
ROW = "Ada,Archer,ada@example.org,+1 202-555-0101"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("E-Mail_1", "email"),
        ("EmailAddress", "email"),
        ("What is your e-mail address?", "email"),
        ("Ihre E-Mail-Adresse", "email"),
        ("Email / Courriel", "email"),
        ("氏名 (Name)", "name"),
        ("Phone (Mobile)", "phone"),
        ("What's your first name?", "given_name"),
        ("CANDIDATE_NAME", "name"),
        ("Vor- und Nachname", "name"),
        ("Where do you live?", "location"),
        ("LinkedIn Profile URL", "links"),
        ("Land", "country"),
        ("Company Name", "company"),
        ("Recruiter Email", None),
        ("Hiring Manager Phone", None),
        ("Email Opt Out", None),
        ("Reference Name", None),
        ("Job location", None),
        ("Candidate ID", None),
        ("Candidate Owner", None),
        ("Phone 1 - Label", None),
        ("Emergency Contact Phone", None),
        ("Date of birth", None),
        ("File name", None),
        ("フリガナ", None),
        ("担当者メール", None),
        ("Ansprechpartner E-Mail", None),
        ("Fax", None),
        ("", None),
        ("#", None),
    ],
)
def test_what_headers_mean(header, field):
    assert meaning(header).field == field


def test_no_phrase_means_two_fields():
    """Phrases of one language must not contradict each other (several languages may share a word)."""
    from pathlib import Path

    import yaml

    import gateway.extract.tables.headers as headers

    text = (Path(headers.__file__).parent / "headers.yaml").read_text("utf-8")
    seen: dict[tuple[str, str], set[str]] = {}
    for field, languages in yaml.load(text, Loader=yaml.BaseLoader)["fields"].items():
        for language, phrases in languages.items():
            for phrase in phrases if isinstance(phrases, list) else ():
                seen.setdefault((language, headers.words_of(phrase)), set()).add(field)
    assert {key: fields for key, fields in seen.items() if len(fields) > 1} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nom;Prénom;Courriel\nArcher;Ada;ada@example.org\n", "Ada Archer"),
        ("Nom;Courriel\nAda Archer;ada@example.org\n", "Ada Archer"),
        ("Name,Vorname,E-Mail\nArcher,Ada,ada@example.org\n", "Ada Archer"),
        ("Nombre,Primer apellido,Segundo apellido,Correo\nAda,Archer,Birkin,ada@example.org\n", "Ada Archer Birkin"),
        ("First name,Middle name,Last name,Email\nAda,Q.,Archer,ada@example.org\n", "Ada Q. Archer"),
        ('Name,Email\n"Archer, Ada",ada@example.org\n', "Ada Archer"),
        ('Name,Email\n"Ada Archer, MBA",ada@example.org\n', "Ada Archer"),
        ("Name,Email\nMs. Ada Archer,ada@example.org\n", "Ada Archer"),
        ("姓,名,メール\n山田,花子,hanako@example.org\n", "山田 花子"),
        ("Email\nAda Archer <ada@example.org>\n", "Ada Archer"),
    ],
)
def test_names_from_one_or_several_columns(people, text, expected):
    assert people(text)[0][0] == expected


@pytest.mark.parametrize(
    "text",
    [
        f"Applicants for the bakery,,,\n,,,\nFirst name,Last name,Email,Phone\n{ROW}\n",
        f"Export of 3 May\n\nFirst name,Last name,Email,Phone\n{ROW}\n",
        f"First,Last,Mail,Cell\n{ROW}\n",
        f"{ROW}\nBela,Birkin,bbirkin@example.org,+1 202-555-0102\nCora,Calder,ccalder@example.org,+1 202-555-0103\n",
    ],
)
def test_header_is_found_below_titles_or_not_at_all(people, text):
    assert ADA in people(text)


def test_columns_in_an_unknown_language_are_known_by_their_values(people):
    rows = [
        f"{n} {f},{n.lower()}.{f.lower()}@example.org,+1 202-555-01{i:02d}"
        for i, (n, f) in enumerate([("Ada", "Archer"), ("Bela", "Birkin"), ("Cora", "Calder")])
    ]
    found = people("\n".join(["Nomen plenum,Epistula,Numerus", *rows]))
    assert found[1] == ("Bela Birkin", "bela.birkin@example.org", "+12025550101")


def test_other_peoples_columns_are_never_the_candidates(table):
    text = (
        "Recruiter,Recruiter Email,Reference Name,Reference Email,Candidate,Candidate Email,Manager Phone\n"
        "Rita R,rita@example.com,Bob Boss,boss@example.com,Ada Archer,,+1 202-555-0199\n"
    )
    _, (ada,) = table(text)
    assert (ada.name, ada.email, ada.phone) == ("Ada Archer", None, None)
    assert ada.extra["Reference Email"] == "boss@example.com"


def test_mapping_is_reported_and_the_agents_wins(table):
    text = "Wer;Wohin;Email\nAda Archer;ada@example.org;yes\n"
    reading, (ada,) = table(text, hints=Hints(mapping={"Wer": "name", "wohin": "email", "Email": None}))
    assert (ada.name, ada.email, ada.extra) == ("Ada Archer", "ada@example.org", {"Email": "yes"})
    assert reading.mapping == {"Wer": "name", "Wohin": "email", "Email": None}


def test_every_value_has_evidence_in_its_row_and_column(table):
    text = "First name,Last name,Email,Phone,City,Skills\n" + ROW + ',Leeds,"SQL; Baking"\n'
    _, (ada,) = table(text)
    fields = {field.name: field for field in ada.fields}
    assert set(fields) == {"name", "email", "phone", "location", "skills[0]", "skills[1]"}
    assert all(field.evidence.row == 2 and 0 < field.confidence < 1 for field in ada.fields)
    assert fields["email"].evidence.column == "Email"
    assert fields["name"].evidence.column == "First name + Last name"
    assert fields["phone"].raw == "+1 202-555-0101"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1.51256E+10", None),
        ("1.51E+10", None),
        ("4,4791E+11", None),
        ("1.2025550101E+10", "+12025550101"),
        ("12025550101.0", "+12025550101"),
        ("'+1 202-555-0101", "+12025550101"),
        ('"=""+12025550101"""', "+12025550101"),
        ("12025550101", "+12025550101"),
        ("#####", None),
        ("n/a", None),
        ("000000000", None),
        ("call me", None),
        ("tel: +1 202-555-0101 (mobile)", "+12025550101"),
        ("+1 202-555-0101 / +1 202-555-0102", "+12025550101"),
        ("001 202 555 0101", "+12025550101"),
        ("+1 202-555-0101 ext. 7", "+12025550101"),
    ],
)
def test_phone_cells(people, cell, expected):
    ((_, _, phone),) = (
        people(f"Name,Phone\nAda Archer,{cell}\n")
        if cell.startswith('"')
        else people(f'Name,Phone\nAda Archer,"{cell}"\n')
    )
    assert phone == expected


@pytest.mark.parametrize(
    ("text", "hints", "expected"),
    [
        ("Name,Phone,Country\nAda Archer,020 7946 0958,United Kingdom\n", Hints(country="US"), "+442079460958"),
        ('Name,Phone,City\nAda Archer,020 7946 0958,"London, UK"\n', Hints(), "+442079460958"),
        ("Name,Phone\nAda Archer,020 7946 0958\n", Hints(country="GB"), "+442079460958"),
        ("氏名,電話番号\n山田 花子,090-0000-1234\n", Hints(), "+819000001234"),
    ],
)
def test_country_of_national_numbers(people, text, hints, expected):
    assert people(text, hints=hints)[0][2] == expected


def test_national_number_without_any_country_stays_as_printed_and_unsure(table):
    _, (ada,) = table("Name,Phone\nAda Archer,020 7946 0958\n")
    assert ada.phone == "020 7946 0958"
    assert ada.best("phone").confidence < 0.5


def test_lists_with_international_numbers_lend_their_country(people):
    rows = [f"Person {chr(65 + i)},+44 20 7946 09{i:02d}" for i in range(9)]
    assert people("\n".join(["Name,Phone", *rows, "Ada Archer,020 7946 0958"]))[-1][2] == "+442079460958"


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ("Ada Archer,jane.doe@,\n", "INVALID_EMAIL"),
        ("Ada Archer,,12\n", "INVALID_PHONE"),
        ("Ada Archer,,1.5E+10\n", "EXCEL_DAMAGE"),
        (",,\n,,,call back\n", "ROW_NO_CONTACT"),
        ("Ada Archer,ada@example.org,\nTOTAL,,\n", "ROW_FOOTER"),
        ("Exported on 2026-03-01,,\n", "ROW_FOOTER"),
        ("Ada Archer,ada@example.org,,x,spare,cells\n", "ROW_TOO_LONG"),
        ("Name,Email,Phone\nAda Archer,ada@example.org,\n", "ROW_FOOTER"),
        (f"Ada Archer,ada@example.org,,{'lorem ' * 5000}\n", "CELL_CUT"),
    ],
)
def test_rows_with_something_to_say_get_a_note(table, rows, code):
    reading, _ = table("Name,Email,Phone,Notes\n" + rows)
    assert code in {note.code for note in reading.notes}
    assert all(note.code in CODES and "Archer" not in note.sentence for note in reading.notes)


def test_notes_are_bounded_and_the_rest_counted(table):
    reading, profiles = table("Name,Email\n" + "".join(f"Person {i},broken{i}@\n" for i in range(2000)))
    assert len(profiles) == 2000
    assert len(reading.notes) <= 501
    assert reading.notes[-1].code == "MORE_NOTES"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SKU,Price,Stock\nA-1,4.50,120\nB-9,6.00,33\n", "NO_CANDIDATE_COLUMNS"),
        ("First Name,Last Name,Email\n", "NO_ROWS"),
        ("", "EMPTY_FILE"),
    ],
)
def test_tables_without_people_fail_with_advice(table, text, code):
    reading, profiles = table(text)
    assert (reading.status, reading.code, profiles) == ("failed", code, [])
    assert code in CODES
    assert len(reading.error) > 30


def test_second_table_below_the_first_has_its_own_header(people):
    text = "Name,Email\nAda Archer,ada@example.org\n\nEmail,Phone,Name\nbela@example.org,+1 202-555-0102,Bela Birkin\n"
    assert people(text) == [
        ("Ada Archer", "ada@example.org", None),
        ("Bela Birkin", "bela@example.org", "+12025550102"),
    ]


def test_formulas_stay_text_and_are_nobodys_name(table):
    _, (who,) = table('Name,Email,Notes\n=cmd|\' /C calc\'!A0,ada@example.org,"=HYPERLINK(""x"")"\n')
    assert who.name is None
    assert who.extra["Notes"] == '=HYPERLINK("x")'


def test_a_hundred_thousand_cells_of_one_row_are_survived(table):
    reading, profiles = table("Name,Email" + ",Q" * 3000 + "\nAda Archer,ada@example.org" + ",x" * 3000 + "\n")
    assert profiles[0].email == "ada@example.org"
    assert reading.rows == 1


@given(st.text(max_size=60))
def test_cells_never_raise(text):
    cells.name(text)
    cells.emails(text)
    cells.phones(text, "DE", 1.0)
    cells.links(text)
    cells.items(text)
    meaning(text)


@given(st.integers(10**6, 10**15), st.integers(1, 17))
def test_scientific_notation_gives_the_very_digits_or_nothing(number, precision):
    shown = f"{number:.{precision}E}"
    text, damaged, _ = cells.undo_spreadsheet(shown)
    assert damaged or int(text) == number


def test_form_with_labels_down_the_side(table):
    _, profiles = table("Field,Value,\nName,Ada Archer,Bela Birkin\nEmail,ada@example.org,bela@example.org\nPhone,,\n")
    assert [(p.name, p.email) for p in profiles] == [
        ("Ada Archer", "ada@example.org"),
        ("Bela Birkin", "bela@example.org"),
    ]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("Archer, Ada, Jr.", "Ada Archer"),
        ("'Ada Archer", "Ada Archer"),
        ("'t Hart, Ada", "Ada 't Hart"),
        ("Ada Archer (she/her)", "Ada Archer (she/her)"),
        ("=1+1", None),
        ("n/a", None),
        ("ada@example.org", None),
        ("Archer,Ada", "Ada Archer"),
        ("O’Brien, Zoë", "Zoë O’Brien"),
    ],
)
def test_name_cells(cell, expected):
    found = cells.name(cell)
    assert (found and found.value) == expected


def test_a_number_that_only_the_agents_country_makes_whole_is_marked(table):
    def marks(text):
        return table(text, hints=Hints(country="GB"))[1][0].marks

    plain = "Name,Phone\nAda Archer,020 7946 0958\n"
    assert marks(plain) == ("PHONE_COUNTRY_GUESSED",)
    assert marks("Name,Phone\nAda Archer,+44 20 7946 0958\n") == ()
    assert marks("Name,Phone,Country\nAda Archer,020 7946 0958,United Kingdom\n") == ()
    others = "".join(f"Bo Tanaka{chr(65 + n)},+44 20 7946 09{n + 10}\n" for n in range(9))
    assert marks(plain + others) == (), "the list itself says which country it is from"
