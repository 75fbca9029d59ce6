"""What a PDF holds beside its pages, and one person's pages as a separate file.

pypdf takes attachments and pages apart. It costs 0.2 s to import and reads the whole file again, so it is asked only where there is
something: PDFium, which has the file open, says whether anything is attached, and how the file was made. Everything here runs in a child process with limits, like all that opens a stranger's file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from gateway.errors import Unreadable
from gateway.extract.detect import suffix_of
from gateway.extract.media_types import ENDINGS
from gateway.model import Note, Origin
from gateway.values.text import tidy

_STAMP = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)")
_LONGEST_PROGRAM = 80  # characters
_MOST_NAMED = 5  # endings of attached files that a note names
# Of a page: what leads to other pages (beads of articles, the structure tree) or tells of the document as a whole.
_LEADS_AWAY = ("/B", "/StructParents", "/Metadata", "/PieceInfo", "/AA", "/Tabs", "/Parent")
# Keys of an annotation: its page and fields, its pop-up, its action. Appearance and value stay.
_OF_OTHERS = ("/P", "/Parent", "/Popup", "/IRT", "/Dest", "/AA", "/StructParent")
_OF_FIELDS = ("/FT", "/V", "/Ff")  # of a field, what its box may have from the field above it
_MOST_PARENTS = 20  # damaged forms go in circles


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
    endings = sorted({suffix_of(name) for name in names} & ENDINGS)[:_MOST_NAMED]
    kinds = f" ({', '.join(endings)})" if endings else ""
    what, verb = ("1 file is", "was") if number == 1 else (f"{number} files are", "were")
    return [Note("PDF_ATTACHMENTS", f"{what} attached inside the PDF{kinds} and {verb} not read.")]


def origin(document: pdfium.PdfDocument) -> Origin | None:
    """How the file was made, by its own account; None if it says nothing."""
    said = document.get_metadata_dict(skip_empty=True)
    program = tidy(said.get("Creator") or said.get("Producer") or "")[:_LONGEST_PROGRAM] or None
    restricted = raw.FPDF_GetSecurityHandlerRevision(document.raw) >= 0
    found = Origin(program, _day(said.get("CreationDate")), _day(said.get("ModDate")), restricted)
    return found if found != Origin() else None


def _day(stamp: str | None) -> str | None:
    """ "D:20240501093000+02'00'" as "2024-05-01" (ISO 32000-2 7.9.4); None for anything else."""
    parts = _STAMP.match(stamp or "")
    try:
        return date(*map(int, parts.groups())).isoformat() if parts else None
    except ValueError:
        return None


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
        own = DictionaryObject({k: v for k, v in note.items() if k not in _OF_OTHERS})
        for key in _OF_FIELDS if note.get("/Subtype") == "/Widget" else ():
            value = _inherited(note, key)
            if value is not None:
                own[NameObject(key)] = value
        kept.append(own)
    page[NameObject("/Annots")] = kept


def _inherited(note: Any, key: str) -> Any:
    """What a field's box has of its own, or of the field above it."""
    for _ in range(_MOST_PARENTS):
        if key in note:
            return note[key]
        if "/Parent" not in note:
            return None
        note = note["/Parent"].get_object()
    return None
