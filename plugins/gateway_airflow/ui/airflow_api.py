"""Airflow's REST API as the signed-in user: same process, same token, Airflow's own permission checks and audit log."""

from __future__ import annotations

from typing import Any

import httpx
from anyio import from_thread
from fastapi import Request


def airflow_api(request: Request, method: str, path: str, json: Any = None) -> tuple[int, Any]:
    """Calls `/api/v2{path}` and returns (status, body). For handlers that run in a worker thread (plain `def`)."""
    return from_thread.run(call, request, method, path, json)


async def call(request: Request, method: str, path: str, json: Any = None) -> tuple[int, Any]:
    """The same, for handlers that are coroutines."""
    credentials = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    transport = httpx.ASGITransport(app=request.scope["host_app"], raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://airflow") as client:
        answer = await client.request(method, f"/api/v2{path}", json=json, headers=credentials)
    is_json = answer.headers.get("content-type", "").startswith("application/json")
    return answer.status_code, answer.json() if is_json else answer.text
