"""Hooks over HTTP: open to who proves it knows them, shut to all others; the page that opens and shuts them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.hooks import addresses, handle
from gateway.hooks.addresses import Kind
from gateway.store.engine import reading
from gateway.store.tables import Event, Inbound
from gateway_airflow.ui.guard import QuietAddresses

Client = Callable[..., TestClient]


def path(url: str) -> str:
    return urlsplit(url).path.removeprefix("/gateway/")


@pytest.fixture
def hook(filled: str) -> addresses.Address:
    return addresses.make(Kind.FILES, "backend-engineer", actor="op")


def test_a_program_without_an_account_rings(client: Client, hook: addresses.Address) -> None:
    nobody = client(None)
    nobody.headers.pop("X-Gateway")
    said = nobody.post(path(hook.url), content=b"{}")
    assert (said.status_code, said.json()["new"]) == (202, True)
    assert nobody.post(path(hook.url), content=b"{}").json() == {"id": said.json()["id"], "new": False}
    for wrong in (path(hook.url)[:-1] + "x", path(hook.url)[:-40] + "0" * 40, path(hook.signed_url)):
        answer = nobody.post(wrong, content=b"{}")
        assert answer.status_code in (404, 422)
    assert nobody.get(path(hook.url)).status_code in (404, 405), "a link that is opened rings nothing"
    large = nobody.post(path(hook.url), content=b"x" * 64_001)
    assert (large.status_code, large.json()["code"]) == (413, "HOOK_TOO_LARGE")
    odd = nobody.post("hooks/interviews/backend-engineer/" + "0" * 40, content=b"x")
    assert (odd.status_code, odd.json()["code"]) == (404, "UNKNOWN_HOOK")
    with reading() as session:
        assert len(session.scalars(select(Inbound)).all()) == 1


def test_the_page_opens_changes_and_shuts_hooks_and_replays_calls(client: Client, hook: addresses.Address) -> None:
    op = client("op", name="olga")
    shown = op.get("inbound").text
    assert hook.url in shown
    assert hook.secret in shown
    for who in ("user", "viewer"):
        assert client(who).get("inbound").status_code == 403
    call = client(None).post(path(hook.url), content=b"{}").json()["id"]
    handle.handle_due()
    assert "Handled" in op.get("inbound").text
    assert op.post("api/inbound/replay", json={"ids": [call]}).status_code == 200
    assert "Waiting" in op.get("inbound").text
    assert op.post("api/inbound/replay", json={"ids": ["h0"]}).json()["code"] == "UNKNOWN_MESSAGE"
    asked = {"agent": "backend-engineer", "kind": "files"}
    assert op.post("api/inbound/hooks", json={**asked, "do": "rotate"}).status_code == 200
    shown = op.get("inbound").text
    assert hook.url not in shown
    assert "Those before are valid until" in shown
    assert op.post("api/inbound/hooks", json={**asked, "do": "shut"}).status_code == 200
    assert op.post("api/inbound/hooks", json={**asked, "do": "shut"}).json()["code"] == "UNKNOWN_HOOK"
    assert client(None).post(path(hook.url), content=b"{}").status_code == 404
    with reading() as session:
        told = session.scalars(select(Event.kind).where(Event.actor == "olga").order_by(Event.id)).all()
    assert told == ["hook_replayed", "hook_rotated", "hook_shut"]


def test_no_log_tells_an_unguessable_address(client: Client, hook: addresses.Address) -> None:
    """Airflow writes the address of each request from the scope, when the answer is done."""
    logged: list[str] = []

    class Log:
        """Stands for Airflow's own middleware."""

        def __init__(self, app: object) -> None:
            self.app = app

        async def __call__(self, scope: dict[str, object], receive: object, send: object) -> None:
            await self.app(scope, receive, send)  # type: ignore[operator]
            logged.append(str(scope["path"]))

    mine = client(None)
    mine.app = Log(QuietAddresses(mine.app))  # type: ignore[assignment,arg-type]
    mine._transport.app = mine.app  # type: ignore[attr-defined]
    logging.getLogger().info("begun")
    for token in (hook.url, hook.url.replace("/hooks/files/backend-engineer/", "/unsubscribe/")):
        mine.post(path(token), content=b"{}")
    assert logged == ["/gateway/hooks/files/backend-engineer/...", "/gateway/unsubscribe/..."]
