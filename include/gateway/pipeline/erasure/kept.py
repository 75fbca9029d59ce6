"""Copies of the documents of an erased person: the file, pictures of it, its original name.

A file with nobody else in it is removed. In a PDF with others the person's pages are blanked, so that the others' page numbers
stay right. Any other file with several people is removed entirely: their values stay, but the document can no longer be shown.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath

import pikepdf
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Unreadable
from gateway.intake import cache, files
from gateway.pipeline.erasure.suppression import of_file
from gateway.store.tables import Batch, Document, Profile, now

FACTS = ("pages", "rows", "layout", "language", "ocr_pages", "cpu_s")  # facts of a document that identify nobody
Pages = tuple[int, int] | None  # first and last, from 1


def clean(session: Session, document: Document, ranges: Sequence[Pages], gone: Collection[str] = ()) -> str:
    """Takes an erased person out of a document and of every other row with the same bytes.

    ranges    the person's pages
    gone      ids of profiles that are being erased: whoever else is in the document stays
    returns   erased | pages emptied | erased whole | nothing: what became of the file
    raises    Transient(FILES_MISSING) where the kept files are on another machine: nothing is called erased that is there
    The file goes before its row says so: killed between the two, the next attempt finds the row and goes on.
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
    if others and document.media_type == "application/pdf":
        made = _emptied(document, ranges, [row.data.get("pages") for row in others])
    did = "nothing" if not document.file_key else "pages emptied" if made else "erased whole" if others else "erased"
    if document.file_key:
        files.remove(document.file_key)
    old = document.sha256
    for row in same:
        row.file_key, row.sha256 = made or (None, of_file(old))
        if not others:
            _rename(session, row)
        row.updated_at = now()
    return did


def _emptied(
    document: Document, ranges: Sequence[Pages], others: Sequence[Sequence[int] | None]
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
                pdf.save(clean_copy)
            key, digest, _ = files.keep(clean_copy, document.agent_id)
    except (pikepdf.PdfError, OSError, IndexError, ValueError, Unreadable):
        return None  # what cannot be rewritten goes whole, and what is gone is gone
    return key, digest


def _rename(session: Session, document: Document) -> None:
    """The name a file came under often names its person; so may the batch's list of files."""
    ending = PurePosixPath(document.path).suffix
    before, document.path = document.path, f"erased/{document.id}{ending if len(ending) < 7 else ''}"
    document.error = None
    document.facts = {key: value for key, value in document.facts.items() if key in FACTS}
    batch = session.get_one(Batch, document.batch_id)
    if batch.manifest:
        batch.manifest = {key: _without(value, before, document.path) for key, value in batch.manifest.items()}


def _without(value: object, before: str, after: str) -> object:
    if isinstance(value, list):
        return [_without(item, before, after) for item in value]
    return after if value == before else value
