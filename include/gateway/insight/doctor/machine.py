"""What this machine gives the gateway: Python, settings, rights, disk, models, a place for files."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gateway.errors import Misconfigured
from gateway.extract.child.confine import can_refuse_network
from gateway.extract.resume.scorer import model
from gateway.insight.doctor.lines import Line, Look, fault, ok, warning
from gateway.intake import files as kept
from gateway.pipeline.encryption import data_keys
from gateway.settings import Settings, open_to_others, settings
from gateway.store import sealing
from gateway.store.engine import has_table
from gateway.values.lexicon import given_names, headings

PYTHONS = ((3, 11), (3, 14))  # from, below; as pyproject.toml says
FULL, TIGHT = 1_000_000_000, 5_000_000_000  # bytes free: below the first work stops soon, below the second look
OF_TESTS = {"GATEWAY_CORPUS"}
OCR_MODELS = 3  # detection, direction, recognition


def python() -> Iterator[Line]:
    here = platform.python_version()
    if PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        yield ok("python", here)
    else:
        yield fault(
            "python", f"{here} is not supported.", "Use Python 3.11, 3.12 or 3.13: make clean, then make setup."
        )


def environment() -> Iterator[Line]:
    """A misspelt variable would be ignored silently."""
    known = {f"GATEWAY_{name.upper()}" for name in Settings.model_fields} | OF_TESTS
    strange = sorted(name for name in os.environ if name.startswith("GATEWAY_") and name.upper() not in known)
    if strange:
        yield warning(
            "environment", f"Unknown: {', '.join(strange)}.", "Correct the name (docs/settings.md) or unset it."
        )
    else:
        yield ok("environment", f"Settings are read; the home is {settings().home}.")


def rights() -> Iterator[Line]:
    """The home and its content hold résumés and secrets."""
    home = settings().home
    if not home.is_dir():
        yield warning(
            "rights", f"There is no home at {home} yet.", "make run, or any command that reads a batch, creates it."
        )
        return
    if not os.access(home, os.W_OK | os.X_OK):
        yield fault("rights", f"{home} cannot be written to.", "Give it to the user who runs the gateway: chown -R.")
    wide = [place for place in settings().private_places if open_to_others(place) and not _given(place)]
    for place in wide:
        yield fault(
            f"rights of {place.name or place}",
            f"{place} can be read by other users of this machine ({place.stat().st_mode & 0o777:o}).",
            f"chmod -R go= {place}; inside the home, the next start does it automatically.",
        )
    if not wide:
        yield ok("rights", "Only the owner can read the home, the store, kept files, exports, logs and keys.")


def _given(place: Path) -> bool:
    """A key that this user was given and cannot change: readable by its group, on a read-only mount or another user's.

    Kubernetes mounts a secret so: root's, 0440 with the pod's own group, in a read-only folder whose mode is wider. The user
    could not narrow it, nobody else is in the group, and nobody can put another key in its place.
    """
    config = settings()
    if place != config.keys and place.parent != config.keys:
        return False
    stat = place.stat()
    fixed = bool(os.statvfs(place).f_flag & os.ST_RDONLY)
    if place.is_dir():
        return fixed
    return not stat.st_mode & 0o027 and (fixed or stat.st_uid != os.geteuid())


def readers() -> Iterator[Line]:
    """What a reading child may reach: it opens strangers' files."""
    if can_refuse_network():
        yield ok("readers", "Processes that read documents cannot open a network connection.")
    else:
        yield warning(
            "readers",
            "This kernel or processor cannot keep processes that read documents off the network: their other limits hold.",
            "Use Linux on x86-64 or 64-bit ARM with seccomp, or close the workers' network to all but the database, the "
            "broker and the files store.",
        )


def encryption() -> Iterator[Line]:
    """Whether what is kept is encrypted, and whether this machine can read it and writes as the others do."""
    if not has_table("data_key"):
        return  # no store yet, or an older one; the checks of the store say so
    on, found = sealing.is_on(), data_keys()
    lost = [key.id for key in found if not key.usable]
    if lost:
        yield fault(
            "encryption",
            f"{len(lost)} of {len(found)} data keys cannot be opened here: a master key is missing (MASTER_KEY_MISSING).",
            "Give this machine every master key: GATEWAY_MASTER_KEY_FILE, or the connection gateway_master.",
        )
    elif on and not sealing.masters():
        yield fault(
            "encryption",
            "GATEWAY_ENCRYPT is on and there is no master key: nothing can be written.",
            "gateway keys new, then GATEWAY_MASTER_KEY_FILE or the connection gateway_master.",
        )
    elif found and not on:
        yield warning(
            "encryption",
            "Other machines encrypt what they keep, this one does not.",
            "Set GATEWAY_ENCRYPT=true here, then gateway keys encrypt.",
        )
    else:
        yield ok("encryption", f"{'On' if on else 'Off'}; {len(found)} data keys.")


def disk() -> Iterator[Line]:
    """Checks each file system once."""
    config = settings()
    places = {
        "home": config.home,
        "inbox": config.inbox,
        "pool": config.pool,
        "temporary files": Path(tempfile.gettempdir()),
    }
    if "://" not in config.files_root:
        places["files"] = Path(config.files_root)
    seen: set[int] = set()
    for name, place in places.items():
        there = next((one for one in (place, *place.parents) if one.exists()), None)
        if there is None or (device := there.stat().st_dev) in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(there).free
        says = f"{free / 1e9:,.1f} GB free."
        if free < FULL:
            yield fault(
                f"disk of {name}",
                says,
                "Free space now: batches stop when the disk is full and continue when there is space.",
            )
        elif free < TIGHT:
            yield warning(f"disk of {name}", says, "Free space, or move GATEWAY_FILES_URL to a larger disk.")
        else:
            yield ok(f"disk of {name}", says)


def files() -> Iterator[Line]:
    """Writes a small file where documents are kept, reads it and removes it."""
    shown = settings().files_root.partition("?")[0]
    if "://" not in shown and not settings().home.is_dir():
        return
    try:
        kept.check()
    except Misconfigured as wrong:
        yield fault(
            "files", f"{wrong.code}: {wrong.sentence}", "Correct what the message names, then run the check again."
        )
    else:
        yield ok("files", f"{shown} can be written to and read.")


def models() -> Iterator[Line]:
    """Data files needed for reading; none of them is downloaded at run time."""
    try:
        fields = len(model()["fields"])
        words = len(headings()) + len(given_names())
    except (OSError, ValueError, KeyError) as wrong:
        yield fault(
            "models", f"The scorer or a word list is damaged ({type(wrong).__name__}).", "git checkout include/gateway"
        )
        return
    found = importlib.util.find_spec("rapidocr")
    folder = Path(found.origin).parent / "models" if found and found.origin else Path()
    ocr = [path for path in folder.glob("*.onnx") if path.stat().st_size > 10_000] if found else []
    if len(ocr) < OCR_MODELS:
        yield fault("models", "The text recognition's models are missing: scans cannot be read.", "make setup")
    else:
        yield ok("models", f"Scorer of {fields} fields, {words:,} words, {len(ocr)} models for scans.")


LOOKS: tuple[Look, ...] = (python, environment, rights, readers, encryption, disk, files, models)
