"""The library's command line: `python -m gateway COMMAND ...`.

A command is a module of this package with `register(commands)`: it adds its parser and sets `run`, a function of the
parsed arguments that returns the exit code. COMMANDS names them; each is imported only to be run or to show the help.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext

from gateway.errors import GatewayError
from gateway.settings import private_files

COMMANDS: dict[str, str] = {
    "extract": "gateway.cli.extract",
    "explain": "gateway.cli.explain",
    "ingest": "gateway.cli.ingest",
    "resume": "gateway.cli.resume",
    "status": "gateway.cli.status",
    "review": "gateway.cli.review",
    "replay": "gateway.cli.replay",
    "agents": "gateway.cli.agents",
    "erase": "gateway.cli.erase",
    "receipt": "gateway.cli.receipt",
    "retention": "gateway.cli.retention",
    "access": "gateway.cli.access",
    "audit": "gateway.cli.audit",
    "keys": "gateway.cli.keys",
    "backup": "gateway.cli.backup",
    "restore": "gateway.cli.restore",
    "upgrade": "gateway.cli.upgrade",
    "doctor": "gateway.cli.doctor",
    "notify": "gateway.cli.notify",
    "outreach": "gateway.cli.outreach",
    "sources": "gateway.cli.sources",
    "plan": "gateway.cli.plan",
    "docs": "gateway.cli.docs",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    returns  0 = success (failed documents are data), 1 = the command failed, 2 = wrong usage,
             130 = interrupted
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="gateway", description="Candidate Ingestion Gateway")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = arguments[0] if arguments else ""
    for name, module in COMMANDS.items():
        if asked in COMMANDS and name != asked:
            continue  # the others' imports would only cost start-up time
        importlib.import_module(module).register(commands)
    options = parser.parse_args(arguments)
    try:
        with nullcontext() if asked == "docs" else private_files():
            code: int = options.run(options)
        sys.stdout.flush()
        return code
    except GatewayError as wrong:
        print(f"{wrong.code}: {wrong.sentence}", file=sys.stderr)  # noqa: T201
        return 1
    except BrokenPipeError:  # the reader of our output has gone, as in `... | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
