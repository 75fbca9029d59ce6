"""Lets the library look its targets' connections up in Airflow: called at the start of each task that delivers."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook

from gateway import credentials
from gateway.credentials import Credentials, base_url
from gateway.errors import Misconfigured


def use_connections() -> None:
    """From now on this task's process reads targets' addresses and secrets from Airflow connections."""
    credentials.use(from_airflow)


def from_airflow(connection: str) -> Credentials:
    """The Airflow connection of that id; raises Misconfigured(CONNECTION_MISSING | CONNECTION_INVALID).

    Airflow itself masks the password in task logs once it was read.
    """
    try:
        found = BaseHook.get_connection(connection)
    except Exception as wrong:
        if type(wrong).__name__ not in ("AirflowNotFoundException", "AirflowRuntimeError"):
            raise
        raise Misconfigured(
            "CONNECTION_MISSING", f"There is no connection {connection}: create it in Airflow (Admin, Connections)."
        ) from None
    return _credentials(connection, found)


def from_metadata(connection: str) -> Credentials:
    """The same for the api-server and for a shell, which may read Airflow's own database; a task may not."""
    from airflow.models.connection import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        found = Connection.get_connection_from_secrets(connection)
    except AirflowNotFoundException:
        raise Misconfigured(
            "CONNECTION_MISSING", f"There is no connection {connection}: create it in Airflow (Admin, Connections)."
        ) from None
    return _credentials(connection, found)


def _credentials(connection: str, found: Any) -> Credentials:
    try:
        extra = found.extra_dejson
    except ValueError:
        raise Misconfigured(
            "CONNECTION_INVALID", f"The extra of connection {connection} is not JSON: correct it."
        ) from None
    return Credentials(
        connection,
        base_url(found.schema or extra.get("scheme"), found.host, found.port),
        found.password or "",
        extra,
        found.login or "",
    )
