"""One document in, its profiles out: picks the reader by content and turns every trouble into a failed Reading.

Runs in the calling process, without limits of its own: documents of strangers go through gateway.extract.child.sandbox.
"""

from __future__ import annotations

import errno
import importlib
from collections.abc import Callable
from pathlib import Path

from gateway.errors import Unreadable
from gateway.extract import media_types
from gateway.model import ExtractedProfile, Hints, Reading
from gateway.settings import settings

Sink = Callable[[ExtractedProfile], None]

# media type -> "module:function"; imported at first use in a process, or all at once by preload()
_READERS = {
    media_types.PDF: "gateway.extract.pdf:read_pdf",
    media_types.CSV: "gateway.extract.tables.reader:read_csv",
    media_types.XLSX: "gateway.extract.tables.workbook:read_xlsx",
    media_types.ODS: "gateway.extract.tables.workbook:read_ods",
    media_types.DOCX: "gateway.extract.office.docx_reader:read_docx",
    media_types.ODT: "gateway.extract.office.odt_reader:read_odt",
    media_types.RTF: "gateway.extract.office.text_reader:read_rtf",
    media_types.HTML: "gateway.extract.office.html_reader:read_html",
    media_types.TEXT: "gateway.extract.office.text_reader:read_text",
}

_KINDS = {
    "application/x-msdownload": "a program",
    "application/x-executable": "a program",
    "application/x-mach-binary": "a program",
    "application/zip": "a ZIP archive",
    "application/gzip": "a packed file",
    "application/xml": "an XML file",
    media_types.PPTX: "a presentation",
    media_types.BINARY: "a binary file of no known kind",
    media_types.HTML: "a web page",
    media_types.TEXT: "plain text",
    media_types.CSV: "a text table",
}


def preload() -> None:
    """Import every reader and warm its tables, so that no document pays for it."""
    for target in _READERS.values():
        module = importlib.import_module(target.partition(":")[0])
        warm = getattr(module, "preload", None)
        if warm is not None:
            warm()


def _reader(kind: str) -> Callable[..., Reading]:
    module, _, function = _READERS[kind].partition(":")
    reader: Callable[..., Reading] = getattr(importlib.import_module(module), function)
    return reader


def read_document(path: Path, sink: Sink, hints: Hints, *, limit_pages: int) -> Reading:
    """Read one document; its profiles go to `sink` in order, and into none if it fails early.

    path         the file; its content decides the reader, never its name alone
    hints        the agent's country and column mapping, the file's name as sent, and whether a person calls it a résumé
    limit_pages  pages read of a PDF
    returns      a Reading with status "failed", a code and a sentence for anything that cannot be read;
                 raises the exceptions of the sink, and MemoryError; nothing else
    """
    kind = media_types.BINARY
    try:
        refused = _refusal(path)
        if refused is not None:
            return refused
        name = hints.name or path.name
        kind = media_types.media_type(path, name)
        refused = _refuse_kind(kind, media_types.suffix_of(name))
        if refused is not None:
            return refused
        if kind == media_types.PDF:
            return _reader(kind)(path, sink, hints, limit_pages=limit_pages)
        return _reader(kind)(path, sink, hints)
    except Unreadable as wrong:
        return Reading("failed", kind, code=wrong.code, error=wrong.sentence)
    except OSError as wrong:
        if wrong.errno == errno.ENOMEM:
            raise MemoryError from wrong
        return _failed(kind, "FILE_UNREADABLE", f"The file could not be opened ({wrong.strerror or 'I/O error'}).")


def _refusal(path: Path) -> Reading | None:
    size, most = path.stat().st_size, settings().max_file_bytes
    if size == 0:
        return _failed(
            media_types.EMPTY, "EMPTY_FILE", "The file is empty (0 bytes). Send it again from where it opens."
        )
    if size > most:
        return _failed(media_types.BINARY, "FILE_TOO_LARGE", f"The file has {size:,} bytes, the limit is {most:,}.")
    return None


def _refuse_kind(kind: str, suffix: str) -> Reading | None:
    is_other = kind not in _READERS or kind in (media_types.HTML, media_types.TEXT, media_types.CSV)
    if suffix == ".pdf" and is_other and not _is_told(kind):
        what = _KINDS.get(kind, "something else")
        return _failed(kind, "NOT_A_PDF", f"The name says PDF, the content is {what} ({kind}). Export it as PDF again.")
    if media_types.is_image(kind):
        return _failed(kind, "IMAGE_FILE", f"This is a picture ({kind}). Save it as PDF and send that: scans are read.")
    if kind == media_types.DOC:
        return _failed(
            kind, "LEGACY_DOC", "This is a Word 97-2003 document (.doc). Save it as PDF or DOCX and send that."
        )
    if kind == media_types.XLS:
        return _failed(kind, "LEGACY_XLS", "This is an Excel 97-2003 workbook (.xls). Save it as XLSX or CSV.")
    if kind == media_types.ENCRYPTED_OFFICE:
        return _failed(kind, "ENCRYPTED_OFFICE", "A password is needed to open this document. Save it without one.")
    if kind not in _READERS:
        what = _KINDS.get(kind, "a file of another kind")
        return _failed(
            kind,
            "UNSUPPORTED_TYPE",
            f"This is {what} ({kind}), not a résumé or a candidate list. "
            "Send PDF, DOCX, ODT, RTF, TXT, HTML, CSV or XLSX.",
        )
    return None


def _is_told(kind: str) -> bool:
    """Kinds with a code of their own that is more specific than NOT_A_PDF."""
    return media_types.is_image(kind) or kind in (media_types.DOC, media_types.XLS, media_types.ENCRYPTED_OFFICE)


def _failed(kind: str, code: str, sentence: str) -> Reading:
    return Reading("failed", kind, code=code, error=sentence)
