"""`gateway review`: the queue of held profiles, and decisions on them.

gateway review [--batch ID] [--agent ID]            list, oldest first
gateway review approve|discard|undo PROFILE...
gateway review correct PROFILE --set email=a@b.example --set name="A B"
gateway review deliver                              send what was approved now, not at the next sweep
"""

from __future__ import annotations

import argparse
import getpass
import json
from typing import Any

from gateway.errors import Misconfigured


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "review", help="held profiles: list, approve, correct, discard, undo, deliver",
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("decision", nargs="?", choices=["approve", "correct", "discard", "undo", "deliver"])
    parser.add_argument("profiles", nargs="*", metavar="PROFILE")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="with correct")
    parser.add_argument("--batch", help="list only this batch")
    parser.add_argument("--agent", help="list only this agent")
    parser.add_argument("--note", help="kept with the decision")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from dataclasses import asdict

    from gateway.pipeline.review import decide, deliver_reviewed, queue
    from gateway.store.engine import migrate

    migrate()
    if options.decision == "deliver":
        print(json.dumps(deliver_reviewed()))  # noqa: T201
        return 0
    if options.decision:
        if not options.profiles:
            raise Misconfigured("DECISION_INVALID", "Name at least one profile; `gateway review` lists them.")
        corrections = dict(item.partition("=")[::2] for item in options.set)
        for profile_id in options.profiles:
            new = decide(
                profile_id,
                options.decision,
                reviewer=f"cli:{getpass.getuser()}",
                corrections=corrections,
                note=options.note,
            )
            print(f"{profile_id} {options.decision} {'written' if new else 'stood already'}")  # noqa: T201
        return 0
    for item in queue(options.batch, options.agent):
        if options.json:
            print(json.dumps(asdict(item), ensure_ascii=False))  # noqa: T201
        else:
            who = f"{item.name or '(no name)'} <{item.email or 'no email'}>"
            print(f"{item.profile_id}  {item.agent_id}  {who}  {', '.join(item.codes)}  {item.path}")  # noqa: T201
    return 0
