"""One fictional résumé in every office format."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

NAME, EMAIL, PHONE = "Ada Fictive", "ada.fictive@example.org", "+12025550143"
LINK = "https://github.com/adafictive"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink"
LINES = (
    ("Ada Fictive", 22, True),
    ("ada.fictive@example.org · +1 202-555-0143 · Leeds, United Kingdom", 10, False),
    ("My code", 10, False),
    ("Experience", 14, True),
    ("Shift Lead, Hollow Oak Bakery\t2019 - 2022", 10, False),
    ("Planned the work of nine people and the purchase of flour.", 10, False),
    ("Education", 14, True),
    ("BSc Food Science, University of Leeds\t2015 - 2018", 10, False),
    ("Skills", 14, True),
    ("Python, SQL, Baking", 10, False),
)


def docx_file(path: Path) -> Path:
    import docx
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document = docx.Document()
    relation = document.part.relate_to(LINK, RELATION, is_external=True)
    for text, size, bold in LINES:
        paragraph = document.add_paragraph()
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(size), bold
        if text == "My code":
            link = OxmlElement("w:hyperlink")
            link.set(qn("r:id"), relation)
            link.append(run._r)
            paragraph._p.append(link)
    document.save(path)
    return path


def odt_file(path: Path) -> Path:
    from odf.opendocument import OpenDocumentText
    from odf.style import Style, TextProperties
    from odf.text import A, P, Tab

    document = OpenDocumentText()
    looks = {}
    for _, size, bold in LINES:
        if (size, bold) not in looks:
            style = Style(name=f"S{size}{bold}", family="paragraph")
            style.addElement(TextProperties(fontsize=f"{size}pt", fontweight="bold" if bold else "normal"))
            document.automaticstyles.addElement(style)
            looks[size, bold] = style
    for text, size, bold in LINES:
        paragraph = P(stylename=looks[size, bold])
        for number, part in enumerate(text.split("\t")):
            if number:
                paragraph.addElement(Tab())
            if text == "My code":
                paragraph.addElement(A(href=LINK, text=text))
            else:
                paragraph.addText(part)
        document.text.addElement(paragraph)
    document.save(str(path))
    return path


def rtf_file(path: Path) -> Path:
    lines = [text.replace("\t", r"\tab ").replace("·", r"\u183?") for text, _, _ in LINES]
    link = '{\\field{\\*\\fldinst{HYPERLINK "' + LINK + '"}}{\\fldrslt{My code}}}'
    body = "".join((link if line == "My code" else line) + "\\par\n" for line in lines)
    path.write_text("{\\rtf1\\ansi\\ansicpg1252\\deff0\n" + body + "}", "ascii")
    return path


def html_file(path: Path) -> Path:
    tags = {22: "h1", 14: "h2", 10: "p"}
    body = "".join(f"<{tags[s]}>{t.replace(chr(9), '&emsp;')}</{tags[s]}>" for t, s, _ in LINES)
    body = body.replace("My code", f"<a href='{LINK}'>My code</a>")
    hidden = "<script>var name = 'Eve Script';</script><p style='display:none'>eve@example.com</p>"
    head = "<!DOCTYPE html><html><head><title>x</title></head>"
    page = f"{head}<body>{hidden}{body}</body></html>"
    path.write_text(page, "utf-8")
    return path


def text_file(path: Path) -> Path:
    text = "\n".join(text.replace("\t", "      ") for text, _, _ in LINES)
    path.write_text(text.replace("My code", LINK), "utf-8")
    return path


def xlsx_file(path: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    for cells in (["Name", "E-Mail", "Phone"], ["Bela Birkin", "bela@example.org", 12025550101]):
        book.active.append(cells)
    book.save(path)
    return path


def ods_file(path: Path) -> Path:
    """A list whose one row stands below three empty ones."""
    from odf.opendocument import OpenDocumentSpreadsheet
    from odf.table import Table, TableCell, TableRow
    from odf.text import P

    book = OpenDocumentSpreadsheet()
    sheet = Table(name="People")
    for cells in (["Name", "Email"], [], ["Ada Archer", "ada@example.org"]):
        row = TableRow(numberrowsrepeated=1 if cells else 3)
        for text in cells:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            row.addElement(cell)
        sheet.addElement(row)
    book.spreadsheet.addElement(sheet)
    book.save(str(path))
    return path


FORMATS = {
    "cv.docx": docx_file,
    "cv.odt": odt_file,
    "cv.rtf": rtf_file,
    "cv.html": html_file,
    "cv.txt": text_file,
    "list.xlsx": xlsx_file,
    "list.ods": ods_file,
}


def zip_with(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name.replace("__", "/").replace("TYPES", "[Content_Types].xml"), data)
    return buffer.getvalue()
