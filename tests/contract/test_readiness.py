"""The list before an agent's first batch, against the double: red with what to do, green when it is done."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main
from gateway.insight.readiness import FIRST_CANARY, canary_to_offer, first_batch_to_come, readiness
from gateway.notify import people as choices
from gateway.settings import settings
from gateway.store.engine import writing
from gateway.store.tables import Batch
from support.heymilo import World
from support.people import batch

QUESTION = {"object": "question", "id": "q1", "posting_id": "POST1", "modality": "voice", "text": "Why?"}


def states(agent: Any, *, live: bool = True) -> dict[str, str]:
    found = readiness(agent, live=live)
    for one in found:
        assert bool(one.then) == (one.state == "todo"), (
            f"{one.key}: what is left says what to do, and nothing else does"
        )
    return {one.key: one.state for one in found}


def test_each_line_goes_from_red_to_green(
    world: World, heymilo: Any, store: str, agents_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = heymilo()
    assert states(agent, live=False)["posting"] == "not_asked"
    world.open_posting("POST1", status="expired")
    assert states(agent) == {
        "agent": "done", "posting": "todo", "messages": "done", "sources": "todo", "reviewers": "todo", "tried": "todo",
    }  # fmt: skip
    world.open_posting("POST1")
    assert states(agent)["scoring"] == "todo", "no step at all"
    step = {"step_id": "s1", "order": 1, "agent_type": "voice"}
    world.open_posting("POST1", workflow=[step])
    assert states(agent)["scoring"] == "todo", "no question"
    world.questions = [{**QUESTION, "not_scored": True}]
    assert states(agent)["scoring"] == "todo", "none is scored"
    world.questions = [{**QUESTION, "not_scored": True}, {**QUESTION, "id": "q2"}]
    assert states(agent)["scoring"] == "done"
    settings().inbox.mkdir(exist_ok=True)
    choices.choose("rita", "*", {"to": "rita@acme.example", "events": ["batch.waiting_review"]})
    batch_id = batch()
    with writing() as session:
        session.get_one(Batch, batch_id).state = "done"
    path = agents_dir / "tester.yaml"
    path.write_text(path.read_text() + "notify: {silent_after_h: {agency: 24}}\n")
    from gateway.pipeline.arrival.receive import agent_of

    assert set(states(agent_of("tester")).values()) == {"done"}
    world.violations = [
        one for one in world.violations if "workflow" not in one
    ]  # of the step, which is only a stand-in


def test_invitations_that_cannot_be_sent_are_red(heymilo: Any, store: str, agents_dir: Path) -> None:
    heymilo()
    path = agents_dir / "tester.yaml"
    words = "outreach: {enabled: true}\ntemplates: {invitation: {subject: Hi, body: '{{ link }}'}}\n"
    path.write_text(path.read_text() + words)
    from gateway.pipeline.arrival.receive import agent_of

    (line,) = [one for one in readiness(agent_of("tester"), live=False) if one.key == "messages"]
    assert (line.state, line.code) == ("todo", "OUTREACH_NOT_READY")
    assert "GATEWAY_PUBLIC_URL" in line.then


def test_a_canary_is_offered_for_the_first_batch_alone(heymilo: Any, store: str) -> None:
    agent = heymilo()
    assert first_batch_to_come("tester")
    assert canary_to_offer(agent) == FIRST_CANARY
    assert canary_to_offer(agent.model_copy(update={"canary": 3})) is None, "the file says it already"
    for mode, state, offered in (
        ("dry_run", "done", FIRST_CANARY),
        ("ingest", "running", FIRST_CANARY),
        ("ingest", "done", None),
    ):
        batch_id = batch(mode=mode)
        with writing() as session:
            session.get_one(Batch, batch_id).state = state
        assert canary_to_offer(agent) == offered


def test_the_command_shows_the_list(world: World, heymilo: Any, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    heymilo()
    assert main(["agents", "check", "--live"]) == 0
    said = capsys.readouterr().out
    assert "done    The posting accepts candidates" in said
    assert "TO DO   A test batch was read: Upload a few documents as a dry run" in said
    assert main(["agents", "check", "--live", "--json"]) == 0
    assert {one["key"] for one in json.loads(capsys.readouterr().out)["checklist"]} >= {"posting", "scoring", "tried"}
    assert main(["agents", "check", "--json"]) == 0
    assert "checklist" not in json.loads(capsys.readouterr().out), "without --live it needs no store"
