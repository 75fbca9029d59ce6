"""Résumés in DOCX, ODT, RTF, HTML and plain text, and files that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.codes import CODES
from gateway.extract import media_types
from gateway.extract.detect import media_type
from gateway.extract.dispatch import read_document
from gateway.extract.office.sheet import Run, Sheet
from gateway.model import Hints
from support import resume_files as made

FORMATS = {
    "cv.docx": (made.docx_file, media_types.DOCX),
    "cv.odt": (made.odt_file, media_types.ODT),
    "cv.rtf": (made.rtf_file, media_types.RTF),
    "cv.html": (made.html_file, media_types.HTML),
    "cv.txt": (made.text_file, media_types.TEXT),
}


def read(path: Path):
    profiles = []
    return read_document(path, profiles.append, Hints(), limit_pages=10), profiles


@pytest.mark.parametrize("name", FORMATS)
def test_resume_is_read_from_every_format(tmp_path, name):
    make, kind = FORMATS[name]
    reading, profiles = read(make(tmp_path / name))
    assert (reading.status, reading.media_type, reading.error) == ("success", kind, None)
    (ada,) = profiles
    assert (ada.name, ada.email, ada.phone) == (made.NAME, made.EMAIL, made.PHONE)
    assert "Leeds" in (ada.location or "")
    assert "github.com/adafictive" in " ".join(ada.links)
    assert {"Python", "SQL"} <= set(ada.skills)
    assert [(job.company, job.position) for job in ada.work] == [("Hollow Oak Bakery", "Shift Lead")]
    assert all(field.evidence and field.evidence.page == 1 for field in ada.fields)


@pytest.mark.parametrize("name", FORMATS)
def test_content_decides_not_the_name(tmp_path, name):
    make, kind = FORMATS[name]
    path = make(tmp_path / name).rename(tmp_path / "renamed.bin")
    assert media_type(path) == kind
    assert read(path)[0].status == "success"


def test_docx_columns_text_boxes_headers_and_deleted_text(tmp_path):
    import docx
    from docx.oxml import parse_xml

    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "Ada Fictive"
    table = document.add_table(rows=1, cols=2)
    left, right = table.rows[0].cells
    for text in ("Skills", "Python", "SQL", "Baking", "Dough"):
        left.add_paragraph(text)
    for text in (
        "Experience",
        "Shift Lead, Hollow Oak Bakery, 2019 - 2022",
        "Baker, Tern Mill, 2015 - 2019",
        "Did much",
    ):
        right.add_paragraph(text)
    ns = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    inside = "<w:p><w:r><w:t>boxed text</w:t></w:r></w:p>"
    box = f"<w:p {ns}><w:r><w:pict><w:txbxContent>{inside}</w:txbxContent></w:pict></w:r></w:p>"
    document.element.body.insert(1, parse_xml(box))
    changes = "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t>kept</w:t></w:r></w:ins>"
    deleted = f"<w:p {ns}>{changes}</w:p>"
    document.element.body.insert(2, parse_xml(deleted))
    document.save(tmp_path / "cv.docx")

    from gateway.extract.office.docx_reader import _Reader

    (page,) = _Reader(docx.Document(str(tmp_path / "cv.docx"))).sheet().pages()
    words = [word.text for word in page.words]
    assert words[:2] == ["Ada", "Fictive"]
    assert words.index("Dough") < words.index("Experience")
    assert words.count("boxed") == 1
    assert "kept" in words
    assert "gone" not in words


def test_page_breaks_make_pages_and_long_paragraphs_lines(tmp_path):
    sheet = Sheet()
    sheet.paragraph([Run("word " * 100)])
    sheet.break_page()
    sheet.paragraph([Run("second", uri="https://example.org")])
    first, second = sheet.pages()
    assert (first.number, second.number) == (1, 2)
    assert max(word.box[2] for word in first.words) <= 595
    assert len({word.box[1] for word in first.words}) > 2
    assert second.links[0].uri == "https://example.org"
    assert second.links[0].box == second.words[0].box


def test_list_in_a_web_page_is_read_as_a_list(tmp_path):
    rows = "".join(f"<tr><td>Person {c}</td><td>{c.lower()}@example.org</td></tr>" for c in "ABC")
    path = tmp_path / "export.xls"
    path.write_text(f"<html><body><table><tr><th>Name</th><th>Email</th></tr>{rows}</table></body></html>")
    reading, profiles = read(path)
    assert reading.status == "success"
    assert [(p.name, p.row) for p in profiles] == [("Person A", 2), ("Person B", 3), ("Person C", 4)]


def test_workbook_numbers_dates_and_sheets(tmp_path):
    import datetime

    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["nothing", "here"])
    people = book.create_sheet("People")
    people.append(["Name", "E-Mail", "Phone", "Applied", "Fee"])
    people.append(["Ada Archer", "ada@example.org", 12025550101, datetime.date(2026, 3, 1), 4.5])
    hidden = book.create_sheet("Old")
    hidden.append(["Name", "Email"])
    hidden.append(["Bela Birkin", "bela@example.org"])
    hidden.sheet_state = "hidden"
    path = tmp_path / "list.csv"
    book.save(path)
    reading, (ada,) = read(path)
    assert (reading.media_type, reading.status) == (media_types.XLSX, "success")
    assert (ada.name, ada.email, ada.phone, ada.row) == ("Ada Archer", "ada@example.org", "+12025550101", 2)
    assert ada.extra == {"Applied": "2026-03-01", "Fee": "4.5"}
    assert ada.best("email").evidence.column == "People!E-Mail"


def test_opendocument_spreadsheet(tmp_path):
    reading, (ada,) = read(made.ods_file(tmp_path / "list.ods"))
    assert reading.media_type == media_types.ODS
    assert (ada.name, ada.email, ada.row) == ("Ada Archer", "ada@example.org", 5)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("cv.doc", OLE + "WordDocument".encode("utf-16-le"), "LEGACY_DOC"),
        ("list.xls", OLE + "Workbook".encode("utf-16-le"), "LEGACY_XLS"),
        ("cv.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "ENCRYPTED_OFFICE"),
        ("cv.msi", OLE, "UNSUPPORTED_TYPE"),
        ("cv.jpg", b"\xff\xd8\xff\xe0" + bytes(99), "IMAGE_FILE"),
        ("cv.pdf", b"\x89PNG\r\n\x1a\n" + bytes(99), "IMAGE_FILE"),
        ("cv.exe", b"MZ\x90\0" + bytes(99), "UNSUPPORTED_TYPE"),
        ("cv.pdf", b"MZ\x90\0" + bytes(99), "NOT_A_PDF"),
        ("cv.pdf", b"<html><body>404</body></html>", "NOT_A_PDF"),
        ("cv.pdf", b"just some text\n", "NOT_A_PDF"),
        ("cv.pdf", bytes(range(256)) * 4, "NOT_A_PDF"),
        ("cv.bin", bytes(range(256)) * 4, "UNSUPPORTED_TYPE"),
        ("cv.pptx", made.zip_with(TYPES=b"<Types/>", ppt__presentation=b""), "UNSUPPORTED_TYPE"),
        ("cv.docx", made.zip_with(TYPES=b"<Types/>", word__document=b"<w"), "DAMAGED_OFFICE"),
        ("list.xlsx", made.zip_with(TYPES=b"<Types/>", xl__workbook=b"<w"), "DAMAGED_OFFICE"),
        ("cv.odt", made.zip_with(mimetype=media_types.ODT.encode()), "DAMAGED_OFFICE"),
        ("list.ods", made.zip_with(mimetype=media_types.ODS.encode()), "DAMAGED_OFFICE"),
        ("cv.txt", b"", "EMPTY_FILE"),
        ("cv.txt", b" \n \n", "NO_TEXT"),
        ("cv.html", b"<html><body><script>x</script></body></html>", "NO_TEXT"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    reading, profiles = read(path)
    assert (reading.status, reading.code, profiles) == ("failed", code, [])
    assert code in CODES
    assert len(reading.error) > 25
    assert str(tmp_path) not in reading.error


def test_file_over_the_limit_is_refused_unread(tmp_path, monkeypatch):
    from gateway.settings import settings

    monkeypatch.setenv("GATEWAY_MAX_FILE_BYTES", "1000")
    settings.cache_clear()
    (tmp_path / "list.csv").write_bytes(b"Name,Email\n" + b"x" * 1000)
    try:
        assert read(tmp_path / "list.csv")[0].code == "FILE_TOO_LARGE"
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_missing_file_is_a_failed_document(tmp_path):
    assert read(tmp_path / "gone.pdf")[0].code == "FILE_UNREADABLE"
