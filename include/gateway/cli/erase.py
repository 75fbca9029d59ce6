"""`gateway erase --email ADDRESS | --person ID`: erases one person everywhere and prints the signed receipt.

The person is erased for good: --yes says that this is meant. Run it again after a kill, or where the receipt says "left".
Exit code 0 when everything of ours is erased, 1 when something was left.
"""

from __future__ import annotations

import argparse
import getpass
import json
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("erase", help="erase one person, with a receipt", description=__doc__)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--email", help="everybody with this address, for every agent")
    who.add_argument("--person", metavar="ID", help="the person of this profile, with all versions")
    parser.add_argument("--by", default=None, help="who asked for it, for the audit trail (default: you)")
    parser.add_argument("--yes", action="store_true", help="confirm the erasure")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.errors import Misconfigured
    from gateway.pipeline.erasure.erase import erase
    from gateway.store.engine import migrate

    if not options.yes:
        raise Misconfigured("FORM_INCOMPLETE", "This cannot be undone: add --yes to confirm.")
    migrate()
    receipt = erase(email=options.email, profile_id=options.person, actor=options.by or getpass.getuser())
    print(json.dumps(receipt, indent=2, ensure_ascii=False))  # noqa: T201
    return 0 if receipt["complete"] else 1
