"""Agents with channels of their own, and a receiver of signed messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.agents import load_agent
from gateway.pipeline.arrival.receive import sync_agent
from gateway.settings import settings
from support.heymilo import DropsConnections
from support.receiver import Inbox, receiver_of
from support.serve import serving
from support.telling import connect

AGENT = "id: {id}\ntitle: Nurses\ntarget: {{kind: own_pool, posting: P}}\nfictional_contacts: mark\n{more}"


@pytest.fixture
def agent(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """agent(more, id="nurses"): an agent file with these keys, known to the store."""
    folder = tmp_path / "agents"
    folder.mkdir()
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()

    def make(more: str = "", id: str = "nurses") -> None:
        path = folder / f"{id}.yaml"
        path.write_text(AGENT.format(id=id, more=more), "utf-8")
        sync_agent(load_agent(path))

    return make


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A receiver, reached by the connection `crm`."""
    made = Inbox()
    with serving(DropsConnections(receiver_of(made))) as base:
        connect(monkeypatch, "crm", base)
        yield made
