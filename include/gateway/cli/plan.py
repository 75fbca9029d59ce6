"""`gateway plan --workers N`: the settings that let N workers work, with the reason for each; nothing is changed.

The result goes into the environment of every part (compose: into .env, with --compose). The pools follow at the next start
of `init` (`python -m gateway_airflow.prepare`). Several workers share a database, a broker, the files store and the keys:
docs/deployment.md.
"""

from __future__ import annotations

import argparse
import os
from typing import Any


def register(commands: Any) -> None:
    parser = commands.add_parser("plan", help="settings for a number of workers", description=__doc__)
    parser.add_argument("--workers", type=_positive, required=True, metavar="N", help="machines or pods that run tasks")
    parser.add_argument("--cores", type=_positive, default=None, help="of each worker (this machine's, if not given)")
    parser.add_argument("--target-slots", type=_positive, default=1, help="deliveries to one target at once")
    parser.add_argument("--compose", action="store_true", help="with the names of .env")
    parser.set_defaults(run=run)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def run(options: argparse.Namespace) -> int:
    from gateway.agents import load_agents_lenient
    from gateway.insight.capacity import COMPOSE, plan
    from gateway.pipeline.delivery.lanes import lane_of
    from gateway.settings import settings

    cores = options.cores or os.cpu_count() or 1
    agents, _ = load_agents_lenient(settings().agents_dir)
    made = plan(
        options.workers,
        cores,
        lanes=[lane_of(agent) for agent in agents.values()],
        target_slots=options.target_slots,
        document_memory_mb=settings().document_memory_mb,
    )
    print(f"# {options.workers} workers of {cores} cores")  # noqa: T201
    print(  # noqa: T201
        f"# A worker needs at most {made.memory_mb / 1000:.1f} GB, PostgreSQL at most {made.connections} connections."
    )
    for one in made.settings:
        name = COMPOSE[one.name] if options.compose else one.name
        print(f"# {one.why}\n{name}={one.value}")  # noqa: T201
    return 0
