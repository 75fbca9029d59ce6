"""Every reason code is reached by a test; here are those that no test of a larger thing comes by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest

from gateway.codes import CODES
from gateway.deliver import own_pool
from gateway.deliver.request import request_of
from gateway.errors import Misconfigured, Transient, Unreadable
from gateway.extract import pdf
from gateway.extract.page.pdf_open import open_pdf
from gateway.insight import evidence
from gateway.intake.inbox import disk_problem
from gateway.model import Note
from gateway.settings import PROJECT, settings
from gateway.store.tables import Document, Profile
from support.pdf_maker import make, resume

LIST = "Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"


def test_every_code_is_named_by_a_test() -> None:
    """Golden verdicts count: test_verdicts.py compares them with what the gates find."""
    here = PROJECT / "tests"
    told = "".join(path.read_text("utf-8") for path in [*here.rglob("test_*.py"), *here.rglob("*.json")])
    assert CODES.keys() - set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", told)) == set()


def test_a_file_system_that_refuses(tmp_path: Path) -> None:
    error = disk_problem(PermissionError(13, "Permission denied", str(tmp_path)), "The drop could not be moved")
    assert (error.code, isinstance(error, Transient)) == ("CLAIM_FAILED", True)
    assert str(tmp_path) not in error.sentence, "a path may name a person"


def test_a_pdf_without_pages(tmp_path: Path) -> None:
    path = tmp_path / "empty.pdf"
    pikepdf.new().save(path)
    with pytest.raises(Unreadable) as raised:
        open_pdf(path)
    assert raised.value.code == "NO_PAGES"


def test_a_pdf_that_is_repaired(tmp_path: Path) -> None:
    path = make(tmp_path / "whole.pdf", resume("Greta Hollingsworth", "greta@example.com", "+1 415 555 0134"))
    real = pdfium.PdfDocument
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "gateway.extract.page.pdf_open.pdfium.PdfDocument",
            lambda given: refuse() if isinstance(given, Path) else real(given),
        )
        document, notes = open_pdf(path)
    assert [note.code for note in notes] == ["PDF_REPAIRED"]
    assert len(document) == 1
    document.close()


def refuse() -> Any:
    raise pdfium.PdfiumError("damaged")


class Pages:
    """A PDF whose every page does not load."""

    def __getitem__(self, index: int) -> Any:
        return refuse()


def test_a_page_that_does_not_load_is_noted() -> None:
    notes: list[Note] = []
    assert pdf._pages(Pages(), 2, {}, notes) == ([], 0, None)  # type: ignore[arg-type]
    assert [(note.code, note.page) for note in notes] == [("PAGE_UNREADABLE", 1), ("PAGE_UNREADABLE", 2)]


def test_scans_beyond_the_time_there_is_are_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = pdfium.PdfDocument(make(tmp_path / "one.pdf", resume("Greta Hollingsworth", "g@example.com", "+1")))
    monkeypatch.setattr(pdf, "_needs_ocr", lambda *_: True)
    notes: list[Note] = []
    pages, read_by_ocr, _ = pdf._pages(document, 1, {"ocr": pdf.OCR_BUDGET_S + 1}, notes)
    document.close()
    assert (len(pages), read_by_ocr) == (1, 0), "what its text layer says is kept"
    assert [note.code for note in notes] == ["OCR_LIMIT"]


def test_metadata_too_long_for_a_target_is_marked() -> None:
    profile = Profile(id="p1", batch_id="b1", name="Greta", email="g@example.com", email_norm="g@example.com", data={})
    profile.document = Document(sha256="0" * 501)
    request = request_of(profile, "x1", "P")
    assert request.marks == ("METADATA_TRIMMED",)
    assert len(request.metadata["document_sha256"]) == 500


@pytest.fixture
def no_pool(home: Path) -> Iterator[None]:
    """A file lies where the pool's folder should be made."""
    settings().pool.parent.mkdir(parents=True, exist_ok=True)
    settings().pool.write_text("in the way", "utf-8")
    yield
    settings().pool.unlink()


def test_an_export_that_cannot_be_written_is_tried_again(no_pool: None) -> None:
    with pytest.raises(Transient) as raised:
        own_pool.OwnPool().finish("P", "b1")
    assert raised.value.code == "EXPORT_FAILED"


def test_a_document_nobody_has(home: Path) -> None:
    with pytest.raises(Misconfigured) as raised:
        evidence.document("d0")
    assert raised.value.code == "UNKNOWN_DOCUMENT"
