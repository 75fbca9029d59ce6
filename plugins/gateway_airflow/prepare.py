"""Databases, pools and folders: everything that must be there before Airflow starts. Safe to repeat.

Run by `make run` and by the init service of docker-compose.yaml: `python -m gateway_airflow.prepare`.
"""

from __future__ import annotations

import sys

from gateway_airflow.names import POOLS


def prepare() -> None:
    """Migrates both databases, creates the pools with their slots, the inbox and a folder for each agent; refuses a files store that does not answer."""
    from airflow.models.pool import Pool
    from airflow.utils import db

    from gateway.agents import load_agents_lenient
    from gateway.intake import files
    from gateway.settings import make_home, settings
    from gateway.store.engine import migrate

    make_home()
    files.check()
    migrate()
    db.upgradedb()
    for pool in POOLS:
        existing = Pool.get_pool(pool.name)
        # An operator's own number of slots outlives a restart, unless the environment names one.
        slots = pool.slots if existing is None or pool.is_set else existing.slots
        Pool.create_or_update_pool(pool.name, slots, pool.description, include_deferred=False)
    config = settings()
    agents, wrong = load_agents_lenient(config.agents_dir)
    for agent_id in agents:
        (config.inbox / agent_id).mkdir(parents=True, exist_ok=True)
    for error in wrong:
        print(f"{error.code}: {error.sentence}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    prepare()
