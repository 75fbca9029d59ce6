"""Hooks against whatever a caller may send, made from the schema of their routes: each call gets a proper answer, and
nothing that is said is believed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from sqlalchemy import select

from gateway.agents import load_agent
from gateway.hooks import addresses, handle
from gateway.hooks.addresses import Kind
from gateway.pipeline.arrival.receive import sync_agent
from gateway.settings import settings as gateway_settings
from gateway.store.engine import reading
from gateway.store.tables import Inbound, Interview, Invitation, Suppression
from gateway_airflow.ui.app import build
from gateway_airflow.ui.pages.hooks import router

BODIES = {
    Kind.INTERVIEWS: ("application/json", {"type": ["object", "array", "string", "number", "boolean", "null"]}),
    Kind.FILES: ("application/json", {"type": "object"}),
    Kind.BOUNCES: ("text/plain", {"type": "string"}),
}


def described(made: dict[Kind, addresses.Address]) -> dict[str, object]:
    """The hooks as OpenAPI, with their real addresses, so that calls get past the proof."""
    of_routes = FastAPI()
    of_routes.include_router(router)
    real = of_routes.openapi()["paths"]["/hooks/{kind}/{agent_id}/{token}"]["post"]
    assert {one["name"] for one in real["parameters"]} == {"kind", "agent_id", "token"}, "the schema is the routes' own"
    paths: dict[str, object] = {
        "/gateway/hooks/{kind}/{agent_id}/{token}": {"post": {**real, "operationId": "anybody"}}
    }
    for kind, (media, schema) in BODIES.items():
        path = "/gateway" + made[kind].url.split("/gateway", 1)[1]
        answers = {"202": {"description": "kept"}, "400": {"description": "not read"}, "413": {"description": "large"}}
        asked = {"required": True, "content": {media: {"schema": schema}}}
        paths[path] = {"post": {"operationId": str(kind), "requestBody": asked, "responses": answers}}
    return {"openapi": "3.1.0", "info": {"title": "hooks", "version": "1"}, "paths": paths}


def test_calls_made_from_the_schema(home: Path) -> None:
    sync_agent(load_agent(gateway_settings().agents_dir / "backend-engineer.yaml"))
    made = {kind: addresses.make(kind, "backend-engineer", actor="test") for kind in Kind}
    host = FastAPI()
    host.mount("/gateway", build())
    schema = schemathesis.openapi.from_dict(described(made))
    schema.app = host
    seen: Counter[tuple[str, int]] = Counter()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    def one(case: schemathesis.Case) -> None:
        answer = case.call()
        seen[case.operation.label, answer.status_code] += 1
        case.validate_response(answer, checks=[not_a_server_error])
        assert answer.status_code in (202, 400, 404, 405, 413, 422), answer.text
        assert answer.headers["content-type"][0].startswith("application/json")

    for operation in schema.get_all_operations():
        found = operation.ok()
        given(found, one)
    kept = {kind for kind in BODIES if any(str(kind) in label and status == 202 for (label, status) in seen)}
    assert kept == set(BODIES), seen
    assert sum(seen.values()) > 150, seen
    handle.handle_due()
    with reading() as session:
        for table in (Interview, Invitation, Suppression):
            assert session.scalars(select(table)).all() == [], "nothing that was said is believed"
        for row in session.scalars(select(Inbound)):
            assert row.refs == []


def given(operation: schemathesis.APIOperation, run: object) -> None:
    import hypothesis

    hypothesis.given(case=operation.as_strategy())(run)()  # type: ignore[operator,arg-type]
