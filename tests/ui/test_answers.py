"""The form where a candidate answers, and the desk that asks and takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.outreach.letters import answer_token
from gateway.outreach.sending import send_outreach
from gateway.settings import settings
from gateway.store.engine import reading, writing
from gateway.store.tables import Answer, Batch, Invitation, Profile
from support.mailbox import Mailbox

Client = Callable[..., TestClient]


@pytest.fixture
def otto(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A held candidate of an agent that may ask."""
    folder = tmp_path / "agents"
    folder.mkdir()
    text = (settings().agents_dir / "backend-engineer.yaml").read_text("utf-8")
    assert "\ntemplates:\n" in text
    question = "\ntemplates:\n  question: {subject: 'Reach you', body: 'Here: {{ link }}'}\n"
    text = text.replace("\ntemplates:\n", question)
    more = (
        "\noutreach: {enabled: true, contact: c@acme.example, sender: jobs@acme.example, quiet: {start: 0, end: 0}}\n"
    )
    (folder / "backend-engineer.yaml").write_text(text + more, "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", "https://jobs.acme.example")
    settings.cache_clear()
    with writing() as session:
        session.get_one(Batch, filled).consent = "applied"
        return session.scalars(select(Profile.id).where(Profile.name == "Otto Lindqvist")).one()


def test_a_candidate_answers_and_a_reviewer_takes_it(client: Client, otto: str, mailbox: Mailbox) -> None:
    rita = client(name="rita")
    assert 'data-ask="ask"' in rita.get(f"review/{otto}").text
    assert 'data-ask="ask"' not in client("viewer").get(f"review/{otto}").text
    assert client("viewer").post(f"api/review/{otto}/ask").status_code == 403
    assert rita.post(f"api/review/{otto}/ask").status_code == 200
    assert rita.post(f"api/review/{otto}/ask").status_code == 409
    send_outreach("backend-engineer")
    with reading() as session:
        row = session.scalars(select(Invitation).where(Invitation.kind == "question")).one()
    path = f"answer/{answer_token(row.id)}"
    nobody = client(None)
    nobody.headers.pop("X-Gateway")
    shown = nobody.get(path).text
    for personal in ("Otto", "Lindqvist", "gmial", "5550112"):
        assert personal not in shown, "whoever has the link sees nothing of the candidate"
    said = nobody.post(path, data={"email": "not an address"})
    assert (said.status_code, "is not an e-mail address" in said.text) == (422, True)
    said = nobody.post(path, data={"email": "otto.lindqvist@gmail.com", "phone": "+49 30 5550112", "evil": "<script>"})
    assert (said.status_code, "Thank you" in said.text) == (200, True)
    desk = rita.get(f"review/{otto}").text
    assert "otto.lindqvist@gmail.com" in desk
    assert "Take this and approve" in desk
    assert "otto.lindqvist@gmail.com" not in client("viewer").get(f"review/{otto}").text
    assert rita.post(f"api/review/{otto}/take-answer").status_code == 200
    with reading() as session:
        assert session.get_one(Profile, otto).email == "otto.lindqvist@gmail.com"
    assert "entered by the candidate" in rita.get(f"review/{otto}").text
    assert nobody.get(path).status_code == 404, "it is decided"


def test_wrong_links_and_floods(client: Client, otto: str) -> None:
    nobody = client(None)
    for token in (f"i0.{'0' * 32}", "i20261122190501k7m2qdabcd." + "0" * 32):
        assert nobody.get(f"answer/{token}").status_code == 404
        assert nobody.post(f"answer/{token}", data={"name": "x"}).status_code == 404
    assert nobody.post(f"answer/i0.{'0' * 32}", content=b"x" * 10_001).status_code == 413
    assert client().post(f"api/review/{otto}/take-answer").status_code == 404
    with reading() as session:
        assert session.scalars(select(Answer)).all() == []
