"""`gateway retention [--dry-run]`: erases what each agent's periods (`retention` in its file) say; or `hold | release | holds`.

Without an action it is applied once, as the DAG `apply_retention` does every day. Legal hold keeps a person or a batch
whatever the period says and whoever asks. Exit code 1 when something that should have gone is left.
"""

from __future__ import annotations

import argparse
import getpass
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("retention", help="erase what is due; legal hold", description=__doc__)
    parser.add_argument("--dry-run", action="store_true", help="only say what is due")
    parser.add_argument("--agent", metavar="ID", help="this agent only")
    parser.add_argument("--limit", type=int, default=None, help="people, and documents, of an agent at most")
    parser.set_defaults(run=run)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    for name, what, does in (("hold", "keep a person or a batch", hold), ("release", "take the hold off", release)):
        one = actions.add_parser(name, help=what)
        who = one.add_mutually_exclusive_group(required=True)
        who.add_argument("--email", help="everybody with this address, now and later")
        who.add_argument("--person", metavar="ID", help="the person of this profile, with all versions")
        who.add_argument("--batch", metavar="ID")
        if name == "hold":
            one.add_argument("--reference", required=True, help="of the case; nobody's name")
        one.add_argument("--by", default=None, help="who asks, for the audit trail (you, if not given)")
        one.set_defaults(run=does)
    actions.add_parser("holds", help="every hold").set_defaults(run=holds)


def run(options: argparse.Namespace) -> int:
    from gateway.errors import Misconfigured
    from gateway.pipeline.erasure.retention import LIMIT, apply_retention
    from gateway.store.engine import migrate

    limit = LIMIT if options.limit is None else options.limit
    if limit < 1:
        raise Misconfigured("FORM_INCOMPLETE", "--limit is at least 1.")
    migrate()
    done = apply_retention(agent_id=options.agent, dry_run=options.dry_run, limit=limit, actor=getpass.getuser())
    for one in done:
        told = ", ".join(f"{number} {name}" for name, number in one.numbers.items())
        receipt = f" (receipt {one.receipt})" if one.receipt else ""
        print(f"{one.agent_id}: {'would be: ' if one.dry_run else ''}{told}{receipt}")  # noqa: T201
    if not done:
        print("nothing is due")  # noqa: T201
    return 0 if all(one.complete for one in done) else 1


def hold(options: argparse.Namespace) -> int:
    from gateway.pipeline.erasure.holds import hold as keep

    new = keep(**_whom(options), reference=options.reference, actor=options.by or getpass.getuser())
    print(f"on hold: {new} new entries" if new else "it was on hold already")  # noqa: T201
    return 0


def release(options: argparse.Namespace) -> int:
    from gateway.pipeline.erasure.holds import release as let_go

    number = let_go(**_whom(options), actor=options.by or getpass.getuser())
    print(f"released: {number} entries" if number else "there was no such hold")  # noqa: T201
    return 0


def holds(options: argparse.Namespace) -> int:
    from gateway.pipeline.erasure.holds import listed
    from gateway.store.engine import migrate

    migrate()
    for one in listed():
        print("  ".join(str(value) for value in one.values()))  # noqa: T201
    return 0


def _whom(options: argparse.Namespace) -> dict[str, Any]:
    from gateway.pipeline.erasure.erase import find
    from gateway.pipeline.read import email_key
    from gateway.store.engine import migrate

    migrate()
    if options.batch:
        return {"batch_id": options.batch}
    address = email_key(options.email)
    return {"profiles": find(address, options.person), "address": address}
