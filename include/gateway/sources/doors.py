"""Connections that Airflow's provider hooks open. The library knows no Airflow: the adapter says how (gateway_airflow.hooks.sources)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.errors import Misconfigured

Door = Callable[[str, bool], Any]
_doors: dict[str, Door] = {}


def use(kind: str, door: Door) -> None:
    """From now on, this process opens connections of that kind with door(connection id, allow_private)."""
    _doors[kind] = door


def open_(kind: str, connection: str, *, allow_private: bool) -> Any:
    """An open connection: a paramiko SFTPClient for sftp, an imaplib client for imap.

    raises   Misconfigured(SOURCE_NO_DOOR) where Airflow is not installed, and what the door raises
    """
    door = _doors.get(kind)
    if door is None:
        raise Misconfigured(
            "SOURCE_NO_DOOR",
            f"Sources of kind {kind} are opened by Airflow's provider, which this process does not have: install "
            f"apache-airflow-providers-{kind}, or run it where Airflow runs.",
        )
    return door(connection, allow_private)
