from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.contract import Contract, contract_path
from support.heymilo import KEY, DropsConnections, World, app_of
from support.people import agent_file, connection
from support.serve import serving


@pytest.fixture(autouse=True)
def agents_dir(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from gateway.settings import settings

    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(home / "agents"))
    monkeypatch.setenv("GATEWAY_DELIVER_PATIENCE_S", "0")
    settings.cache_clear()
    return home / "agents"


@pytest.fixture(scope="session")
def contract() -> Contract | None:
    return Contract(contract_path()) if contract_path().is_file() else None


@pytest.fixture
def world(contract: Contract | None) -> Iterator[World]:
    """The double's world; at the end nothing may have been said that the OpenAPI file does not allow."""
    made = World()
    made.open_posting("POST1")
    yield made
    assert made.violations == []


@pytest.fixture
def server(world: World, contract: Contract | None) -> Iterator[str]:
    with serving(DropsConnections(app_of(world, contract))) as base:
        yield base


@pytest.fixture
def heymilo(server: str, agents_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes the agent: heymilo(chunk=10, ...) -> Agent, its connection pointing at the double."""
    connection(monkeypatch, "heymilo_default", server, KEY)

    def make(**settings: Any) -> Any:
        plain = {"kind": "heymilo", "posting": "POST1", "chunk": 10, "rate_per_minute": 60_000, "settle_s": 0}
        return agent_file(agents_dir, plain | settings)

    return make
