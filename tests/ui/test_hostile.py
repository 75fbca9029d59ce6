"""Texts of strangers on every page: shown as text, whatever they are; nothing acts, nothing leads away, nothing is quoted."""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from starlette.requests import ClientDisconnect, Request

from gateway.insight.files import cell
from gateway.pipeline.arrival.upload import safe_path
from gateway.settings import settings
from gateway.store import engine
from gateway.store.engine import reading, writing
from gateway.store.tables import Delivery, Document, Profile
from gateway_airflow.ui.app import build
from gateway_airflow.ui.guard import without_search
from support.marked import EVERYTHING, HOSTILE, KEYS, addresses, fill, poison, read_page

Client = Callable[..., TestClient]
STATIC = Path(__file__).resolve().parents[2] / "plugins" / "gateway_airflow" / "ui" / "static"


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_no_text_of_a_stranger_becomes_part_of_a_page(
    client: Client, home: Path, tmp_path: Path, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path)
    poison(EVERYTHING, HOSTILE, KEYS)
    visitor = client(role)
    seen = 0
    for address in addresses(build()):
        if address.endswith(".png"):
            continue  # drawn in a child; a picture is no page
        answer = visitor.get(address, follow_redirects=False)
        assert answer.status_code < 500 or address == "/api/health", address  # 503 there says: not well
        kind = answer.headers.get("content-type", "")
        if "html" not in kind and "/json" not in kind:
            continue
        for text in [answer.text] if "html" in kind else _pieces(answer.json()):
            found = read_page(text)
            assert "xqz" not in found.tags, address
            assert not [one for one in found.acting if "data-docs" not in address], address
            assert "49javascript" not in text, address
            seen += HOSTILE[-12:] in text
    assert seen > 10 if role == "admin" else seen > 3, "the texts must have been there to be shown"


def _pieces(said: Any) -> list[str]:
    """The HTML inside a JSON answer."""
    if isinstance(said, str):
        return [said] if said.lstrip().startswith("<") else []
    inside = said.values() if isinstance(said, dict) else said if isinstance(said, list) else ()
    return [piece for one in inside for piece in _pieces(one)]


@pytest.mark.parametrize(
    "address", ["batches", "review", "analytics", "runs/x", "codes", "documents/d0", "", "nothing"]
)
def test_a_query_is_text(client: Client, filled: str, address: str) -> None:
    for name in ("q", "agent", "state", "code", "batch", "kind", "dag_id", "profile", "page", "days", "<xqz>"):
        answer = client("admin").get(address, params={name: HOSTILE[:60]})
        assert answer.status_code < 500
        found = read_page(answer.text)
        assert "xqz" not in found.tags, (address, name)
        assert not found.acting, (address, name)


def test_scripts_put_no_text_of_a_stranger_into_markup() -> None:
    """innerHTML takes only what the server rendered, in the places known; nothing is built from strings or evaluated."""
    known = {"batch.js": 5, "agent.js": 0}
    for script in STATIC.glob("*.js"):
        text = script.read_text("utf-8")
        assert not re.search(r"\beval\(|new Function|document\.write|insertAdjacentHTML|outerHTML|srcdoc", text), (
            script.name
        )
        assert len(re.findall(r"innerHTML", text)) <= known.get(script.name, 0) + 1 * (script.name in known), (
            script.name
        )


def test_links_of_a_target_are_for_those_who_may_see_people_and_lead_to_the_web(client: Client, filled: str) -> None:
    with writing() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        rows[0].receipt = {"target_id": "c1", "url": "javascript:alert(1)"}
        rows[1].receipt = {"target_id": "c2", "url": "https://interviews.example/secret"}
        bad, good = rows[0].profile_id, rows[1].profile_id
    assert "javascript:" not in client().get(f"review/{bad}").text
    assert 'href="https://interviews.example/secret" data-external' in client().get(f"review/{good}").text
    assert "interviews.example" not in client("viewer").get(f"review/{good}").text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("  =1+1", "'  =1+1"),
        ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"),
        ("＝1", "'＝1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+49 30 1", "+49 30 1"),
        ("+493012345678", "+493012345678"),
        ("-12.5", "-12.5"),
        ("Go;+49 30 1", "Go;+49 30 1"),
        ("+49 30 1+cmd|x", "'+49 30 1+cmd|x"),
        ("+A1", "'+A1"),
        ("+49-30-1", "'+49-30-1"),
        ("+49 30 1\n=1", "'+49 30 1\n=1"),
        ("Go; =cmd|x", "Go;' =cmd|x"),
        ("a;=b", "a;'=b"),
        ("a-b", "a-b"),
        ("Go; C", "Go; C"),
        ("", ""),
        (None, None),
        (0.5, 0.5),
        (-1, -1),
    ],
)
def test_a_cell_is_no_formula(value: Any, shown: Any) -> None:
    assert cell(value) == shown


def test_a_picture_is_asked_about_each_time(client: Client, filled: str) -> None:
    with reading() as session:
        anna = session.scalars(select(Document.id).where(Document.path == "anna.pdf")).one()
    first = client().get(f"documents/{anna}/pages/1.png")
    assert first.headers["cache-control"] == "private, no-cache"
    tag = {"If-None-Match": first.headers["etag"]}
    again = client().get(f"documents/{anna}/pages/1.png", headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert client("viewer").get(f"documents/{anna}/pages/1.png", headers=tag).status_code == 403
    assert client().get(f"documents/{anna}/pages/2.png", headers=tag).status_code == 422


@pytest.mark.parametrize(
    ("query", "logged"),
    [
        (b"state=&q=Anna&sort=path", b"state=&q=...&sort=path"),
        (b"%71=Anna", b"q=..."),
        (b"page=2", b"page=2"),
        (b"", b""),
        (b"next=http%3A%2F%2Fhost%2Fgateway%2Fbatches%3Fq%3DAnna", b"next=..."),
        (b"next=%2Fgateway%2F", b"next=%2Fgateway%2F"),
    ],
)
def test_a_search_is_not_logged(query: bytes, logged: bytes) -> None:
    assert without_search(query) == logged


def test_signing_in_again_takes_no_search_along(client: Client) -> None:
    assert "Anna" not in client(None).get("batches", params={"q": "Anna"}).text


@pytest.mark.parametrize("value", ["\x00", "a\x00b", "9" * 30, "-1", "0", "\ud7ff\uffff", "%", "'; --", "a" * 5000])
def test_what_no_store_can_take_is_refused_in_words(client: Client, filled: str, value: str) -> None:
    visitor = client("admin")
    with reading() as session:
        document = session.scalars(select(Document.id).where(Document.path == "list.csv")).one()
        profile = session.scalars(select(Profile.id).where(Profile.state == "held")).first()
    asked = quote(value)
    places = [f"batches?{name}={asked}" for name in ("q", "agent", "state", "page")]
    places += [
        f"batches/{filled}?{name}={asked}" for name in ("q", "state", "code", "sort", "open", "part", "page", "down")
    ]
    places += [f"documents/{document}?{name}={asked}" for name in ("start", "profile")]
    places += [f"review?{name}={asked}" for name in ("agent", "batch", "code", "kind", "page")]
    places += [
        f"batches/{asked}",
        f"documents/{asked}",
        f"review/{asked}",
        f"agents/{asked}",
        f"runs/{asked}",
        f"codes/{asked}",
    ]
    places += [
        f"documents/{document}/pages/{asked}.png",
        f"batches/{filled}/data-docs/{asked}",
        f"api/batches/{asked}/live",
    ]
    places += [f"api/review/next?after={asked}", f"analytics?days={asked}", f"agents/backend-engineer?page={asked}"]
    for place in places:
        assert visitor.get(place, follow_redirects=False).status_code < 500, place
    for body in (
        {"decision": "approve", "note": value, "version": 99},
        {"decision": "correct", "corrections": {"name": value}, "version": 99},
        {"decision": "approve", "version": int("9" * 30)},
        {"decision": "approve", "state": value},
    ):
        assert 400 <= visitor.post(f"api/review/{profile}/decide", json=body).status_code < 500, body
    for path in (
        f"api/review/{asked}/decide",
        f"api/review/{asked}/claim",
        f"api/batches/{asked}/retry",
        f"api/uploads/{asked}/submit",
    ):
        assert visitor.post(path, json={"decision": "approve", "mode": "ingest"}).status_code < 500, path


def test_a_locked_store_is_said_in_words(client: Client, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading() as session:
        held = session.scalars(select(Profile.id).where(Profile.state == "held")).first()
    if settings().database_url:
        pytest.skip("PostgreSQL locks rows, not itself")
    monkeypatch.setattr(engine, "BUSY_MS", 50)
    engine.engine().dispose()
    other = sqlite3.connect(settings().home / "gateway.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        answer = client().post(f"api/review/{held}/decide", json={"decision": "approve"})
        shown = client().get(f"batches/{filled}/export.csv")
    finally:
        other.close()
    assert (answer.status_code, answer.json()["code"]) == (503, "STORE_AWAY")
    assert "try again" in answer.json()["sentence"]
    assert answer.headers["retry-after"] == "10"
    assert shown.status_code == 503
    assert "STORE_AWAY" in shown.text
    assert client().post(f"api/review/{held}/decide", json={"decision": "approve"}).status_code == 200


def test_what_nobody_foresaw_is_said_in_words_and_quotes_nobody(
    client: Client, filled: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(*_: object, **__: object) -> None:
        raise KeyError("Anna Brook")

    monkeypatch.setattr("gateway_airflow.ui.pages.batches.batch_page", wrong)
    monkeypatch.setattr("gateway_airflow.ui.pages.batches.batch_view", wrong)
    with caplog.at_level(logging.DEBUG):
        answer = client().get("batches")
        api = client().get(f"api/batches/{filled}/live")
    assert answer.status_code == 500
    assert "PAGE_FAILED" in answer.text
    assert answer.headers["content-security-policy"]
    assert api.json()["code"] == "PAGE_FAILED"
    assert "Anna" not in answer.text + api.text + caplog.text
    assert "KeyError at" in caplog.text


def test_an_error_of_the_database_quotes_nobody(filled: str) -> None:
    with pytest.raises(IntegrityError) as refused, writing() as session:
        session.scalars(select(Document).where(Document.path == "otto.pdf")).one().path = "anna.pdf"
    for said in (str(refused.value), str(refused.value.orig), repr(refused.value)):
        assert "anna.pdf" not in said
    with pytest.raises(IntegrityError) as empty, writing() as session:
        session.scalars(select(Profile).where(Profile.name == "Anna Brook")).one().state = None  # type: ignore[assignment]
    assert "Brook" not in str(empty.value)


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..\\..\\x.pdf",
        "a/../../b.pdf",
        "....//x",
        "\u202egnp.exe",
        "a\x00b.pdf",
        ".",
    ],
)
def test_a_name_leads_nowhere_but_into_its_batch(name: str) -> None:
    path = safe_path(name)
    assert not Path(path).is_absolute()
    assert ".." not in Path(path).parts
    assert path.isprintable()
    assert path


def test_an_upload_that_its_sender_stops_is_answered_and_leaves_nothing(
    client: Client, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = client()
    upload_id = user.post("api/uploads", json={"agent_id": "backend-engineer"}).json()["upload_id"]

    async def stopped(self: Request) -> AsyncIterator[bytes]:
        yield b"x" * 2_000_000
        raise ClientDisconnect

    monkeypatch.setattr(Request, "stream", stopped)
    answer = user.put(f"api/uploads/{upload_id}/files", headers={"X-File-Name": "a.pdf"}, content=b"x")
    assert answer.status_code == 400
    assert list((settings().inbox / ".uploads" / upload_id / "parts").iterdir()) == []
