"""What a shell needs of Airflow to ask sources: found by name by `gateway sources`, because the library does not import Airflow."""

from __future__ import annotations

import logging

from gateway import credentials
from gateway.errors import Misconfigured
from gateway_airflow.health import found
from gateway_airflow.hooks.connections import from_metadata
from gateway_airflow.hooks.sources import use_doors


def use_sources() -> None:
    """Connections of the shell's environment, or of Airflow's database if this machine has it."""
    for name in ("paramiko", "airflow.providers.ssh", "airflow.providers.sftp"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said by our own error
    use_doors()
    if found():
        credentials.use(_from_either)


def _from_either(connection: str) -> credentials.Credentials:
    try:
        return credentials.from_environment(connection)
    except Misconfigured as wrong:
        if wrong.code != "CONNECTION_MISSING":
            raise
    return from_metadata(connection)
