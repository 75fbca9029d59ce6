"""A sender's file names as paths of ours. A name is data: only a cleaned name becomes a path."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from gateway.intake.inbox import READY
from gateway.intake.manifest import NAME as MANIFEST

NAME_BYTES = 180  # ext4 and most others take 255; room stays for " (12)"
DEPTH = 6  # folders of a dropped folder that are kept


def safe_path(name: str) -> str:
    """A sender's name as a path below the batch: no parent folders, no control characters, no reserved names.

    "..\\\\CVs/Ann Lee.pdf" -> "CVs/Ann Lee.pdf"; what nothing is left of becomes "file"
    """
    parts = [_safe_name(part) for part in unicodedata.normalize("NFC", name).replace("\\", "/").split("/")]
    parts = [part for part in parts if part]
    return "/".join(parts[-DEPTH:]) or "file"


def _safe_name(part: str) -> str:
    text = "".join(char for char in " ".join(part.split()) if char.isprintable()).strip()
    if not text.strip("."):
        return ""
    if text in (MANIFEST, READY):
        text = f"_{text}"  # a candidate's file, not a word to the gateway
    return _shortened(text)


def _shortened(text: str) -> str:
    """The name, shortened to at most NAME_BYTES bytes; a usual suffix stays."""
    stem, dot, suffix = text.rpartition(".")
    if not stem or len(suffix) > 12:
        stem, dot, suffix = text, "", ""
    room = NAME_BYTES - len((dot + suffix).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + suffix


def free_path(root: Path, path: str) -> str:
    """The path, or a similar one that does not exist yet; creates its folders."""
    try:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):  # a file already has the name of one of its folders
        path = _shortened(path.replace("/", "_"))
    found, number = path, 1
    while (root / found).exists():
        number += 1
        place = Path(path)
        found = str(place.with_name(f"{place.stem} ({number}){place.suffix}"))
    return found
