"""Databases, pools and folders: everything that must be there before Airflow starts. Safe to repeat.

Run by `make run` and by the init service of docker-compose.yaml: `python -m gateway_airflow.prepare`.
"""

from __future__ import annotations

import os
import sys

from gateway_airflow.names import POOLS


def prepare() -> None:
    """Migrates both databases, creates the pools with their slots, the inbox and a folder for each agent, and the first user.

    raises   Misconfigured(FILES_STORE_REFUSED) if the files store does not answer
    """
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
    first_user()


def first_user() -> bool:
    """Makes an administrator from FIRST_USER and FIRST_PASSWORD where users are kept in the database and there is none yet.

    returns   True if it was made; a password changed since then stays changed
    """
    from airflow.configuration import conf

    password = os.environ.get("FIRST_PASSWORD")
    if not password or not conf.get("core", "auth_manager").endswith(".FabAuthManager"):
        return False
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        users = builder.sm
        if users.get_all_users():
            return False
        name = os.environ.get("FIRST_USER") or "admin"
        made = users.add_user(name, name, "", f"{name}@localhost", users.find_role("Admin"), password=password)
    if not made:
        raise SystemExit("The first user could not be made: see the lines above.")
    return True


if __name__ == "__main__":
    prepare()
