"""One lane a target: who finds it taken comes back, and nobody else waits for it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.pipeline.delivery import lanes
from gateway.pipeline.delivery.lanes import deliver_in_lane, in_lane, lane_of
from gateway.pipeline.review.send import deliver_lane, waiting_lanes
from gateway.settings import settings
from gateway.store.engine import reading, writing
from gateway.store.tables import Lane, now
from support.people import addresses, agent_file, batch, people, states


@pytest.fixture(autouse=True)
def agents(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "agents"
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    for agent_id, posting in (("tester", "P-1"), ("twin", "P-1"), ("other", "P-2")):
        agent_file(folder, {"kind": "own_pool", "posting": posting}, agent_id)
    return folder


def test_a_slot_has_one_holder_and_another_target_is_free() -> None:
    with in_lane("a") as first, in_lane("a") as second, in_lane("b") as elsewhere:
        assert (first, second, elsewhere) == (True, False, True)
    with in_lane("a") as again:
        assert again


def test_a_target_has_as_many_slots_as_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TARGET_SLOTS", "2")
    settings.cache_clear()
    with in_lane("a") as first, in_lane("a") as second, in_lane("a") as third:
        assert (first, second, third) == (True, True, False)


def test_a_slot_of_a_dead_holder_is_free_after_its_end() -> None:
    """A killed worker runs no `finally`: its row stays as it was."""
    lane = in_lane("a")
    assert lane.__enter__()
    with in_lane("a") as early:
        assert not early
    with writing() as session:
        session.execute(update(Lane).values(until=now() - timedelta(seconds=1)))
    with in_lane("a") as later:
        assert later
        lane.__exit__(None, None, None)  # the dead one's belated end must not free what another holds now
        with in_lane("a") as third:
            assert not third


def test_a_living_holder_moves_its_end_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "RENEW_S", 0.02)
    monkeypatch.setattr(lanes, "LEASE_S", 0.2)
    import time

    with in_lane("a"):
        time.sleep(0.5)
        with in_lane("a") as second:
            assert not second


def test_agents_with_one_target_share_its_lane(agents: Path) -> None:
    heymilo = {"kind": "heymilo", "connection": "key_one"}
    one = agent_file(agents, {**heymilo, "posting": "11111111-1111-4111-8111-111111111111"}, "milo-one")
    two = agent_file(agents, {**heymilo, "posting": "22222222-2222-4222-8222-222222222222"}, "milo-two")
    pool = agent_file(agents, {"kind": "own_pool", "posting": "P-1"})
    assert lane_of(one) == lane_of(two) == "heymilo:key_one", "two postings of one key share its rate limit"
    assert lane_of(pool) == "own_pool:P-1"


def test_a_batch_waits_for_its_own_target_only() -> None:
    slow, fast = batch("tester"), batch("other")
    people(slow, addresses(2))
    people(fast, addresses(2), agent_id="other")
    with in_lane("own_pool:P-1"):
        assert deliver_in_lane(slow) is None
        assert set(states(slow)) == {"passed"}
        assert deliver_in_lane(fast) == {"delivered": 2}
    assert deliver_in_lane(slow) == {"delivered": 2}


def test_a_batch_that_sends_nothing_waits_for_nobody() -> None:
    nothing, dry = batch("tester"), batch("tester", mode="dry_run")
    people(nothing, addresses(1), state="held")
    people(dry, addresses(2))
    with in_lane("own_pool:P-1"):
        assert deliver_in_lane(nothing) == {}
        assert deliver_in_lane(dry) == {"would_send": 2}


def test_approved_candidates_go_target_by_target(agents: Path) -> None:
    """A lane takes every agent of its target; an agent whose file is wrong is a lane of its own, which says so."""
    from gateway.errors import Misconfigured

    made = {agent: batch(agent) for agent in ("tester", "twin", "other")}
    for agent, batch_id in made.items():
        people(batch_id, [f"{agent}@example.org"], state="approved", agent_id=agent)
    assert waiting_lanes() == ["own_pool:P-1", "own_pool:P-2"]
    assert deliver_lane("own_pool:P-1") == {"delivered": 2}
    assert waiting_lanes() == ["own_pool:P-2"]
    (agents / "other.yaml").write_text("id: other\ntitle: [")
    assert waiting_lanes() == ["agent:other"]
    with pytest.raises(Misconfigured) as raised:
        deliver_lane("agent:other")
    assert raised.value.code == "AGENT_FILE_INVALID"


def test_lanes_leave_one_row_a_slot() -> None:
    for _ in range(3):
        with in_lane("a"):
            pass
    with reading() as session:
        assert len(session.scalars(select(Lane)).all()) == 1
