"""What only Airflow knows of this installation's health: its parts, pools, DAGs, sign-in. Lines for `gateway doctor`.

Reads Airflow's own database: for the api-server and for a shell on the same machine, never for a task.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from gateway import credentials
from gateway.insight.doctor.lines import Line, Look, fault, ok, warning
from gateway.settings import settings
from gateway_airflow.names import POOLS

PARTS = {"SchedulerJob": "scheduler", "DagProcessorJob": "dag-processor", "TriggererJob": "triggerer"}
SILENT_S = 60.0  # twice what Airflow itself calls unhealthy


def looks() -> tuple[Look, ...]:
    """The checks for this process's environment; in a shell, the home of `make run` is found automatically."""
    if not found():
        return (not_here,)
    from gateway_airflow.hooks.connections import from_metadata

    credentials.use(from_metadata)
    return (database, parts, pools, dags, sign_in)


def found() -> bool:
    """Whether Airflow is set up here; makes the home of `make run` known to a shell that names no other."""
    if "AIRFLOW_HOME" in os.environ or "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN" in os.environ:
        return True
    home = settings().home.resolve()
    if not (home / "airflow" / "airflow.db").exists():
        return False
    fernet = home / ".fernet.key"
    os.environ.update(
        {
            "AIRFLOW_HOME": str(home / "airflow"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow' / 'airflow.db'}",
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": fernet.read_text() if fernet.exists() else "",
            "AIRFLOW__API__HOST": "127.0.0.1",
        }
    )
    return True


def not_here() -> Iterator[Line]:
    yield warning("airflow", "Airflow is not set up here: not running.", "make run, or ask in a container of Airflow.")


def database() -> Iterator[Line]:
    from airflow.utils import db

    check: Any = db.check_migrations
    try:
        check(0)
    except TimeoutError:
        yield fault("airflow database", "It is not at the version of this Airflow.", "airflow db migrate")
    except Exception as wrong:
        yield fault("airflow database", f"It does not answer ({type(wrong).__name__}).", "Start it; check its address.")
    else:
        yield ok("airflow database", "Answers, at the version of this Airflow.")


def parts() -> Iterator[Line]:
    """Scheduler, dag-processor and triggerer by their last sign of life."""
    from airflow._shared.timezones.timezone import utcnow
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        seen = dict(
            session.execute(
                select(Job.job_type, func.max(Job.latest_heartbeat))
                .where(Job.state == "running")
                .group_by(Job.job_type)
            ).all()
        )
    age = {kind: (utcnow() - last).total_seconds() for kind in PARTS if (last := seen.get(kind)) is not None}
    alive = {kind for kind, seconds in age.items() if seconds < SILENT_S}
    if not alive:
        yield warning("airflow", "Not running: what is dropped waits.", "make run, or start the containers.")
        return
    for kind, name in PARTS.items():
        if kind in alive:
            yield ok(name, f"Running; last sign {age[kind]:.0f} s ago.")
        else:
            yield fault(name, "Not running, while other parts are.", f"Start it: airflow {name}.")


def pools() -> Iterator[Line]:
    from airflow.models.pool import Pool

    for wanted in POOLS:
        pool = Pool.get_pool(wanted.name)
        if pool is None:
            yield fault(
                f"pool {wanted.name}", "It is missing, so its tasks never start.", "python -m gateway_airflow.prepare"
            )
        elif pool.slots == 0:
            yield fault(
                f"pool {wanted.name}", "It has no slots, so its tasks never start.", "Give it slots under Admin, Pools."
            )
        else:
            yield ok(f"pool {wanted.name}", f"{pool.slots} slots, {pool.occupied_slots()} in use.")


def dags() -> Iterator[Line]:
    """Ours: those that are paused, and files that cannot be read."""
    from airflow.models.dag import DagModel
    from airflow.models.errors import ParseImportError
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        known = session.execute(select(DagModel.dag_id, DagModel.is_paused).where(DagModel.is_stale.is_(False))).all()
        broken = session.scalar(select(func.count()).select_from(ParseImportError)) or 0
    if broken:
        yield fault("dags", f"{broken} DAG files cannot be read.", "Airflow's home page shows why.")
    paused = sorted(row.dag_id for row in known if row.is_paused)
    if not known:
        yield warning("dags", "Airflow knows no DAG yet.", "Start the dag-processor; check the DAG folder.")
    elif paused:
        yield warning(
            "dags", f"Paused: {', '.join(paused)}.", "Unpause the DAGs that should run: airflow dags unpause DAG."
        )
    else:
        yield ok("dags", f"{len(known)} known, none paused.")


def sign_in() -> Iterator[Line]:
    from airflow.configuration import conf

    manager = conf.get("core", "auth_manager").rpartition(".")[2]
    local = conf.get("database", "sql_alchemy_conn").startswith("sqlite") and conf.get("api", "host") in (
        "127.0.0.1",
        "localhost",
    )
    if manager == "SimpleAuthManager" and not local:
        yield warning(
            "sign-in",
            "SimpleAuthManager keeps passwords in a plain file; only the gateway slows down failed sign-ins.",
            "Use an auth manager with user accounts (docs/operations.md).",
        )
    else:
        yield ok("sign-in", f"{manager}{', on this machine only' if local else ''}.")
