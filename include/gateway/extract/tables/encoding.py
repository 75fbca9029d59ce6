"""A table file as text: its character set found, lines delivered one at a time, nothing lost on the way."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import Unreadable
from gateway.extract.tables.headers import is_header_word
from gateway.values.charsets import guess_encoding

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_SAMPLE_BYTES = 1 << 18
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class TextFile:
    """codec = Python's name. mixed = mostly UTF-8 with lines in cp1252 (lists put together from several sources)."""

    path: Path
    codec: str
    mixed: bool = False

    def lines(self) -> Iterator[str]:
        """Physical lines with their ends (LF, CR LF or CR); NUL characters are dropped."""
        errors = "gateway-cp1252" if self.mixed else "replace"
        with self.path.open(encoding=self.codec, errors=errors, newline="") as text:
            for line in text:
                yield line.replace("\0", "") if "\0" in line else line

    def sample(self, characters: int = 65_536) -> str:
        with self.path.open(encoding=self.codec, errors="replace", newline="") as text:
            return text.read(characters).replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")


def open_text(path: Path) -> TextFile:
    """Find a text file's character set: mark, then UTF-8, then the likeliest of the others.

    raises   Unreadable(UNKNOWN_ENCODING) for what no character set explains
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return TextFile(path, codec)
    wide = _wide_codec(head)
    if wide is not None:
        return TextFile(path, wide)
    good, bad, sample = _utf8_census(path)
    if bad == 0:
        return TextFile(path, "utf-8")
    if good > 2 * bad:
        return TextFile(path, "utf-8", mixed=True)
    codec_found = guess_encoding(sample.replace(b"\0", b""), is_header_word)
    if codec_found is None:
        raise Unreadable("UNKNOWN_ENCODING", "The file is not text in any known character set. Save it as CSV UTF-8.")
    return TextFile(path, codec_found)


def _wide_codec(head: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of Latin text is zero."""
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * half and even < 0.1 * half:
        return "utf-16-le"
    if even > 0.4 * half and odd < 0.1 * half:
        return "utf-16-be"
    return None


def _utf8_census(path: Path) -> tuple[int, int, bytes]:
    """(characters beyond ASCII in good UTF-8, bytes that are none, a sample of the lines that have either)."""
    good = bad = 0
    sample = bytearray()
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with path.open("rb") as file:
        first = file.readline(4096)  # the header, if any: it often settles the matter
        sample += first
        file.seek(0)
        while chunk := file.read(_CHUNK):
            if chunk.isascii() and not decoder.getstate()[0]:
                continue
            text = decoder.decode(chunk, final=len(chunk) < _CHUNK)
            escaped = sum("\udc80" <= char <= "\udcff" for char in text) if max(text, default="") >= "\udc80" else 0
            bad += escaped
            good += sum(char > "\x7f" for char in text) - escaped
            if len(sample) < _SAMPLE_BYTES:
                for line in chunk.splitlines(keepends=True):
                    if not line.isascii() and line != first:
                        sample += line
                    if len(sample) >= _SAMPLE_BYTES:
                        break
    return good, bad, bytes(sample[:_SAMPLE_BYTES])


def _as_cp1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("gateway-cp1252", _as_cp1252)
