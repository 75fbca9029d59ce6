"""Messages to candidates on the page: read with a held candidate, and sent to nobody but oneself. The list before a first batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Event, Invitation, Profile
from support.mailbox import Mailbox

Client = Callable[..., TestClient]


@pytest.fixture
def writing_agent(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "agents"
    folder.mkdir()
    for path in settings().agents_dir.glob("*.yaml"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    own = folder / "backend-engineer.yaml"
    text = own.read_text("utf-8")
    assert "\noutreach:" not in text
    own.write_text(
        text + "\noutreach: {enabled: true, contact: people@acme.example, sender: jobs@acme.example}\n", "utf-8"
    )
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", "https://jobs.acme.example")
    settings.cache_clear()
    return "backend-engineer"


def held() -> Profile:
    with reading() as session:
        return session.scalars(select(Profile).where(Profile.name == "Otto Lindqvist")).one()


def test_a_message_is_read_with_a_held_candidate(client: Client, writing_agent: str) -> None:
    rita = client(name="rita")
    shown = rita.get(f"agents/{writing_agent}/messages").text
    assert "Hello Greta Hollingsworth" in shown, "a made-up candidate at first"
    assert "Otto Lindqvist" in shown
    shown = rita.get(f"agents/{writing_agent}/messages", params={"profile": held().id}).text
    assert "Hello Otto Lindqvist" in shown
    assert client("viewer").get(f"agents/{writing_agent}/messages").status_code == 403
    assert rita.get(f"agents/{writing_agent}/messages", params={"profile": "p0"}).status_code == 404
    odd = rita.get(f"agents/{writing_agent}/messages", params={"kind": "nothing"}).text
    assert "OUTREACH_NOT_READY" in odd
    with reading() as session:
        looks = session.scalars(select(Event.actor).where(Event.kind == "looked", Event.subject == "agent")).all()
    assert looks == ["rita"]


def test_it_is_sent_to_oneself_and_to_no_candidate(client: Client, writing_agent: str, mailbox: Mailbox) -> None:
    rita = client(name="rita")
    asked = {"kind": "invitation", "to": "rita@acme.example", "profile": held().id}
    said = rita.post(f"api/agents/{writing_agent}/messages/test", json=asked)
    assert said.json()["sentence"] == "Sent to you. No candidate got anything."
    assert mailbox.recipients == ["rita@acme.example"]
    assert "Otto Lindqvist" in mailbox.messages[0].as_string()
    assert "https://jobs.acme.example/gateway/unsubscribe/preview." in mailbox.messages[0]["List-Unsubscribe"]
    for to in ("nobody", "a@b.example, c@d.example", "a@b.example\nBcc: x@y.example"):
        assert rita.post(f"api/agents/{writing_agent}/messages/test", json={**asked, "to": to}).status_code == 422
    with reading() as session:
        (event,) = session.scalars(select(Event).where(Event.kind == "outreach_tested")).all()
        assert (event.actor, event.rule) == ("rita", "invitation")
        assert session.scalars(select(Invitation)).all() == []


def test_what_is_left_before_the_first_batch(client: Client, filled: str) -> None:
    page = client().get("agents/backend-engineer").text
    assert "Before the first batch" in page
    assert 'value="10"' not in page, "something was ingested for it before"
    fresh = client().get("agents/store-associate").text
    assert "A test batch was read" in fresh
    assert 'id="canary"' in fresh
    assert ('value="10"' in fresh) or 'placeholder="' in fresh, "begin small"
    said = client("viewer").get("api/agents/store-associate/checklist").json()
    assert said["left"] >= 1
    assert "To do" in said["html"]
