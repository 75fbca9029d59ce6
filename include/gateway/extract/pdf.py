"""Reads one PDF: opens it or says why not, reads its pages, hands them to the profile pipeline.

Kinds of failure are told apart by size, the header in the first kilobyte, PDFium, and then pikepdf, which repairs what PDFium
refuses (ISO 32000-2 7.5.4 cross-reference tables are the usual casualty).
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium

from gateway.extract.pdfium import read_page
from gateway.extract.profiles import read_profiles
from gateway.extract.words import Page
from gateway.model import ExtractedProfile, Hints, Note, Reading

MEDIA_TYPE = "application/pdf"
HEAD = 1024  # bytes in which "%PDF" must stand (ISO 32000-2 7.5.2, as readers practise it)
USABLE_CHARS = 25  # a page with fewer characters and an image on it is a scan
BROKEN_QUALITY = 0.6  # below this share of real characters the text layer is no use


class _Failed(Exception):
    def __init__(self, code: str, sentence: str) -> None:
        self.code, self.sentence = code, sentence


def read_pdf(path: Path, sink: Callable[[ExtractedProfile], None], hints: Hints, *, limit_pages: int) -> Reading:
    """Sends each profile in the document to the sink.

    limit_pages  pages read; more are noted (PAGES_SKIPPED), never dropped in silence
    returns      a Reading; a bad document is one with status "failed", a code and a sentence, never an exception
    """
    cpu: dict[str, float] = {}
    started = time.process_time()
    try:
        document, notes = _open(path)
    except _Failed as failed:
        return Reading(
            "failed", MEDIA_TYPE, failed.code, failed.sentence, cpu_s={"read": time.process_time() - started}
        )
    try:
        total = len(document)
        pages, ocr_pages, problem = _pages(document, min(total, limit_pages), cpu, notes)
        if total > limit_pages:
            sentence = f"Only the first {limit_pages} of {total} pages were read."
            notes.append(Note("PAGES_SKIPPED", sentence, page=limit_pages + 1))
    except pdfium.PdfiumError:
        return Reading("failed", MEDIA_TYPE, "UNREADABLE_PDF", _UNREADABLE, cpu_s=cpu)
    finally:
        document.close()
    if not any(page.words for page in pages):
        code, sentence = problem or ("NO_TEXT", "Its pages hold no text that could be read; ask for the original file.")
        return Reading(
            "failed", MEDIA_TYPE, code, sentence, pages=total, ocr_pages=ocr_pages, notes=tuple(notes), cpu_s=cpu
        )
    facts = read_profiles(pages, sink, hints)
    cpu.update(facts.cpu_s)
    return Reading(
        "success" if facts.profiles else "failed",
        MEDIA_TYPE,
        code=facts.code,
        error=facts.reason,
        profiles=facts.profiles,
        pages=total,
        language=facts.language,
        text_quality=facts.text_quality,
        ocr_pages=ocr_pages,
        notes=(*notes, *facts.notes),
        layout=facts.layout,
        cpu_s=cpu,
    )


_UNREADABLE = "It is damaged beyond repair; ask the sender to export it again."


def _open(path: Path) -> tuple[pdfium.PdfDocument, list[Note]]:
    """The open document and notes about how it was opened; raises _Failed with the reason."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as wrong:
        raise _Failed(
            "UNREADABLE_PDF", "The file could not be opened; check that it still exists and may be read."
        ) from wrong
    if size == 0:
        raise _Failed("EMPTY_FILE", "The file has no bytes; ask the sender to send it again.")
    if b"%PDF" not in head:
        raise _Failed("NOT_A_PDF", "It is named like a PDF but is none; ask for a PDF, DOCX or text file.")
    try:
        document = pdfium.PdfDocument(path)
        if len(document) > 0:
            return document, []
        document.close()
    except pdfium.PdfiumError:
        pass
    return _repaired(path)


def _repaired(path: Path) -> tuple[pdfium.PdfDocument, list[Note]]:
    import pikepdf  # 140 ms, and only for damaged files

    try:
        with pikepdf.open(path) as damaged:
            if len(damaged.pages) == 0:
                raise _Failed("NO_PAGES", "The document has no pages; ask the sender to export it again.")
            buffer = io.BytesIO()
            damaged.save(buffer)
    except pikepdf.PasswordError as wrong:
        sentence = "It is encrypted and needs a password; ask the sender for a copy without one."
        raise _Failed("ENCRYPTED_PDF", sentence) from wrong
    except _Failed:
        raise
    except Exception as wrong:  # pikepdf passes on QPDF's and its own errors of many kinds for damaged files
        code = "TRUNCATED_PDF" if not _has_end(path) else "UNREADABLE_PDF"
        sentence = "The file is cut off; ask the sender to send it again." if code == "TRUNCATED_PDF" else _UNREADABLE
        raise _Failed(code, sentence) from wrong
    try:
        document = pdfium.PdfDocument(buffer.getvalue())
    except pdfium.PdfiumError as wrong:
        raise _Failed("UNREADABLE_PDF", _UNREADABLE) from wrong
    if len(document) == 0:
        document.close()
        raise _Failed("NO_PAGES", "The document has no pages; ask the sender to export it again.")
    return document, [Note("PDF_REPAIRED", "The file was damaged and was repaired before reading.")]


def _has_end(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 2048))
        return b"%%EOF" in file.read()


def _pages(
    document: pdfium.PdfDocument, count: int, cpu: dict[str, float], notes: list[Note]
) -> tuple[list[Page], int, tuple[str, str] | None]:
    """The pages read, how many of them by OCR, and what stood in the way of reading any."""
    pages: list[Page] = []
    problem: tuple[str, str] | None = None
    ocr_pages = 0
    for index in range(count):
        started = time.process_time()
        try:
            handle = document[index]
        except pdfium.PdfiumError:
            notes.append(Note("PAGE_UNREADABLE", "The page could not be read.", page=index + 1))
            continue
        try:
            page = read_page(handle, index + 1)
            cpu["read"] = cpu.get("read", 0.0) + time.process_time() - started
            if _needs_ocr(page, handle):
                from gateway.extract.ocr import ocr_page  # the engine takes seconds to load

                started = time.process_time()
                scanned, problem_here = ocr_page(handle, page)
                cpu["ocr"] = cpu.get("ocr", 0.0) + time.process_time() - started
                if scanned is not None:
                    page = scanned
                    ocr_pages += 1
                problem = problem_here or problem
            pages.append(page)
        finally:
            handle.close()
    return pages, ocr_pages, problem


def _needs_ocr(page: Page, handle: pdfium.PdfPage) -> bool:
    """The page shows text that its text layer does not give: a scan, or letters without meaning."""
    visible = sum(len(word.text) for word in page.words if not word.hidden)
    if visible >= USABLE_CHARS and page.text_quality >= BROKEN_QUALITY:
        return False
    return has_picture(handle) or (visible >= USABLE_CHARS and page.text_quality < BROKEN_QUALITY)


def has_picture(handle: pdfium.PdfPage) -> bool:
    """An image covers a good part of the page."""
    width, height = handle.get_size()
    area = 0.0
    for number, item in enumerate(handle.get_objects(filter=(pdfium.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3)):
        if number > 200:
            break
        left, bottom, right, top = item.get_bounds()
        area += max(0.0, min(right, width) - max(left, 0)) * max(0.0, min(top, height) - max(bottom, 0))
    return bool(area > 0.25 * width * height)
