"""`explain FILE`: shows, for each field of a document, the possible values, their scores and the features that decided.

For debugging a layout. It prints personal data as it stands in the document: keep it out of logs and reports.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gateway.errors import Misconfigured
from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.model import Hints

_READER = "gateway.extract.resume.explained:read_explained"


def register(commands: Any) -> None:
    parser: argparse.ArgumentParser = commands.add_parser(
        "explain", help="show why each value of a document was chosen", description=__doc__
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="one document with pages")
    parser.add_argument("--country", metavar="XX", help="country of national phone numbers in documents that name none")
    parser.add_argument("--json", action="store_true", help="print everything, one JSON line per person")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    if not options.file.is_file():
        raise Misconfigured("PATH_NOT_FOUND", f"There is no file {options.file}. Check the path.")
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    country = options.country.upper() if options.country else None
    with ReaderPool(1, reader=_READER) as pool:
        for result in pool.read([(0, options.file)], Hints(country, name=options.file.name)):
            people = [json.loads(profile.extra["explained"]) for profile in iter_profiles(result.spool)]
            reading = result.reading
            if options.json:
                for person in people:
                    _say(json.dumps(person, ensure_ascii=False))
                continue
            if reading.code:
                _say(f"{reading.code}: {reading.error}")
            if not people:
                _say(f"Nothing was weighed in it ({reading.media_type}): lists have no candidates to choose among.")
            for number, person in enumerate(people, 1):
                _say(f"\nPerson {number} of {len(people)}" if number > 1 else f"Person 1 of {len(people)}")
                _person(person)
    return 0


def _person(person: dict[str, Any]) -> None:
    verdict = person["verdict"]
    _say(f"  résumé: {verdict['outcome']}, {verdict['score']:.2f} points ({_sum(verdict['parts'])})")
    for name, field in person["fields"].items():
        _say(f"  {name}: above {field['threshold']:.2f} is taken; every candidate starts at {field['bias']:.2f}")
        for one in field["candidates"]:
            mark = "*" if one["chosen"] else " "
            where = f"page {one['page']}, line {one['line']}, {one['rule']}"
            _say(f"   {mark} {one['score']:7.2f}  {one['value']}  ({where})")
            _say(f"              {_sum(one['features'])}")
        if field["more"]:
            _say(f"     and {field['more']} more")
        if not field["candidates"]:
            _say("     no candidate")


def _sum(parts: dict[str, float]) -> str:
    return ", ".join(f"{name} {points:+.2f}" for name, points in parts.items())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
