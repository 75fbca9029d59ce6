"""What Airflow reads about us as a provider: the connection type `heymilo`."""

from __future__ import annotations

from typing import Any


def get_provider_info() -> dict[str, Any]:
    """In the shape of Airflow's provider_info schema; cheap, since every process calls it."""
    return {
        "package-name": "candidate-ingestion-gateway",
        "name": "Candidate Ingestion Gateway",
        "description": "Connection types of the gateway's targets.",
        "connection-types": [
            {
                "connection-type": "heymilo",
                "hook-class-name": "gateway_airflow.hooks.heymilo_hook.HeyMiloHook",
                "hook-name": "HeyMilo",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "login", "port", "extra"],
                    "relabeling": {"password": "API key", "host": "Base address (empty: HeyMilo's own)"},
                    "placeholders": {"password": "one key, one workspace"},
                },
            }
        ],
    }
