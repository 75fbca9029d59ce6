"""Reads one PDF: opens it or says why not, reads its pages, hands them to the profile pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium

from gateway.errors import Unreadable
from gateway.extract.media_types import PDF
from gateway.extract.page.pdf_open import UNREADABLE, open_pdf
from gateway.extract.page.pdf_structure import attached, origin
from gateway.extract.page.pdfium import read_page
from gateway.extract.page.words import Page
from gateway.extract.resume.profiles import read_profiles
from gateway.model import ExtractedProfile, Hints, Note, Reading, Sheet

USABLE_CHARS = 25  # a page with fewer characters and an image on it is a scan
OCR_BUDGET_S = (
    14.0  # CPU after which no further page is recognised, so that what was read is not lost to the time limit
)
OUTLINED_LETTERS = 120  # small shapes on a page without text; the rules and bullets of a form are fewer
MOST_SHAPES = 3_000
BROKEN_QUALITY = 0.6  # below this share of real characters the text layer is not used


def read_pdf(path: Path, sink: Callable[[ExtractedProfile], None], hints: Hints, *, limit_pages: int) -> Reading:
    """Sends each profile in the document to the sink.

    limit_pages  pages read; more are noted (PAGES_SKIPPED), never dropped in silence
    returns      a Reading; a bad document is one with status "failed", a code and a sentence, never an exception
    """
    cpu: dict[str, float] = {}
    started = time.process_time()
    try:
        document, notes = open_pdf(path)
    except Unreadable as failed:
        return Reading("failed", PDF, failed.code, failed.sentence, cpu_s={"read": time.process_time() - started})
    try:
        total = len(document)
        notes += attached(document, path)
        how = origin(document)
        photo = has_photo(document)
        pages, ocr_pages, problem = _pages(document, min(total, limit_pages), cpu, notes)
        if total > limit_pages:
            sentence = f"Only the first {limit_pages} of {total} pages were read."
            notes.append(Note("PAGES_SKIPPED", sentence, page=limit_pages + 1))
    except pdfium.PdfiumError:
        return Reading("failed", PDF, "UNREADABLE_PDF", UNREADABLE, cpu_s=cpu)
    finally:
        document.close()
    if not any(page.words for page in pages):
        code, sentence = problem or ("NO_TEXT", "Its pages hold no text that could be read; ask for the original file.")
        return Reading(
            "failed", PDF, code, sentence, pages=total, ocr_pages=ocr_pages, notes=tuple(notes), cpu_s=cpu, origin=how
        )
    facts = read_profiles(pages, sink, hints)
    cpu.update(facts.cpu_s)
    return Reading(
        "success" if facts.profiles else "failed",
        PDF,
        code=facts.code,
        error=facts.reason,
        profiles=facts.profiles,
        pages=total,
        language=facts.language,
        text_quality=facts.text_quality,
        ocr_pages=ocr_pages,
        notes=(*notes, *facts.notes),
        layout=facts.layout,
        family=facts.family,
        photo=photo,
        cpu_s=cpu,
        sheets=tuple(Sheet(page.number, round(page.width, 2), round(page.height, 2), page.turn) for page in pages),
        origin=how,
    )


def _pages(
    document: pdfium.PdfDocument, count: int, cpu: dict[str, float], notes: list[Note]
) -> tuple[list[Page], int, tuple[str, str] | None]:
    """The pages read, the number read by OCR, and the reason why none could be read."""
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
            scan = _needs_ocr(page, handle)
            if scan and cpu.get("ocr", 0.0) > OCR_BUDGET_S:
                sentence = "The page is a scan and was not read: recognition of the pages before it took all the time there is."
                notes.append(Note("OCR_LIMIT", sentence, page=index + 1))
            elif scan:
                from gateway.extract.page.ocr import ocr_page  # the engine takes seconds to load

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
    """True if the page shows text that its text layer lacks: a scan, or letters without meaning."""
    visible = sum(len(word.text) for word in page.words if not word.hidden)
    if visible >= USABLE_CHARS and page.text_quality >= BROKEN_QUALITY:
        return False
    return (
        has_picture(handle) or has_outlines(handle) or (visible >= USABLE_CHARS and page.text_quality < BROKEN_QUALITY)
    )


def has_outlines(handle: pdfium.PdfPage) -> bool:
    """The page is drawn with as many small shapes as a text has letters: its type was turned into outlines."""
    height = handle.get_size()[1]
    small = 0
    for number, item in enumerate(handle.get_objects(filter=(pdfium.raw.FPDF_PAGEOBJ_PATH,), max_depth=4)):
        if number >= MOST_SHAPES:
            break
        _, bottom, _, top = item.get_bounds()
        small += 0 < top - bottom < 0.05 * height
    return small >= OUTLINED_LETTERS


def has_photo(document: pdfium.PdfDocument) -> bool:
    """A picture of a portrait's size and shape on the first page: neither an icon, nor a banner, nor a scan."""
    try:
        handle = document[0]
    except pdfium.PdfiumError:
        return False
    try:
        whole = handle.get_width() * handle.get_height()
        for number, item in enumerate(handle.get_objects(filter=(pdfium.raw.FPDF_PAGEOBJ_IMAGE,), max_depth=3)):
            if number > 50:
                break
            left, bottom, right, top = item.get_bounds()
            width, height = right - left, top - bottom
            if height > 0 and 0.5 <= width / height <= 1.4 and 0.004 * whole <= width * height <= 0.15 * whole:
                return True
    finally:
        handle.close()
    return False


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
