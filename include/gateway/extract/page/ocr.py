"""OCR of one page: the same words with boxes, with the engine's confidence.

rapidocr's default models come in its wheel (PP-OCR: Latin, Chinese, Japanese kana); nothing is downloaded. The engine costs seconds
and some 850 MB, so it is loaded with the first scanned page of a process and kept.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from statistics import median
from typing import Any

import pypdfium2 as pdfium

from gateway.extract.child.limits import allow_text_recognition
from gateway.extract.page.words import Page, Word
from gateway.model import Box

DPI = 200  # 130 was as good on six documents in three quarters of the time; small type needs 200
MAX_PIXELS = 6_000_000  # A4 at 200 dpi has 3.9; memory grows with the picture
MIN_SCORE = 0.5


@lru_cache(maxsize=1)
def _engine() -> Any:
    from rapidocr import RapidOCR

    allow_text_recognition()

    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.text_score": MIN_SCORE,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,  # pages are read side by side in processes
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            # Measured on A4 at 200 dpi: 715 MB at most instead of 926, a quarter faster, the same lines found.
            "EngineConfig.onnxruntime.enable_cpu_mem_arena": False,
            "Rec.rec_batch_num": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": 1600,
        }
    )


def ocr_page(handle: pdfium.PdfPage, page: Page) -> tuple[Page | None, tuple[str, str] | None]:
    """(the page with OCR words, None), or (None, (code, sentence)) when nothing could be read."""
    import numpy

    scale = min(DPI / 72, (MAX_PIXELS / max(1.0, page.width * page.height)) ** 0.5)
    image = numpy.ascontiguousarray(handle.render(scale=scale, rev_byteorder=False).to_numpy()[:, :, :3])
    if int(image.max()) - int(image.min()) < 16:
        return None, ("NO_TEXT", "Its pages are blank; ask the sender for the right file.")
    result = _engine()(image, return_word_box=True)
    width, height = handle.get_size()
    turn = 0
    if _sideways(result):
        # rot90 turns to the left, a page's turns are counted to the right
        result, turn = max(
            (
                (_engine()(numpy.ascontiguousarray(numpy.rot90(image, -turns)), return_word_box=True), turns)
                for turns in (3, 1)
            ),
            key=lambda read: _certainty(read[0]),
        )
        width, height = height, width
    words = _words(result, scale)
    if not words:
        return None, (
            "NO_TEXT",
            "No text could be recognised in its pages; ask for a sharper scan or the original file.",
        )
    quality = sum(word.confidence * len(word.text) for word in words) / sum(len(word.text) for word in words)
    return Page(page.number, width, height, tuple(words), page.links, quality, "ocr", turn), None


def _sideways(result: Any) -> bool:
    """True if most text boxes are upright: the page was scanned on its side."""
    if result.boxes is None or len(result.boxes) < 5:
        return False
    return bool(
        sum(abs(b[3][1] - b[0][1]) > 1.5 * abs(b[1][0] - b[0][0]) for b in result.boxes) > 0.6 * len(result.boxes)
    )


def _certainty(result: Any) -> float:
    return sum(result.scores) if result.scores is not None else 0.0


def _slope(boxes: Any) -> float:
    """How much the page's lines rise to the right: the median slope of the longer ones. Scans are turned by a degree or two."""
    slopes = [
        float(b[1][1] - b[0][1]) / float(b[1][0] - b[0][0])
        for b in boxes
        if b[1][0] - b[0][0] > 6 * abs(b[3][1] - b[0][1]) > 0
    ]
    return median(slopes) if slopes and abs(median(slopes)) < 0.2 else 0.0


def _words(result: Any, scale: float) -> list[Word]:
    out: list[Word] = []
    if result.txts is None:
        return out
    turn = _slope(result.boxes)
    pieces = result.word_results or [()] * len(result.txts)
    for text, score, drawn, inside in zip(result.txts, result.scores, result.boxes, pieces, strict=True):
        line = _straight(drawn, turn, scale)
        tokens = [(str(t), _straight(box, turn, scale)) for t, _, box in inside if box is not None and str(t).strip()]
        if "".join(t for t, _ in tokens).replace(" ", "") != text.replace(" ", ""):
            tokens = _shared_out(text, line)
        top, bottom, size = line[1], line[3], 0.75 * (line[3] - line[1])
        # the words of a line keep its height: boxes of single words vary with their letters
        out += [
            Word(t, (box[0], top, box[2], bottom), size, source="ocr", confidence=float(score)) for t, box in tokens
        ]
    return out


def _straight(corners: Any, turn: float, scale: float) -> Box:
    """The corners of a drawn box as an upright box in points, the page's slope taken out."""
    flat = [(float(x) + turn * float(y), float(y) - turn * float(x)) for x, y in corners]
    height = max(1.0, abs(flat[3][1] - flat[0][1]))
    middle = sum(y for _, y in flat) / 4
    xs = [x / scale for x, _ in flat]
    return (min(xs), (middle - height / 2) / scale, max(xs), (middle + height / 2) / scale)


def _shared_out(text: str, line: Box) -> list[tuple[str, Box]]:
    """Words of a line without boxes of their own: widths by their share of its letters."""
    out, at, width = [], 0, (line[2] - line[0]) / max(1, len(text))
    for token in text.split():
        at = text.index(token, at)
        out.append((token, (line[0] + at * width, line[1], line[0] + (at + len(token)) * width, line[3])))
        at += len(token)
    return out
