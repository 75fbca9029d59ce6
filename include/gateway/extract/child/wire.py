"""Profiles and readings as JSON, for the way out of a reading child.

Written by hand because dataclasses.asdict copies deeply: on a 100,000-row list it costs more than the reading.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.model import Education, Evidence, ExtractedProfile, Field, Hints, Note, Reading, Sheet, Work

_DUMPS = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def profile_line(profile: ExtractedProfile) -> str:
    """One profile as one line of JSON without its line end. Lone surrogates (broken text layers) become U+FFFD."""
    line = _DUMPS(
        {
            "name": profile.name,
            "email": profile.email,
            "phone": profile.phone,
            "location": profile.location,
            "headline": profile.headline,
            "links": profile.links,
            "skills": profile.skills,
            "languages": profile.languages,
            "work": [[job.company, job.position, job.start, job.end] for job in profile.work],
            "education": [[item.institution, item.degree, item.start, item.end] for item in profile.education],
            "fields": [_field_out(field) for field in profile.fields],
            "pages": profile.pages,
            "row": profile.row,
            "extra": profile.extra,
            "marks": profile.marks,
            "signals": profile.signals,
        }
    )
    return line if line.isascii() else line.encode("utf-8", "replace").decode("utf-8")


def profile_from_line(line: str) -> ExtractedProfile:
    """The profile `profile_line` wrote; raises ValueError or KeyError on anything else."""
    data = json.loads(line)
    pages = data["pages"]
    return ExtractedProfile(
        name=data["name"],
        email=data["email"],
        phone=data["phone"],
        location=data["location"],
        headline=data["headline"],
        links=tuple(data["links"]),
        skills=tuple(data["skills"]),
        languages=tuple(data["languages"]),
        work=tuple(Work(*job) for job in data["work"]),
        education=tuple(Education(*item) for item in data["education"]),
        fields=tuple(_field_in(field) for field in data["fields"]),
        pages=(pages[0], pages[1]) if pages else None,
        row=data["row"],
        extra=data["extra"],
        marks=tuple(data["marks"]),
        signals=data["signals"],
    )


def iter_profiles(spool: Path) -> Iterator[ExtractedProfile]:
    """The profiles of a spool file, one at a time, in the order they were read."""
    with spool.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield profile_from_line(line)


def reading_out(reading: Reading) -> dict[str, Any]:
    return {
        **{name: getattr(reading, name) for name in _READING_PLAIN},
        "notes": [[note.code, note.sentence, note.row, note.page] for note in reading.notes],
        "sheets": [[sheet.number, sheet.width, sheet.height, sheet.turn] for sheet in reading.sheets],
    }


def reading_in(data: dict[str, Any]) -> Reading:
    notes = tuple(Note(*note) for note in data["notes"])
    sheets = tuple(Sheet(*sheet) for sheet in data["sheets"])
    return Reading(**{**data, "notes": notes, "sheets": sheets})


def hints_out(hints: Hints) -> dict[str, Any]:
    return {name: getattr(hints, name) for name in Hints.__dataclass_fields__}


def hints_in(data: dict[str, Any]) -> Hints:
    return Hints(**data)


_READING_PLAIN = tuple(name for name in Reading.__dataclass_fields__ if name not in ("notes", "sheets"))


def _field_out(field: Field) -> list[Any]:
    seen = field.evidence
    return [
        field.name,
        field.value,
        field.raw,
        field.confidence,
        seen and [seen.source, seen.rule, seen.page, seen.box, seen.row, seen.column],
    ]


def _field_in(data: list[Any]) -> Field:
    name, value, raw, confidence, seen = data
    if seen is None:
        return Field(name, value, raw, confidence)
    source, rule, page, box, row, column = seen
    corners = (box[0], box[1], box[2], box[3]) if box else None
    return Field(name, value, raw, confidence, Evidence(source, rule, page, corners, row, column))
