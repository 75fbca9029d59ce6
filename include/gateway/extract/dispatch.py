"""One document in, its profiles out: picks the reader by content and turns every trouble into a failed Reading.

Runs in the calling process, without limits of its own: documents of strangers go through gateway.extract.child.sandbox.
"""

from __future__ import annotations

import errno
import importlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gateway.errors import Unreadable
from gateway.extract import attacks, media_types
from gateway.extract.detect import media_type, suffix_of
from gateway.model import ExtractedProfile, Hints, Note, Reading
from gateway.settings import settings

Sink = Callable[[ExtractedProfile], None]

ATTACKS = {
    "POLYGLOT_FILE": "The file is a file of another kind as well; another program may see another document in it.",
    "FORMULA_CELL": "The workbook holds formulas that fetch or start something when a spreadsheet opens it.",
}


def preload() -> None:
    """Import every reader and warm its tables, so that no document pays for it."""
    for target in media_types.READERS.values():
        module = importlib.import_module(target.partition(":")[0])
        warm = getattr(module, "preload", None)
        if warm is not None:
            warm()


def _reader(kind: str) -> Callable[..., Reading]:
    module, _, function = media_types.READERS[kind].partition(":")
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
        size, most = path.stat().st_size, settings().max_file_bytes
        if size > most:
            return _failed(kind, "FILE_TOO_LARGE", f"The file has {size:,} bytes, the limit is {most:,}.")
        name = hints.name or path.name
        kind = media_type(path, name)
        why = media_types.refusal_of(kind, suffix_of(name))
        if why is not None:
            return _failed(kind, *why)
        found = _attacks(path, kind)
        if "POLYGLOT_FILE" in found:
            sink = _marking(sink)
        more = {"limit_pages": limit_pages} if kind == media_types.PDF else {}
        read = _reader(kind)(path, sink, hints, **more)
        notes = [Note(code, ATTACKS[code]) for code in found]
        return replace(read, notes=(*notes, *read.notes)) if notes else read
    except Unreadable as wrong:
        return Reading("failed", kind, code=wrong.code, error=wrong.sentence)
    except OSError as wrong:
        if wrong.errno == errno.ENOMEM:
            raise MemoryError from wrong
        return _failed(kind, "FILE_UNREADABLE", f"The file could not be opened ({wrong.strerror or 'I/O error'}).")


def _attacks(path: Path, kind: str) -> list[str]:
    """Codes for the file as a whole."""
    found = ["POLYGLOT_FILE"] if attacks.is_polyglot(path, kind) else []
    return [*found, "FORMULA_CELL"] if kind == media_types.XLSX and attacks.calls_out(path) else found


def _marking(sink: Sink) -> Sink:
    def marked(profile: ExtractedProfile) -> None:
        sink(replace(profile, marks=(*profile.marks, "POLYGLOT_FILE")))

    return marked


def _failed(kind: str, code: str, sentence: str) -> Reading:
    return Reading("failed", kind, code=code, error=sentence)
