"""`gateway outreach preview | send | list | resend | suppress`: messages to candidates, off unless the agent's file says otherwise.

With --profile the output may contain a candidate's data: only reviewers should see it.
"""

from __future__ import annotations

import argparse
import getpass
import json
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("outreach", help="messages to candidates", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    seen = actions.add_parser("preview", help="show an agent's message as a candidate would read it")
    seen.add_argument("agent", metavar="AGENT")
    seen.add_argument("--kind", default="invitation", help="invitation, or reminder-1 ...")
    seen.add_argument("--profile", metavar="ID", help="use this candidate's name instead of a made-up one")
    seen.add_argument("--language", metavar="LL", help="language (default: the document's)")
    seen.add_argument("--html", action="store_true")
    seen.add_argument("--to", metavar="ADDRESS", help="also send it to this address (your own)")
    seen.set_defaults(run=preview)

    sent = actions.add_parser("send", help="plan and send due messages")
    sent.add_argument("--agent", metavar="ID", help="for this agent only")
    sent.add_argument("--limit", type=int, default=1000, help="most messages per agent")
    sent.set_defaults(run=send)

    listed = actions.add_parser("list", help="list messages by state, without personal data")
    listed.add_argument("--agent", metavar="ID")
    listed.add_argument("--state", choices=["planned", "sending", "sent", "refused", "unclear", "skipped"])
    listed.add_argument("--limit", type=int, default=50)
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=show)

    again = actions.add_parser("resend", help="send an unclear or refused message again")
    again.add_argument("messages", nargs="+", metavar="MESSAGE")
    again.set_defaults(run=resend)

    never = actions.add_parser("suppress", help="never write to this address")
    never.add_argument("address")
    never.set_defaults(run=suppress)


def preview(options: argparse.Namespace) -> int:
    from gateway.outreach.preview import send_to_oneself
    from gateway.outreach.preview import show as shown_of
    from gateway.pipeline.arrival.receive import agent_of
    from gateway.store.engine import migrate

    migrate()
    agent = agent_of(options.agent)
    shown = shown_of(agent, options.kind, profile_id=options.profile, language=options.language)
    letter = shown.letter
    print(letter.html if options.html else f"Subject: {letter.subject}\n\n{letter.text}", end="")  # noqa: T201
    if options.to:
        send_to_oneself(agent, shown, options.to, actor=f"cli:{getpass.getuser()}")
        print(f"\nsent to {options.to}")  # noqa: T201
    return 0


def send(options: argparse.Namespace) -> int:
    """0 when every agent with outreach could send."""
    import sys

    from gateway.outreach.sending import send_outreach
    from gateway.store.engine import migrate

    migrate()
    done = send_outreach(options.agent, limit=options.limit)
    print(", ".join(f"{number} {name}" for name, number in done.as_dict().items()))  # noqa: T201
    for wrong in done.problems:
        print(f"{wrong.code}: {wrong.sentence}", file=sys.stderr)  # noqa: T201
    return 1 if done.problems else 0


def show(options: argparse.Namespace) -> int:
    from gateway.insight.outreach import invitation_lines
    from gateway.store.engine import migrate

    migrate()
    for line in invitation_lines(options.agent, options.state, options.limit):
        if options.json:
            print(json.dumps(line, default=str))  # noqa: T201
        else:
            print("  ".join(str(value) for value in line.values() if value not in (None, "")))  # noqa: T201
    return 0


def resend(options: argparse.Namespace) -> int:
    from gateway.outreach.sending import resend as again
    from gateway.store.engine import migrate

    migrate()
    for message in options.messages:
        again(message, actor=f"cli:{getpass.getuser()}")
    print(f"{len(options.messages)} message(s) are planned again")  # noqa: T201
    return 0


def suppress(options: argparse.Namespace) -> int:
    from gateway.outreach import suppression
    from gateway.store.engine import migrate, writing
    from gateway.store.tables import Event

    migrate()
    with writing() as session:
        address = options.address.strip().casefold()
        new = suppression.suppress(session, address, "by hand")
        if new:
            said = {"kind": "suppressed", "subject": "suppression", "subject_id": suppression.key_of(address)}
            session.add(Event(**said, actor=f"cli:{getpass.getuser()}", rule="by hand"))
    print("this address gets no more messages" if new else "this address was already on the list")  # noqa: T201
    return 0
