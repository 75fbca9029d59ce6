"""The sources' doorbell: one event for what is due, again after a while, and never an end because the store is away."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gateway.sources import bell
from gateway.sources.bell import Bell
from gateway_airflow.triggers.sources_trigger import SourcesTrigger
from support.sources import agent_with


@pytest.fixture
def due(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    agent_with(home, monkeypatch, {"name": "agency", "kind": "folder", "path": "/x"})


def test_it_rings_when_a_source_is_due_and_outlives_a_store_that_is_away(
    due: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Bell.listen, []

    def flaky(self: Bell) -> int:
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionError
        return real(self)

    monkeypatch.setattr(Bell, "listen", flaky)

    async def first() -> Any:
        trigger = SourcesTrigger(poll_s=0.01, again_s=60)
        async for event in trigger.run():
            return event.payload
        return None

    assert asyncio.run(asyncio.wait_for(first(), 20)) == {"news": 1}
    assert len(calls) == 2


def test_it_rings_again_after_a_while_for_a_source_that_is_still_due(due: None) -> None:
    at = [0.0]
    one = Bell(100, clock=lambda: at[0])
    assert (one.listen(), one.listen()) == (1, 0)
    at[0] = 101
    assert one.listen() == 1


def test_its_settings_are_all_it_needs(due: None) -> None:
    name, kwargs = SourcesTrigger(poll_s=5, again_s=120).serialize()
    assert name == "gateway_airflow.triggers.sources_trigger.SourcesTrigger"
    assert SourcesTrigger(**kwargs).serialize()[1] == {"poll_s": 5, "again_s": 120}
    assert bell.waiting_runs() == {}
