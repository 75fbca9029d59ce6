"""How long things are kept, on the agent's page; everything of one person, as a file for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Event, Profile

Client = Callable[..., TestClient]


def test_the_agents_page_says_what_is_due(
    client: Client, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No period is set" in client().get("agents/backend-engineer").text
    text = (settings().agents_dir / "backend-engineer.yaml").read_text("utf-8")
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "backend-engineer.yaml").write_text(text + "\nretention: {held_days: 20, files_days: 365}\n", "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    page = client("viewer").get("agents/backend-engineer").text
    card = page[page.index('id="kept"') :]
    rows = [part.split("</tr>")[0] for part in card.split("<tr>")[2:7]]
    said = {row.split("</th>")[0].rpartition(">")[2]: row for row in rows}
    assert "20 days" in said["Candidates who wait"]
    assert said["Candidates who wait"].endswith('<td class="right num">2</td>'), "two are due within thirty days"
    assert "no period: kept" in said["Refused by the target"]
    assert said["Documents"].endswith('<td class="right num">0</td>')


def test_a_reviewer_gets_everything_of_a_person_and_it_is_told(client: Client, filled: str) -> None:
    with reading() as session:
        anna = session.scalars(select(Profile.id).where(Profile.name == "Anna Brook")).one()
    assert f"people/{anna}/access" in client().get(f"review/{anna}").text
    assert f"people/{anna}/access" not in client("viewer").get(f"review/{anna}").text
    assert client("viewer").get(f"people/{anna}/access").status_code == 403
    answer = client("user").get(f"people/{anna}/access")
    assert "attachment" in answer.headers["content-disposition"]
    assert "anna.brook@example.org" in answer.text
    assert client().get("people/p0/access").status_code == 404
    with reading() as session:
        told = session.execute(select(Event.actor, Event.subject_id).where(Event.kind == "access_given")).all()
    assert [tuple(row) for row in told] == [("user", anna)]
