"""Characters as printers draw them and as a person reads them."""

from __future__ import annotations

import re
from pathlib import Path

import fpdf
import pypdfium2 as pdfium
import pytest

from gateway.extract import pdf as pdf_reader
from gateway.extract.page.characters import Glyph, accented, in_reading_order, looks_doubled, parted_at, plain, sense
from gateway.extract.page.pdfium import ICON, read_page
from gateway.extract.page.words import Page, Word
from support.pdf_maker import make, read, resume, run

ADA = ("Adelheid Moreau", "a.moreau@example.org", "+14155550134")


def words(path: Path) -> list[str]:
    document = pdfium.PdfDocument(path)
    try:
        return [word.text for word in read_page(document[0], 1).words if not word.hidden]
    finally:
        document.close()


def page() -> fpdf.FPDF:
    made = fpdf.FPDF(unit="pt", format=(595, 842))
    made.add_page()
    made.set_font("Helvetica", "", 20)
    return made


def save(made: fpdf.FPDF, folder: Path) -> Path:
    path = folder / "made.pdf"
    made.output(str(path))
    return path


@pytest.mark.parametrize(
    ("drawn", "meant"),
    [
        ("Mu\u0308ller", "Müller"),
        ("Jean\u2011Luc", "Jean-Luc"),
        ("\u2212", "-"),
        ("\ufb01nal", "final"),
        ("\ufedf\ufef4\ufee0\ufef0", "ليلى"),  # in reading order
        ("\ufef0\ufee0\ufef4\ufedf", "ليلى"),  # as drawn, backwards
        ("\ufefb", "لا"),
    ],
)
def test_drawn_forms_are_letters(drawn: str, meant: str) -> None:
    assert plain(drawn) == meant


def glyphs(*placed: tuple[str, float, float]) -> list[Glyph]:
    return [Glyph(text, (x0, 0.0, x1, 10.0)) for text, x0, x1 in placed]


@pytest.mark.parametrize(
    ("drawn", "meant"),
    [
        (glyphs(("M", 0, 8), ("¨", 9, 13), ("a", 8, 14)), "Mä"),  # the accent first, as TeX does
        (glyphs(("s", 0, 5), ("´", 1, 4), ("c", 5, 10), ("´", 6, 9)), "ść"),  # the letter first
        (glyphs(("ı", 0, 3), ("´", 0, 3)), "í"),
        (glyphs(("a", 0, 5), ("´", 20, 23)), "a´"),  # over nothing
        (glyphs(("x", 0, 5), ("¸", 1, 4)), "x¸"),  # no such letter
    ],
)
def test_accents_go_onto_the_letter_below_them(drawn: list[Glyph], meant: str) -> None:
    assert "".join(glyph.text for glyph in accented(drawn)) == meant


@pytest.mark.parametrize(
    ("stored", "left_to_right", "meant"),
    [
        ("סמר", False, "סמר"),
        ("רמס", True, "סמר"),  # stored as drawn
        ("رماس", True, "سامر"),
        ("السادس", False, "السادس"),
        ("לש2024", True, "2024של"),  # the number keeps its order
        ("םולָשׁ"[::1], True, "שׁלָום"),  # a vowel sign follows its letter
        ("ש", True, "ש"),
    ],
)
def test_right_to_left_words_are_read_as_their_letters_stand(stored: str, left_to_right: bool, meant: str) -> None:
    places, x = [], 0.0
    for char in stored:
        width = 0.0 if "\u0591" <= char <= "\u05c7" else 5.0 if left_to_right else -5.0
        places.append((char, min(x, x + width), max(x, x + width)))
        x += width
    assert in_reading_order(glyphs(*places)) == meant


@pytest.mark.parametrize(
    ("gaps", "at"),
    [
        ([-0.8, -0.7, -0.8, 2.4, -0.8, -1.9, -0.8], 4),  # a margin, no space
        ([2.0, 2.1, 1.9, 2.0, 2.2, 2.0, 2.0], None),  # letter-spaced
        ([-0.8, -0.7, -0.8, 0.2, -0.8, -1.9, -0.8], None),  # kerning
        ([2.4, -0.8, -0.7, -0.8, -0.8, -1.9, -0.8], None),  # an initial in large type
    ],
)
def test_two_words_of_a_title_that_only_a_margin_parts(gaps: list[float], at: int | None) -> None:
    placed, x = [("O", 0.0, 10.0)], 10.0
    for gap in gaps:
        placed.append(("O", x + gap, x + gap + 10))
        x += gap + 10
    assert parted_at(glyphs(*placed), 16.0) == at


@pytest.mark.parametrize("token", ["SKILLS", "HELLO"])
def test_a_letter_spaced_word_stays_one_word(tmp_path: Path, token: str) -> None:
    """Browsers place each letter; where narrow ones stand, PDFium takes the gaps for spaces."""
    made = page()
    made.set_font("Helvetica", "", 12)
    x = 60.0
    for letter in token:
        made.text(x, 80, letter)
        x += made.get_string_width(letter) + 1.9
    assert words(save(made, tmp_path)) == [token]


def test_a_shadow_drawn_letter_by_letter_is_read_once(tmp_path: Path) -> None:
    made, x = page(), 60.0
    for char in "Johanna":
        for shift in (0.8, 0.0):
            made.text(x + shift, 70 + shift, char)
        x += made.get_string_width(char)
    assert words(save(made, tmp_path)) == ["Johanna"]
    assert looks_doubled("JJoohhnn")
    assert not any(map(looks_doubled, ("Anna", "noon", "aaaa", "Mississippi")))


def test_a_shadow_of_a_whole_line_is_read_once(tmp_path: Path) -> None:
    made = page()
    made.text(61, 71, "Johanna Visser")
    made.text(60, 70, "Johanna Visser")
    made.text(60, 100, "Johanna Visser")
    assert words(save(made, tmp_path)) == ["Johanna", "Visser"] * 2, "the line below is no copy"


def test_a_copy_that_is_not_painted_goes(tmp_path: Path) -> None:
    made, x = page(), 60.0
    for char in "Johanna":
        with made.local_context(fill_opacity=0.0):
            made.text(x, 70, char)
        made.text(x, 70, char)
        x += made.get_string_width(char)
    assert words(save(made, tmp_path)) == ["Johanna"]


def test_an_accent_drawn_over_a_letter_is_part_of_the_word(tmp_path: Path) -> None:
    made = page()
    made.text(60, 70, "M")
    x = 60 + made.get_string_width("M")
    made.text(x + (made.get_string_width("u") - made.get_string_width("¨")) / 2, 70, "¨")
    made.text(x, 70, "uller")
    assert words(save(made, tmp_path)) == ["Müller"]


def test_a_letter_of_another_font_stays_in_its_word(tmp_path: Path) -> None:
    made = page()
    made.set_font("Times", "", 20)
    made.text(60, 70, "L")
    x = 60 + made.get_string_width("L")
    made.set_font("Helvetica", "", 20)
    made.text(x, 70, "ukasz Nowak")
    assert words(save(made, tmp_path)) == ["Lukasz", "Nowak"]


def test_a_letter_of_an_icon_font_is_no_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.extract.page.looks._ICONS", re.compile("times", re.I))
    made = page()
    made.set_font("Times", "", 20)
    made.text(60, 70, "H")
    made.set_font("Helvetica", "", 20)
    made.text(100, 70, "Leiden")
    assert words(save(made, tmp_path)) == [ICON, "Leiden"]


GARBLED = [run(60, 60 + 14 * n, "Dglkd Mrtxn brt nwkl Wrkng hstrx Bckr crtfd") for n in range(6)]


def test_a_text_layer_of_nonsense_is_not_trusted(tmp_path: Path) -> None:
    document = pdfium.PdfDocument(make(tmp_path / "a.pdf", GARBLED))
    garbled = read_page(document[0], 1)
    assert garbled.text_quality == 0.0
    assert pdf_reader._needs_ocr(garbled, document[0])
    document.close()
    whole = pdfium.PdfDocument(make(tmp_path / "b.pdf", resume(*ADA)))
    assert read_page(whole[0], 1).text_quality == 1.0
    whole.close()


@pytest.mark.parametrize(
    "words", [["Krk"] * 40, ["HTML", "XHTML", "MySQL"] * 20, ["Петров"] * 30, ["Škrtem", "rytmy"] * 15, []]
)
def test_other_texts_are_not_nonsense(words: list[str]) -> None:
    assert sense(words) == 1.0


def test_text_turned_into_outlines_goes_to_recognition(tmp_path: Path) -> None:
    made = page()
    for row in range(10):
        for column in range(30):
            made.rect(60 + 14 * column, 60 + 30 * row, 6, 9, style="F")
    document = pdfium.PdfDocument(save(made, tmp_path))
    assert pdf_reader._needs_ocr(Page(1, 595, 842), document[0])
    document.close()
    made = page()
    for row in range(20):
        made.line(60, 60 + 30 * row, 500, 60 + 30 * row)
    document = pdfium.PdfDocument(save(made, tmp_path))
    assert not pdf_reader._needs_ocr(Page(1, 595, 842), document[0]), "a ruled sheet has no text"
    assert not pdf_reader._needs_ocr(Page(1, 595, 842, (Word("x" * 40, (0, 0, 1, 1)),)), document[0])
    document.close()


def test_a_resume_with_a_shadowed_name_gives_the_name_once(tmp_path: Path) -> None:
    shadow = run(60.7, 70.7, ADA[0], 22, "B", (180, 180, 180))
    _, (profile,) = read(make(tmp_path / "a.pdf", [shadow, *resume(*ADA)]))
    assert profile.name == ADA[0]
