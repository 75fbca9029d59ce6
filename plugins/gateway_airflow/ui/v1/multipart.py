"""A multipart body, file by file, without ever holding a file: each piece goes to the disk as it comes."""

from __future__ import annotations

from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.errors import Misconfigured
from gateway.senders.sending import Part, Sending

HEADER_BYTES = 16_000  # of one part
FIELD_BYTES = 100_000  # of what is no file: read and ignored


class Files:
    """Feeds the files of a body to a Sending. Raises what Sending raises, and Misconfigured(API_REQUEST_INVALID)."""

    def __init__(self, content_type: str, sending: Sending) -> None:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
            raise invalid("send multipart/form-data with a boundary, or application/json")
        self._sending = sending
        self._part: Part | None = None
        self._ended = False
        self._header = bytearray()
        self._value = bytearray()
        self._headers: dict[bytes, bytes] = {}
        self._size = 0
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._grow(self._header, data[start:end]),
            "on_header_value": lambda data, start, end: self._grow(self._value, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_part_end": self._close,
            "on_end": self._end,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def write(self, piece: bytes) -> None:
        """The next bytes of the body."""
        try:
            self._parser.write(piece)
        except FormParserError:
            raise invalid("its multipart body is broken") from None

    def finish(self) -> None:
        """The body is complete."""
        if not self._ended:
            raise invalid("its multipart body ends too early; send it again")

    def abandon(self) -> None:
        """Removes the file that was on its way."""
        if self._part is not None:
            self._part.abandon()
            self._part = None

    def _begin(self) -> None:
        self._headers, self._size = {}, 0

    def _grow(self, text: bytearray, piece: bytes) -> None:
        text += piece
        if len(text) > HEADER_BYTES:
            raise invalid("a part has a header that is too long")

    def _header_end(self) -> None:
        self._headers[bytes(self._header).lower()] = bytes(self._value)
        self._header.clear()
        self._value.clear()
        if len(self._headers) > 20:
            raise invalid("a part has too many headers")

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"filename") or options.get(b"filename*")
        if name is not None:
            self._part = self._sending.part(name.decode("utf-8", "replace")[:2000] or "file")

    def _data(self, piece: bytes) -> None:
        if self._part is not None:
            self._part.write(piece)
            return
        self._size += len(piece)
        if self._size > FIELD_BYTES:
            raise invalid("a part without a file name is too large; files have one")

    def _close(self) -> None:
        if self._part is not None:
            self._part.keep()
            self._part = None

    def _end(self) -> None:
        self._ended = True


def invalid(why: str) -> Misconfigured:
    return Misconfigured("API_REQUEST_INVALID", f"The request cannot be used: {why}. docs/api.md describes it.")
