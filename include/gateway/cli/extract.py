"""`extract PATH...`: reads documents and prints one JSON line per document. Uses no store and no agent, and sends nothing."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, TextIO

from gateway.errors import Misconfigured, Unreadable
from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.extract.detect import media_type
from gateway.extract.media_types import ZIP
from gateway.intake.archive import SEPARATOR, Limits, expand
from gateway.model import ExtractedProfile, Field, Hints
from gateway.quality.scores import simple_scores
from gateway.settings import settings

_JUNK = {".ds_store", "thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Source:
    """One document to be read, or one that already failed (then `code` and `sentence` say why)."""

    shown: str
    file: Path | None
    code: str | None = None
    sentence: str | None = None
    temporary: bool = False


def register(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "extract", help="read documents and print their profiles as JSON lines", description=__doc__
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="file, folder or ZIP archive")
    parser.add_argument(
        "--jobs", type=int, default=settings().extract_jobs, metavar="N", help="documents read in parallel"
    )
    parser.add_argument("--country", metavar="XX", help="country of national phone numbers in documents that name none")
    parser.add_argument("--as-resume", action="store_true", help="also read documents that do not look like a résumé")
    parser.add_argument("--details", action="store_true", help="add notes, mapping, rows, pages and times to each line")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    for path in options.paths:
        if not path.exists():
            raise Misconfigured("PATH_NOT_FOUND", f"There is no file or folder {path}. Check the path.")
    if options.jobs < 1:
        raise Misconfigured("SETTING_INVALID", "--jobs must be 1 or more.")
    country = options.country.upper() if options.country else None

    def hints(source: Source) -> Hints:
        return Hints(country, name=PurePosixPath(source.shown).name, as_resume=options.as_resume)

    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    with tempfile.TemporaryDirectory(prefix="gateway-extract-") as work, ReaderPool(options.jobs) as pool:
        out = sys.stdout
        results = pool.read(_readable(find(options.paths, Path(work)), out), hints)
        for result in results:
            source, reading = result.key, result.reading
            line: dict[str, Any] = {
                "file": source.shown,
                "status": reading.status,
                "code": reading.code,
                "error": reading.error,
            }
            if options.details:
                line["details"] = {
                    "media_type": reading.media_type,
                    "pages": reading.pages,
                    "rows": reading.rows,
                    "ocr_pages": reading.ocr_pages,
                    "language": reading.language,
                    "mapping": reading.mapping,
                    "notes": [{"code": n.code, "row": n.row, "page": n.page} for n in reading.notes],
                    "cpu_s": reading.cpu_s,
                }
            write_line(out, line, iter_profiles(result.spool))
            result.spool.unlink()
            if source.temporary and source.file is not None:
                source.file.unlink(missing_ok=True)
    return 0


def _readable(sources: Iterator[Source], out: TextIO) -> Iterator[tuple[Source, Path]]:
    """The documents to read; those that failed before reading are printed at once."""
    for source in sources:
        if source.file is None:
            write_line(out, {"file": source.shown, "status": "failed", "code": source.code, "error": source.sentence})
        else:
            yield source, source.file


def write_line(out: TextIO, line: dict[str, Any], profiles: Iterator[ExtractedProfile] | tuple[()] = ()) -> None:
    """Prints one document as one line of JSON; profiles are written as they come, so a long list needs little memory."""
    out.write(json.dumps(line, ensure_ascii=False)[:-1])
    out.write(', "profiles": [')
    for number, profile in enumerate(profiles):
        if number:
            out.write(", ")
        out.write(json.dumps(profile_json(profile), ensure_ascii=False))
    out.write("]}\n")
    out.flush()


def profile_json(profile: ExtractedProfile) -> dict[str, Any]:
    """A profile in the command's output format; a phone is E.164, or null if its country is unknown (see fields)."""
    quality, completeness = simple_scores(profile)
    phone = profile.phone if profile.phone and profile.phone.startswith("+") else None
    return {
        "name": profile.name,
        "email": profile.email,
        "phone": phone,
        "location": profile.location,
        "links": list(profile.links),
        "skills": list(profile.skills),
        "work": [{"company": w.company, "position": w.position, "start": w.start, "end": w.end} for w in profile.work],
        "education": [{"institution": e.institution, "degree": e.degree} for e in profile.education],
        "quality": quality,
        "completeness": completeness,
        "fields": {field.name: _field_json(field) for field in profile.fields},
        **({"headline": profile.headline} if profile.headline else {}),
        **({"languages": list(profile.languages)} if profile.languages else {}),
        **({"row": profile.row} if profile.row is not None else {}),
        **({"pages": list(profile.pages)} if profile.pages is not None else {}),
        **({"extra": profile.extra} if profile.extra else {}),
        **({"marks": list(profile.marks)} if profile.marks else {}),
    }


def _field_json(field: Field) -> dict[str, Any]:
    seen = field.evidence
    place: dict[str, Any] = {"page": None}
    if seen is not None:
        place = {"page": seen.page, "row": seen.row} if seen.row is not None else {"page": seen.page, "box": seen.box}
        place |= {"source": seen.source, "rule": seen.rule} | ({"column": seen.column} if seen.column else {})
    return {"value": field.value, "raw": field.raw, "confidence": field.confidence, **place}


def find(paths: list[Path], work: Path) -> Iterator[Source]:
    """Every document below the paths, in sorted order; archives are unpacked into `work` as their turn comes.

    A document is named by its path relative to the given folder; a single file by its name.
    """
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if p.is_file() and not _is_junk(p.relative_to(path)))
            for file in files:
                yield from _sources(file, file.relative_to(path).as_posix(), work)
        else:
            yield from _sources(path, path.name, work)


def _is_junk(path: Path) -> bool:
    return path.name.lower() in _JUNK or any(p.startswith(".") or p in ("__MACOSX",) for p in path.parts)


def _sources(file: Path, shown: str, work: Path) -> Iterator[Source]:
    try:
        is_zip = media_type(file) == ZIP
    except OSError:
        is_zip = False  # the reader will say what is wrong with it
    if not is_zip:
        yield Source(shown, file)
        return
    folder = Path(tempfile.mkdtemp(dir=work))
    try:
        members = expand(file, folder, Limits.of(settings()))
    except Unreadable as wrong:
        yield Source(shown, None, wrong.code, wrong.sentence)
        return
    for member in members:
        if not member.ignored:
            name = shown + SEPARATOR + member.path_in_zip
            yield Source(name, member.file, member.code, member.sentence, temporary=True)
