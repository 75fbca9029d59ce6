"""Batches: their list, one with its documents, live changes, reading again, exports, and the tab on a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.model import Mode
from gateway.pipeline.run import run_batch
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Document, Profile

Client = Callable[..., TestClient]


def documents() -> dict[str, str]:
    with reading() as session:
        return dict(session.execute(select(Document.path, Document.id)).all())


def test_the_list_shows_counts_and_filters(client: Client, filled: str) -> None:
    user = client()
    assert filled in user.get("batches").text
    assert filled in user.get("batches", params={"agent": "backend-engineer", "q": filled[-6:]}).text
    for params in ({"agent": "store-associate"}, {"state": "running"}, {"q": "100%"}):
        answer = user.get("batches", params=params)
        assert filled not in answer.text
        assert "No matches" in answer.text


def test_an_empty_store_teaches(client: Client, home: Any) -> None:
    assert "No batches yet" in client().get("batches").text


def test_a_batch_shows_its_documents_and_sums(client: Client, filled: str) -> None:
    page = client().get(f"batches/{filled}")
    assert page.status_code == 200
    assert "<b>4</b> = 3 success + 1 failed + 0 processing" in page.text
    for path, identity in documents().items():
        assert path in page.text
        assert f'id="document-{identity}"' in page.text
    assert "style=" not in page.text
    assert client().get("batches/b0").status_code == 404


@pytest.mark.parametrize(
    ("params", "shown"),
    [
        ({"state": "failed"}, {"broken.pdf"}),
        ({"state": "held"}, {"list.csv", "otto.pdf"}),
        ({"code": "EMAIL_MISSING"}, {"list.csv"}),
        ({"q": "Cleo"}, {"list.csv"}),
        ({"q": "otto.lindqvist@"}, {"otto.pdf"}),
        ({"q": "BROKEN"}, {"broken.pdf"}),
        ({"q": "%"}, set()),
        ({"sort": "size", "down": "1"}, {"list.csv", "otto.pdf", "anna.pdf", "broken.pdf"}),
    ],
)
def test_documents_are_found(client: Client, filled: str, params: dict[str, str], shown: set[str]) -> None:
    page = client().get(f"batches/{filled}", params=params).text
    found = {path for path, identity in documents().items() if f'id="document-{identity}"' in page}
    assert found == shown


def test_an_opened_document_reads_without_scripts(client: Client, filled: str) -> None:
    page = client().get(f"batches/{filled}", params={"open": documents()["list.csv"]}).text
    for said in (
        "Ada Quill",
        "cleo.marsh@example.org",
        "EMAIL_MISSING",
        "How sure",
        "Row 2, by its heading",
        "Read <b>",
    ):
        assert said in page
    assert "fact." not in page
    assert "confidence" in page


def test_a_viewer_sees_masks_and_cannot_search_people(client: Client, filled: str) -> None:
    viewer = client("viewer")
    opened = viewer.get(f"batches/{filled}", params={"open": documents()["list.csv"]}).text
    piece = viewer.get(f"batches/{filled}/documents/{documents()['list.csv']}/candidates").text
    for text in (opened, piece):
        for personal in ("Ada", "Quill", "ada.quill", "list.csv", "5550101", "Berlin", "Kafka"):
            assert personal not in text
    for search in ("Ada", "list", "example.org"):
        assert "No matches" in viewer.get(f"batches/{filled}", params={"q": search}).text
    assert documents()["list.csv"] in viewer.get(f"batches/{filled}", params={"q": documents()["list.csv"]}).text


def test_candidates_of_another_batch_are_not_shown(client: Client, filled: str) -> None:
    assert client().get(f"batches/b0/documents/{documents()['list.csv']}/candidates").status_code == 404
    assert client().get(f"batches/{filled}/documents/d0/candidates").status_code == 404


def test_the_targets_link_is_shown_only_if_it_is_one(client: Client, filled: str) -> None:
    with writing() as session:
        rows = session.scalars(select(Delivery).order_by(Delivery.id)).all()
        rows[0].receipt = {"target_id": "c1", "url": "javascript:alert(1)"}
        rows[1].receipt = {"target_id": "c2", "url": "https://interviews.example/c2"}
        places = {row.receipt["target_id"]: session.get_one(Profile, row.profile_id).document_id for row in rows[:2]}
    text = "".join(client().get(f"batches/{filled}/documents/{place}/candidates").text for place in places.values())
    assert "javascript:" not in text
    assert 'href="https://interviews.example/c2" data-external' in text


def test_live_tells_only_what_changed(client: Client, filled: str) -> None:
    user = client()
    address = f"api/batches/{filled}/live"
    first = user.get(address)
    said = first.json()
    assert not said["settled"], "somebody is held: an answer in Airflow shows without a reload"
    assert set(said["rows"]) == set(said["order"]) == set(documents().values())
    assert user.get(address, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    page = user.get(f"batches/{filled}").text
    seen = ".".join(part.split('"')[0] for part in page.split('data-seen="')[1:])
    assert user.get(address, params={"seen": seen}).json()["rows"] == {}
    broken = documents()["broken.pdf"]
    with writing() as session:
        change.move(session, session.get_one(Document, broken), "processing", actor="test")
    later = user.get(address, params={"seen": seen}, headers={"If-None-Match": first.headers["etag"]})
    assert later.status_code == 200
    assert list(later.json()["rows"]) == [broken]
    assert "Processing" in later.json()["rows"][broken]
    assert user.get("api/batches/b0/live").status_code == 404


LIST = "name,email\nAda Quill,ada.quill@example.org\nBen Harrow,ben.harrow@example.org\nCleo Marsh,cleo.marsh@example.org\n"


@pytest.mark.parametrize(("mode", "canary", "code"), [("ingest", 1, "CANARY_WAIT"), ("review", None, "REVIEW_MODE")])
def test_those_who_only_wait_for_a_word_can_be_let_go_from_the_batch(
    client: Client, store: str, tmp_path: Path, mode: Mode, canary: int | None, code: str
) -> None:
    (tmp_path / "list.csv").write_text(LIST)
    batch_id = run_batch("store-associate", [tmp_path / "list.csv"], mode=mode, canary=canary, actor="tester")
    number = 2 if canary else 3
    text = client().get(f"batches/{batch_id}").text
    assert f'data-release="{code}"' in text
    assert f"{number} more passed every check" in text or f"{number} passed every check" in text
    assert "data-release" not in client("viewer").get(f"batches/{batch_id}").text
    part = {"decision": "approve", "batch": batch_id, "code": code}
    done = client().post("api/review/bulk/apply", json={**part, "expected": number})
    assert done.json()["decided"] == number
    assert "data-release" not in client().get(f"batches/{batch_id}").text


def test_a_failed_document_is_read_again_in_a_run_of_its_own(client: Client, host: Any, filled: str) -> None:
    answer = client().post(f"api/batches/{filled}/retry", json={"documents": [documents()["broken.pdf"]]})
    assert answer.json() == {"documents": 1, "left": 0, "started": True, "sentence": "The batch is being processed."}
    trigger = host.calls[0]
    assert trigger[:2] == ("POST", "/dags/ingest_batch/dagRuns")
    assert trigger[2]["dag_run_id"] == f"retry-{filled}-1"
    assert trigger[2]["conf"] == {"batch_id": filled}
    again = client().post(f"api/batches/{filled}/retry", json={"documents": None})
    assert (again.status_code, again.json()["code"]) == (409, "STATE_CONFLICT")
    assert client("viewer").post(f"api/batches/{filled}/retry", json={}).status_code == 403


def test_a_document_refused_as_no_resume_may_be_read_as_one(client: Client, host: Any, filled: str) -> None:
    broken = documents()["broken.pdf"]
    with writing() as session:
        session.get_one(Document, broken).code = "NOT_A_RESUME"
    assert "Read as a résumé" in client().get(f"batches/{filled}?open={broken}").text
    answer = client().post(f"api/batches/{filled}/retry", json={"documents": [broken], "as_resume": True})
    assert answer.json()["documents"] == 1
    with reading() as session:
        assert session.get_one(Document, broken).facts["as_resume"] is True


def test_a_refused_start_stays_visible_and_can_be_repeated(client: Client, host: Any, filled: str) -> None:
    host.answers["POST", "/dags/ingest_batch/dagRuns"] = (403, {"detail": "Forbidden"})
    answer = client().post(f"api/batches/{filled}/retry", json={}).json()
    assert not answer["started"]
    assert "five minutes" in answer["sentence"]
    page = client().get(f"batches/{filled}").text
    assert "RUN_NOT_STARTED" in page
    assert "data-start" in page
    del host.answers["POST", "/dags/ingest_batch/dagRuns"]
    assert client().post(f"api/batches/{filled}/start").json()["started"]
    assert host.calls[-2][2]["dag_run_id"] == f"retry-{filled}-1", "the same run, so it cannot run twice"


def test_a_paused_dag_is_told(client: Client, host: Any, filled: str) -> None:
    host.answers["GET", "/dags/ingest_batch"] = (200, {"is_paused": True})
    assert "paused" in client().post(f"api/batches/{filled}/retry", json={}).json()["sentence"]
    host.answers["POST", "/dags/ingest_batch/dagRuns"] = (409, {})
    host.answers["GET", "/dags/ingest_batch"] = (200, {"is_paused": False})
    assert client().post(f"api/batches/{filled}/start").json()["started"], "there already is as good as started"


def test_a_batch_that_waits_for_no_run_is_not_started(client: Client, filled: str) -> None:
    assert client().post(f"api/batches/{filled}/start").status_code == 409


def test_a_runs_tab_leads_to_its_batch(client: Client, filled: str) -> None:
    with writing() as session:
        session.get_one(Batch, filled).run_id = "manual__2026-11-22"
    user = client()
    for run_id in (filled, f"retry-{filled}-2", f"review-{filled}", "manual__2026-11-22"):
        answer = user.get(f"runs/{run_id}", follow_redirects=False)
        assert answer.headers["location"] == f"/gateway/batches/{filled}", run_id
    assert "No batch yet" in user.get("runs/manual__other", params={"dag_id": "ingest_batch"}).text
    assert "no batch of its own" in user.get("runs/x", params={"dag_id": "sense_inbox"}).text


def test_a_dry_run_shows_what_it_would_send(client: Client, store: str, tmp_path: Any) -> None:
    (tmp_path / "list.csv").write_text(
        "Name,Email,Phone\nGreta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n", "utf-8"
    )
    batch_id = run_batch("backend-engineer", [tmp_path / "list.csv"], actor="test", mode=Mode.DRY_RUN)
    assert "1 candidate would have been sent" in client().get(f"batches/{batch_id}").text
    planned = client().get(f"batches/{batch_id}/planned").text
    assert "greta.hollingsworth@example.com" in planned
    assert "First dry run of this agent: 1 to send." in planned
    assert client("viewer").get(f"batches/{batch_id}/planned").status_code == 403
    live = run_batch("backend-engineer", [tmp_path / "list.csv"], actor="test", mode=Mode.REVIEW)
    assert client().get(f"batches/{live}/planned").status_code == 404
