"""What a PDF holds beside its pages, and one person's pages out of a file with several."""

from __future__ import annotations

from pathlib import Path

import fpdf
import pikepdf
import pytest
from PIL import Image

from gateway.errors import Unreadable
from gateway.extract.child.show import pages_pdf
from gateway.extract.page.pdf_structure import pages_alone
from support.pdf_maker import make, read, resume

ANNA = resume("Anna Brook", "anna.brook@example.org", "+49 30 5550111")
OTTO = resume("Otto Lindqvist", "otto.lindqvist@example.com", "+49 30 5550112")


def everything_in(path: Path) -> bytes:
    """Every object and every stream of a PDF, uncompressed."""
    with pikepdf.open(path) as pdf:
        parts = []
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                parts.append(
                    thing.read_bytes(pikepdf.StreamDecodeLevel.all)
                    if "/DCTDecode" not in str(thing.get("/Filter"))
                    else thing.read_raw_bytes()
                )
            parts.append(str(thing).encode())
        return b"\n".join(parts)


@pytest.fixture
def two_people(tmp_path: Path) -> Path:
    """Two résumés with a photograph each in one shared table, an index that leads to both, and a form field over both."""
    pdf = fpdf.FPDF(unit="pt", format=(595, 842))
    pdf.set_auto_page_break(False)
    for number, runs in enumerate((ANNA, OTTO)):
        pdf.add_page()
        pdf.start_section(f"Section of {runs[0][2]}")
        face = tmp_path / f"face{number}.png"
        Image.new("RGB", (40 + number, 40 + number), (200, 30 + 150 * number, 90)).save(face)
        pdf.image(str(face), 480, 40, 60, 60)
        pdf.link(60, 800, 100, 12, pdf.add_link(page=2 - number))
        pdf.link(60, 780, 100, 12, f"https://example.org/person-{number}")
        for x, y, text, size, style, _ in runs:
            pdf.set_font("Helvetica", style, size)
            pdf.text(x, y, text)
    path = tmp_path / "both.pdf"
    pdf.output(str(path))
    with pikepdf.open(path, allow_overwriting_input=True) as opened:
        tables = [page.Resources.XObject for page in opened.pages]
        shared = opened.make_indirect(pikepdf.Dictionary({k: v for table in tables for k, v in table.items()}))
        assert len(shared) == 2
        for page in opened.pages:
            page.Resources.XObject = shared
        opened.save(path)
    return path


@pytest.mark.parametrize(("number", "mine", "theirs"), [(1, "Anna Brook", "Otto"), (2, "Otto Lindqvist", "Anna")])
def test_one_person_s_pages_hold_nothing_of_the_other(
    tmp_path: Path, two_people: Path, number: int, mine: str, theirs: str
) -> None:
    whole = everything_in(two_people)
    assert b"Anna" in whole
    assert b"Otto" in whole
    alone = tmp_path / "alone.pdf"
    alone.write_bytes(pages_alone(two_people, number, number))
    reading, [profile] = read(alone)
    assert (reading.pages, profile.name) == (1, mine)
    inside = everything_in(alone)
    assert mine.split()[0].encode() in inside
    assert theirs.encode() not in inside
    assert f"https://example.org/person-{number - 1}".encode() in inside, "their own links stay"
    with pikepdf.open(alone) as pdf:
        pictures = [
            int(thing.Width) for thing in pdf.objects if isinstance(thing, pikepdf.Stream) and "/Width" in thing
        ]
        assert pictures == [39 + number], "the other's photograph is not in the file"
        assert "/Outlines" not in pdf.Root


def test_a_file_without_shared_tables_is_taken_apart_too(tmp_path: Path) -> None:
    path = make(tmp_path / "three.pdf", ANNA, OTTO, ANNA)
    alone = tmp_path / "alone.pdf"
    alone.write_bytes(pages_pdf(path, 1, 2))
    reading, profiles = read(alone)
    assert (reading.pages, [profile.name for profile in profiles]) == (2, ["Anna Brook", "Otto Lindqvist"])


def test_pages_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = make(tmp_path / "one.pdf", ANNA)
    for first, last in ((0, 1), (2, 2), (1, 2)):
        with pytest.raises(Unreadable) as raised:
            pages_pdf(path, first, last)
        assert raised.value.code == "PAGE_NOT_SHOWN"


def test_what_is_attached_is_reported(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", ANNA)
    assert not [note for note in read(path)[0].notes if note.code == "PDF_ATTACHMENTS"]
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for name in ("Zeugnis Brook.docx", "letter.PDF", "cv.anna brook"):
            pdf.attachments[name] = b"enclosed"
        pdf.save(path)
    reading, [profile] = read(path)
    [note] = [note for note in reading.notes if note.code == "PDF_ATTACHMENTS"]
    assert note.sentence == "3 files are attached inside the PDF (.docx, .pdf) and were not read."
    assert profile.name == "Anna Brook"


def test_a_file_says_how_it_was_made(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", ANNA)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.docinfo["/Creator"] = "Writer\u200b  " + "x" * 200
        pdf.docinfo["/CreationDate"] = "D:20240501093000+02'00'"
        pdf.docinfo["/ModDate"] = "D:20241399"
        pdf.save(path, encryption=pikepdf.Encryption(owner="kept", user=""))
    origin = read(path)[0].origin
    assert origin is not None
    assert (origin.program or "").startswith("Writer x")
    assert len(origin.program or "") == 80
    assert (origin.made, origin.changed, origin.restricted) == ("2024-05-01", None, True)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for key in list(pdf.docinfo):
            del pdf.docinfo[key]
        pdf.save(path, encryption=False)
    assert read(path)[0].origin is None


def test_pages_of_a_protected_file_are_cut_out_too(tmp_path: Path, two_people: Path) -> None:
    with pikepdf.open(two_people, allow_overwriting_input=True) as pdf:
        pdf.save(two_people, encryption=pikepdf.Encryption(owner="kept", user="", R=6))
    alone = tmp_path / "alone.pdf"
    alone.write_bytes(pages_alone(two_people, 2, 2))
    assert read(alone)[1][0].name == "Otto Lindqvist"
