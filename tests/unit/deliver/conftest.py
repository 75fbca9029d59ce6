from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def agents_dir(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own agent files; unanswered calls are not waited for unless a test says so."""
    from gateway.settings import settings

    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(home / "agents"))
    monkeypatch.setenv("GATEWAY_DELIVER_PATIENCE_S", "0")
    settings.cache_clear()
    return home / "agents"
