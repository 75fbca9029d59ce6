"""Agents: what the list and an agent's page say, its template, and the question to its target."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from gateway.errors import Misconfigured
from gateway.insight import agents as insight
from gateway.pipeline.lines import profile_lines
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store.tables import now
from gateway_airflow.ui.pages import agents as pages

Client = Callable[..., TestClient]


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    pages._preflights.clear()
    pages._checklists.clear()
    yield
    pages._preflights.clear()
    pages._checklists.clear()


@pytest.fixture
def own_agents(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example agents in a folder that a test may change."""
    folder = tmp_path / "agents"
    folder.mkdir()
    for path in settings().agents_dir.glob("*.yaml"):
        (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    return folder


def test_the_list_has_every_agent_with_its_numbers(client: Client, filled: str) -> None:
    page = client().get("").text
    for line in insight.agent_lines():
        assert line.title in page
        assert f"/gateway/agents/{line.id}" in page
    (engineer,) = (line for line in insight.agent_lines() if line.id == "backend-engineer")
    assert (engineer.documents, engineer.delivered, engineer.held, engineer.last_batch) == (4, 3, 2, filled)


def test_no_agent_at_all_teaches(client: Client, own_agents: Path) -> None:
    for path in own_agents.iterdir():
        path.unlink()
    assert "No interview agents yet" in client().get("").text


def test_a_broken_file_is_listed_with_its_sentence(client: Client, own_agents: Path) -> None:
    (own_agents / "backend-engineer.yaml").write_text("id: backend-engineer\ntitle: X\n", "utf-8")
    page = client().get("")
    assert "An agent file cannot be used" in page.text
    assert "backend-engineer.yaml" in page.text
    assert "Registered Nurse" in page.text, "one mistake does not hide the others"
    assert client().get("agents/backend-engineer").status_code == 422
    assert client().get("agents/nobody").status_code == 404


def test_an_agent_whose_file_is_gone_keeps_its_history(
    client: Client, filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "none"
    folder.mkdir()
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    assert "Without a file" in client().get("").text
    page = client().get("agents/backend-engineer").text
    assert "accepts no candidates" in page
    assert filled in page
    assert 'id="drop"' not in page
    assert client().get("agents/backend-engineer/template.csv").status_code == 404


def test_an_agents_page_shows_upload_criteria_sums_and_batches(client: Client, filled: str) -> None:
    page = client().get("agents/backend-engineer").text
    assert 'id="drop"' in page
    assert "We must have read the name, e-mail address and phone number" in page
    assert "95% sure of the name" in page
    assert "<b>4</b> = 3 success + 1 failed + 0 processing" in page
    assert filled in page
    assert "style=" not in page
    assert "Drop your first résumé" in client().get("agents/store-associate").text
    assert 'id="drop"' not in client("viewer").get("agents/backend-engineer").text


def test_a_closed_agent_says_so_and_takes_nothing(client: Client, own_agents: Path) -> None:
    path = own_agents / "store-associate.yaml"
    path.write_text(path.read_text("utf-8") + "\nstate: closed\n", "utf-8")
    page = client().get("agents/store-associate").text
    assert "closed and accepts no candidates" in page
    assert 'id="drop"' not in page
    assert not client().get("api/agents/store-associate/preflight").json()["ready"]
    answer = client().post("api/uploads", json={"agent_id": "store-associate"})
    assert answer.json()["code"] == "AGENT_CLOSED"


def test_criteria_are_sentences_for_every_agent(home: Path) -> None:
    for agent in insight.known_agents()[0].values():
        for one in insight.criteria(agent):
            assert one.sentences, one.title
            assert all(sentence.endswith(".") for sentence in one.sentences), one.sentences


def test_agent_files_are_read_again_when_they_change(own_agents: Path) -> None:
    assert insight.known_agents()[0]["store-associate"].title != "New title"
    path = own_agents / "store-associate.yaml"
    path.write_text(path.read_text("utf-8").replace("title:", "title: New title #", 1), "utf-8")
    assert insight.known_agents()[0]["store-associate"].title == "New title"


@pytest.mark.parametrize("agent_id", ["backend-engineer", "regional-nurse", "store-associate"])
def test_the_template_is_a_table_the_gateway_reads(client: Client, home: Path, tmp_path: Path, agent_id: str) -> None:
    answer = client("viewer").get(f"agents/{agent_id}/template.csv")
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 2
    (tmp_path / "template.csv").write_bytes(answer.content)
    batch_id = run_batch(agent_id, [tmp_path / "template.csv"], actor="test")
    lines = profile_lines(batch_id)
    assert [(line["name"], line["email"]) for line in lines] == [(row["Full name"], row["Email"]) for row in rows]
    assert all(line["completeness"] == 1 for line in lines), "every column was recognised"


def test_the_target_is_asked_once_a_minute(client: Client, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(pages, "check_live", asked.append)
    user = client("viewer")
    for _ in range(3):
        said = user.get("api/agents/backend-engineer/preflight").json()
    assert said == {
        "ready": True,
        "sentence": "The target accepts candidates for ENG-2041.",
        "code": None,
        "href": None,
    }
    assert len(asked) == 1


def test_a_target_that_takes_nobody_is_told_in_words(
    client: Client, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(agent: Any) -> None:
        raise Misconfigured("TARGET_CLOSED", "The posting is closed: open it in the target.")

    monkeypatch.setattr(pages, "check_live", closed)
    said = client().get("api/agents/backend-engineer/preflight").json()
    assert said == {
        "ready": False,
        "sentence": "The posting is closed: open it in the target.",
        "code": "TARGET_CLOSED",
        "href": "/gateway/codes/TARGET_CLOSED",
    }


def test_the_agents_file_is_for_those_who_configure(client: Callable[..., TestClient], home: Path) -> None:
    assert client("user").get("/agents/backend-engineer/file").status_code == 403
    answer = client("op").get("/agents/backend-engineer/file")
    assert "posting: ENG-2041" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    for name in ("nobody", "..%2F..%2Fpyproject", "%2e%2e/backend-engineer"):
        assert client("op").get(f"/agents/{name}/file").status_code == 404


def test_a_day_in_figures(client: Client, filled: str) -> None:
    today = now().astimezone(UTC).date()
    page = client("viewer").get("agents/backend-engineer/day", params={"day": str(today)}).text
    assert "<svg" in page
    assert re.search(r"candidates ingested</th><td[^>]*>3<", page)
    assert re.search(r"candidates waiting now</th><td[^>]*>2<", page)
    assert "allowed to be wrong" in page
    for name in ("Otto", "Anna", "ada.quill"):
        assert name not in page
    assert client().get("agents/backend-engineer/day", params={"day": "not a day"}).status_code == 422
    assert client().get("agents/backend-engineer/day").status_code == 200
    assert client().get("agents/nobody/day").status_code == 404
