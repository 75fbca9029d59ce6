"""What was typed and chosen in the form fields of a PDF page: PDFium's text of the page does not contain it.

PDFium answers for the field, not for its box on the page: a value that stands in several places belongs to their common parent, and
a choice is known by what the form shows, not by what it would send. A page cut out of its form has lost the fields; then the
boxes themselves are asked.
source   ISO 32000-2 12.7 (forms), 12.5.3 (flags); PDFium's public/fpdf_annot.h, fpdf_formfill.h
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from gateway.values.text import tidy

MOST_FIELDS = 500  # on one page; a long form has a hundred
MOST_OPTIONS = 500  # in one list; the countries of the world are 250
LONGEST = 20_000  # bytes of UTF-16 in one value
_SHOWN = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_CHOICES = (raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13


@dataclass(frozen=True, slots=True)
class Filled:
    """One field with something in it.

    box      (left, bottom, right, top) in PDF space
    text     as the form shows it
    hidden   the form does not show it: a hidden field, a password
    """

    box: tuple[float, float, float, float]
    text: str
    hidden: bool


def filled(page: pdfium.PdfPage) -> Iterator[Filled]:
    """The filled-in fields of a page. Buttons and ticks are left out: their values ("Yes", "Off") are names of states."""
    form = page.formenv.raw if page.formenv is not None else None
    for index in range(min(MOST_FIELDS, raw.FPDFPage_GetAnnotCount(page.raw))):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        try:
            if raw.FPDFAnnot_GetSubtype(annotation) != raw.FPDF_ANNOT_WIDGET:
                continue
            rect = raw.FS_RECTF()
            text = _value(form, annotation) if form is not None else _own_value(annotation)
            if text and raw.FPDFAnnot_GetRect(annotation, ctypes.byref(rect)):
                bottom, top = sorted((rect.bottom, rect.top))
                secret = form is not None and raw.FPDFAnnot_GetFormFieldFlags(form, annotation) & _PASSWORD
                hidden = bool(secret or raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN)
                yield Filled((rect.left, bottom, rect.right, top), text, hidden)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def _value(form: Any, annotation: Any) -> str:
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind not in _SHOWN:
        return ""
    if kind in _CHOICES:
        chosen = [
            _text(raw.FPDFAnnot_GetOptionLabel, form, annotation, number)
            for number in range(min(MOST_OPTIONS, raw.FPDFAnnot_GetOptionCount(form, annotation)))
            if raw.FPDFAnnot_IsOptionSelected(form, annotation, number)
        ]
        if chosen:
            return ", ".join(chosen)
    return _text(raw.FPDFAnnot_GetFormFieldValue, form, annotation)


def _own_value(annotation: Any) -> str:
    if _text(raw.FPDFAnnot_GetStringValue, annotation, b"FT") == "Btn":
        return ""
    return _text(raw.FPDFAnnot_GetStringValue, annotation, b"V")


def _text(ask: Callable[..., int], *what: Any) -> str:
    """The answer of one of PDFium's functions that write UTF-16 into a buffer; "" for none, and for one beyond any field."""
    length = ask(*what, None, 0)
    if not 2 < length <= LONGEST:
        return ""
    buffer = ctypes.create_string_buffer(length)
    ask(*what, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), length)
    return tidy(buffer.raw[: length - 2].decode("utf-16-le", "replace"))
