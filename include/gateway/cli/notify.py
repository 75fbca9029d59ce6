"""`gateway notify list | send | resend | channels | resume | test | preview`: messages to people and programs.

Connections are read from AIRFLOW_CONN_<ID>, as Airflow would; inside Airflow the DAG send_notices does the sending.
"""

from __future__ import annotations

import argparse
import getpass
import json
from dataclasses import asdict
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("notify", help="messages to people and programs", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    listed = actions.add_parser("list", help="list messages, newest first")
    listed.add_argument("--state", choices=["waiting", "sent", "dead"])
    listed.add_argument("--agent", metavar="ID")
    listed.add_argument("--channel", metavar="KEY")
    listed.add_argument("--limit", type=int, default=20)
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=show)

    sent = actions.add_parser("send", help="check for new conditions, then send due messages")
    sent.add_argument(
        "--patience", type=float, default=0.0, metavar="S", help="wait up to S seconds for messages that are due soon"
    )
    sent.set_defaults(run=send)

    again = actions.add_parser("resend", help="queue messages again, with the same id")
    again.add_argument("messages", nargs="*", metavar="MESSAGE")
    again.add_argument("--dead", action="store_true", help="all messages that were given up")
    again.add_argument("--agent", metavar="ID", help="with --dead: only this agent's")
    again.add_argument("--channel", metavar="KEY", help="with --dead: only this channel's")
    again.set_defaults(run=resend)

    channels = actions.add_parser("channels", help="list channels with their state")
    channels.add_argument("--json", action="store_true")
    channels.set_defaults(run=show_channels)

    for name, text in (("resume", "try a paused channel again"), ("test", "send a test message to a channel")):
        one = actions.add_parser(name, help=text)
        one.add_argument("agent")
        one.add_argument("channel", help='as listed, "email:smtp_default"')
        one.set_defaults(run=resume if name == "resume" else test)

    seen = actions.add_parser("preview", help="show a notice with made-up figures")
    seen.add_argument("type", help="a type of docs/events.md")
    seen.add_argument("--agent", required=True, metavar="ID")
    seen.add_argument("--html", action="store_true")
    seen.set_defaults(run=preview)


def show(options: argparse.Namespace) -> int:
    from gateway.insight.notices import message_page
    from gateway.store.engine import migrate

    migrate()
    found = message_page(
        agent_id=options.agent, state=options.state, channel=options.channel, size=max(1, options.limit)
    )
    for row in found.rows:
        if options.json:
            print(json.dumps(asdict(row), default=str, ensure_ascii=False))  # noqa: T201
        else:
            why = f"{row.code}: {row.error}" if row.code else ""
            parts = (row.id, row.state, row.type, row.agent_id, row.channel, f"{row.created_at:%Y-%m-%d %H:%M}", why)
            print("  ".join(part for part in parts if part))  # noqa: T201
    if not options.json:
        print(f"{len(found.rows)} of {found.total} message(s)")  # noqa: T201
    return 0


def send(options: argparse.Namespace) -> int:
    """0 when nothing is left that failed just now."""
    from gateway.notify.look_out import look_out
    from gateway.notify.send import send_due
    from gateway.store.engine import migrate

    migrate()
    look_out()
    done = send_due(patience_s=options.patience)
    print(f"{done.sent} sent, {done.later} to be retried, {done.dead} given up")  # noqa: T201
    return 1 if done.later or done.dead else 0


def resend(options: argparse.Namespace) -> int:
    from gateway.errors import Misconfigured
    from gateway.notify.health import resend as again
    from gateway.store.engine import migrate

    migrate()
    if not (options.messages or options.dead):
        raise Misconfigured("UNKNOWN_MESSAGE", "Name messages, or --dead for all that were given up.")
    number = again(options.messages, actor=_me(), dead=options.dead, agent_id=options.agent, channel=options.channel)
    print(f"{number} message(s) are queued again; `gateway notify send` sends them now")  # noqa: T201
    return 0


def show_channels(options: argparse.Namespace) -> int:
    from gateway.insight.notices import channel_lines
    from gateway.store.engine import migrate

    migrate()
    for row in channel_lines():
        if options.json:
            print(json.dumps(asdict(row), default=str))  # noqa: T201
        else:
            why = f"  {row.code}: {row.error}" if row.code else ""
            numbers = f"{row.waiting} waiting, {row.sent} sent, {row.dead} given up"
            print(f"{row.agent_id}  {row.channel}  {row.state}  {numbers}{why}")  # noqa: T201
    return 0


def resume(options: argparse.Namespace) -> int:
    from gateway.notify.health import resume as again
    from gateway.store.engine import migrate

    migrate()
    print(f"{again(options.agent, options.channel, actor=_me())} message(s) are waiting for {options.channel}")  # noqa: T201
    return 0


def test(options: argparse.Namespace) -> int:
    """0 when the channel took it."""
    from gateway.insight.notices import message_page
    from gateway.notify.health import test_channel
    from gateway.notify.send import send_due
    from gateway.store.engine import migrate

    migrate()
    message_id = test_channel(options.agent, options.channel, actor=_me())
    send_due()
    found = message_page(agent_id=options.agent, channel=options.channel, size=1000)
    row = next(one for one in found.rows if one.id == message_id)
    print(f"{row.state}: {row.code}: {row.error}" if row.code else row.state)  # noqa: T201
    return 0 if row.state == "sent" else 1


def _me() -> str:
    return f"cli:{getpass.getuser()}"


def preview(options: argparse.Namespace) -> int:
    from gateway.agents import load_agents
    from gateway.errors import Misconfigured
    from gateway.events import CATALOGUE
    from gateway.notify.wording import preview as words
    from gateway.settings import settings

    agents = load_agents(settings().agents_dir)
    if options.agent not in agents:
        raise Misconfigured("UNKNOWN_AGENT", f"There is no agent {options.agent!r}; known: {', '.join(agents)}.")
    if options.type not in CATALOGUE:
        raise Misconfigured("UNKNOWN_MESSAGE", f"There is no type {options.type!r}; they are {', '.join(CATALOGUE)}.")
    made = words(options.type, options.agent, agents[options.agent].title)
    print(made.html if options.html else f"Subject: {made.subject}\n\n{made.text}", end="")  # noqa: T201
    return 0
