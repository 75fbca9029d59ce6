"""The connection type `heymilo`: its form in the Airflow UI, and a test of its key. Sending is the library's work."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook

from gateway.deliver.client import BASE_URL, Client
from gateway.deliver.limiter import Limiter
from gateway.errors import GatewayError
from gateway_airflow.hooks.connections import from_airflow

RATE = 285.0  # calls a minute, the agent file's default


class HeyMiloHook(BaseHook):
    """A workspace of HeyMilo: the API key is the password; the host is empty, or another base address."""

    conn_name_attr = "heymilo_conn_id"
    default_conn_name = "heymilo_default"
    conn_type = "heymilo"
    hook_name = "HeyMilo"

    def __init__(self, heymilo_conn_id: str = default_conn_name, *, allow_private: bool = False) -> None:
        super().__init__()
        self.heymilo_conn_id = heymilo_conn_id
        self.allow_private = allow_private

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        return {
            "hidden_fields": ["schema", "login", "port", "extra"],
            "relabeling": {"password": "API key", "host": "Base address (empty: HeyMilo's own)"},
            "placeholders": {"host": BASE_URL, "password": "one key, one workspace"},
        }

    def get_conn(self) -> Client:
        """A client on this connection, under the rate that all workers share."""
        limiter = Limiter(self.heymilo_conn_id, RATE)
        return Client(from_airflow(self.heymilo_conn_id), limiter, allow_private=self.allow_private)

    def test_connection(self) -> tuple[bool, str]:
        """Lists one posting with the key: reads only, and says nothing about candidates."""
        try:
            answer = self.get_conn().get("/api/v2/postings/list", limit=1)
        except GatewayError as wrong:
            return False, f"{wrong.code}: {wrong.sentence}"
        shown = len(answer.get("data") or [])
        return True, "The key works." if shown else "The key works; its workspace has no postings yet."
