"""E-mail addresses and phone numbers: how they are printed, whose they are, which country they belong to. All data is made up."""

from __future__ import annotations

from pathlib import Path

import fpdf
import pytest

from gateway.extract.page.words import Link
from gateway.extract.resume.contact import unglued
from gateway.model import ExtractedProfile, Hints, Reading
from gateway.values.spelled import spelled_email
from gateway.values.values import find_emails, normalise_phone
from support.page_maker import page, profiles_of, words
from support.pdf_maker import Run, make, read, resume, run

NAME = "Greta Hollingsworth"
EMAIL = "greta.hollingsworth@example.org"


def one(
    tmp_path: Path, *head: Run, tail: tuple[Run, ...] = (), hints: Hints | None = None
) -> tuple[ExtractedProfile, Reading]:
    path = make(tmp_path / "a.pdf", [run(60, 70, NAME, 22, "B"), *head, *resume("", "", "")[3:], *tail])
    reading, profiles = read(path, hints)
    return profiles[0], reading


@pytest.mark.parametrize(("first", "rest"), [("so", "lutions"), ("photo", "graphy"), ("co", "mpany")])
def test_an_address_that_a_narrow_column_breaks_in_its_ending_is_whole(tmp_path: Path, first: str, rest: str) -> None:
    """ "so" and "photo" are endings of their own: the address looked complete."""
    profile, _ = one(tmp_path, run(60, 100, f"greta@hollingsworth.{first}"), run(60, 112, rest))
    assert profile.email == f"greta@hollingsworth.{first}{rest}"


def column(*lines: str) -> list[Run]:
    """A narrow column of contact data, a line each; a street below them ends where the first line does."""
    ruler = fpdf.FPDF(unit="pt")
    ruler.set_font("Helvetica", "", 10)
    street = "17 Quay"
    while ruler.get_string_width(street) < ruler.get_string_width(lines[0]) - 2:
        street += "i"
    return [run(40, 100 + 12 * n, text) for n, text in enumerate((*lines, street))]


def test_an_address_broken_over_three_lines_is_whole(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, *column("greta_hollingsworth", "@mail.example.or", "g"))
    assert profile.email == "greta_hollingsworth@mail.example.org"


def test_an_ending_broken_before_its_last_letter_is_no_label(tmp_path: Path) -> None:
    """ "m" heads a mobile number as well; here the column's edge cut "com"."""
    profile, _ = one(tmp_path, *column("greta.hollin77@gmail.co", "m"))
    assert profile.email == "greta.hollin77@gmail.com"


def test_an_ending_that_goes_on_with_a_dot_is_whole(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, *column("greta@bright-ideas.so", "lutions.example"))
    assert profile.email == "greta@bright-ideas.solutions.example"


def test_a_site_beneath_an_address_stays_a_site(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, *column("greta.holli@yahoo.com", "gretahollis65.example"))
    assert profile.email == "greta.holli@yahoo.com"


def test_a_local_part_cut_at_the_edge_of_its_column_is_whole(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, *column("greta.hollingswo", "rth@example.org"))
    assert profile.email == EMAIL


def test_a_site_above_an_address_is_no_part_of_it(tmp_path: Path) -> None:
    for site in ("www.gretahollis.example", "gretahollis65.org"):
        profile, _ = one(tmp_path, *column(site, "greta@example.org"))
        assert profile.email == "greta@example.org"


def test_the_last_word_of_a_label_is_no_part_of_the_address(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, *column("correo electronico", EMAIL))
    assert profile.email == EMAIL


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("+1 415 555 0134greta@example.org", "+1 415 555 0134 greta@example.org"),
        ("(11) 96123-8468greta@example.org", "(11) 96123-8468 greta@example.org"),
        ("12345678greta@example.org", "12345678greta@example.org"),  # such a local part exists
        ("2004-05greta@example.org", "2004-05greta@example.org"),
    ],
)
def test_a_number_that_runs_into_an_address_is_parted(text: str, parted: str) -> None:
    assert unglued(text) == parted


def test_a_footer_below_the_referees_is_the_candidates(tmp_path: Path) -> None:
    """Web pages end so; the number's country stands in the same block."""
    tail = (
        run(60, 420, "References", 14, "B"),
        run(60, 440, "Always on time, and kind. - Otto Nkemelu"),
        run(60, 470, "PT, Braga"),
        run(200, 470, "hollingsworth79@example.org"),
        run(200, 483, "21 234 9672"),
    )
    profile, _ = one(tmp_path, tail=tail)
    assert (profile.email, profile.phone) == ("hollingsworth79@example.org", "+351212349672")


def test_a_number_shown_in_the_order_of_a_right_to_left_line_is_turned() -> None:
    profiles, _ = profiles_of(
        page(
            words(60, 60, "سامر النجار"),
            words(60, 90, "samer.najjar@example.org"),
            words(60, 104, "34565060 02"),
            words(60, 118, "مصر"),
            words(60, 200, "الخبرة العملية", 14, True),
            words(60, 220, "مهندس, شركة الهلال 01/2019 - 03/2023"),
            words(60, 260, "التعليم", 14, True),
            words(60, 280, "بكالوريوس, جامعة القاهرة 2011 - 2015"),
        )
    )
    assert profiles[0].phone == "+20234565060"


@pytest.mark.parametrize("beneath", ["baker", "Portland", "phone", "lutions and more"])
def test_a_whole_address_takes_nothing_from_the_line_below(tmp_path: Path, beneath: str) -> None:
    profile, _ = one(tmp_path, run(60, 100, "greta@hollingsworth.so"), run(60, 112, beneath))
    assert profile.email == "greta@hollingsworth.so"


@pytest.mark.parametrize(
    "printed",
    [
        "greta.h [at] example [dot] org",
        "greta.h(at)example.org",
        "greta.h AT example DOT org",
        "greta.h at example dot org",
        "greta.h{at}example{dot}org",
        "greta.h @ example.org",
        "greta.h<at>example.org",
        "greta.h[@]example.org",
        "greta.h (arroba) example (punto) org",
        "greta.h -at- example -dot- org",
        "greta dot h at example dot org",
        "E-mail: greta.h (at) example.org | London",
    ],
)
def test_a_spelled_out_address(printed: str) -> None:
    found = spelled_email(printed)
    assert found is not None
    assert found[2] == "greta.h@example.org"


@pytest.mark.parametrize(
    "text", ["Developer @ booking.example", "I work at example.org", "Upgraded v2.0 at booking.com", "Good at Node.js"]
)
def test_an_employer_after_at_is_no_address(text: str) -> None:
    assert spelled_email(text) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("greta@example.orgLinkedIn", "greta@example.org"),
        ("greta@gmail.comphone", "greta@gmail.com"),
        ("E-mailgreta@example.org", "greta@example.org"),
        ("+442079460958greta@example.org", "greta@example.org"),
        ("London|github.com/greta|greta@example.org|Bath", "greta@example.org"),
    ],
)
def test_what_ran_into_an_address_is_cut_off(text: str, address: str) -> None:
    ((start, end, value),) = find_emails(text)
    assert value == address
    assert text[start:end] == address


def test_a_masked_address_is_none() -> None:
    assert find_emails("gre****@example.org") == []


def test_an_address_whose_domain_stands_in_the_next_line(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, run(60, 100, "greta1987"), run(60, 112, "@example.org"))
    assert profile.email == "greta1987@example.org"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("greta.margaret.hollingsworth-", "oakes@post.example.org"),
        ("Email: greta.margaret.hollingsworth", "-oakes@post.example.org"),
        ("greta.margaret.hollingsworth-oakes@po", "st.example.org"),
    ],
)
def test_an_address_broken_before_its_sign(tmp_path: Path, first: str, second: str) -> None:
    profile, _ = one(tmp_path, run(60, 100, first), run(60, 112, second))
    assert profile.email == "greta.margaret.hollingsworth-oakes@post.example.org"


def test_contact_data_at_the_end_of_the_last_page_is_found(tmp_path: Path) -> None:
    """The address and number of a design that puts them under the last job, without a heading."""
    first = [run(60, 70, NAME, 22, "B"), run(60, 92, "Baker"), *resume("", "", "")[3:]]
    second = [
        run(60, 60, "Projects", 14, "B"),
        run(60, 80, "Wrote a booklet on rye."),
        run(60, 400, EMAIL),
        run(60, 414, "+44 20 7946 0958"),
    ]
    _, profiles = read(make(tmp_path / "a.pdf", first, second))
    assert (profiles[0].email, profiles[0].phone) == (EMAIL, "+442079460958")


def test_the_address_that_repeats_the_name_wins(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, run(60, 100, "bakery@example.com"), run(60, 114, EMAIL))
    assert profile.email == EMAIL


def test_a_referees_address_is_put_aside_with_its_reason(tmp_path: Path) -> None:
    tail = (
        run(60, 420, "References", 14, "B"),
        run(60, 440, "Casimir Oyelaran", 10, "B"),
        run(60, 454, "casimir@example.net, +1 503 555 0119"),
    )
    profile, reading = one(tmp_path, run(60, 100, f"{EMAIL} | +1 415 555 0134"), tail=tail)
    assert (profile.email, profile.phone) == (EMAIL, "+14155550134")
    aside = [note for note in reading.notes if note.code == "CONTACT_NOT_OWN"]
    assert len(aside) == 2
    assert all("referee" in note.sentence and "casimir" not in note.sentence for note in aside)


def test_an_agencys_contact_is_not_the_candidates(tmp_path: Path) -> None:
    head = (
        run(60, 30, "Presented by Lantern Recruitment Ltd, your consultant Casimir Oyelaran", 9),
        run(60, 42, "casimir@lantern-recruitment.example | +44 20 7946 0011", 9),
    )
    profile, reading = one(tmp_path, *head)
    assert (profile.email, profile.phone) == (None, None)
    assert {note.sentence for note in reading.notes if note.code == "CONTACT_NOT_OWN"} == {
        "An e-mail address was left out: it is the agency's that presents the candidate.",
        "A phone number was left out: it is the agency's that presents the candidate.",
    }


def test_an_emergency_contacts_number_is_not_the_candidates(tmp_path: Path) -> None:
    profile, _ = one(
        tmp_path,
        run(60, 100, EMAIL),
        run(60, 114, "Emergency contact: +44 20 7946 0011"),
        run(60, 128, "+44 20 7946 0958"),
    )
    assert profile.phone == "+442079460958"


@pytest.mark.parametrize(
    ("line", "phone"),
    [
        ("San Francisco, CA 94103 (415) 555-0134", "+14155550134"),
        ("Tel.: 030 901820 / 0171 2345678, 10115 Berlin", "+4930901820"),
        ("Phone: +44 20 7946 0958 / +44 7400 123456", "+442079460958"),
        ("T: 0043 677 61201234", "+4367761201234"),
        ("91+9876543210", "+919876543210"),
        ("M 07400 123456, London, UK", "+447400123456"),
        ("0612345678, 75001 Paris", "+33612345678"),
        ("Tel 06.12.34.56.78 - 75001 Paris", "+33612345678"),
        ("Cel: (11) 98765-4321 - São Paulo, SP", "+5511987654321"),
        ("Mobile: 98765 43210, Chennai - 600057", "+919876543210"),
        ("(+44) 7400 123456", "+447400123456"),
        ("+44 7400 123456 ext. 12", "+447400123456"),
    ],
)
def test_a_number_with_its_country_from_what_stands_around_it(tmp_path: Path, line: str, phone: str) -> None:
    profile, _ = one(tmp_path, run(60, 100, line), run(60, 114, EMAIL))
    assert profile.phone == phone


def test_mexicos_old_mobile_prefix_is_gone() -> None:
    assert normalise_phone("+52 1 33 3409 1234", None) == normalise_phone("+52 33 3409 1234", None)


def test_a_postcode_and_a_language_name_the_country_of_a_number_together() -> None:
    """Four digits before a place in a German page: Austria or Switzerland, and the number is in use in one of them only."""
    lines = [
        words(60, 60, "Greta Hollingsworth", 22, True),
        words(60, 90, "Anschrift: Hauptstraße 7, 4020 Linz"),
        words(60, 106, "Telefon: 0677 61201234"),
        words(60, 140, "Berufserfahrung", 14, True),
        words(60, 160, "2019 - 2023 Bäckerin bei der Bäckerei Laterne und mit der Leitung für die Schicht"),
        words(60, 190, "Ausbildung", 14, True),
        words(60, 210, "2015 - 2019 Lehre in der Backstube"),
        words(60, 240, "Kenntnisse", 14, True),
        words(60, 260, "Sauerteig, Kalkulation, Kasse"),
    ]
    profiles, _ = profiles_of(page(*lines))
    assert profiles[0].phone == "+4367761201234"


def test_full_width_brackets_and_a_label_before_a_number() -> None:
    lines = [
        words(60, 60, "履歴書", 20),
        words(60, 80, "ふりがな あおやま みどり", 8),
        words(60, 90, "氏名 青山 緑"),
        words(60, 106, "携帯電話番号：090（1234）5678"),
        words(60, 140, "職歴", 14, True),
        words(60, 160, "2019年4月 - 2023年3月 株式会社青葉製作所"),
        words(60, 176, "2015年4月 - 2019年3月 青葉大学"),
        words(60, 192, "midori@example.org"),
    ]
    profiles, _ = profiles_of(page(*lines))
    assert profiles[0].phone == "+819012345678"


def test_a_number_of_an_unknown_country_is_shown_as_printed(tmp_path: Path) -> None:
    profile, _ = one(tmp_path, run(60, 100, EMAIL), run(60, 114, "(086) 387-0611"))
    assert profile.phone == "(086) 387-0611"


def test_the_agents_country_is_the_last_resort_and_marked_as_a_guess(tmp_path: Path) -> None:
    head = (run(60, 100, EMAIL), run(60, 114, "(086) 387-0611"))
    profile, _ = one(tmp_path, *head, hints=Hints(country="TH"))
    phone = profile.best("phone")
    assert phone is not None
    assert phone.value == "+66863870611"
    assert phone.evidence is not None
    assert phone.evidence.rule == "pattern, country guessed"


def test_ranges_of_years_and_dates_are_no_numbers(tmp_path: Path) -> None:
    lines = (
        run(60, 100, EMAIL),
        run(60, 114, "2017-2011"),
        run(60, 128, "12.04.1990"),
        run(60, 142, "01.2019 - 03.2021"),
    )
    profile, _ = one(tmp_path, *lines)
    assert profile.phone is None


def test_a_links_number_counts_where_none_is_printed() -> None:
    lines = [
        words(60, 60, NAME, 22, True),
        words(60, 90, "Call me"),
        words(60, 106, EMAIL),
        words(60, 140, "Work Experience", 14, True),
        words(60, 160, "Head Baker, Harbour Bread Ltd, 2019 - 2023"),
        words(60, 190, "Education", 14, True),
        words(60, 210, "Diploma in Baking, 2012 - 2014"),
    ]
    link = Link("tel:+48-535123456", (60, 82, 100, 92))
    profiles, _ = profiles_of(page(*lines, links=(link,)))
    assert profiles[0].phone == "+48535123456"
