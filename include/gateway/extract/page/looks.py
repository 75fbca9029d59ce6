"""How the text of a PDF page looks: type, colour, whether it is painted at all; asked of PDFium once an object and once a font."""

from __future__ import annotations

import ctypes
import re
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from gateway.extract.page.characters import same_place
from gateway.extract.page.painted import WHITE, bounds, fills, painted_texts
from gateway.model import Box

_BOLD = re.compile(r"bold|black|heavy|semibold|demi|extrabold|bx\d|sfbx|cmbx|lmroman\d+-bold|-bd|medium(?!ital)", re.I)
_ICONS = re.compile(
    r"awesome|wingdings|webdings|dingbats|fontello|icomoon|ionicons|glyphicons|(?<![a-z])icons?(?![a-z])", re.I
)
_ITALIC = re.compile(r"italic|oblique|cmti|slant|-it\b", re.I)
BOLD_WEIGHT = 600


class Look:
    __slots__ = ("bold", "colour", "hidden", "icons", "italic", "size", "turned")

    def __init__(
        self,
        bold: bool = False,
        italic: bool = False,
        colour: int | None = None,
        hidden: bool = False,
        turned: bool = False,
        size: float = 0.0,
        icons: bool = False,
    ) -> None:
        self.bold, self.italic, self.colour, self.hidden, self.turned = bold, italic, colour, hidden, turned
        self.icons = icons  # of a font of pictures, where a letter is none
        self.size = size  # as shown, in points; 0 when PDFium does not know


class Looks:
    """How text objects look, asked of PDFium once an object and once a font."""

    def __init__(self, text_page: Any, page: pdfium.PdfPage, rotation: int) -> None:
        self.text_page, self.page, self.rotation = text_page, page, rotation
        self.objects: dict[int, Look] = {}
        self.fonts: dict[int, tuple[bool, bool, bool]] = {}
        self.buffer = ctypes.create_string_buffer(256)
        self.parts = [ctypes.c_uint() for _ in range(4)]
        self.points, self.matrix = ctypes.c_float(), raw.FS_MATRIX()
        self.fills: list[tuple[float, float, float, float]] | None = None
        self.painted: list[Box] | None = None

    def of(self, index: int) -> Look:
        handle = raw.FPDFText_GetTextObject(self.text_page, index)
        key = ctypes.cast(handle, ctypes.c_void_p).value or 0
        look = self.objects.get(key)
        if look is None:
            look = self.objects[key] = self._look(handle, index) if key else Look()
        return look

    def _look(self, handle: Any, index: int) -> Look:
        font = raw.FPDFTextObj_GetFont(handle)
        key = ctypes.cast(font, ctypes.c_void_p).value or 0
        style = self.fonts.get(key)
        if style is None:
            style = self.fonts[key] = self._style(font) if key else (False, False, False)
        red, green, blue, alpha = self.parts
        colour, hidden = None, False
        if raw.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
            colour = red.value << 16 | green.value << 8 | blue.value
            hidden = alpha.value == 0
        mode = raw.FPDFTextObj_GetTextRenderMode(handle)
        # Mode 3 paints nothing, 7 only clips; scanned pages carry their OCR layer that way, see pdf.py.
        hidden = hidden or mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
        if not hidden and colour is not None and min(red.value, green.value, blue.value) >= WHITE:
            hidden = not self._on_dark(handle)
        elif hidden:
            hidden = not self._painted_again(handle)
        angle = raw.FPDFText_GetCharAngle(self.text_page, index)
        turned = angle >= 0 and (round(angle / 1.5708) - self.rotation) % 2 == 1  # a line up the page's edge
        size = 0.0
        if raw.FPDFTextObj_GetFontSize(handle, self.points) and raw.FPDFPageObj_GetMatrix(handle, self.matrix):
            size = abs(self.points.value) * (self.matrix.b**2 + self.matrix.d**2) ** 0.5
            if abs(self.matrix.b) > abs(self.matrix.a):
                size = abs(self.points.value) * (self.matrix.c**2 + self.matrix.d**2) ** 0.5
        return Look(style[0], style[1], colour, hidden, turned, size, style[2])

    def _style(self, font: Any) -> tuple[bool, bool, bool]:
        length = raw.FPDFFont_GetBaseFontName(font, self.buffer, 256)
        name = self.buffer.value.decode("latin-1") if length else ""
        italic = ctypes.c_int()
        weight = raw.FPDFFont_GetWeight(font)
        slanted = bool(_ITALIC.search(name)) or (bool(raw.FPDFFont_GetItalicAngle(font, italic)) and italic.value != 0)
        return bool(_BOLD.search(name)) or weight >= BOLD_WEIGHT, slanted, bool(_ICONS.search(name))

    def _painted_again(self, handle: Any) -> bool:
        """True if a visible text lies exactly over this one: PDFium returns the first of two copies, whichever is visible."""
        if self.painted is None:
            self.painted = list(painted_texts(self.page))
        here = bounds(handle)
        return here is not None and any(same_place(here, other) for other in self.painted)

    def _on_dark(self, handle: Any) -> bool:
        """True if white text stands on something painted: a filled shape or an image under its middle."""
        if self.fills is None:
            self.fills = list(fills(self.page))
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not raw.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
            return True
        x, y = (left.value + right.value) / 2, (bottom.value + top.value) / 2
        return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in self.fills)
