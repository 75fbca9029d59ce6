"""`gateway sources check [AGENT]`: asks every source whether it can be used, and says what to do. Changes nothing.
`gateway sources pull AGENT SOURCE`: fetches what is new there and reads it in, without Airflow.
"""

from __future__ import annotations

import argparse
import getpass
import importlib
import json
import os
import sys
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("sources", help="check the agents' sources, or fetch from one", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    check = actions.add_parser("check", help="ask every source; exit code 1 if one cannot be used")
    check.add_argument("agent", nargs="?", help="only this agent's sources")
    check.add_argument("--json", action="store_true", help="one JSON line per source")
    check.set_defaults(run=run_check)
    pull = actions.add_parser("pull", help="fetch what is new in one source, and read it in")
    pull.add_argument("agent")
    pull.add_argument("source")
    pull.set_defaults(run=run_pull)


def run_check(options: argparse.Namespace) -> int:
    """Exit code 0 if every source can be used."""
    from gateway.sources.check import check

    _doors()
    found = check(options.agent)
    for one in found:
        if options.json:
            print(json.dumps(one.as_dict(), ensure_ascii=False))  # noqa: T201
            continue
        print(f"{'ok' if one.ok else one.code}  {one.agent_id}/{one.source} ({one.kind}): {one.sentence}")  # noqa: T201
        if one.fix:
            print(f"    -> {one.fix}")  # noqa: T201
    if not found:
        print("No open agent has a source: add `sources` to an agent's file (docs/sources.md).", file=sys.stderr)  # noqa: T201
    return 0 if all(one.ok for one in found) else 1


def run_pull(options: argparse.Namespace) -> int:
    """Exit code 1 if something went wrong; what could be fetched is read in all the same."""
    from gateway.pipeline.arrival.runs import holding
    from gateway.pipeline.run import process_batch
    from gateway.sources.pull import pull
    from gateway.store.engine import migrate

    migrate()
    _doors()
    done = pull(options.agent, options.source, here=True)
    for batch_id in done.batches:
        with holding(batch_id):
            process_batch(batch_id, f"cli:{getpass.getuser()}")
    print(f"{len(done.batches)} batch(es) fetched, {done.waiting} not complete yet")  # noqa: T201
    for batch_id in done.batches:
        print(f"  {batch_id}: python -m gateway status {batch_id}")  # noqa: T201
    if done.problem is not None:
        raise done.problem
    return 0


def _doors() -> None:
    """Airflow's hooks, if it is installed: found by name, because the library does not import Airflow."""
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    try:
        adapter = importlib.import_module("gateway_airflow.shell")
    except ImportError:
        return
    adapter.use_sources()
