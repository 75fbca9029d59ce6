"""Opens one PDF, or says why not.

Kinds of failure are distinguished by size, the header in the first kilobyte, PDFium, and then pikepdf, which repairs what PDFium
refuses (ISO 32000-2 7.5.4 cross-reference tables are the usual casualty).
"""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from gateway.errors import Unreadable
from gateway.model import Note

HEAD = 1024  # bytes in which "%PDF" must stand (ISO 32000-2 7.5.2, as readers practise it)


FOR_RECIPIENTS = "It is encrypted for certain people or by a rights service, not by a password; ask the sender for a copy without protection."
UNREADABLE = "It is damaged beyond repair; ask the sender to export it again."


def open_pdf(path: Path) -> tuple[pdfium.PdfDocument, list[Note]]:
    """The open document, its form too, and notes about how it was opened; raises Unreadable with the reason."""
    document, notes = _opened(path)
    document.init_forms()  # before any page is loaded
    return document, notes


def _opened(path: Path) -> tuple[pdfium.PdfDocument, list[Note]]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as wrong:
        raise Unreadable(
            "UNREADABLE_PDF", "The file could not be opened; check that it still exists and may be read."
        ) from wrong
    if size == 0:
        raise Unreadable("EMPTY_FILE", "The file has no bytes; ask the sender to send it again.")
    if b"%PDF" not in head:
        raise Unreadable("NOT_A_PDF", "It is named like a PDF but is not one; ask for a PDF, DOCX or text file.")
    try:
        document = pdfium.PdfDocument(path)
        if len(document) > 0:
            return document, []
        document.close()
    except pdfium.PdfiumError as wrong:
        if wrong.err_code == raw.FPDF_ERR_SECURITY:
            raise Unreadable("ENCRYPTED_PDF", FOR_RECIPIENTS) from wrong
    return _repaired(path)


def _repaired(path: Path) -> tuple[pdfium.PdfDocument, list[Note]]:
    import pikepdf  # 140 ms, and only for damaged files

    try:
        with pikepdf.open(path) as damaged:
            if len(damaged.pages) == 0:
                raise Unreadable("NO_PAGES", "The document has no pages; ask the sender to export it again.")
            buffer = io.BytesIO()
            damaged.save(buffer)
    except pikepdf.PasswordError as wrong:
        sentence = "It is encrypted and needs a password; ask the sender for a copy without one."
        raise Unreadable("ENCRYPTED_PDF", sentence) from wrong
    except Unreadable:
        raise
    except Exception as wrong:  # pikepdf passes on QPDF's and its own errors of many kinds for damaged files
        code = "TRUNCATED_PDF" if not _has_end(path) else "UNREADABLE_PDF"
        sentence = "The file is cut off; ask the sender to send it again." if code == "TRUNCATED_PDF" else UNREADABLE
        raise Unreadable(code, sentence) from wrong
    try:
        document = pdfium.PdfDocument(buffer.getvalue())
    except pdfium.PdfiumError as wrong:
        raise Unreadable("UNREADABLE_PDF", UNREADABLE) from wrong
    if len(document) == 0:
        document.close()
        raise Unreadable("NO_PAGES", "The document has no pages; ask the sender to export it again.")
    return document, [Note("PDF_REPAIRED", "The file was damaged and was repaired before reading.")]


def _has_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2048))
        return b"%%EOF" in file.read()
