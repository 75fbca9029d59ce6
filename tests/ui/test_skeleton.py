"""What every page has: tabs, headers, masks, words for errors; and what every change must show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway_airflow.ui.guard import QuietAddresses
from gateway_airflow.ui.render import ago, elapsed, mask, size

Client = Callable[..., TestClient]


def test_a_page_carries_its_headers_and_no_inline_script_or_style(client: Client) -> None:
    answer = client("viewer").get("/codes")
    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe-inline" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]
    assert "style=" not in answer.text
    assert "<script>" not in answer.text


def test_one_code_says_what_to_do(client: Client) -> None:
    answer = client("viewer").get("/codes/EMAIL_MISSING")
    assert "EMAIL_MISSING" in answer.text
    assert "What to do" in answer.text


def test_an_unknown_page_is_said_in_words(client: Client) -> None:
    assert "nothing at this address" in client().get("/codes/NO_SUCH").text
    assert client().get("/codes/NO_SUCH").status_code == 404
    assert client().get("/api/no-such").json()["sentence"] == "There is nothing at this address."


def test_nobody_is_asked_to_sign_in(client: Client) -> None:
    answer = client(None).get("/codes")
    assert answer.status_code == 401
    assert "Sign in" in answer.text
    assert "/auth/login?next=" in answer.text


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"X-Gateway": "1"}, True),
        ({"X-Gateway": "1", "Origin": "http://testserver"}, True),
        ({"X-Gateway": "1", "Sec-Fetch-Site": "same-origin"}, True),
        ({}, False),
        ({"X-Gateway": "1", "Origin": "https://elsewhere.example"}, False),
        ({"X-Gateway": "1", "Origin": "null"}, False),
        ({"X-Gateway": "1", "Sec-Fetch-Site": "cross-site"}, False),
    ],
)
def test_a_change_must_come_from_our_own_page(client: Client, headers: dict[str, str], allowed: bool) -> None:
    visitor = client()
    del visitor.headers["X-Gateway"]
    answer = visitor.post("/api/no-such", headers=headers)
    assert (answer.status_code == 404) is allowed
    if not allowed:
        assert answer.status_code == 403
        assert answer.json()["code"] == "CROSS_SITE"


def test_static_files_have_types_a_browser_runs(client: Client) -> None:
    script = client(None).get("/static/core.js")
    assert script.status_code == 200
    assert "javascript" in script.headers["content-type"]
    assert client(None).get("/static/../app.py").status_code in (401, 404)
    assert client(None).get("/static/%2e%2e/app.py").status_code in (401, 404)


@pytest.mark.parametrize(
    ("value", "kind", "masked"),
    [
        ("Anna Maria Brook", "name", "A••• M••• B•••"),
        ("anna@example.org", "email", "a•••@•••"),
        ("+49305550111", "phone", "+49•••"),
        ("drop/anna brook.pdf", "path", "document.pdf"),
        ("anna.brook", "path", "document"),
        ("Python", "text", "•••"),
    ],
)
def test_masks_keep_no_content(value: str, kind: str, masked: str) -> None:
    assert mask(value, kind) == masked


def test_times_and_sizes_in_words() -> None:
    assert [elapsed(s) for s in (1, 60, 7200, 90_000, 900_000)] == [
        "just now",
        "1 min ago",
        "2 h ago",
        "1 day ago",
        "10 days ago",
    ]
    assert "2 h ago" in ago(datetime.now(UTC) - timedelta(hours=2))
    assert [size(n) for n in (None, 512, 14_200, 3_200_000, 120_000_000)] == ["", "512 B", "14 KB", "3.2 MB", "120 MB"]


def test_what_was_searched_for_does_not_reach_the_access_log(client: Client, filled: str) -> None:
    user = client()
    logged: list[bytes] = []
    inner = QuietAddresses(user.app)  # as the plugin puts it around all of Airflow

    async def airflow(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        logged.append(scope["query_string"])  # as Airflow's access log reads it

    user.app = user._transport.app = airflow  # type: ignore[attr-defined]
    assert user.get(f"batches/{filled}", params={"q": "Ada Quill", "state": "held"}).status_code == 200
    assert logged == [b"q=...&state=held"]
