"""Pictures in mails, as PNG: mail programs show no SVG. Drawn here, so that no library is needed for a few bars.

source   Portable Network Graphics (ISO/IEC 15948): signature, IHDR, IDAT, IEND
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

WIDTH, HEIGHT, EDGE = 560, 160, 8
PAPER, RULE = (255, 255, 255), (208, 208, 208)
SERIES = (("passed", (42, 111, 187)), ("held", (230, 145, 56)))


def days_png(days: Sequence[Mapping[str, Any]]) -> bytes:
    """Stacked columns of the days' candidates: passed below, held above. The figures stand in the text beside it."""
    pixels = [[PAPER] * WIDTH for _ in range(HEIGHT)]
    top = max((sum(int(day.get(name) or 0) for name, _ in SERIES) for day in days), default=0) or 1
    floor = HEIGHT - EDGE
    step = (WIDTH - 2 * EDGE) / max(1, len(days))
    for at, day in enumerate(days):
        left, right = round(EDGE + at * step + step * 0.15), round(EDGE + (at + 1) * step - step * 0.15)
        height = 0.0
        for name, colour in SERIES:
            below = round(floor - height)
            height += (floor - EDGE) * int(day.get(name) or 0) / top
            for y in range(max(EDGE, round(floor - height)), below):
                pixels[y][left:right] = [colour] * (right - left)
    pixels[floor] = [RULE] * WIDTH
    rows = b"".join(b"\0" + bytes(value for pixel in row for value in pixel) for row in pixels)
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
