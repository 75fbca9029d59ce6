"""Registers the gateway with Airflow. Nothing else belongs here: every process imports this file at start."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

from gateway_airflow.priority import PeopleFirst

log = logging.getLogger(__name__)
PREFIX = "/gateway"
# Airflow may live below a path of its own; the address a browser asks for begins with it.
HOME = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/") + PREFIX
ICONS = {"icon": f"{HOME}/static/candidates.svg", "icon_dark_mode": f"{HOME}/static/candidates-dark.svg"}


class GatewayPlugin(AirflowPlugin):
    """The page below /gateway, its entry in the navigation, its tab on a run of ingest_batch, and what goes first there."""

    name = "candidate_ingestion_gateway"
    external_views = [  # noqa: RUF012  (Airflow's own shape)
        {"name": "Candidates", "href": f"{HOME}/", "destination": "nav", "url_route": "candidates", **ICONS},
        {
            "name": "Candidates",
            "href": f"{HOME}/runs/{{RUN_ID}}?dag_id={{DAG_ID}}",
            "destination": "dag_run",
            "url_route": "candidates-of-run",
            **ICONS,
        },
    ]

    priority_weight_strategies = [PeopleFirst]  # noqa: RUF012

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override] # Airflow reads it once
        """Built when the API server asks for it: no other process imports the page."""
        try:
            from gateway_airflow.ui.app import build

            app: Any = build()
        except Exception:
            # Raising here would end the API server, and all of Airflow's interface with it.
            log.exception("The candidates page could not be built; Airflow continues without it.")
            app = unavailable
        return [{"app": app, "url_prefix": PREFIX, "name": "Candidate Ingestion Gateway"}]

    @cached_property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """Keeps what people search for out of Airflow's log of requests; slows down who tries passwords."""
        from gateway_airflow.ui.guard import QuietAddresses
        from gateway_airflow.ui.sign_in import SignInLimit

        return [
            {"middleware": QuietAddresses, "args": [], "kwargs": {}, "name": "Quiet addresses"},
            {"middleware": SignInLimit, "args": [], "kwargs": {}, "name": "Sign-in limit"},
        ]


async def unavailable(scope: Any, receive: Any, send: Any) -> None:
    """Stands in for a page that could not be built."""
    text = b"The page could not be started. The API server's log says why; candidates and runs are not affected."
    await send({"type": "http.response.start", "status": 503, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": text})
