"""Registers the gateway with Airflow. Nothing else belongs here: every process imports this file at start."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class GatewayPlugin(AirflowPlugin):
    """The adapters in gateway_airflow are imported by name where they are used; this makes the plugin visible."""

    name = "candidate_ingestion_gateway"
