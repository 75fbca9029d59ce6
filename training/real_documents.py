"""Real documents whose truth is known by hashes, as cases: only for the numbers of training/real.json."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from pathlib import Path

from gateway.extract.pdf import read_pdf
from gateway.model import ExtractedProfile, Hints, Reading
from gateway.quality.case import Case


def _name(value: str) -> str:
    return " ".join(unicodedata.normalize("NFC", value).casefold().replace(".", " ").split())


_NORMAL = {
    "name": _name,
    "email": lambda value: value.strip().casefold(),
    "phone": lambda value: "+" + "".join(c for c in value if c.isdigit()),
}


def read(path: Path) -> tuple[Reading, list[ExtractedProfile]]:
    """What the reader gives without an agent's default country."""
    profiles: list[ExtractedProfile] = []
    return read_pdf(path, profiles.append, Hints(), limit_pages=60), profiles


def labelled_real(gold: Path, folder: Path) -> tuple[list[tuple[Case, bool]], int]:
    """((case, wrong) of each profile with name and address, how many of the documents are résumés)."""
    found: list[tuple[Case, bool]] = []
    resumes = 0
    for line in gold.read_text("utf-8").splitlines():
        truth = json.loads(line)
        resumes += truth["kind"] == "resume"
        reading, profiles = read(folder / truth["file"])
        for at, profile in enumerate(profiles):
            guessed = profile.phone is not None and not profile.phone.startswith("+")
            if not profile.name or not profile.email or guessed:
                continue
            bad = truth["kind"] != "resume" or at > 0 or any(not _right(truth, profile, name) for name in _NORMAL)
            found.append((Case.of(f"{truth['id']}-{at}", profile, reading), bad))
    return found, resumes


def _right(truth: dict[str, object], profile: ExtractedProfile, field: str) -> bool:
    value, allowed = getattr(profile, field), truth[field]
    if not value:
        return not allowed or bool(truth.get(f"{field}_null"))
    salted = hashlib.sha256((str(truth["sha256"]) + _NORMAL[field](value)).encode()).hexdigest()[:16]
    return salted in allowed  # type: ignore[operator]
