"""The one table of media types: how each is read, what it is called, and why it is refused.

A new file type is a row here and its marks in `detect`. Page, command line, analytics and reader ask this table.
"""

from __future__ import annotations

from dataclasses import dataclass

PDF = "application/pdf"
ZIP = "application/zip"
CSV = "text/csv"
TEXT = "text/plain"
HTML = "text/html"
RTF = "application/rtf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
DOC = "application/msword"
XLS = "application/vnd.ms-excel"
OLE = "application/x-ole-storage"
ENCRYPTED_OFFICE = "application/x-encrypted-office"
XML = "application/xml"
GZIP = "application/gzip"
EMPTY = "application/x-empty"
BINARY = "application/octet-stream"
PROGRAMS = ("application/x-msdownload", "application/x-executable", "application/x-mach-binary")


@dataclass(frozen=True, slots=True)
class MediaType:
    """One type of file.

    label      on the page: "Word document"
    told       within a sentence: "a Word document"
    group      in the analytics: pdf | word | csv | sheet | text | other
    endings    of names that such a file may have, the usual one first
    reader     "module:function" that reads it, imported at first use; None = it is not read
    refusal    the code and the sentence of a type that is refused for a reason of its own
    is_plain   only its characters tell what it is: with a name in .pdf it is a broken download, not a document
    """

    label: str
    told: str
    group: str = "other"
    endings: tuple[str, ...] = ()
    reader: str | None = None
    refusal: tuple[str, str] | None = None
    is_plain: bool = False


_PROGRAM = MediaType("Other", "a program")
_PICTURE = MediaType(
    "Picture",
    "a picture",
    endings=(".jpg", ".jpeg", ".png", ".tif", ".tiff", ".heic"),
    refusal=("IMAGE_FILE", "This is a picture ({kind}). Save it as PDF and send that: scans are read."),
)
_UNKNOWN = MediaType("Other", "a file of another kind")
_PLAIN = MediaType("Other", "a file of another kind", "text")

# In the order in which the page names what it takes.
TYPES: dict[str, MediaType] = {
    PDF: MediaType("PDF", "a PDF", "pdf", (".pdf",), "gateway.extract.pdf:read_pdf"),
    DOCX: MediaType(
        "Word document", "a Word document", "word", (".docx",), "gateway.extract.office.docx_reader:read_docx"
    ),
    CSV: MediaType(
        "CSV table",
        "a text table",
        "csv",
        (".csv", ".tsv", ".tab", ".psv"),
        "gateway.extract.tables.reader:read_csv",
        is_plain=True,
    ),
    XLSX: MediaType(
        "Excel workbook", "an Excel workbook", "sheet", (".xlsx",), "gateway.extract.tables.workbook:read_xlsx"
    ),
    ZIP: MediaType("ZIP archive", "a ZIP archive", endings=(".zip",)),  # unpacked before anything is read
    ODT: MediaType("ODT document", "an ODT document", "word", (".odt",), "gateway.extract.office.odt_reader:read_odt"),
    ODS: MediaType(
        "ODS spreadsheet", "an ODS spreadsheet", "sheet", (".ods",), "gateway.extract.tables.workbook:read_ods"
    ),
    RTF: MediaType("RTF document", "an RTF document", "word", (".rtf",), "gateway.extract.office.text_reader:read_rtf"),
    HTML: MediaType(
        "Web page",
        "a web page",
        "text",
        (".html", ".htm"),
        "gateway.extract.office.html_reader:read_html",
        is_plain=True,
    ),
    TEXT: MediaType(
        "Plain text",
        "plain text",
        "text",
        (".txt", ".md", ".json", ".jsonl"),
        "gateway.extract.office.text_reader:read_text",
        is_plain=True,
    ),
    EMPTY: MediaType(
        "Empty file",
        "an empty file",
        refusal=("EMPTY_FILE", "The file is empty (0 bytes). Send it again from where it opens."),
    ),
    DOC: MediaType(
        "Word 97-2003",
        "a Word 97-2003 document",
        "word",
        (".doc",),
        refusal=("LEGACY_DOC", "This is a Word 97-2003 document (.doc). Save it as PDF or DOCX and send that."),
    ),
    XLS: MediaType(
        "Excel 97-2003",
        "an Excel 97-2003 workbook",
        "sheet",
        (".xls",),
        refusal=("LEGACY_XLS", "This is an Excel 97-2003 workbook (.xls). Save it as XLSX or CSV."),
    ),
    ENCRYPTED_OFFICE: MediaType(
        "Needs a password",
        "an encrypted document",
        "word",
        refusal=("ENCRYPTED_OFFICE", "A password is needed to open this document. Save it without one."),
    ),
    PPTX: MediaType("Presentation", "a presentation", endings=(".pptx",)),
    OLE: MediaType("Other", "a file of another kind", "word"),
    XML: MediaType("Other", "an XML file", endings=(".xml",)),
    GZIP: MediaType("Other", "a packed file"),
    BINARY: MediaType("Other", "a binary file of no known kind"),
    **dict.fromkeys(PROGRAMS, _PROGRAM),
}
READERS = {kind: row.reader for kind, row in TYPES.items() if row.reader is not None}
TAKEN = (*READERS, ZIP)
# Endings of files that people send: whatever else stands behind the last dot may be part of a name.
ENDINGS = frozenset(ending for row in (*TYPES.values(), _PICTURE) for ending in row.endings)


def about(kind: str) -> MediaType:
    """The row of a media type, pictures and types without a row of their own included."""
    if kind.startswith("image/"):
        return _PICTURE
    return TYPES.get(kind) or (_PLAIN if kind.startswith("text/") else _UNKNOWN)


def refusal_of(kind: str, ending: str) -> tuple[str, str] | None:
    """(code, sentence) if a file of this type is not read; None for one that has a reader.

    ending   of its name in lower case, ".pdf": nothing is read that claims to be a PDF and is plain text
    """
    row = about(kind)
    if row.refusal is not None:
        code, sentence = row.refusal
        return code, sentence.format(kind=kind)
    if ending == ".pdf" and (row.reader is None or row.is_plain):
        return "NOT_A_PDF", f"The name says PDF, the content is {row.told} ({kind}). Export it as PDF again."
    if row.reader is None:
        return ("UNSUPPORTED_TYPE", f"This is {row.told} ({kind}), not a résumé or a candidate list. Send {_taken()}.")
    return None


def _taken() -> str:
    names = [TYPES[kind].endings[0].removeprefix(".").upper() for kind in READERS]
    return f"{', '.join(names[:-1])} or {names[-1]}"
