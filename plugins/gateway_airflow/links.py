"""Buttons next to a task in Airflow. The worker computes them when the task ends; no database query is needed."""

from __future__ import annotations

from typing import Any

import attrs
from airflow.configuration import conf
from airflow.sdk import BaseOperatorLink

from gateway.settings import settings


def page_link(path: str) -> str:
    """The address of a page of the gateway; relative if Airflow's own address is not configured."""
    base = settings().page_url or conf.get("api", "base_url", fallback="")
    return f"{base.rstrip('/')}/gateway{path}"


@attrs.define()
class DataDocsLink(BaseOperatorLink):
    """From the task that judged a batch to the batch's Data Docs; they ask for the right to review."""

    name = "Data Docs"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Empty (no button) when the task ended before it knew its batch."""
        given = [*getattr(operator, "op_args", ()), *getattr(operator, "op_kwargs", {}).values()]
        batch = next((value for value in given if isinstance(value, dict) and "batch_id" in value), None)
        return page_link(f"/batches/{batch['batch_id']}/data-docs/index.html") if batch else ""
