"""The page of notices: channels and messages for everybody, changes for those who may configure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from gateway.settings import settings
from gateway.store import outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, ChannelHealth, Event, Outbox, now

Client = Callable[..., TestClient]
HOOK = "notify: {channels: [{kind: webhook, connection: crm}]}\n"


@pytest.fixture
def told(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A message by a webhook that was given up, and its channel paused."""
    folder = tmp_path / "agents"
    folder.mkdir()
    own = (settings().agents_dir / "backend-engineer.yaml").read_text("utf-8")
    (folder / "backend-engineer.yaml").write_text(own.replace("notify:\n  log: true\n", HOOK), "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    with writing() as session:
        agent = session.get_one(Agent, "backend-engineer")
        outbox.emit(session, "channel.test", agent.id, {}, only="webhook:crm")
        session.flush()
        session.execute(
            update(Outbox)
            .where(Outbox.channel == "webhook:crm")
            .values(dead_at=now(), code="NOTICE_NOT_SENT", error="The receiver did not take it.", attempts=11)
        )
        session.add(ChannelHealth(agent_id=agent.id, channel="webhook:crm", failures=9, paused_at=now()))
    with reading() as session:
        return str(session.scalar(select(Outbox.id).where(Outbox.channel == "webhook:crm")))


def test_everybody_sees_channels_and_messages(client: Client, told: str) -> None:
    text = client("viewer").get("notices").text
    for said in ("webhook:crm", "Paused", told, "NOTICE_NOT_SENT", "Given up", "batch.waiting_review"):
        assert said in text, said
    assert "data-do=" not in text, "a viewer changes nothing"
    for name in ("Otto", "Lindqvist", "ada.quill"):
        assert name not in text
    assert told not in client("viewer").get("notices", params={"state": "sent"}).text


def test_who_configures_resumes_tests_and_sends_again(client: Client, told: str, host: Any) -> None:
    op = client("op")
    assert 'data-do="resume"' in op.get("notices").text
    key = {"agent": "backend-engineer", "channel": "webhook:crm"}
    assert "is tried again" in op.post("api/notices/resume", json=key).json()["sentence"]
    with reading() as session:
        assert session.scalar(select(ChannelHealth.paused_at)) is None
    assert "within seconds" in op.post("api/notices/resend", json={"ids": [told]}).json()["sentence"]
    with reading() as session:
        row = session.get_one(Outbox, told)
        assert (row.dead_at, row.attempts, row.code) == (None, 0, None)
    host.answers[("POST", "/dags/send_notices/dagRuns")] = (403, {})
    assert "two minutes" in op.post("api/notices/test", json=key).json()["sentence"]
    assert {path for _, path, _ in host.calls} == {"/dags/send_notices/dagRuns"}
    with reading() as session:
        assert len(session.scalars(select(Outbox.id).where(Outbox.type == "channel.test")).all()) == 2
        done = session.execute(
            select(Event.kind, Event.actor, Event.subject_id)
            .where(Event.kind.in_(["channel_resumed", "notices_resent", "channel_tested"]))
            .order_by(Event.id)
        ).all()
    assert [row.kind for row in done] == ["channel_resumed", "notices_resent", "channel_tested"]
    assert {(row.actor, row.subject_id) for row in done} == {("op", "backend-engineer")}


def test_a_message_that_is_not_there(client: Client, told: str) -> None:
    answer = client("op").post("api/notices/resend", json={"ids": ["m0"]})
    assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_MESSAGE")
    assert client("op").post("api/notices/test", json={"agent": "no", "channel": "log"}).status_code == 404
    assert client("user").post("api/notices/resend", json={"ids": [told]}).status_code == 403
