"""Words, links and form fields of one PDF page, by PDFium.

PDFium was chosen by measurement: all labelled names and phone numbers are findable in its text, at a tenth of pypdf's time, and
it gives boxes (BSD/Apache). Characters come in the order of the file. Its own font size is before scaling, so a word's
size is the height of its character cell; boxes are turned with the page.
source   PDFium's public/fpdf_text.h, fpdf_edit.h; ISO 32000-2 8.3.2 (why y is flipped), 12.5.6.5 (links)
"""

from __future__ import annotations

import ctypes
import dataclasses
import re
from collections import Counter
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from gateway.extract.page.characters import (
    ACCENTS,
    Glyph,
    accented,
    covers,
    glued,
    in_reading_order,
    is_rtl,
    is_torn,
    looks_doubled,
    once,
    parted_at,
    plain,
    sense,
    without_copies,
)
from gateway.extract.page.forms import filled
from gateway.extract.page.layout import around
from gateway.extract.page.looks import Look, Looks
from gateway.extract.page.words import Link, Page, Word
from gateway.model import Box

# A private-use sign (icon font) is a word of its own: it names its line but is part of no value.
# U+FFFE and U+0002 are PDFium's marks for a hyphen that ends a line.
_WORD = re.compile(r"[\ue000-\uf8ff]|[^\s\ue000-\uf8ff\x00-\x1f\ufffe]+[\x02\ufffe]?")
_LONE = re.compile("[\ud800-\udfff]")  # half of a UTF-16 pair is not a character
ICON = "\uf8ff"  # a picture of no known meaning; a bullet among them stays a sign of its own line
LIMIT_CHARS = 60_000  # a dense printed page has some 6,000; a page with more is not meant for reading
FLATTEST, USUAL, TALLEST = 0.5, 1.15, 2.6  # height of a character's cell in type sizes
LARGE = 13.0  # points: type of names and titles
WIDE = 1.9  # a word wider than this many sizes a character holds an unmarked gap
HIDDEN_SIZE = 1.5  # points; nobody reads smaller type


def read_page(page: pdfium.PdfPage, number: int) -> Page:
    """The words of one page with their places; raises only pdfium.PdfiumError for a page that cannot be loaded."""
    width, height = page.get_size()
    turned = raw.FPDFPage_GetRotation(page.raw)
    text_page = raw.FPDFText_LoadPage(page.raw)
    if not text_page:
        return Page(number, width, height)
    rotation = upright(text_page, turned)
    if (rotation - turned) % 2:
        width, height = height, width
    place = _Placer(page, rotation)
    try:
        words, quality = _words(text_page, page, place)
    finally:
        raw.FPDFText_ClosePage(text_page)
    words += _form_words(page, place)
    links = tuple(_links(page, place))
    return Page(number, width, height, tuple(words), links, text_quality=quality, turn=(rotation - turned) % 4)


def upright(text_page: Any, turned: int) -> int:
    """Quarter turns that make most of the text read from left to right: the page's own, unless it was saved sideways."""
    count = raw.FPDFText_CountChars(text_page)
    turns: Counter[int] = Counter()
    for index in range(0, count, max(1, count // 40)):
        angle = raw.FPDFText_GetCharAngle(text_page, index)
        if angle >= 0 and raw.FPDFText_GetUnicode(text_page, index) > 32:
            turns[round(angle / 1.5708) % 4] += 1
    return turns.most_common(1)[0][0] if turns else turned


class _Placer:
    """From PDF user space to points from the top left of the page as it is read."""

    def __init__(self, page: pdfium.PdfPage, rotation: int) -> None:
        self.rotation = rotation
        left, bottom, right, top = page.get_bbox() if hasattr(page, "get_bbox") else page.get_cropbox()
        self.left, self.bottom, self.right, self.top = left, bottom, right, top

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """(left, bottom, right, top) of PDF space as (x0, top, x1, bottom) of the page as shown."""
        if self.rotation == 0:
            return (x0 - self.left, self.top - y1, x1 - self.left, self.top - y0)
        if self.rotation == 1:  # clockwise by 90
            return (y0 - self.bottom, x0 - self.left, y1 - self.bottom, x1 - self.left)
        if self.rotation == 2:
            return (self.right - x1, y0 - self.bottom, self.right - x0, y1 - self.bottom)
        return (self.top - y1, self.right - x1, self.top - y0, self.right - x0)


def _text(text_page: Any, count: int) -> str:
    buffer = ctypes.create_string_buffer((count + 1) * 2)
    got = raw.FPDFText_GetText(text_page, 0, count, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)))
    text = buffer.raw[: max(0, got - 1) * 2].decode("utf-16-le", "surrogatepass")
    if len(text) == count:
        return _LONE.sub("\ufffd", text)
    # PDFium leaves some characters out of its text buffer; then the indexes must come one by one.
    get = raw.FPDFText_GetUnicode
    return "".join(
        chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd"
        for code in (get(text_page, i) for i in range(count))
    )


def _words(text_page: Any, page: pdfium.PdfPage, place: _Placer) -> tuple[list[Word], float]:
    count = min(raw.FPDFText_CountChars(text_page), LIMIT_CHARS)
    if count <= 0:
        return [], 1.0
    text = _text(text_page, count)
    looks = Looks(text_page, page, place.rotation)
    rect = raw.FS_RECTF()
    pointer = ctypes.byref(rect)
    loose = raw.FPDFText_GetLooseCharBox
    words: list[Word] = []
    starts: list[int] = []  # where in the text each word begins
    bad = total = 0
    for match in _WORD.finditer(text):
        start, end = match.span()
        token = match.group()
        total += len(token)
        bad += token.count("\ufffd") + token.count("\x00")
        if not loose(text_page, start, pointer):
            continue
        x0, y0, x1, y1 = rect.left, rect.bottom, rect.right, rect.top
        if end - start > 1 and loose(text_page, end - 1, pointer):
            x0, y0, x1, y1 = min(x0, rect.left), min(y0, rect.bottom), max(x1, rect.right), max(y1, rect.top)
        box = place.box(x0, y0, x1, y1)
        look = looks.of(start)
        size = look.size or (box[2] - box[0] if look.turned else box[3] - box[1])
        if not look.turned and not FLATTEST < (box[3] - box[1]) / max(size, 0.1) < TALLEST:
            size = (
                box[3] - box[1]
            ) / USUAL  # a font of drawings has a scale of its own, and PDFium tells the size before it
        if looks_doubled(token) or (len(token) > 1 and not token.isascii() and not ACCENTS.keys().isdisjoint(token)):
            glyphs = accented(without_copies(_glyphs(looks, start, token, place)))
            token, look = "".join(glyph.text for glyph in glyphs), looks.of(end - 1) if look.hidden else look
        if end - start > 1 and not token.isascii() and is_rtl(token):
            glyphs = _glyphs(looks, start, text[start:end], place)
            token = in_reading_order(glyphs) if len(glyphs) == end - start else token
        if (box[2] - box[0]) > WIDE * max(size, 1.0) * len(token) and len(token) > 1 and not look.turned:
            words.extend(_cut(text_page, token, start, place, look, pointer, rect))
            starts += [start] * (len(words) - len(starts))
            continue
        parts = _parted(looks, start, token, end, place, size) if size >= LARGE and token.isalpha() else None
        if parts:
            words += [_word(text, where, size, look) for text, where in parts]
            starts += [start, start + len(parts[0][0])]
            continue
        word = _word(token, box, size, look)
        if words and (
            is_torn(words[-1], word, text, start) or _is_spaced(looks, text, start, end, words[-1], word, place)
        ):
            words[-1] = glued(words[-1], word)
            continue
        words.append(word)
        starts.append(start)
    words = _with_loose_accents(once(words, starts), looks, place)
    return words, (1.0 - min(1.0, bad / max(1, total))) * sense(word.text for word in words)


def _is_spaced(looks: Looks, text: str, start: int, end: int, before: Word, word: Word, place: _Placer) -> bool:
    """True inside a letter-spaced word where PDFium made a space up: the gap is the one between the letters ("SKI LLS")."""
    size = min(before.size, word.size)
    gap = word.box[0] - before.box[2]
    if text[start - 1 : start] != " " or start < 2 or not 0.04 * size <= gap <= 0.4 * size:
        return False
    if (
        abs(before.size - word.size) > 0.5
        or abs(before.box[3] - word.box[3]) > 0.2 * size
        or before.hidden != word.hidden
    ):
        return False
    if not raw.FPDFText_IsGenerated(looks.text_page, start - 1):
        return False
    if len(before.text) > 1:
        last = start - 2
        first = last - 1 if not text[last - 1].isspace() else last - 2
    elif end - start > 1:
        first, last = start, start + 1
    else:
        return False
    pair = [*_glyphs(looks, first, text[first], place), *_glyphs(looks, last, text[last], place)]
    inner = pair[1].box[0] - pair[0].box[2] if len(pair) == 2 else 0.0
    return inner >= 0.04 * size and abs(gap - inner) <= 0.04 * size


def _parted(
    looks: Looks, start: int, token: str, end: int, place: _Placer, size: float
) -> list[tuple[str, Box]] | None:
    """The two words of a large title in which only a margin parts them."""
    glyphs = _glyphs(looks, start, token, place) if end - start == len(token) else []
    at = parted_at(glyphs, size) if len(glyphs) == len(token) else None
    if at is None:
        return None
    return [(token[a:b], around([glyph.box for glyph in glyphs[a:b]])) for a, b in ((0, at), (at, len(token)))]


def _glyphs(looks: Looks, start: int, token: str, place: _Placer) -> list[Glyph]:
    """The characters of a word with their places."""
    rect = raw.FS_RECTF()
    out = []
    for offset, char in enumerate(token):
        if raw.FPDFText_GetLooseCharBox(looks.text_page, start + offset, ctypes.byref(rect)):
            box = place.box(rect.left, rect.bottom, rect.right, rect.top)
            out.append(Glyph(char, box, not looks.of(start + offset).hidden))
    return out


def _with_loose_accents(words: list[tuple[Word, int]], looks: Looks, place: _Placer) -> list[Word]:
    """Joins accents that are separate words with the letter below, wherever in the file that is."""
    loose = [word for word, _ in words if word.text in ACCENTS]
    out = []
    for word, start in words:
        if word.text in ACCENTS:
            continue
        over = [accent for accent in loose if covers(word, accent)]
        if over and any(char.isalpha() for char in word.text):
            glyphs = [Glyph(accent.text, accent.box) for accent in over]
            letters = _glyphs(looks, start, word.text, place)
            mended = accented([*letters, *glyphs])
            taken = {accent.text for accent in over} - {glyph.text for glyph in mended}
            loose = [accent for accent in loose if not (accent in over and accent.text in taken)]
            text = "".join(glyph.text for glyph in mended if glyph.text not in ACCENTS)
            word = dataclasses.replace(word, text=text) if len(letters) == len(word.text) else word
        out.append(word)
    return out + loose


def _word(token: str, box: Box, size: float, look: Look) -> Word:
    if token.endswith(("\x02", "\ufffe")):
        token = token[:-1] + "-"
    hidden = look.hidden or size < HIDDEN_SIZE
    if look.icons and len(token) == 1 and token.isascii():
        token = ICON
    return Word(plain(token), box, size, look.bold, look.italic, look.colour, "text", hidden)


def _cut(text_page: Any, token: str, start: int, place: _Placer, look: Look, pointer: Any, rect: Any) -> list[Word]:
    """A "word" with an unmarked gap inside, cut at gaps of more than half a size."""
    out: list[Word] = []
    run, box = "", (0.0, 0.0, 0.0, 0.0)
    for offset, char in enumerate(token):
        if not raw.FPDFText_GetLooseCharBox(text_page, start + offset, pointer):
            continue
        here = place.box(rect.left, rect.bottom, rect.right, rect.top)
        size = look.size or here[3] - here[1]
        if run and here[0] - box[2] > 0.5 * size:
            out.append(_word(run, box, size, look))
            run = ""
        box = (
            here
            if not run
            else (min(box[0], here[0]), min(box[1], here[1]), max(box[2], here[2]), max(box[3], here[3]))
        )
        run += char
    if run:
        out.append(_word(run, box, look.size or box[3] - box[1], look))
    return out


def _links(page: pdfium.PdfPage, place: _Placer) -> list[Link]:
    out: list[Link] = []
    position = ctypes.c_int(0)
    link = raw.FPDF_LINK()
    rect = raw.FS_RECTF()
    document = page.pdf.raw
    while len(out) < 2000 and raw.FPDFLink_Enumerate(page.raw, ctypes.byref(position), ctypes.byref(link)):
        action = raw.FPDFLink_GetAction(link)
        if not action or raw.FPDFAction_GetType(action) != raw.PDFACTION_URI:
            continue
        length = raw.FPDFAction_GetURIPath(document, action, None, 0)
        if not 1 < length <= 4096 or not raw.FPDFLink_GetAnnotRect(link, ctypes.byref(rect)):
            continue
        buffer = ctypes.create_string_buffer(length)
        raw.FPDFAction_GetURIPath(document, action, buffer, length)
        uri = buffer.value.decode("utf-8", "replace")
        x0, x1 = sorted((rect.left, rect.right))
        y0, y1 = sorted((rect.bottom, rect.top))
        out.append(Link(uri, place.box(x0, y0, x1, y1)))
    return out


def _form_words(page: pdfium.PdfPage, place: _Placer) -> list[Word]:
    """Words of the filled-in fields, spread over the field's box as its type is set from the left."""
    out: list[Word] = []
    for field in filled(page):
        box = place.box(*field.box)
        size = min(12.0, box[3] - box[1])
        x = box[0]
        for token in field.text.split():
            end = x + 0.5 * size * len(token)
            out.append(Word(token, (x, box[1], end, box[3]), size, source="form", hidden=field.hidden))
            x = end + 0.3 * size
    return out
