"""Where a target's address and secret come from. The library knows no Airflow: who runs it says how to look them up.

Inside Airflow the adapters set the provider (gateway_airflow.hooks.connections); from a shell the variables that Airflow
itself would read, AIRFLOW_CONN_<ID> as a URI or as JSON, are enough.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from gateway.errors import Misconfigured


@dataclass(frozen=True, slots=True)
class Credentials:
    """One connection. The secret is kept out of every repr.

    base_url   scheme, host and port, no path of ours; empty = the target's own address
    extra      the connection's further settings, as text, numbers or booleans
    """

    connection: str
    base_url: str
    secret: str = field(repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    login: str = field(default="", repr=False)


Provider = Callable[[str], Credentials]


def from_environment(connection: str) -> Credentials:
    """The connection in AIRFLOW_CONN_<ID>; raises Misconfigured(CONNECTION_MISSING | CONNECTION_INVALID)."""
    variable = f"AIRFLOW_CONN_{connection.upper()}"
    text = os.environ.get(variable, "")
    if not text:
        raise Misconfigured(
            "CONNECTION_MISSING", f"There is no connection {connection}: create it in Airflow, or set {variable}."
        )
    try:
        parts = json.loads(text) if text.lstrip().startswith("{") else _of_uri(text)
        extra = parts.get("extra") or {}
        if isinstance(extra, str):
            extra = json.loads(extra)
        port = int(parts["port"]) if parts.get("port") else None
    except (ValueError, TypeError):
        raise Misconfigured(
            "CONNECTION_INVALID", f"{variable} is neither a connection URI nor JSON: see Airflow's connection formats."
        ) from None
    return Credentials(
        connection,
        base_url(parts.get("schema") or extra.get("scheme"), parts.get("host"), port),
        str(parts.get("password") or ""),
        extra,
        str(parts.get("login") or ""),
    )


def base_url(scheme: str | None, host: str | None, port: int | None) -> str:
    """Scheme, host and port of a connection as one address; the host may be a whole URL. Empty without a host."""
    if not host:
        return ""
    address = host if "://" in host else f"{scheme or 'https'}://{host}"
    parts = urlsplit(address)
    if port and parts.port is None:
        address = f"{parts.scheme}://{parts.netloc}:{port}{parts.path}{'?' + parts.query if parts.query else ''}"
    return address


def _of_uri(text: str) -> dict[str, Any]:
    """Airflow's URI form: conn_type://login:password@host:port/schema?key=value, each part percent-encoded."""
    parts = urlsplit(text)
    extra: dict[str, Any] = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "__extra__" in extra:
        extra = {**json.loads(extra.pop("__extra__")), **extra}
    return {
        "host": unquote(parts.hostname or ""),
        "port": parts.port,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "schema": unquote(parts.path.lstrip("/")),
        "extra": extra,
    }


_provider: Provider = from_environment
_backend: Provider = from_environment


def use(provider: Provider) -> None:
    """From now on, this process looks connections up through this function."""
    global _provider
    _provider = provider


def credentials(connection: str) -> Credentials:
    """The connection with that id; raises Misconfigured if there is none."""
    return _provider(connection)


def use_backend(provider: Provider) -> None:
    """From now on, this process asks this function for what neither a file nor its environment has; see from_secrets_backend."""
    global _backend
    _backend = provider


def from_secrets_backend(connection: str) -> Credentials:
    """The connection as any process of Airflow's finds it, whether or not it delivers; raises as from_environment does."""
    return _backend(connection)
