"""OCR of one page: the same words with boxes, with the engine's confidence.

rapidocr's default models come in its wheel (PP-OCR: Latin, Chinese, Japanese kana); nothing is downloaded. The engine costs seconds
and some 850 MB, so it is loaded with the first scanned page of a process and kept.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import lru_cache
from math import radians, tan
from statistics import median
from typing import Any

import pypdfium2 as pdfium

from gateway.extract.child.limits import allow_text_recognition
from gateway.extract.page.ocr_text import mended
from gateway.extract.page.words import Page, Word
from gateway.model import Box

DPI = 200  # 130 was as good on six documents in three quarters of the time; small type needs 200
MAX_PIXELS = 6_000_000  # A4 at 200 dpi has 3.9; memory grows with the picture
MIN_SCORE = 0.5
SAME_SIZE = 0.15  # share by which heights of lines in one type differ
JUDGED_LINES = 9  # lines that say whether the page stands on its head
STEEPEST = 3.0  # degrees of slope looked for; sheets lie worse than that in no feeder
LEAST_SLOPE = 0.3  # degrees below which the engine's own crops are straight enough
STRIPS = 40  # upright parts of the picture the slope is measured in


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
    slope = _drawn_slope(image)
    level = _levelled(image, slope)
    result = _engine()(level, return_word_box=True, use_cls=False)
    width, height = handle.get_size()
    turn = 0
    if _sideways(result):
        slope = 0.0
        # rot90 turns to the left, a page's turns are counted to the right
        result, turn = max(
            (
                (
                    _engine()(numpy.ascontiguousarray(numpy.rot90(image, -turns)), return_word_box=True, use_cls=False),
                    turns,
                )
                for turns in (3, 1)
            ),
            key=lambda read: _certainty(read[0]),
        )
        width, height = height, width
    elif _upside_down(result, level):
        slope, turn = 0.0, 2
        result = _engine()(numpy.ascontiguousarray(numpy.rot90(level, 2)), return_word_box=True, use_cls=False)
    words = _words(result, scale, slope, image.shape[1])
    if not words:
        return None, (
            "NO_TEXT",
            "No text could be recognised in its pages; ask for a sharper scan or the original file.",
        )
    words = _of_one_size(words)
    quality = sum(word.confidence * len(word.text) for word in words) / sum(len(word.text) for word in words)
    return Page(page.number, width, height, tuple(words), page.links, quality, "ocr", turn), None


def _drawn_slope(image: Any) -> float:
    """Degrees by which the page's lines fall to the right; 0 when none stands out.

    The engine cuts each line out as a box. A long line of a page that lies askew has its neighbours in the box, and is lost.
    """
    import numpy

    grey = image[::2, :, 1].astype("float32")
    ink = numpy.abs(grey - float(numpy.median(grey[::4, ::4]))) > 40
    width = image.shape[1] // STRIPS
    strips = numpy.stack([ink[:, n * width : (n + 1) * width].sum(axis=1) for n in range(STRIPS)]).astype("float32")

    def sharpness(degrees: float) -> float:
        falls = [round(tan(radians(degrees)) * (n - STRIPS / 2) * width / 2) for n in range(STRIPS)]
        rows = sum(numpy.roll(strip, -fall) for strip, fall in zip(strips, falls, strict=True))
        return float(numpy.square(numpy.diff(rows)).sum())  # lines that lie level begin and end at once

    rough = max((0.5 * step for step in range(int(-2 * STEEPEST), int(2 * STEEPEST) + 1)), key=sharpness)
    best = max((rough + 0.1 * step for step in range(-4, 5)), key=sharpness)
    return best if abs(best) >= LEAST_SLOPE and sharpness(best) > 1.05 * sharpness(0.0) else 0.0


def _levelled(image: Any, slope: float) -> Any:
    """The picture with its columns moved up or down so that its lines lie level."""
    if not slope:
        return image
    import numpy

    out = numpy.full_like(image, int(numpy.median(image[::8, ::8])))
    height, width = image.shape[:2]
    fall = numpy.rint(tan(radians(slope)) * (numpy.arange(width) - width / 2)).astype(int)
    for by in numpy.unique(fall):
        columns = numpy.flatnonzero(fall == by)
        left, right = columns[0], columns[-1] + 1
        out[max(0, -by) : height - max(0, by), left:right] = image[max(0, by) : height - max(0, -by), left:right]
    return out


def _sideways(result: Any) -> bool:
    """True if most text boxes are upright: the page was scanned on its side."""
    if result.boxes is None or len(result.boxes) < 5:
        return False
    return bool(
        sum(abs(b[3][1] - b[0][1]) > 1.5 * abs(b[1][0] - b[0][0]) for b in result.boxes) > 0.6 * len(result.boxes)
    )


def _upside_down(result: Any, image: Any) -> bool:
    """Most lines stand on their heads, by the engine's own judge of that.

    It sees every line squeezed into one shape, so it is asked about lines of middling length only. Asked about each line, as the
    engine does by default, it turns long ones (a row of contact data) the wrong way round, and they are lost.
    """
    import numpy

    if result.boxes is None or len(result.boxes) < 3:
        return False
    crops: list[Any] = []
    for box in result.boxes:
        (left, top), (right, bottom) = numpy.min(box, axis=0), numpy.max(box, axis=0)
        if not 2.5 < (right - left) / max(1.0, bottom - top) < 9 or len(crops) == JUDGED_LINES:
            continue
        crops.append(image[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1])
    judged = _engine().cls_and_rotate([crop for crop in crops if crop.size])[1].cls_res or [] if crops else []
    turned = [float(score) for label, score in judged if label == "180"]
    upright = [float(score) for label, score in judged if label != "180"]
    return sum(score > 0.9 for score in turned) >= 3 and sum(turned) > 1.5 * sum(upright)


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


def _words(result: Any, scale: float, slope: float, width: int) -> list[Word]:
    out: list[Word] = []
    if result.txts is None:
        return out
    boxes = [_placed(box, slope, width) for box in result.boxes]
    turn = _slope(boxes)
    pieces = result.word_results or [()] * len(result.txts)
    for text, score, drawn, inside in zip(result.txts, result.scores, boxes, pieces, strict=True):
        line = _straight(drawn, turn, scale)
        pieces_here = [
            (str(t), _straight(_placed(box, slope, width), turn, scale))
            for t, _, box in inside
            if box is not None and str(t).strip()
        ]
        tokens = _as_read(mended(text), pieces_here) or _shared_out(mended(text), line)
        top, bottom, size = line[1], line[3], 0.75 * (line[3] - line[1])
        # the words of a line keep its height: boxes of single words vary with their letters
        out += [
            Word(t, (box[0], top, box[2], bottom), size, source="ocr", confidence=float(score)) for t, box in tokens
        ]
    return out


def _of_one_size(words: list[Word]) -> list[Word]:
    """The words with the body's size where theirs is near it: the height of a recognised line depends on which letters it has."""
    sizes = sorted(word.size for word in words for _ in word.text)
    body = sizes[len(sizes) // 2]
    return [replace(w, size=body) if abs(w.size - body) <= SAME_SIZE * body else w for w in words]


def _placed(corners: Any, slope: float, width: int) -> list[tuple[float, float]]:
    """Corners of a box in the picture as it was before it was levelled."""
    fall = tan(radians(slope))
    return [(float(x), float(y) + fall * (float(x) - width / 2)) for x, y in corners]


def _as_read(text: str, pieces: list[tuple[str, Box]]) -> list[tuple[str, Box]]:
    """The words of the recognised text, each with the boxes of its pieces; empty when the two do not match.

    The engine cuts a line into pieces wherever its letters stand wide: an "m", a letter-spaced name. Its text knows better.
    """
    words = text.split()
    if "".join(words) != "".join(piece for piece, _ in pieces).replace(" ", ""):
        return []
    out: list[tuple[str, Box]] = []
    at, left = 0, ""
    boxes: list[Box] = []
    for word in words:
        need = word
        boxes = [boxes[-1]] if left else []  # the rest of a piece that went on past the last word
        if left:
            taken = min(len(left), len(need))
            need, left = need[taken:], left[taken:]
        while need:
            piece, box = pieces[at]
            at += 1
            boxes.append(box)
            piece = piece.replace(" ", "")
            taken = min(len(piece), len(need))
            need, left = need[taken:], piece[taken:]
        out.append((word, (min(b[0] for b in boxes), boxes[0][1], max(b[2] for b in boxes), boxes[0][3])))
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
