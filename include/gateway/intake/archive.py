"""Opening ZIP uploads: one Member for every entry, whatever it is, and nothing written outside the given folder.

An archive is a stranger's claim about paths, sizes and names; none of it is believed. Files are unpacked under
generated names, sizes are counted while unpacking, and limits hold for the whole upload, nested archives included.
"""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from gateway.errors import Unreadable
from gateway.settings import Settings
from gateway.values.charsets import repair_names

SEPARATOR = "!/"  # between an archive and its members: "outer.zip!/inner.zip!/cv.pdf"

_JUNK_NAMES = {".ds_store", "thumbs.db", "desktop.ini", "ehthumbs.db", ".localized", "icon\r", ".gitkeep", ".keep"}
_JUNK_FOLDERS = {"__macosx", ".git", ".svn", "$recycle.bin", "system volume information", ".trash", ".spotlight-v100"}
_CHUNK = 1 << 18
_RATIO_FROM_BYTES = 10_000_000  # below it a high ratio is only a repetitive small file
_DRIVE = re.compile(r"^[A-Za-z]:")
_FLAG_ENCRYPTED, _FLAG_UTF8 = 0x1, 0x800
_UNICODE_PATH = 0x7075  # Info-ZIP's extra field with the UTF-8 name


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one upload, unpacked."""

    max_files: int = 10_000
    max_file_bytes: int = 50_000_000
    max_total_bytes: int = 5_000_000_000
    max_ratio: float = 200.0
    max_depth: int = 3

    @classmethod
    def of(cls, config: Settings) -> Limits:
        return cls(
            config.max_batch_files,
            config.max_file_bytes,
            config.max_batch_bytes,
            config.max_zip_ratio,
            config.max_zip_depth,
        )


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an upload.

    path_in_zip  as shown to people: "folder/cv.pdf", "inner.zip!/cv.pdf"; two entries may share it
    file         where it was unpacked, under a generated name that keeps only a plain suffix; None = not unpacked
    code         reason it was not unpacked (gateway.codes), with a sentence; None for a good or an ignored one
    ignored      system junk and empty folders: no document and no error
    size_bytes   unpacked bytes; of a refused entry, what was counted or claimed
    """

    path_in_zip: str
    file: Path | None
    code: str | None = None
    sentence: str | None = None
    ignored: bool = False
    size_bytes: int = 0


@dataclass
class _Tally:
    """The resources that the whole upload has used so far."""

    files: int = 0
    total_bytes: int = 0


class _Stop(Exception):
    """An entry exceeds a limit while it is unpacked."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code, self.sentence = code, sentence


def expand(zip_path: Path, into: Path, limits: Limits) -> list[Member]:
    """Unpack an archive and the archives inside it.

    into     an existing folder; files are written as <into>/000001.pdf, ...
    returns  every entry in the archive's order, nested ones in the place of their archive
    raises   Unreadable: ZIP_BROKEN, ZIP_EMPTY (nothing but junk), ZIP_ENCRYPTED (every file), ZIP_TOO_MANY_FILES.
             Entries fail one by one otherwise.
    """
    members = list(_walk(zip_path, into, limits, _Tally(), "", 1))
    real = [member for member in members if not member.ignored]
    if not real:
        raise Unreadable("ZIP_EMPTY", "The archive contains no documents. Put the résumés into it and upload it again.")
    if all(member.code == "ZIP_ENCRYPTED" for member in real):
        raise Unreadable("ZIP_ENCRYPTED", "The archive is protected with a password. Pack it again without one.")
    return members


def _walk(path: Path, into: Path, limits: Limits, tally: _Tally, prefix: str, depth: int) -> Iterator[Member]:
    _refuse_flood(path, limits)
    try:
        archive = zipfile.ZipFile(path)
    except Exception as wrong:  # whatever a damaged list of files makes zipfile raise
        raise Unreadable(
            "ZIP_BROKEN", "The ZIP archive is damaged or incomplete: its list of files cannot be read. Pack it again."
        ) from wrong
    with archive:
        entries = archive.infolist()
        codec = repair_names(_raw_name(entry) for entry in entries if not entry.flag_bits & _FLAG_UTF8)
        for entry in entries:
            name = _shown_name(entry, codec)
            yield from _member(archive, entry, name, into, limits, tally, prefix, depth)


def _member(
    archive: zipfile.ZipFile,
    entry: zipfile.ZipInfo,
    name: str,
    into: Path,
    limits: Limits,
    tally: _Tally,
    prefix: str,
    depth: int,
) -> Iterator[Member]:
    shown = prefix + name
    if _is_junk(name) or name.endswith("/"):
        yield Member(shown, None, ignored=True)
        return
    tally.files += 1
    if tally.files > limits.max_files:
        raise Unreadable(
            "ZIP_TOO_MANY_FILES", f"The archive contains more than {limits.max_files:,} files. Split it into several."
        )
    refused = _refusal(entry, name)
    if refused is not None:
        yield Member(shown, None, *refused, size_bytes=entry.file_size)
        return
    target = into / f"{tally.files:06d}{_safe_suffix(name)}"
    try:
        size = _unpack(archive, entry, target, limits, tally)
    except _Stop as stop:
        target.unlink(missing_ok=True)
        yield Member(shown, None, stop.code, stop.sentence, size_bytes=entry.file_size)
        return
    if not _is_archive(target):
        yield Member(shown, target, size_bytes=size)
        return
    yield from _nested(target, shown, into, limits, tally, depth, size)


def _nested(
    target: Path, shown: str, into: Path, limits: Limits, tally: _Tally, depth: int, size: int
) -> Iterator[Member]:
    """The members of an archive in the archive; if it cannot be opened, itself as one failed member."""
    try:
        if depth >= limits.max_depth:
            code = "ZIP_TOO_DEEP"
            sentence = f"This archive lies {depth} archives deep and was not opened. Pack the files into one archive."
            yield Member(shown, None, code, sentence, size_bytes=size)
            return
        inside = list(_walk(target, into, limits, tally, shown + SEPARATOR, depth + 1))
        if all(member.ignored for member in inside):
            inside.append(Member(shown, None, "ZIP_EMPTY", "This archive contains no documents.", size_bytes=size))
        yield from inside
    except Unreadable as wrong:
        if wrong.code == "ZIP_TOO_MANY_FILES":
            raise
        yield Member(shown, None, wrong.code, wrong.sentence, size_bytes=size)
    finally:
        target.unlink(missing_ok=True)


def _refusal(entry: zipfile.ZipInfo, name: str) -> tuple[str, str] | None:
    """(code, sentence) for an entry that is refused without opening it."""
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "ZIP_LINK", "The entry is a link or a device, not a file. Pack the file itself."
    parts = PurePosixPath(name).parts
    if name.startswith("/") or ".." in parts or _DRIVE.match(name) or "\0" in entry.orig_filename.rstrip("\0"):
        return "ZIP_UNSAFE_PATH", "The path leads outside the archive; the file was not unpacked. Pack it again."
    if entry.flag_bits & _FLAG_ENCRYPTED:
        return "ZIP_ENCRYPTED", "The file is protected with a password. Pack it again without one."
    return None


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, limits: Limits, tally: _Tally) -> int:
    """Write one entry and return its size; does not rely on the sizes claimed in the archive."""
    size = 0
    packed = max(1, entry.compress_size)
    try:
        with archive.open(entry) as packed_file, target.open("xb") as out:
            while chunk := packed_file.read(_CHUNK):
                size += len(chunk)
                tally.total_bytes += len(chunk)
                _hold(size, packed, limits, tally)
                out.write(chunk)
    except OSError as wrong:
        if shutil.disk_usage(target.parent).free < _CHUNK:
            raise  # the machine's trouble, not the archive's
        raise _Stop("ZIP_MEMBER_BROKEN", "The file in the archive is damaged and could not be unpacked.") from wrong
    except _Stop:
        raise
    except Exception as wrong:  # BadZipFile, and whatever each packing method raises (zlib.error, lzma.LZMAError, ...)
        raise _Stop(
            "ZIP_MEMBER_BROKEN", "The file in the archive is damaged or packed by a rare method. Pack it again."
        ) from wrong
    return size


def _hold(size: int, packed: int, limits: Limits, tally: _Tally) -> None:
    if size > _RATIO_FROM_BYTES and size / packed > limits.max_ratio:
        raise _Stop("ZIP_BOMB", f"The file unpacks to more than {limits.max_ratio:g} times its packed size.")
    if size > limits.max_file_bytes:
        raise _Stop("ZIP_MEMBER_TOO_LARGE", f"The file unpacks to more than {limits.max_file_bytes:,} bytes.")
    if tally.total_bytes > limits.max_total_bytes:
        raise _Stop(
            "ZIP_BATCH_TOO_LARGE",
            f"Unpacked, the upload has more than {limits.max_total_bytes:,} bytes; this file was left out. Split it.",
        )


def _refuse_flood(path: Path, limits: Limits) -> None:
    """Count the entries in the list at the archive's end before Python builds an object for each.

    source  APPNOTE 4.3.12: every entry of the central directory begins with PK 01 02 and has at least 46 bytes
    """
    count, tail = 0, b""
    most = limits.max_files * 4 + 1_000  # folders and junk are entries too
    if path.stat().st_size < 46 * most:
        return
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            count += (tail + chunk).count(b"PK\x01\x02")
            tail = chunk[-3:]
            if count > most:
                raise Unreadable(
                    "ZIP_TOO_MANY_FILES",
                    f"The archive contains far more than {limits.max_files:,} files. Split it into several.",
                )


def _raw_name(entry: zipfile.ZipInfo) -> bytes:
    """The name's bytes: zipfile has decoded them as cp437, which loses nothing."""
    try:
        return entry.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.orig_filename.encode("utf-8")


def _shown_name(entry: zipfile.ZipInfo, codec: str) -> str:
    """The name as its creator saw it, with "/" between folders; control characters become "?"."""
    name = _unicode_path(entry.extra)
    if name is None:
        flagged = entry.flag_bits & _FLAG_UTF8
        name = entry.orig_filename if flagged else _raw_name(entry).decode(codec, "replace")
    if "\\" in name and "/" not in name:
        name = name.replace("\\", "/")  # older Windows packers; a backslash is no character of a file name there
    name = name.split("\0", 1)[0]
    return "".join("?" if ord(char) < 32 or ord(char) == 127 else char for char in name) or "(no name)"


def _unicode_path(extra: bytes) -> str | None:
    while len(extra) >= 4:
        kind, size = int.from_bytes(extra[:2], "little"), int.from_bytes(extra[2:4], "little")
        if kind == _UNICODE_PATH and size > 5:
            try:
                return extra[9 : 4 + size].decode("utf-8")
            except UnicodeDecodeError:
                return None
        extra = extra[4 + size :]
    return None


def _is_junk(name: str) -> bool:
    parts = [part.lower() for part in PurePosixPath(name).parts]
    if not parts:
        return True
    return parts[-1] in _JUNK_NAMES or parts[-1].startswith(("._", "~$")) or any(p in _JUNK_FOLDERS for p in parts)


def _safe_suffix(name: str) -> str:
    suffix = PurePosixPath(name).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) else ""


def _is_archive(path: Path) -> bool:
    """True for a ZIP to open; False for an office document (which is a ZIP too)."""
    with path.open("rb") as file:
        if file.read(4) not in (b"PK\x03\x04", b"PK\x05\x06"):
            return False
        return not _is_office(file)


def _is_office(file: BinaryIO) -> bool:
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, UnicodeError):
        return False
    return "[Content_Types].xml" in names or "mimetype" in names
