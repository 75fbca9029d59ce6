"""`gateway access --email ADDRESS | --person ID --out FILE.pdf`: everything kept of one person, as one document for them.

What was read and from where, what was done, when, by whom and by which rule, and where it was sent; as PDF also the pages
with what was read from them. FILE.html is the same without pages. That it was made is an event in the audit trail.
Exit code 1 when nothing is kept of the person.
"""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("access", help="everything kept of one person, as a document", description=__doc__)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--email", help="everybody with this address, for every agent")
    who.add_argument("--person", metavar="ID", help="the person of this profile, with all versions")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.pdf", help="a new file; only you may read it")
    parser.add_argument("--by", default=None, help="who asks, for the audit trail (you, if not given)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.errors import Misconfigured
    from gateway.insight.access import access_document, known_of
    from gateway.store.engine import migrate

    kind = options.out.suffix.lower().removeprefix(".")
    if kind not in ("html", "pdf"):
        raise Misconfigured("FORM_INCOMPLETE", "Let --out end in .pdf or .html.")
    if options.out.exists():
        raise Misconfigured("FORM_INCOMPLETE", f"{options.out} is there already: name another file.")
    migrate()
    if not known_of(email=options.email, profile_id=options.person).records:
        print("nothing is kept of this person")  # noqa: T201
        return 1
    actor = options.by or getpass.getuser()
    made = access_document(email=options.email, profile_id=options.person, actor=actor, kind=kind)
    with os.fdopen(os.open(options.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as sink:
        sink.write(made)
    print(f"written to {options.out}")  # noqa: T201
    return 0
