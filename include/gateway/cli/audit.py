"""`gateway audit verify | seal | key`: proves that no event was changed, deleted or moved since it was sealed.

verify names the first broken link (exit code 1); seal links new events and writes the day's anchor, like the DAG
seal_events does; key prints the public key that our signatures carry: keep it where the store's users cannot write.
"""

from __future__ import annotations

import argparse
import json
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("audit", help="seal and verify the audit trail", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("verify", help="check the chain and its anchors")
    check.add_argument("--key", help="the public key that must have signed the anchors (default: ours)")
    check.add_argument("--json", action="store_true", help="one JSON object")
    check.set_defaults(run=verify)
    actions.add_parser("seal", help="link new events and write the day's anchor").set_defaults(run=seal)
    actions.add_parser("key", help="print our public key").set_defaults(run=key)


def verify(options: argparse.Namespace) -> int:
    """Exit code 0 if nothing is broken, else 1."""
    from gateway.pipeline.trail import verify as walk
    from gateway.store.engine import migrate

    migrate()
    found = walk(options.key)
    broken = found.broken
    if options.json:
        said = {
            "links": found.links,
            "unsealed": found.unsealed,
            "anchors": found.anchors,
            "anchored_at": found.anchored_at.isoformat() if found.anchored_at else None,
            "broken": {"sequence": broken.sequence, "event_id": broken.event_id, "says": broken.says}
            if broken
            else None,
        }
        print(json.dumps(said, indent=2))  # noqa: T201
    else:
        anchored = f", the last of {found.anchored_at:%Y-%m-%d %H:%M} UTC" if found.anchored_at else ""
        waiting = f"{found.unsealed:,} events not sealed yet"
        print(f"{found.links:,} links verified, {waiting}; {found.anchors} anchors{anchored}.")  # noqa: T201
        print(f"BROKEN: {broken.says}" if broken else "Unbroken.")  # noqa: T201
    return 1 if broken else 0


def seal(options: argparse.Namespace) -> int:
    from gateway.pipeline.trail import seal_and_anchor
    from gateway.store.engine import migrate

    migrate()
    done = seal_and_anchor()
    print(f"{done['sealed']:,} events sealed, {done['anchored']} anchor written.")  # noqa: T201
    return 0


def key(options: argparse.Namespace) -> int:
    from gateway.store.keys import public_key

    print(public_key())  # noqa: T201
    return 0
