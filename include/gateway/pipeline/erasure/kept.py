"""Copies of the documents of an erased person: the file, pictures of it, its original name.

A file with nobody else in it is removed. In a PDF with others the person's pages are blanked, so that the others' page numbers
stay right; in a list (CSV, XLSX) the person's row. Any other file with several people is removed entirely: their values stay, but
the document can no longer be shown.

The new file is kept, then the rows point to it and name the old one as left over, then that is removed (`sweep`): killed anywhere,
the next run finds either the old rows or what is left over.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

import pikepdf
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Unreadable
from gateway.extract.media_types import PDF
from gateway.intake import cache, files
from gateway.pipeline.erasure.lists import without_rows
from gateway.pipeline.erasure.parts import Part, part_of
from gateway.pipeline.erasure.suppression import of_file
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Profile, now

FACTS = (
    "pages",
    "rows",
    "layout",
    "family",
    "photo",
    "language",
    "ocr_pages",
    "cpu_s",
)  # of a document: what names nobody
LEFT = "left_over"  # keys of files that no row needs any more

__all__ = ["Part", "clean", "drop_file", "part_of", "sweep"]


def clean(session: Session, document: Document, parts: Sequence[Part], gone: Collection[str] = ()) -> str:
    """Takes an erased person out of a document and of every other row with the same bytes.

    parts     what of it is the person's
    gone      ids of profiles that are being erased: whoever else is in the document stays
    returns   erased | pages emptied | rows emptied | erased whole | nothing: what became of the file
    raises    Transient(FILES_MISSING) where the kept files are on another machine: nothing is called erased that is there
    The old file is left for `sweep`, which is called when this transaction is done.
    """
    same = session.scalars(
        select(Document).where(Document.agent_id == document.agent_id, Document.sha256 == document.sha256)
    ).all()
    people = session.execute(
        select(Profile.id, Profile.data).where(
            Profile.document_id.in_([row.id for row in same]), Profile.id.not_in(gone)
        )
    ).all()
    others = [row for row in people if not row.data.get("erased")]
    cache.forget(document.sha256)
    made: tuple[str, str] | None = None
    if others and document.file_key and document.media_type == PDF:
        made = _emptied(document, [part.pages for part in parts], [row.data.get("pages") for row in others])
    elif others and document.file_key:
        made = _without(document, parts)
    how = "pages emptied" if document.media_type == PDF else "rows emptied"
    did = "nothing" if not document.file_key else how if made else "erased whole" if others else "erased"
    old = document.sha256
    old_keys = {row.file_key for row in same if row.file_key}  # two where encryption was turned on in between
    for row in same:
        row.file_key, row.sha256 = made or (None, of_file(old))
        if not others:
            _rename(session, row)
        row.updated_at = now()
    if gone_keys := sorted(old_keys - {document.file_key}):
        document.facts = {**document.facts, LEFT: [*document.facts.get(LEFT, ()), *gone_keys]}
    return did


def _emptied(
    document: Document, ranges: Sequence[Sequence[int] | None], others: Sequence[Sequence[int] | None]
) -> tuple[str, str] | None:
    """(key, sha256) of the PDF without the person's pages; None where they are also others', or not known."""
    mine = {page for one in ranges if one for page in range(one[0], one[1] + 1)}
    theirs = {page for one in others if one for page in range(one[0], one[1] + 1)}
    if not mine or None in ranges or None in others or mine & theirs or not document.file_key:
        return None
    try:
        with tempfile.TemporaryDirectory(prefix="gateway-") as folder, files.local(document.file_key) as path:
            clean_copy = Path(folder) / "document.pdf"
            with pikepdf.open(path) as pdf:
                for number in mine:
                    page = pdf.pages[number - 1]
                    pdf.pages[number - 1] = pikepdf.Page(
                        pikepdf.Dictionary(
                            Type=pikepdf.Name.Page, MediaBox=page.mediabox, Resources=pikepdf.Dictionary()
                        )
                    )
                for name in list(pdf.Root.keys()):  # outlines, forms, attachments, metadata may name anybody
                    if name not in ("/Type", "/Pages", "/Version"):
                        del pdf.Root[name]
                if "/Info" in pdf.trailer:
                    del pdf.trailer["/Info"]
                pdf.save(clean_copy, deterministic_id=True)  # the same bytes when it is done again
            key, digest, _ = files.keep(clean_copy, document.agent_id)
    except (pikepdf.PdfError, OSError, IndexError, ValueError, Unreadable):
        return None  # what cannot be rewritten goes whole, and what is gone is gone
    return key, digest


def _without(document: Document, parts: Sequence[Part]) -> tuple[str, str] | None:
    """(key, sha256) of the list without the person's rows; None where they cannot be told from others'."""
    try:
        with tempfile.TemporaryDirectory(prefix="gateway-") as folder, files.local(str(document.file_key)) as path:
            copy = Path(folder) / "list"
            if not without_rows(path, copy, document.media_type, parts):
                return None
            key, digest, _ = files.keep(copy, document.agent_id)
    except Unreadable:
        return None  # its bytes are gone
    return key, digest


def sweep(document_ids: Collection[str] | None = None) -> int:
    """Removes files that rows name as left over, of these documents or of all; returns how many documents had one."""
    wanted = select(Document.id).where(Document.facts[LEFT].as_string().is_not(None))
    if document_ids is not None:
        wanted = wanted.where(Document.id.in_(document_ids))
    with reading() as session:
        found = session.scalars(wanted).all()
    for identity in found:
        with writing() as session:
            document = session.get_one(Document, identity)
            for key in document.facts.get(LEFT, ()):
                files.remove(key)
            document.facts = {name: value for name, value in document.facts.items() if name != LEFT}
    return len(found)


def drop_file(session: Session, document: Document) -> None:
    """Its file is left for `sweep`, pictures of it go; what was read from it stays. Its name goes where nobody of it is left."""
    cache.forget(document.sha256)
    old_key = document.file_key
    people = session.execute(select(Profile.data).where(Profile.document_id == document.id)).all()
    document.file_key, document.updated_at = None, now()
    if all(row.data.get("erased") for row in people):
        document.sha256 = of_file(document.sha256)  # sent again, it is read again
        _rename(session, document)
    if old_key:
        document.facts = {**document.facts, LEFT: [*document.facts.get(LEFT, ()), old_key]}


def _rename(session: Session, document: Document) -> None:
    """The name a file came under often names its person; so may the batch's list of files."""
    ending = PurePosixPath(document.path).suffix
    before, document.path = document.path, f"erased/{document.id}{ending if len(ending) < 7 else ''}"
    document.error = None
    document.facts = {key: value for key, value in document.facts.items() if key in (*FACTS, LEFT)}
    batch = session.get_one(Batch, document.batch_id)
    if batch.manifest:
        batch.manifest = {key: _renamed(value, before, document.path) for key, value in batch.manifest.items()}


def _renamed(value: object, before: str, after: str) -> object:
    if isinstance(value, list):
        return [_renamed(item, before, after) for item in value]
    return after if value == before else value
