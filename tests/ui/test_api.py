"""The API for programs: keys, batches sent as files and as JSON, repeats, limits, what a sender may see."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import validate
from sqlalchemy import select, update

from gateway.pipeline.arrival import upload
from gateway.pipeline.arrival.receive import register_batch
from gateway.senders import keys
from gateway.settings import PROJECT, settings
from gateway.sources.bell import Bell, waiting_runs
from gateway.store.engine import reading, writing
from gateway.store.tables import ApiKey, ApiRequest, Batch, Document, Event, now
from gateway_airflow.ui.sign_in import FREE
from gateway_airflow.ui.v1.batches import router
from gateway_airflow.ui.v1.openapi import markdown, openapi

Client = Callable[..., TestClient]
GOOD = b"Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
AGENT = {"agent": "backend-engineer"}


class Program:
    """A sender's program: a key, and requests without cookies or headers of the page."""

    def __init__(self, client: TestClient, key: str) -> None:
        self.client, self.key = client, key

    def ask(self, method: str, path: str, **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", **given.pop("headers", {})}
        return self.client.request(method, f"api/v1/{path}", headers=headers, **given)

    def send(self, *files: tuple[str, bytes], idempotency: str | None = None, **params: str) -> Any:
        headers = {"Idempotency-Key": idempotency} if idempotency else {}
        return self.ask(
            "POST", "batches", params={**AGENT, **params}, files=[("file", one) for one in files], headers=headers
        )


@pytest.fixture
def program(client: Client, store: str, home: Path) -> Callable[..., Program]:
    def made(sender: str = "agency-oak", **said: Any) -> Program:
        given = {"agents": [], "rights": ["send", "read"], "rate_per_minute": 6000, "days": None, **said}
        _, key = keys.make(sender, actor="tester", **given)
        page = client(None)
        del page.headers["X-Gateway"]
        return Program(page, key)

    return made


def batches() -> list[Batch]:
    with reading() as session:
        return list(session.scalars(select(Batch).order_by(Batch.id)))


def paths(batch_id: str) -> list[str]:
    register_batch(batch_id)
    with reading() as session:
        return sorted(session.scalars(select(Document.path).where(Document.batch_id == batch_id)))


def test_files_become_a_batch_that_waits_for_its_run(program: Callable[..., Program]) -> None:
    oak = program()
    answer = oak.send(("CVs/list.csv", GOOD), ("Zoë Ünal.csv", b"a,b\n"), ("list.csv", b""), mode="review")
    assert answer.status_code == 202, answer.text
    said = answer.json()
    assert answer.headers["location"] == said["href"] == f"/gateway/api/v1/batches/{said['batch_id']}"
    assert said["repeated"] is False
    [batch] = batches()
    assert (batch.id, batch.source, batch.uploaded_by, batch.mode) == (
        said["batch_id"],
        "api:agency-oak",
        "key:agency-oak",
        "review",
    )
    assert waiting_runs(from_api=True) == {batch.id: batch.id}
    bell = Bell(60)
    assert (bell.listen(), bell.listen()) == (1, 0), "rung once: its run starts within seconds"
    assert len(paths(batch.id)) == 3
    state = oak.ask("GET", f"batches/{batch.id}").json()
    assert (state["state"], state["final"], state["files"]["received"]) == ("running", False, 3)
    [listed] = oak.ask("GET", "batches").json()["batches"]
    assert listed["batch_id"] == batch.id


def test_candidates_as_json_are_read_as_a_list(program: Callable[..., Program]) -> None:
    oak = program()
    people = [
        {"name": "Greta Hollingsworth", "email": "greta.hollingsworth@example.com", "skills": ["Go", "SQL"]},
        {"name": "=HYPERLINK(1)", "phone": "+1 415 555 0134"},
    ]
    answer = oak.ask("POST", "batches", params=AGENT, json={"candidates": people})
    assert answer.status_code == 202, answer.text
    batch_id = answer.json()["batch_id"]
    assert paths(batch_id) == ["candidates.csv"]
    from gateway.intake import files

    with reading() as session:
        key = session.scalars(select(Document.file_key)).one()
    assert key is not None
    with files.local(key) as kept:
        assert kept.read_text("utf-8").splitlines()[:2] == [
            "Full name,Email,Phone,Skills",
            "Greta Hollingsworth,greta.hollingsworth@example.com,,Go; SQL",
        ]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"candidates": []}',
        b'{"candidates": [{"nome": "Greta Hollingsworth"}]}',
        b'{"candidates": [{"name": 7}]}',
        b"\xff\xfe",
    ],
)
def test_candidates_that_are_wrong_are_named_by_place_not_by_value(
    program: Callable[..., Program], body: bytes
) -> None:
    oak = program()
    answer = oak.ask("POST", "batches", params=AGENT, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (422, "API_REQUEST_INVALID")
    assert "Greta" not in answer.text
    assert batches() == []


def test_a_repeat_gets_the_first_ones_batch(program: Callable[..., Program]) -> None:
    oak, elm = program(), program("agency-elm")
    first = oak.send(("a.csv", GOOD), ("b.csv", b"x"), idempotency="k1").json()
    again = oak.send(("b.csv", b"x"), ("a.csv", GOOD), idempotency="k1")
    assert (again.status_code, again.json()["batch_id"], again.json()["repeated"]) == (202, first["batch_id"], True)
    other = oak.send(("a.csv", GOOD + b"more"), idempotency="k1")
    assert (other.status_code, other.json()["code"]) == (422, "API_KEY_REUSED")
    assert (
        oak.send(("a.csv", GOOD), ("b.csv", b"x"), idempotency="k1", mode="review").json()["code"] == "API_KEY_REUSED"
    )
    assert elm.send(("a.csv", GOOD), idempotency="k1").json()["batch_id"] != first["batch_id"], (
        "each sender has its own"
    )
    assert oak.send(("a.csv", GOOD), idempotency="k2").json()["repeated"] is False
    assert len(batches()) == 3
    assert not [p for p in (settings().inbox / upload.STAGING).iterdir() if p.is_dir()]


def test_a_repeat_while_the_first_is_on_its_way_waits(program: Callable[..., Program]) -> None:
    oak = program()
    oak.send(("a.csv", GOOD), idempotency="k1")
    with writing() as session:  # as if the first one were still being received
        session.execute(update(ApiRequest).values(fingerprint=None, batch_id="b20260101-000000-aaaaaa"))
    answer = oak.send(("a.csv", GOOD), idempotency="k1")
    assert (answer.status_code, answer.json()["code"]) == (409, "API_REQUEST_BUSY")
    with writing() as session:  # its server was killed
        session.execute(update(ApiRequest).values(lease_until=now() - timedelta(seconds=1)))
    assert oak.send(("a.csv", GOOD), idempotency="k1").status_code == 202
    assert oak.send(("a.csv", GOOD), idempotency="k1").json()["repeated"] is True


def test_a_key_is_remembered_for_a_month(program: Callable[..., Program]) -> None:
    oak = program()
    first = oak.send(("a.csv", GOOD), idempotency="k1").json()["batch_id"]
    with writing() as session:
        session.execute(update(ApiRequest).values(created_at=now() - timedelta(days=31)))
    assert oak.send(("a.csv", GOOD), idempotency="k1").json()["batch_id"] != first


def test_a_request_that_failed_leaves_nothing_and_its_key_free(
    program: Callable[..., Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    oak = program()
    monkeypatch.setenv("GATEWAY_MAX_FILE_BYTES", "1000")
    settings.cache_clear()
    large = oak.send(("a.csv", GOOD), ("b.csv", b"x" * 2000), idempotency="k1")
    assert (large.status_code, large.json()["code"]) == (413, "FILE_TOO_LARGE")
    assert oak.send(idempotency="k1").status_code in (400, 422)
    assert batches() == []
    assert not [p for p in (settings().inbox / upload.STAGING).iterdir() if p.is_dir()]
    assert oak.send(("a.csv", GOOD), idempotency="k1").status_code == 202


BROKEN = [
    (b"--x\r\nContent-Disposition: form-data; name=f; filename=a.csv\r\n\r\nName", "multipart/form-data; boundary=x"),
    (b"not multipart", "multipart/form-data; boundary=x"),
    (b"--x\r\n" + b"A: " + b"b" * 20_000, "multipart/form-data; boundary=x"),
    (b"--x\r\nContent-Disposition: form-data; name=f\r\n\r\n" + b"z" * 200_000, "multipart/form-data; boundary=x"),
    (b"x", "multipart/form-data"),
    (b"x", "application/pdf"),
    (b"x", ""),
]


@pytest.mark.parametrize(("body", "kind"), BROKEN)
def test_a_body_that_is_broken_is_refused_as_a_whole(program: Callable[..., Program], body: bytes, kind: str) -> None:
    answer = program().ask("POST", "batches", params=AGENT, content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, "API_REQUEST_INVALID"), answer.text
    assert batches() == []


def test_a_key_opens_only_what_it_is_for(program: Callable[..., Program]) -> None:
    sends = program("agency-oak", rights=["send"], agents=["backend-engineer"])
    reads = program("agency-oak", rights=["read"])
    other = program("agency-elm")
    batch_id = sends.send(("a.csv", GOOD)).json()["batch_id"]
    assert sends.ask("GET", f"batches/{batch_id}").json()["code"] == "API_RIGHT_MISSING"
    assert reads.ask("GET", f"batches/{batch_id}").status_code == 200
    assert reads.send(("a.csv", GOOD)).status_code == 403
    for path in (f"batches/{batch_id}", f"batches/{batch_id}/receipt"):
        answer = other.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_BATCH"), "another's does not exist"
    assert other.ask("GET", "batches").json() == {"batches": [], "next": None}
    for agent in ("regional-nurse", "no-such"):
        answer = sends.ask("POST", "batches", params={"agent": agent}, files={"f": ("a.csv", GOOD)})
        assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_AGENT")
    assert sends.send(("a.csv", GOOD), mode="ingest").status_code == 422, "a sender cannot make an agent ingest"


def test_a_key_that_ended_opens_nothing(program: Callable[..., Program]) -> None:
    oak = program()
    identity = oak.key.split("_")[1]
    new_id, new = keys.rotate(identity, keep_h=24, actor="op")
    assert oak.ask("GET", "batches").status_code == 200, "for a day"
    with writing() as session:
        session.execute(update(ApiKey).where(ApiKey.id == identity).values(expires_at=now()))
    assert oak.ask("GET", "batches").status_code == 401
    oak.key = new
    assert oak.ask("GET", "batches").status_code == 200
    keys.revoke(new_id, actor="op")
    answer = oak.ask("GET", "batches")
    assert (answer.status_code, answer.json()["code"]) == (401, "API_KEY_INVALID")
    assert answer.headers["www-authenticate"] == "Bearer"
    for wrong in (new[:-1] + ("A" if new[-1] != "A" else "B"), "gwk_x_y", "", "eyJhbGciOi"):
        oak.key = wrong
        assert oak.ask("GET", "batches").status_code == 401
    with reading() as session:
        row = session.get_one(ApiKey, identity)
        assert row.used_at is not None
        assert new.split("_", 2)[2].encode() not in row.hash
        done = session.execute(
            select(Event.kind, Event.actor).where(Event.subject == "api_key").order_by(Event.id)
        ).all()
    assert [tuple(one) for one in done] == [
        ("api_key_made", "tester"),
        ("api_key_rotated", "op"),
        ("api_key_made", "op"),
        ("api_key_revoked", "op"),
    ]


def test_a_key_has_a_rate(program: Callable[..., Program]) -> None:
    oak = program(rate_per_minute=1)
    codes = [oak.ask("GET", "batches").status_code for _ in range(keys.BURST + 1)]
    assert codes == [200] * keys.BURST + [429]
    answer = oak.ask("GET", "batches")
    assert answer.json()["code"] == "API_TOO_OFTEN"
    assert 50 <= int(answer.headers["retry-after"]) <= 60


def test_who_tries_keys_waits_longer_each_time(program: Callable[..., Program]) -> None:
    oak = program()
    good, at = oak.key, [1000.0]
    wrong = good[:-1] + ("A" if good[-1] != "A" else "B")
    [page] = [one.app for one in oak.client.app.routes if getattr(one, "path", "") == "/gateway"]  # type: ignore[attr-defined]
    page.state.guesses.clock = lambda: at[0]

    def status(key: str) -> int:
        oak.key = key
        return int(oak.ask("GET", "batches").status_code)

    assert [status(wrong) for _ in range(FREE)] == [401] * FREE
    for pause in (1, 2, 4, 8):
        answer = oak.send(("a.csv", GOOD))
        assert (answer.status_code, answer.json()["code"]) == (429, "API_KEY_GUESSED")
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) == pause
        assert status(good) == 429, "not even a valid key is looked at"
        at[0] += pause
        assert status(wrong) == 401
    assert batches() == []
    at[0] += 16
    assert [status(good), *(status(wrong) for _ in range(FREE))] == [200] + [401] * FREE, "a valid key ends the count"
    assert status(good) == 429


def test_a_key_that_is_used_too_often_or_lacks_a_right_is_no_guess(program: Callable[..., Program]) -> None:
    sends, slow = program(rights=["send"]), program("agency-elm", rate_per_minute=1)
    assert [sends.ask("GET", "batches").status_code for _ in range(FREE * 2)] == [403] * FREE * 2
    codes = [slow.ask("GET", "batches").json().get("code") for _ in range(keys.BURST + FREE * 2)]
    assert codes == [None] * keys.BURST + ["API_TOO_OFTEN"] * FREE * 2


def test_errors_are_problems_with_their_code(program: Callable[..., Program]) -> None:
    answer = program().ask("GET", "batches/b20260101-000000-aaaaaa")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/gateway/codes/UNKNOWN_BATCH",
        "title": "There is no batch of that id.",
        "status": 404,
        "detail": "You sent no batch of that id.",
        "code": "UNKNOWN_BATCH",
    }
    missing = program("agency-elm").ask("POST", "batches")
    assert (missing.status_code, missing.json()["code"]) == (422, "API_REQUEST_INVALID")


def test_no_name_of_a_file_reaches_the_log(program: Callable[..., Program], caplog: pytest.LogCaptureFixture) -> None:
    oak = program()
    caplog.set_level("DEBUG", logger="gateway")
    caplog.set_level("DEBUG", logger="gateway_airflow")
    oak.send(("Greta Hollingsworth.csv", GOOD))
    oak.send(("Greta Hollingsworth.csv", b"x" * 10), ("b", b""), mode="wrong")
    assert "Greta" not in caplog.text


def test_the_description_is_openapi_and_the_page_is_made_of_it(program: Callable[..., Program]) -> None:
    said = program().ask("GET", "openapi.json").json()
    validate(said)
    assert said == json.loads(json.dumps(openapi(router)))
    assert set(said["paths"]) == {"/api/v1/batches", "/api/v1/batches/{batch_id}", "/api/v1/batches/{batch_id}/receipt"}
    assert (PROJECT / "docs" / "api.md").read_text("utf-8") == markdown(said), "run `make docs`"
