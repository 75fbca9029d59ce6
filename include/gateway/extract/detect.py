"""The type of a file, by its content. The name is at most a tie-breaker between text formats."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from gateway.extract.media_types import (
    BINARY,
    CSV,
    DOC,
    DOCX,
    EMPTY,
    ENCRYPTED_OFFICE,
    GZIP,
    HTML,
    OLE,
    PDF,
    PPTX,
    PROGRAMS,
    RTF,
    TEXT,
    TYPES,
    XLS,
    XLSX,
    XML,
    ZIP,
)
from gateway.extract.office.package import PACKAGE_ERRORS
from gateway.extract.tables.dialect import looks_tabular

_BROKEN: tuple[type[Exception], ...] = (OSError, *PACKAGE_ERRORS)

# First bytes -> type. Longer marks first where one begins another.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"8BPS", "image/vnd.adobe.photoshop"),
    (b"MZ", PROGRAMS[0]),
    (b"\x7fELF", PROGRAMS[1]),
    (b"\xcf\xfa\xed\xfe", PROGRAMS[2]),
    (b"\x1f\x8b", GZIP),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\0", "application/x-xz"),
    (b"ID3", "audio/mpeg"),
    (b"OggS", "audio/ogg"),
    (b"%!PS", "application/postscript"),
    (b"SQLite format 3\0", "application/vnd.sqlite3"),
    (b"PAR1", "application/vnd.apache.parquet"),
    (b"{\\rtf", RTF),
)
_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.I)
_HEAD_BYTES = 65_536


def media_type(path: Path, name: str | None = None) -> str:
    """The media type of a file's content.

    path     a readable file; OSError passes through
    name     the sender's file name, if `path` is a copy under another name
    returns  a key of media_types.TYPES, an image/..., or application/octet-stream for what nothing recognises.
             An empty file is application/x-empty. A PDF may begin with up to 1,024 bytes of junk (ISO 32000-2 7.5.2).
             Text is text/csv when its lines form columns, or when nothing else is against a name ending in .csv.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
        if not head:
            return EMPTY
        # Archives first: a PDF stored without compression puts its own mark into their first kilobyte.
        if head[:4] in (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"):
            return _zip_kind(file)
        if b"%PDF" in head[:1024]:
            return PDF
        if head.startswith(_OLE_MARK):
            return _ole_kind(head, file)
    for mark, kind in _MAGIC:
        if head.startswith(mark):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[:2] == b"BM" and len(head) > 14 and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[4:8] == b"ftyp":
        return "image/heic" if head[8:12] in (b"heic", b"heix", b"mif1", b"avif") else "video/mp4"
    return _text_kind(head, suffix_of(name or path.name))


def suffix_of(name: str) -> str:
    """The ending of a file's name in lower case, ".csv"; "" if it has none."""
    return PurePosixPath(name).suffix.lower()


def _ole_kind(head: bytes, file: BinaryIO) -> str:
    """Old office formats share one container; its directory names the streams in UTF-16."""
    data = head + file.read(4_000_000)
    if "EncryptedPackage".encode("utf-16-le") in data:
        return ENCRYPTED_OFFICE
    if "WordDocument".encode("utf-16-le") in data:
        return DOC
    if "Workbook".encode("utf-16-le") in data or "Book".encode("utf-16-le") in data:
        return XLS
    return OLE


def _zip_kind(file: BinaryIO) -> str:
    try:
        file.seek(0)
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                kind = archive.open("mimetype").read(100).decode("ascii", "replace").strip()
                if kind.startswith("application/"):
                    return kind.removesuffix("-template")
            if "[Content_Types].xml" in names:
                for folder, kind in (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX)):
                    if any(name.startswith(folder) for name in names):
                        return kind
    except _BROKEN:
        pass  # a damaged or odd archive is still an archive: unpacking it reports the damage
    return ZIP


def _text_kind(head: bytes, suffix: str) -> str:
    text = decode_roughly(head)
    if text is None:
        return BINARY
    bare = text.lstrip("\ufeff \t\r\n")
    if _HTML.search(bare[:2000].encode("utf-8", "replace")) and bare.startswith("<"):
        return HTML
    if bare.startswith("<?xml"):
        return XML
    if suffix in TYPES[CSV].endings or looks_tabular(text):
        return CSV
    return TEXT


def decode_roughly(head: bytes) -> str | None:
    """The first bytes as text, good enough for detection, or None for binary data. Not for values: see tables.encoding."""
    for mark, codec in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if head.startswith(mark):
            return head[len(mark) :].decode(codec, "replace")
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = max(1, len(head) // 2)
    if odd > 0.4 * half and even < 0.1 * half:
        return head.decode("utf-16-le", "replace")
    if even > 0.4 * half and odd < 0.1 * half:
        return head.decode("utf-16-be", "replace")
    controls = sum(head.count(byte) for byte in range(32) if byte not in (0, 9, 10, 11, 12, 13, 27))
    if controls > 0.01 * len(head) or head.count(0) > 0.1 * len(head):
        return None
    # cp1252 leaves five bytes undefined; latin-1 leaves none, and letters stand where they stood
    return io.TextIOWrapper(io.BytesIO(head.replace(b"\0", b"")), "utf-8", errors="replace", newline="").read()
