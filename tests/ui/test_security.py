"""Every route of the page on Airflow's real app: nobody 401, the wrong role 403, the right role let in.

The auth manager, its tokens and its permission checks are Airflow's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from starlette.routing import Mount

from gateway_airflow.ui.access import Right
from gateway_airflow.ui.app import build

ROLES = ("viewer", "user", "op", "admin")
EVERYDAY = {Right.VIEW, Right.UPLOAD, Right.REVIEW}
RIGHTS = {
    "viewer": {Right.VIEW},
    "user": EVERYDAY,
    "op": EVERYDAY | {Right.CONFIGURE, Right.ERASE},
    "admin": EVERYDAY | {Right.CONFIGURE, Right.ERASE},
}
# Open to everybody, by name, with the reason.
OPEN = {"static": "our own styles and scripts, nothing of anybody"}
OPEN_ROUTES = {
    "/unsubscribe/{token}": "candidates have no account; the unguessable address is the proof",
    "/answer/{token}": "candidates have no account; the unguessable link is the proof, and the form shows nothing",
    "/hooks/{kind}/{agent_id}/{token}": "programs have no account; the unguessable address is the proof",
    "/hooks/{kind}/{agent_id}": "the same; the signature is the proof",
}
# Routes for programs: a key of ours opens them, and nothing of Airflow's.
KEYED = "/api/v1/"
# A right that no route asks for yet: erasure comes as a run of its own, not as a page.
UNUSED = {Right.ERASE}


def routes() -> list[APIRoute]:
    return [route for route in build().routes if isinstance(route, APIRoute)]


def right_of(route: APIRoute) -> Right | None:
    found = [d.call.right for d in route.dependant.dependencies if hasattr(d.call, "right")]
    assert len(found) <= 1, route.path
    return found[0] if found else None


def requests() -> list[Any]:
    return [
        pytest.param(method, route.path, right_of(route), id=f"{method} {route.path}")
        for route in routes()
        if route.path not in OPEN_ROUTES and not route.path.startswith(KEYED)
        for method in sorted(route.methods - {"HEAD"})
    ]


def address(path: str) -> str:
    """The path with its parameters filled in by something that does not exist."""
    return "/gateway" + re.sub(r"\{[^}]+\}", "1", path)


@pytest.fixture(scope="module")
def airflow_app(airflow_db: None) -> Iterator[Any]:
    """Airflow's API server app with our plugin, and a token for each role."""
    patch = pytest.MonkeyPatch()
    patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", ",".join(f"{role}:{role}" for role in ROLES))
    patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a secret of the tests alone, thirty-two and more bytes long")
    from airflow.api_fastapi.app import create_app, get_auth_manager, purge_cached_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    purge_cached_app()
    app = create_app(apps="core")
    tokens = {
        role: get_auth_manager().generate_jwt(SimpleAuthManagerUser(username=role, role=role.upper())) for role in ROLES
    }
    yield app, tokens
    purge_cached_app()
    patch.undo()


@pytest.fixture
def ask(airflow_app: Any, home: Any) -> Any:
    app, tokens = airflow_app
    client = TestClient(app, raise_server_exceptions=False)

    def call(method: str, path: str, role: str | None, **kwargs: Any) -> Any:
        headers = {"X-Gateway": "1", **({"Authorization": f"Bearer {tokens[role]}"} if role else {})}
        return client.request(method, path, headers=headers, follow_redirects=False, **kwargs)

    return call


def test_every_route_names_its_right_or_is_open_by_name() -> None:
    assert len(routes()) > 2
    asking = [r for r in routes() if r.path not in OPEN_ROUTES and not r.path.startswith(KEYED)]
    keyed = [route for route in routes() if route.path.startswith(KEYED)]
    assert {r.path for r in routes()} - {r.path for r in asking} - {r.path for r in keyed} == set(OPEN_ROUTES)
    assert len(keyed) > 2
    for route in keyed:
        assert [d.call.key_right for d in route.dependant.dependencies if hasattr(d.call, "key_right")], route.path
    for route in asking:
        assert right_of(route) is not None, f"{route.path} asks for no right"
        if "GET" not in route.methods:
            assert route.path.startswith("/api/"), f"{route.path} changes something outside /api"
    mounts = {route.name for route in build().routes if isinstance(route, Mount)}
    assert mounts == set(OPEN)
    others = [r for r in build().routes if not isinstance(r, APIRoute | Mount)]
    assert others == [], "docs, redoc and openapi.json stay off"
    assert {right_of(route) for route in asking} | UNUSED == set(Right)


@pytest.mark.parametrize(("method", "path", "right"), requests())
def test_each_role_gets_exactly_what_its_rights_allow(ask: Any, method: str, path: str, right: Right) -> None:
    assert ask(method, address(path), None).status_code == 401
    for role in ROLES:
        status = ask(method, address(path), role).status_code
        if right in RIGHTS[role]:
            assert status not in (401, 403), f"{role} is kept out of {path}"
        else:
            assert status == 403, f"{role} gets {status} for {path}"


def test_airflow_s_tokens_and_cookies_open_nothing_of_the_api(
    ask: Any, airflow_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway_airflow.ui.sign_in.FREE", 1_000)  # the wait after so many has tests of its own
    app, tokens = airflow_app
    client = TestClient(app, cookies={"_token": tokens["admin"]})
    for route in routes():
        if route.path.startswith(KEYED):
            for method in sorted(route.methods - {"HEAD"}):
                for role in (None, "admin"):
                    answer = ask(method, address(route.path), role, params={"agent": "backend-engineer"})
                    assert answer.status_code == 401, route.path
                    assert answer.headers["content-type"] == "application/problem+json"
                assert client.request(method, address(route.path)).status_code == 401


def test_a_forged_token_and_a_cookie_of_another_site_do_nothing(ask: Any, airflow_app: Any) -> None:
    app, tokens = airflow_app
    client = TestClient(app)
    assert client.get("/gateway/codes", headers={"Authorization": "Bearer forged"}).status_code in (401, 403)
    client.cookies.set("_token", tokens["admin"])
    assert client.get("/gateway/codes").status_code == 200
    assert client.post("/gateway/api/no-such").status_code == 403, "a cookie alone changes nothing"


def test_the_page_is_in_the_navigation_and_on_the_run(ask: Any) -> None:
    found = ask("GET", "/api/v2/plugins", "admin").json()["plugins"]
    views = [view for plugin in found for view in plugin["external_views"] if view["name"] == "Candidates"]
    assert {view["destination"] for view in views} == {"nav", "dag_run"}
    assert all(view["href"].startswith("/gateway/") for view in views)


def test_a_page_that_cannot_be_built_leaves_airflow_alone(
    airflow_app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from gateway_airflow.plugin import GatewayPlugin
    from gateway_airflow.ui import app as page

    def broken() -> None:
        raise ImportError("a dependency is missing")

    monkeypatch.setattr(page, "build", broken)
    [mounted] = GatewayPlugin().fastapi_apps
    answer = TestClient(mounted["app"]).get("/")
    assert answer.status_code == 503
    assert "log says why" in answer.text
    assert "a dependency is missing" in caplog.text


def test_airflow_s_log_of_requests_tells_no_search(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search in our frame stands in the host's own address too: after a reload, and where signing in again leads."""
    from airflow.api_fastapi.common import http_access_log

    class Log:
        lines: list[dict[str, Any]] = []  # noqa: RUF012

        def info(self, _: str, **said: Any) -> None:
            self.lines.append(said)

    monkeypatch.setattr(http_access_log, "logger", Log())
    for path in (
        "/gateway/batches",
        "/plugin/candidates/gateway/batches",
        "/auth/login?next=/gateway/batches%3Fq%3DAnna",
    ):
        ask("GET", path, "user", params=None if "?" in path else {"q": "Anna", "page": 2})
    assert len(Log.lines) == 3
    assert not [line for line in Log.lines if "Anna" in repr(line)]
    assert "page=2" in repr(Log.lines)
