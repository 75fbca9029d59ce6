"""What is made of recognised pages: words, addresses, slope, pages upside down. The pages are drawn here, the people made up."""

from __future__ import annotations

from pathlib import Path

import numpy
import pypdfium2 as pdfium
import pytest
from PIL import Image

from gateway.extract.page.ocr import _as_read, _drawn_slope
from gateway.extract.page.ocr_text import mended
from support.pdf_maker import make, read, resume

NAME, EMAIL, PHONE = "Emeka Pemberton", "emeka.pemberton@example.org", "+44 20 7946 0480"


@pytest.mark.parametrize(
    ("recognised", "meant"),
    [
        ("jane.doe © example.com", "jane.doe@example.com"),
        ("jane . doe (a) example. com", "jane.doe@example.com"),
        ("mail jane.doe@ example.co.uk. In 2010 I", "mail jane.doe@example.co.uk. In 2010 I"),
        ("Tel: O161 496 0342", "Tel: 0161 496 0342"),
        ("+l 512 555 O117 | Austin", "+1 512 555 0117 | Austin"),
    ],
)
def test_addresses_and_numbers_are_mended(recognised: str, meant: str) -> None:
    assert mended(recognised) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Copyright © 2020 foo.com",
        "Apple® iOS. dev",
        "2010 | 2011 Oslo",
        "Scored 2-1 on Oslo 2010",
        "Node.js. (a) b. in",
    ],
)
def test_other_text_stays_as_recognised(text: str) -> None:
    assert mended(text) == text


def test_a_word_cut_at_a_wide_letter_is_whole_as_in_the_recognised_text() -> None:
    pieces = [("Em", (0.0, 0.0, 20.0, 10.0)), ("eka", (24.0, 0.0, 40.0, 10.0)), ("O.", (45.0, 0.0, 52.0, 10.0))]
    assert _as_read("Emeka O.", pieces) == [("Emeka", (0.0, 0.0, 40.0, 10.0)), ("O.", (45.0, 0.0, 52.0, 10.0))]
    assert _as_read("Emeko O.", pieces) == []


def drawn(tmp_path: Path) -> Image.Image:
    path = make(tmp_path / "text.pdf", resume(NAME, EMAIL, PHONE))
    document = pdfium.PdfDocument(str(path))
    image: Image.Image = document[0].render(scale=150 / 72).to_pil().convert("L")
    document.close()
    return image


@pytest.mark.parametrize("degrees", [-1.7, 0.0, 1.2])
def test_the_slope_of_a_page_is_measured(tmp_path: Path, degrees: float) -> None:
    image = drawn(tmp_path).rotate(degrees, fillcolor=255, resample=Image.Resampling.BICUBIC).convert("RGB")
    assert _drawn_slope(numpy.ascontiguousarray(numpy.asarray(image))) == pytest.approx(-degrees, abs=0.25)


@pytest.mark.parametrize("degrees", [1.8, 180.0])
def test_a_scan_askew_or_upside_down_is_read(tmp_path: Path, degrees: float) -> None:
    scan = tmp_path / "scan.pdf"
    drawn(tmp_path).rotate(degrees, fillcolor=255, resample=Image.Resampling.BICUBIC).save(scan, resolution=150)
    reading, profiles = read(scan)
    assert reading.ocr_pages == 1
    assert [(p.name, p.email, p.phone) for p in profiles] == [(NAME, EMAIL, "+442079460480")]
    assert reading.sheets[0].turn == (2 if degrees == 180.0 else 0)
