"""Attachments and forms of a PDF, and one person's pages as a separate file. Uses pypdf.

pypdf is slow on text and good at structure, so it is imported only for files that have some: PDFium says cheaply whether
anything is attached. Everything here runs in a child process with limits, like all that opens a stranger's file.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import pypdfium2 as pdfium

from gateway.errors import Unreadable
from gateway.model import Note

_MOST_NAMED = 5  # endings of attached files that a note names
# Of a page: what leads to other pages (beads of articles, the structure tree) or tells of the document as a whole.
_LEADS_AWAY = ("/B", "/StructParents", "/Metadata", "/PieceInfo", "/AA", "/Tabs", "/Parent")
# Keys of an annotation: its page and fields, its pop-up, its action. Appearance and value stay.
_OF_OTHERS = ("/P", "/Parent", "/Popup", "/IRT", "/Dest", "/AA", "/StructParent")


def attached(document: pdfium.PdfDocument, path: Path) -> list[Note]:
    """A note if files are attached inside the PDF: they are not read, and a résumé may be among them."""
    if not document.count_attachments():
        return []
    from pypdf import PdfReader

    try:
        names = [str(name) for name in PdfReader(path).attachments]
    except Exception:  # pypdf raises many kinds for damaged trees; that there are some is known already
        names = []
    number = len(names) or document.count_attachments()
    endings = sorted({PurePosixPath(name).suffix.lower() for name in names} - {""})[:_MOST_NAMED]
    kinds = f" ({', '.join(endings)})" if endings else ""
    what, verb = ("1 file is", "was") if number == 1 else (f"{number} files are", "were")
    return [Note("PDF_ATTACHMENTS", f"{what} attached inside the PDF{kinds} and {verb} not read.")]


def pages_alone(path: Path, first: int, last: int) -> bytes:
    """These pages as a PDF without any content of the other pages.

    first, last   count from 1, both included
    raises        Unreadable(PAGE_NOT_SHOWN) if the file has no such pages, or pypdf cannot take it apart
    """
    from pypdf import PdfReader, PdfWriter
    from pypdf.errors import PyPdfError
    from pypdf.generic import NameObject

    try:
        reader = PdfReader(path)
        if not 1 <= first <= last <= len(reader.pages):
            raise Unreadable(
                "PAGE_NOT_SHOWN", f"The document has {len(reader.pages)} pages; there are no pages {first} to {last}."
            )
        writer = PdfWriter()
        for number in range(first - 1, last):
            page = reader.pages[number]
            for key in ("/Resources", "/MediaBox", "/CropBox", "/Rotate"):
                inherited = page.get_inherited(key) if hasattr(page, "get_inherited") else page.get(key)
                if inherited is not None:
                    page[NameObject(key)] = inherited
            _only_own_pictures(page)
            _only_own_notes(page)
            writer.add_page(page, excluded_keys=_LEADS_AWAY)
        out = io.BytesIO()
        writer.write(out)
    except PyPdfError as wrong:
        sentence = "Its pages cannot be taken apart; download the whole file."
        raise Unreadable("PAGE_NOT_SHOWN", sentence) from wrong
    return out.getvalue()


def _only_own_pictures(page: Any) -> None:
    """Pages often share one table of pictures and forms: those this page does not draw are left behind."""
    from pypdf.generic import DictionaryObject, NameObject

    resources = page["/Resources"].get_object() if "/Resources" in page else None
    table = resources["/XObject"].get_object() if resources and "/XObject" in resources else None
    if resources is None or not table:
        return
    used: set[str] = set()
    waiting = [page.get_contents()]
    while waiting:
        for name in _drawn(waiting.pop()):
            if name in used or name not in table:
                continue
            used.add(name)
            drawn = table[name].get_object()
            if drawn.get("/Subtype") == "/Form" and "/Resources" not in drawn:
                waiting.append(drawn)  # it draws with the page's table
    own = DictionaryObject({NameObject(key): value for key, value in resources.items() if key != "/XObject"})
    own[NameObject("/XObject")] = DictionaryObject({NameObject(name): table.raw_get(name) for name in used})
    page[NameObject("/Resources")] = own


def _drawn(content: Any) -> Iterator[str]:
    """Names of the pictures and forms that a content stream draws."""
    from pypdf.generic import ContentStream

    if content is None:
        return
    stream = content if isinstance(content, ContentStream) else ContentStream(content, None)
    for operands, operator in stream.operations:
        if operator == b"Do" and operands:
            yield str(operands[0])


def _only_own_notes(page: Any) -> None:
    """Links to addresses and filled-in fields stay, cut off from the pages and fields they belong to."""
    from pypdf.generic import ArrayObject, DictionaryObject, NameObject

    kept = ArrayObject()
    for reference in page.get("/Annots") or ():
        note = reference.get_object()
        action = note.get("/A")
        leads = action is not None and action.get_object().get("/S") != "/URI"
        if not isinstance(note, DictionaryObject) or leads or "/Dest" in note:
            continue
        kept.append(DictionaryObject({k: v for k, v in note.items() if k not in _OF_OTHERS}))
    page[NameObject("/Annots")] = kept
