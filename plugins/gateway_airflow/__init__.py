"""Adapters between Airflow and the gateway library: each translates, none decides.

names.py       pools, connections, tags, assets: the names DAG files use
policy.py      how tasks are retried, and the defaults all tasks share
triggers/      the inbox's doorbell
standalone.py  `make run`: the whole of Airflow on one machine
"""

from __future__ import annotations

from gateway import credentials


def _from_airflow(connection: str) -> credentials.Credentials:
    from gateway_airflow.hooks.connections import (
        from_airflow,  # imports Airflow, which most uses of this package do not need
    )

    return from_airflow(connection)


credentials.use_backend(_from_airflow)
