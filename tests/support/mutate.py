"""Seeded mutations of bytes and names: the same on every machine, so that what one finds another can repeat."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

TOKENS = (
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",  # half of a surrogate pair
    b"\xef\xbb\xbf",
    b"9" * 400,
    b"-1",
    b"1e999",
    b'"',
    b"\r\n\r\n",
    b"\t;,|",
    b"%s%n{0}",
    b"../../x",
    b"<!ENTITY x SYSTEM 'file:///etc/passwd'>",
    b"]]>",
    b"((((((((((",
    b"\xe2\x80\xae",  # right-to-left override
    "é".encode() * 200,
)


def mutated(seed: bytes, number: int, salt: str, tokens: Sequence[bytes] = TOKENS) -> Iterator[bytes]:
    """`number` mutations of a seed: bytes flipped, pieces cut, doubled, moved, replaced, tokens put in, the end missing."""
    draw = random.Random(f"{salt}:{len(seed)}")
    for _ in range(number):
        data = bytearray(seed)
        for _ in range(draw.choice((1, 1, 2, 4, 9))):
            _once(data, draw, tokens)
        yield bytes(data)


def _once(data: bytearray, draw: random.Random, tokens: Sequence[bytes]) -> None:
    size = len(data)
    at = draw.randrange(size + 1)
    piece = slice(at, min(size, at + draw.choice((1, 2, 8, 64, 512))))
    match draw.randrange(7):
        case 0:
            for _ in range(min(size, draw.choice((1, 3, 20)))):
                data[draw.randrange(size)] ^= 1 << draw.randrange(8)
        case 1:
            del data[piece]
        case 2:
            data[at:at] = data[piece] * draw.choice((1, 2, 30))
        case 3:
            data[at:at] = draw.choice(tokens)
        case 4:
            data[piece] = draw.choice(tokens)
        case 5:
            del data[at:]
        case 6:
            data[at:at] = bytes(draw.randrange(256) for _ in range(draw.choice((1, 4, 40))))


PARTS = (
    "..",
    "a",
    "CVs",
    "Zoë",
    "名前",
    "\u202eFDP.exe",
    "x" * 300,
    " ",
    ".",
    "con",
    "batch.yaml",
    "_READY",
    "é" * 150,
)
ODD = '\0\n\t/\\:*?"<>|%\u200f\ud800\udcff\x7f\u0301 .-~$'


def names(number: int, salt: str) -> Iterator[str]:
    """File names as senders, systems and attackers make them."""
    draw = random.Random(salt)
    for _ in range(number):
        parts = [draw.choice(PARTS) for _ in range(draw.randrange(1, 9))]
        name = draw.choice(("/", "\\", "//", "")).join(parts)
        for _ in range(draw.randrange(4)):
            at = draw.randrange(len(name) + 1)
            name = name[:at] + draw.choice(ODD) + name[at:]
        yield name + draw.choice(("", ".pdf", ".csv", ".PDF ", ".part", ".tar.gz", "."))
