"""Painted areas of a page, which decide whether a text is visible."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from gateway.model import Box

WHITE = 0xEE  # each of red, green, blue at least this: invisible on white paper


def bounds(handle: Any) -> Box | None:
    """(left, bottom, right, top) of a page object in the page's own space."""
    edges = [ctypes.c_float() for _ in range(4)]
    if not raw.FPDFPageObj_GetBounds(handle, *edges):
        return None
    return (edges[0].value, edges[1].value, edges[2].value, edges[3].value)


def painted_texts(page: pdfium.PdfPage) -> Iterator[Box]:
    """Bounds of the page's text objects that are painted."""
    parts = [ctypes.c_uint() for _ in range(4)]
    for index in range(min(5000, raw.FPDFPage_CountObjects(page.raw))):
        handle = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(handle) != raw.FPDF_PAGEOBJ_TEXT:
            continue
        shows = raw.FPDFTextObj_GetTextRenderMode(handle) != raw.FPDF_TEXTRENDERMODE_INVISIBLE
        if shows and raw.FPDFPageObj_GetFillColor(handle, *parts) and parts[3].value:
            where = bounds(handle)
            if where is not None:
                yield where


def fills(page: pdfium.PdfPage) -> list[Box]:
    """Bounds of shapes filled with something darker than white, and of images, forms of one level included."""
    out: list[Box] = []
    parts = [ctypes.c_uint() for _ in range(4)]
    edges = [ctypes.c_float() for _ in range(4)]

    def look_at(handle: Any, depth: int) -> None:
        kind = raw.FPDFPageObj_GetType(handle)
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < 3:
            for index in range(min(2000, raw.FPDFFormObj_CountObjects(handle))):
                look_at(raw.FPDFFormObj_GetObject(handle, index), depth + 1)
            return
        if kind == raw.FPDF_PAGEOBJ_PATH:
            painted = raw.FPDFPageObj_GetFillColor(handle, *parts) and min(p.value for p in parts[:3]) < WHITE
        else:
            painted = kind in (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING)
        if painted and raw.FPDFPageObj_GetBounds(handle, *edges):
            out.append((edges[0].value, edges[1].value, edges[2].value, edges[3].value))

    for index in range(min(5000, raw.FPDFPage_CountObjects(page.raw))):
        look_at(raw.FPDFPage_GetObject(page.raw, index), 0)
    return out
