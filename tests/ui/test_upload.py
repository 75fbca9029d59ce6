"""Uploads over HTTP: begun, streamed, limited, taken out, submitted; the run is started as the signed-in user."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from gateway.pipeline.arrival import upload
from gateway.pipeline.arrival.runs import note_of
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Batch

Client = Callable[..., TestClient]
GOOD = b"Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"


def begin(user: TestClient) -> str:
    answer = user.post("api/uploads", json={"agent_id": "backend-engineer"})
    assert answer.status_code == 200
    return str(answer.json()["upload_id"])


def put(user: TestClient, upload_id: str, name: str, content: Any) -> Any:
    return user.put(f"api/uploads/{upload_id}/files", headers={"X-File-Name": quote(name)}, content=content)


def test_from_a_drop_to_a_run(client: Client, host: Any, home: Path) -> None:
    user = client()
    upload_id = begin(user)
    first = put(user, upload_id, "CVs/list.csv", GOOD).json()
    assert put(user, upload_id, "Zoë Ünal.csv", b"a,b\n").json()["path"] == "Zoë Ünal.csv"
    assert (first["path"], first["type"], first["readable"], first["seen"]) == ("CVs/list.csv", "CSV table", True, None)
    twin = put(user, upload_id, "copy.csv", GOOD).json()
    assert twin["seen"] == {"batch_id": None, "path": "CVs/list.csv"}
    assert user.delete(f"api/uploads/{upload_id}/files/{twin['file_id']}").json() == {"removed": True}
    assert [kept["path"] for kept in user.get(f"api/uploads/{upload_id}").json()["files"]] == [
        "CVs/list.csv",
        "Zoë Ünal.csv",
    ]
    answer = user.post(f"api/uploads/{upload_id}/submit", json={"mode": "review", "canary": 3}).json()
    assert answer == {
        "batch_id": upload_id,
        "href": f"/gateway/batches/{upload_id}",
        "started": True,
        "sentence": "The batch is being processed.",
    }
    assert host.calls[0] == (
        "POST",
        "/dags/ingest_batch/dagRuns",
        {"dag_run_id": upload_id, "logical_date": None, "conf": {"batch_id": upload_id}, "note": note_of(upload_id)},
    )
    with reading() as session:
        batch = session.get_one(Batch, upload_id)
        assert (batch.uploaded_by, batch.mode, batch.canary) == ("user", "review", 3)


def test_a_body_without_a_length_is_stopped_at_the_limit(
    client: Client, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_MAX_FILE_BYTES", "3000000")
    settings.cache_clear()
    user = client()
    upload_id = begin(user)

    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 65_536

    answer = put(user, upload_id, "long.txt", endless())
    assert (answer.status_code, answer.json()["code"]) == (413, "FILE_TOO_LARGE")
    assert answer.headers["connection"] == "close"
    folder = settings().inbox / upload.STAGING / upload_id
    assert [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 1000] == []
    told = user.put(
        f"api/uploads/{upload_id}/files", content=b"x", headers={"X-File-Name": "b", "Content-Length": "9000000"}
    )
    assert told.status_code == 413, "refused by its announced size"


def test_an_upload_is_its_owners(client: Client, home: Path) -> None:
    upload_id = begin(client("user", "rita"))
    other = client("user", "sam")
    for answer in (
        put(other, upload_id, "a.csv", GOOD),
        other.get(f"api/uploads/{upload_id}"),
        other.delete(f"api/uploads/{upload_id}"),
        other.post(f"api/uploads/{upload_id}/submit", json={"mode": "ingest"}),
        put(other, "..%2f..", "a.csv", GOOD),
    ):
        assert answer.status_code == 404
    assert client("user", "rita").delete(f"api/uploads/{upload_id}").json() == {"removed": True}


def test_a_viewer_uploads_nothing(client: Client, home: Path) -> None:
    viewer = client("viewer")
    for answer in (
        viewer.post("api/uploads", json={"agent_id": "backend-engineer"}),
        put(viewer, "b20260101-000000-aaaaaa", "a.csv", GOOD),
        viewer.post("api/uploads/b20260101-000000-aaaaaa/submit", json={"mode": "ingest"}),
    ):
        assert answer.status_code == 403


@pytest.mark.parametrize("given", [{}, {"mode": "now"}, {"mode": "ingest", "canary": 0}, {"mode": "ingest", "x": 1}])
def test_a_submit_that_is_not_right_is_told(client: Client, home: Path, given: dict[str, Any]) -> None:
    assert client().post("api/uploads/b20260101-000000-aaaaaa/submit", json=given).status_code == 422


@pytest.mark.parametrize(("status", "says"), [(403, "may not start"), (404, "not loaded"), (500, "answered 500")])
def test_a_run_that_cannot_be_started_loses_nothing(
    client: Client, host: Any, home: Path, status: int, says: str
) -> None:
    from gateway.pipeline.arrival.receive import sense

    host.answers["POST", "/dags/ingest_batch/dagRuns"] = (status, {})
    user = client()
    upload_id = begin(user)
    put(user, upload_id, "list.csv", GOOD)
    answer = user.post(f"api/uploads/{upload_id}/submit", json={"mode": "ingest"}).json()
    assert not answer["started"]
    assert says in answer["sentence"]
    assert "RUN_NOT_STARTED" in user.get(f"batches/{upload_id}").text
    assert sense().runs == {upload_id: upload_id}
