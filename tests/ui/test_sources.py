"""The page of sources and keys, and a batch's receipt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from gateway.codes import CODES
from gateway.receipts import SEND_BETTER, _told, receipt
from gateway.senders.keys import Holder
from gateway.senders.sent import receipt_for
from gateway.sources.pull import pull
from gateway.store.engine import reading, writing
from gateway.store.tables import ApiKey, Batch, Document, Event, Profile
from support.sources import AGENT, agent_with

Client = Callable[..., TestClient]


@pytest.fixture
def source(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    agent_with(
        home,
        monkeypatch,
        {"name": "agency", "kind": "folder", "path": str(folder), "quiet_s": 0, "expected": {"cron": "0 6 * * *"}},
        {"name": "broken", "kind": "folder", "path": str(tmp_path / "no-such")},
    )
    return folder


def test_everybody_sees_how_sources_are(client: Client, store: str, source: Path) -> None:
    text = client("viewer").get("sources").text
    assert text.count("Not asked yet") == 2
    assert "data-do=" not in text
    assert "API keys" not in text
    (source / "a.csv").write_text("Name,Email\nA,a@example.com\n", "utf-8")
    pull(AGENT, "agency")
    pull(AGENT, "broken")
    text = client("viewer").get("sources").text
    for said in ("Works", "Failing", "SOURCE_REFUSED", "0 6 * * *", "is not on this machine"):
        assert said in text, said
    assert "no-such" not in text


def test_who_configures_asks_a_source_now(client: Client, store: str, source: Path, host: Any) -> None:
    pull(AGENT, "agency")
    op = client("op")
    assert 'data-do="pull"' in op.get("sources").text
    answer = op.post("api/sources/pull", json={"agent": AGENT, "source": "agency"})
    assert "is asked now" in answer.json()["sentence"]
    [(method, path, body)] = host.calls
    assert (method, path, body["conf"]) == ("POST", "/dags/pull_sources/dagRuns", {"agent": AGENT, "source": "agency"})
    with reading() as session:
        assert session.execute(select(Event.actor, Event.rule).where(Event.kind == "source_asked")).one() == (
            "op",
            "agency",
        )
    answer = op.post("api/sources/pull", json={"agent": AGENT, "source": "no"})
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_SOURCE")
    assert client("user").post("api/sources/pull", json={"agent": AGENT, "source": "agency"}).status_code == 403


def test_keys_are_made_shown_once_replaced_and_revoked(client: Client, store: str, home: Path) -> None:
    op = client("op")
    given = {"sender": "agency-oak", "agents": [AGENT], "rights": ["send", "read"], "rate_per_minute": 30, "days": 30}
    made = op.post("api/keys", json=given).json()
    assert made["key"].startswith(f"gwk_{made['id']}_")
    text = op.get("sources").text
    assert made["id"] in text
    assert made["key"] not in text
    assert "until " in text
    with reading() as session:
        assert made["key"].split("_", 2)[2] not in repr(session.get_one(ApiKey, made["id"]).__dict__)
    second = op.post(f"api/keys/{made['id']}/rotate", json={}).json()
    assert second["key"] != made["key"]
    assert f"replaces gwk_{made['id']}_" in op.get("sources").text
    assert op.post(f"api/keys/{second['id']}/revoke", json={}).status_code == 200
    again = op.post(f"api/keys/{second['id']}/revoke", json={})
    assert (again.status_code, again.json()["code"]) == (404, "UNKNOWN_API_KEY")
    assert "Revoked" in op.get("sources").text
    for wrong in (
        {"sender": "Agency Oak"},
        {"rights": []},
        {"rights": ["admin"]},
        {"rate_per_minute": 0},
        {"days": 0},
        {"agents": ["no-such"]},
    ):
        answer = op.post("api/keys", json={**given, **wrong})
        assert answer.status_code in (404, 422), wrong
        assert answer.json()["code"] in ("API_KEY_FORM", "UNKNOWN_AGENT")
    assert client("user").post("api/keys", json=given).status_code == 403


def test_a_receipt_says_what_became_of_each_and_how_to_send_better(client: Client, filled: str) -> None:
    said = receipt(filled).as_dict()
    files = {one["file"]: one for one in said["files"]}
    assert files["broken.pdf"]["status"] == "refused"
    assert files["broken.pdf"]["reasons"][0]["fix"]
    rows = {one["row"]: one["outcome"] for one in files["list.csv"]["candidates"]}
    assert len(rows) == 3
    assert None not in rows
    assert sum(said["candidates_total"].values()) == 5
    assert said["files_total"] == {"read": 3, "refused": 1, "processing": 0, "repeated": 0, "closed": 0}
    assert "EMAIL_MISSING" in {one["code"] for one in said["advice"]}
    assert said["history"][-1]["batch_id"] == filled
    for name in ("Otto", "Ben Harrow", "ada.quill", "5550101"):
        assert name not in repr(said), "no value of anybody is repeated"
    page = client("user").get(f"batches/{filled}/receipt").text
    assert "How to send better" in page
    assert "list.csv" in page
    masked = client("viewer").get(f"batches/{filled}/receipt").text
    assert "otto.pdf" not in masked
    with reading() as session:
        looks = session.scalars(select(Event.actor).where(Event.kind == "looked", Event.subject_id == filled)).all()
    assert looks == ["user"]
    assert f"/batches/{filled}/receipt" in client("viewer").get(f"batches/{filled}").text
    assert client("user").get("batches/b1/receipt").status_code == 404


def test_what_a_sender_is_advised_speaks_to_the_sender() -> None:
    advised = [reason for code in CODES for reason in _told([code])]
    assert len(advised) > 60
    for reason in advised:
        assert "sk the sender" not in reason.fix, reason.code
        assert not reason.fix.startswith("Ask for"), reason.code
    assert _told(["DUPLICATE_FILE", "LIKELY_DUPLICATE", "PERSON_ERASED", "BATCH_HOLDS", "FILE_UNREADABLE"]) == ()
    assert set(SEND_BETTER) <= set(CODES)


def test_that_somebody_is_known_from_elsewhere_is_not_told(client: Client, filled: str) -> None:
    """A duplicate of another sender's candidate looks like one that was decided against."""
    oak = Holder("k", "agency-oak", (), frozenset({"read"}))
    with writing() as session:
        other = Batch(
            id="b20260101-000000-aaaaaa",
            agent_id=AGENT,
            mode="ingest",
            state="done",
            source="api:agency-elm",
            uploaded_by="key:agency-elm",
            manifest={},
            statistics={},
        )
        session.add(other)
        session.execute(update(Batch).where(Batch.id == filled).values(source="api:agency-oak", uploaded_by=oak.by))
        session.flush()
        document = Document(
            id="dother", batch_id=other.id, agent_id=AGENT, path="x.pdf", sha256="0" * 64, size_bytes=1,
            media_type="application/pdf", state="success", facts={},
        )  # fmt: skip
        session.add(document)
        session.flush()
        session.add(
            Profile(
                id="pother", document_id="dother", batch_id=other.id, agent_id=AGENT, ordinal=0, state="delivered",
                data={}, codes=[],
            )
        )  # fmt: skip
        session.flush()
        own = session.scalars(select(Profile).where(Profile.batch_id == filled).order_by(Profile.id)).all()
        first, second, third = own[:3]
        for row, of, state in (
            (first, "pother", "duplicate"),
            (second, third.id, "duplicate"),
            (third, None, "discarded"),
        ):
            session.execute(
                update(Profile)
                .where(Profile.id == row.id)
                .values(state=state, duplicate_of=of, codes=["DUPLICATE_DELIVERED", "LIKELY_DUPLICATE"])
            )
        session.execute(
            update(Document).where(Document.path == "anna.pdf").values(duplicate_of="dother", code="DUPLICATE_FILE")
        )
    said = receipt_for(oak, filled).as_dict()
    totals = said["candidates_total"]
    assert (totals["closed"], totals["repeated"]) == (2, 1)
    told = repr(said)
    for hidden in ("DUPLICATE", "elm", "other", "b20260101-000000-aaaaaa"):
        assert hidden not in told, hidden
    files = {one["file"]: one for one in said["files"]}
    assert (files["anna.pdf"]["status"], files["anna.pdf"]["reasons"]) == ("closed", [])
    for candidate in (one for file in said["files"] for one in file["candidates"] if one["outcome"] == "closed"):
        assert candidate["reasons"] == []


def test_a_mail_s_sender_is_masked_for_who_may_not_see_people(client: Client, filled: str) -> None:
    with writing() as session:
        session.execute(update(Batch).where(Batch.id == filled).values(uploaded_by="ann@agency.example"))
    for path in ("batches", f"batches/{filled}"):
        assert "ann@agency.example" in client("user").get(path).text
        assert "ann@agency.example" not in client("viewer").get(path).text
