"""What every target must do, whatever it is: one suite, run on each adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.deliver.port import Lookup, Request, Target
from gateway.deliver.targets import target_of
from gateway.errors import Transient
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.pipeline.delivery.dry_run import planned_calls
from gateway.store.engine import reading
from gateway.store.tables import Delivery, PoolCandidate, now
from support.heymilo import KEY, DropsConnections, World, app_of
from support.people import addresses, agent_file, batch, connection, ledger_states, people, states
from support.receiver import SECRET, Inbox, receiver_of
from support.serve import serving


@dataclass
class Place:
    """An adapter with what it delivers to. arrived: external ids in the target, as the target itself counts them."""

    agent: Any
    arrived: Callable[[], list[str]]
    lose_next_answer: Callable[[], None] | None = None

    @property
    def target(self) -> Target:
        return target_of(self.agent)


@pytest.fixture(params=["own_pool", "heymilo_single", "heymilo_bulk", "webhook"])
def place(
    request: pytest.FixtureRequest, store: str, agents_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    if request.param == "own_pool":

        def rows() -> list[str]:
            with reading() as session:
                return list(session.scalars(select(PoolCandidate.external_id)))

        yield Place(agent_file(agents_dir, {"kind": "own_pool", "posting": "P1"}), rows)
    elif request.param == "webhook":
        inbox = Inbox()
        with serving(DropsConnections(receiver_of(inbox))) as base:
            connection(monkeypatch, "candidate_webhook", base, SECRET, path="/hooks/candidates")
            agent = agent_file(
                agents_dir, {"kind": "webhook", "posting": "P1", "rate_per_minute": 60_000, "allow_private": True}
            )
            yield Place(agent, lambda: list(inbox.messages), lambda: inbox.faults.append("drop_after"))
    else:
        world = World()
        world.open_posting("P1")
        with serving(DropsConnections(app_of(world))) as base:
            connection(monkeypatch, "heymilo_default", base, KEY)
            chunk = 1 if request.param == "heymilo_single" else 10
            agent = agent_file(
                agents_dir,
                {"kind": "heymilo", "posting": "P1", "chunk": chunk, "rate_per_minute": 60_000, "settle_s": 0},
            )
            yield Place(
                agent,
                lambda: [row["metadata"]["external_id"] for row in world.candidates.get("P1", [])],
                lambda: world.faults.append("drop_after"),
            )


def requests_of(target: Target, number: int) -> list[Request]:
    return [
        Request(
            f"x{n}",
            "P1",
            "b1",
            f"Person {n}",
            f"person.{n}@example.org",
            None,
            {"external_id": f"x{n}"},
            {"basics": {}},
        )
        for n in range(min(number, target.chunk_size))
    ]


def test_what_is_put_arrives_and_is_answered_by_its_id(place: Place) -> None:
    target = place.target
    target.preflight("P1")
    sent = requests_of(target, 5)
    receipts = list(target.put(sent))
    assert {r.external_id for r in receipts if r.accepted} == {r.external_id for r in sent} == set(place.arrived())
    assert all(receipt.target_id for receipt in receipts)


def test_finding_tells_what_arrived_or_repeats_are_safe(place: Place) -> None:
    target = place.target
    started = now()
    sent = requests_of(target, 3)
    target.put(sent)
    lookups = [Lookup(r.external_id, r.email) for r in sent] + [Lookup("x-absent", "absent@example.org")]
    found = {receipt.external_id for receipt in target.find("P1", lookups, started)}
    assert "x-absent" not in found
    if found != {r.external_id for r in sent}:
        assert target.idempotent
        target.put(sent)
    assert sorted(place.arrived()) == sorted(r.external_id for r in sent)


def test_the_whole_way_delivers_everybody_once_however_often_it_is_run(place: Place) -> None:
    batch_id = batch()
    people(batch_id, addresses(11))
    assert deliver_batch(batch_id) == {"delivered": 11}
    assert deliver_batch(batch_id) == {}
    with reading() as session:
        assert sorted(place.arrived()) == sorted(session.scalars(select(Delivery.id)))
    assert ledger_states() == {"confirmed": 11}


def test_a_lost_answer_costs_a_look_and_nothing_else(place: Place) -> None:
    if place.lose_next_answer is None:
        pytest.skip("our own pool answers from the same transaction: it cannot be lost")
    place.lose_next_answer()
    batch_id = batch()
    people(batch_id, addresses(4))
    deliver_batch(batch_id)
    deliver_batch(batch_id)
    assert states() == {"delivered": 4}
    assert len(place.arrived()) == len(set(place.arrived())) == 4


def test_nothing_listens(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    if place.agent.target.kind == "own_pool":
        pytest.skip("our own pool is the store itself")
    for name, secret in (("heymilo_default", KEY), ("candidate_webhook", SECRET)):
        connection(monkeypatch, name, "http://127.0.0.1:9", secret)
    target = place.target
    with pytest.raises(Transient) as raised:
        target.put(requests_of(target, 1))
    assert raised.value.code == "TARGET_UNREACHABLE"
    assert "person" not in raised.value.sentence


def test_finishing_may_be_repeated(place: Place) -> None:
    for _ in range(2):
        place.target.finish("P1", "b1")


def test_showing_sends_nothing_and_shows_every_candidate(place: Place) -> None:
    batch_id = batch(mode="dry_run")
    people(batch_id, addresses(12))
    shown = str(planned_calls(batch_id))
    assert all(email in shown for email in addresses(12))
    assert KEY not in shown
    assert SECRET not in shown
    assert place.arrived() == []
