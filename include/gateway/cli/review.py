"""`gateway review`: lists held profiles and the audit sample, and records decisions about them.

gateway review [--batch ID] [--agent ID]            list held profiles, oldest first
gateway review --audit [--agent ID]                 list the automatic passes drawn for a look, and their error rate
gateway review approve|discard|undo PROFILE...
gateway review correct PROFILE --set email=a@b.example --set name="A B"
gateway review duplicate PROFILE --of PROFILE       the same person: link it, never send it
gateway review merge PROFILE --of PROFILE --take email --take phone
gateway review right PROFILE...                     audited, every value is right
gateway review wrong PROFILE --field phone          audited, these values are wrong
gateway review deliver                              send approved profiles now, not at the next sweep
"""

from __future__ import annotations

import argparse
import getpass
import json
from typing import Any

from gateway.errors import Misconfigured

DECISIONS = ("approve", "correct", "discard", "undo", "duplicate", "merge", "right", "wrong", "deliver")


def register(commands: Any) -> None:
    parser = commands.add_parser(
        "review",
        help="held profiles and audits: list, approve, correct, discard, link, undo, deliver",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("decision", nargs="?", choices=DECISIONS)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE")
    parser.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE", help="with correct")
    parser.add_argument("--of", metavar="PROFILE", help="with duplicate and merge: a profile of the same person")
    parser.add_argument("--take", action="append", default=[], metavar="FIELD", help="with merge: values to copy")
    parser.add_argument("--field", action="append", default=[], metavar="FIELD", help="with wrong")
    parser.add_argument("--audit", action="store_true", help="list the audit sample instead of held profiles")
    parser.add_argument("--batch", help="list only this batch")
    parser.add_argument("--agent", help="list only this agent")
    parser.add_argument("--note", help="note stored with the decision")
    parser.add_argument("--json", action="store_true", help="JSON lines")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from gateway.store.engine import migrate

    migrate()
    if options.decision == "deliver":
        from gateway.pipeline.review.send import deliver_reviewed

        print(json.dumps(deliver_reviewed()))  # noqa: T201
    elif options.decision:
        if not options.profiles:
            raise Misconfigured("DECISION_INVALID", "Name at least one profile; `gateway review` lists them.")
        for profile_id in options.profiles:
            new = _decide(profile_id, options, f"cli:{getpass.getuser()}")
            print(f"{profile_id} {options.decision} {'written' if new else 'was already decided'}")  # noqa: T201
    else:
        _list(options)
    return 0


def _decide(profile_id: str, options: argparse.Namespace, reviewer: str) -> bool:
    from gateway.pipeline.review import audit, persons
    from gateway.pipeline.review.review import decide

    decision, note = options.decision, options.note
    if decision in ("right", "wrong"):
        return audit.decide_audit(profile_id, decision == "right", reviewer=reviewer, wrong_fields=options.field)
    if decision in ("duplicate", "merge"):
        if not options.of:
            raise Misconfigured("DECISION_INVALID", f"With {decision}, name the same person's profile with --of.")
        if decision == "merge":
            return persons.merge(profile_id, options.of, reviewer=reviewer, take=options.take, note=note)
        return persons.mark_duplicate(profile_id, options.of, reviewer=reviewer, note=note)
    corrections = dict(item.partition("=")[::2] for item in options.set)
    return decide(profile_id, decision, reviewer=reviewer, corrections=corrections, note=note)


def _list(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from gateway.pipeline.review.audit import audit_error_rate, audit_queue
    from gateway.pipeline.review.held import queue
    from gateway.store.looks import listed

    items: list[Any] = audit_queue(options.agent) if options.audit else queue(options.batch, options.agent)
    listed("profile", [item.profile_id for item in items], actor=f"cli:{getpass.getuser()}")
    for item in items:
        if options.json:
            print(json.dumps(asdict(item), ensure_ascii=False, default=str))  # noqa: T201
        else:
            who = f"{item.name or '(no name)'} <{item.email or 'no email'}>"
            why = item.phone or "(no phone)" if options.audit else ", ".join(item.codes)
            print(f"{item.profile_id}  {item.agent_id}  {who}  {why}  {item.path}")  # noqa: T201
    if options.audit and not options.json:
        rate = audit_error_rate(options.agent)
        told = (
            "nothing audited yet"
            if rate.rate is None
            else (
                f"{rate.wrong} of {rate.looked_at} audited were wrong ({rate.rate:.1%}; 95 % between {rate.low:.1%} and "
                f"{rate.high:.1%})"
            )
        )
        print(f"{len(items)} to look at; {told}.")  # noqa: T201
