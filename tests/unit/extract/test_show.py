"""Pages and rows made visible in a child process: right, turned as read, and harmless whatever the file is."""

from __future__ import annotations

import io
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gateway.errors import GatewayError, Transient, Unreadable
from gateway.extract import media_types
from gateway.extract.child import show
from gateway.extract.child.show import DPI, page_png, table_rows
from support.pdf_maker import make, read, resume


def ink(picture: Image.Image, box: tuple[float, float, float, float]) -> float:
    """Share of dark pixels inside a box given in points."""
    scale = DPI / 72
    part = picture.convert("L").crop(tuple(round(edge * scale) for edge in box))  # type: ignore[arg-type]
    dark = sum(count for value, count in enumerate(part.histogram()) if value < 140)
    return dark / max(1, part.width * part.height)


def test_every_box_lies_on_ink(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", resume("Anna Brook", "anna.brook@example.org", "+49 30 5550111"))
    reading, profiles = read(path)
    picture = Image.open(io.BytesIO(page_png(path, 1, turn=reading.sheets[0].turn)))
    assert picture.width == pytest.approx(595 * DPI / 72, abs=1)
    assert picture.height == pytest.approx(842 * DPI / 72, abs=1)
    assert (reading.sheets[0].width, reading.sheets[0].height, reading.sheets[0].turn) == (595, 842, 0)
    for field in profiles[0].fields:
        assert field.evidence is not None
        assert field.evidence.box is not None
        assert ink(picture, field.evidence.box) > 0.05, field.name


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["rotated_90.pdf", "image_only.pdf"])
def test_boxes_of_turned_and_scanned_pages_lie_on_ink(corpus: Path, name: str) -> None:
    reading, profiles = read(corpus / "hostile" / name)
    sheet = reading.sheets[0]
    picture = Image.open(io.BytesIO(page_png(corpus / "hostile" / name, 1, turn=sheet.turn)))
    assert picture.width == pytest.approx(sheet.width * DPI / 72, abs=2)
    for field in profiles[0].fields:
        if field.evidence and field.evidence.box:
            assert ink(picture, field.evidence.box) > 0.04, field.name


def test_a_page_saved_sideways_is_turned_like_its_boxes(tmp_path: Path) -> None:
    import pikepdf

    path = make(tmp_path / "a.pdf", resume("Anna Brook", "anna.brook@example.org", "+49 30 5550111"))
    turned = tmp_path / "turned.pdf"
    with pikepdf.open(path) as document:
        document.pages[0].Rotate = 90
        document.save(turned)
    reading, profiles = read(turned)
    sheet = reading.sheets[0]
    assert sheet.turn == 3
    for turn in (sheet.turn, None):
        picture = Image.open(io.BytesIO(page_png(turned, 1, turn=turn)))
        name = next(field for field in profiles[0].fields if field.name == "name")
        assert name.evidence is not None
        assert name.evidence.box is not None
        assert ink(picture, name.evidence.box) > 0.05


@pytest.mark.parametrize("turns", [1, 3])
def test_a_page_scanned_sideways_is_turned_like_its_boxes(tmp_path: Path, turns: int) -> None:
    path = make(tmp_path / "a.pdf", resume("Anna Brook", "anna.brook@example.org", "+49 30 5550111"))
    scan = Image.open(io.BytesIO(page_png(path, 1, dpi=200))).convert("RGB").rotate(90 * turns, expand=True)
    scan.save(tmp_path / "scan.pdf", "PDF", resolution=200)
    reading, profiles = read(tmp_path / "scan.pdf")
    sheet = reading.sheets[0]
    assert (reading.ocr_pages, sheet.turn, sheet.height > sheet.width) == (1, turns, True)
    picture = Image.open(io.BytesIO(page_png(tmp_path / "scan.pdf", 1, turn=sheet.turn)))
    for field in profiles[0].fields:
        if field.name in ("name", "email") and field.evidence and field.evidence.box:
            assert ink(picture, field.evidence.box) > 0.05, field.name


@pytest.mark.corpus
def test_hostile_pdfs_give_a_picture_or_a_reason(corpus: Path) -> None:
    files = sorted((corpus / "hostile").glob("*.pdf")) + sorted((corpus / "hostile" / "public").glob("*.pdf"))[::9]
    assert len(files) > 20
    for path in files:
        try:
            shown = page_png(path, 1).startswith(b"\x89PNG")
        except GatewayError as wrong:
            shown = bool(wrong.sentence)
        assert shown, path.name


def test_there_is_no_page_beyond_the_last(tmp_path: Path) -> None:
    path = make(tmp_path / "a.pdf", resume("Anna Brook", "anna.brook@example.org", "+49 30 5550111"))
    with pytest.raises(Unreadable, match="there is no page 2") as raised:
        page_png(path, 2)
    assert raised.value.code == "PAGE_NOT_SHOWN"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import time; time.sleep(60)", "took more than 1"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "by a signal"),
        ("import sys; sys.exit(3)", "stopped"),
    ],
)
def test_a_child_that_hangs_or_dies_is_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, says: str
) -> None:
    before = signal.getsignal(signal.SIGSEGV)  # a DAG parsed by another test leaves a handler of Airflow's
    (tmp_path / "bad_child.py").write_text(body)
    monkeypatch.setattr(show, "_CHILD", "bad_child")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with pytest.raises(Unreadable, match=says) as raised:
        page_png(tmp_path / "none.pdf", 1, timeout_s=1.0)
    assert raised.value.code == "PAGE_NOT_SHOWN"
    assert signal.getsignal(signal.SIGSEGV) == before  # nothing of it reached this process


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "greedy.py").write_text(
        "import json, sys\nfrom gateway.extract.child.show_child import _limit\n"
        "_limit(200, 10)\ntry:\n    bytearray(900 << 20)\nexcept MemoryError:\n"
        "    sys.stdout.buffer.write(b'no\\n' + json.dumps({'code': 'PAGE_NOT_SHOWN', 'sentence': 'bounded'}).encode())\n"
    )
    monkeypatch.setattr(show, "_CHILD", "greedy")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    with pytest.raises(Unreadable, match="bounded"):
        page_png(tmp_path / "none.pdf", 1)


def test_too_many_at_once_wait_and_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import threading

    monkeypatch.setattr(show, "_turns", threading.BoundedSemaphore(1))
    with show._turns, pytest.raises(Transient) as raised:
        page_png(tmp_path / "none.pdf", 1, timeout_s=0.05)
    assert raised.value.code == "SHOW_BUSY"


def rows(path: Path, wanted: list[tuple[str | None, int]], media_type: str = media_types.CSV, **more: Any) -> Any:
    return [(row.sheet, row.row, row.header, row.cells) for row in table_rows(path, media_type, wanted, **more)]


def test_rows_of_a_list_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Export of May\n\nName;E-Mail;\nAda;ada@example.org;x\n\nBen;ben@example.org;\n", encoding="utf-8")
    header = ("Name", "E-Mail", "Column 3")
    assert rows(path, [(None, 6), (None, 4)]) == [
        (None, 4, header, ("Ada", "ada@example.org", "x")),
        (None, 6, header, ("Ben", "ben@example.org", "")),
    ]
    assert rows(path, [(None, 60)]) == []


def test_rows_of_the_right_sheet(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for title in ("North", "South"):
        sheet = book.create_sheet(title)
        sheet.append(["name", "email"])
        sheet.append([f"Ada {title}", f"ada.{title.lower()}@example.org"])
    del book["Sheet"]
    book.save(tmp_path / "list.xlsx")
    found = rows(tmp_path / "list.xlsx", [("South", 2)], media_types.XLSX)
    assert found == [("South", 2, ("name", "email"), ("Ada South", "ada.south@example.org"))]


def test_a_list_that_is_none_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "list.xlsx").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(Unreadable):
        table_rows(tmp_path / "list.xlsx", media_types.XLSX, [(None, 2)])
