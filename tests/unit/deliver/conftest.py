from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.pipeline.delivery import deliver as pipeline
from support.people import agent_file
from support.scripted import Scripted


@pytest.fixture(autouse=True)
def agents_dir(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own agent files; unanswered calls are not waited for unless a test says so."""
    from gateway.settings import settings

    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(home / "agents"))
    monkeypatch.setenv("GATEWAY_DELIVER_PATIENCE_S", "0")
    settings.cache_clear()
    return home / "agents"


@pytest.fixture
def agent(store: str, agents_dir: Path) -> Any:
    return agent_file(agents_dir, {"kind": "own_pool", "posting": "P-1"})


@pytest.fixture
def target(agent: Any, monkeypatch: pytest.MonkeyPatch) -> Scripted:
    made = Scripted()
    monkeypatch.setattr(pipeline, "target_of", lambda agent, live=True: made)
    monkeypatch.setattr(pipeline.time, "sleep", lambda s: None)
    return made
