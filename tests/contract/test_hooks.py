"""Events of the target, by hook: a bell only. What the API says counts, whatever the event claims."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.errors import Misconfigured
from gateway.hooks import addresses, handle
from gateway.hooks.addresses import Kind
from gateway.hooks.receive import take
from gateway.outreach.progress import sync_progress
from gateway.store.engine import reading, writing
from gateway.store.tables import Bookmark, Inbound, Interview, now
from support.heymilo import World
from support.interviews import STAGES, deliver, stages
from support.people import addresses as people_s
from support.people import batch, people


def ring(content: Any, agent_id: str = "tester") -> tuple[str | None, bool]:
    url = addresses.make(Kind.INTERVIEWS, agent_id, actor="test").url
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return take("interviews", agent_id, token=url.rpartition("/")[2], body=body, headers={})


def test_an_event_makes_us_ask_and_only_the_answer_counts(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    deliver(3)
    sync_progress()
    first, second, third = world.candidates["POST1"]
    first.update(STAGES["completed"])
    calls = world.calls
    liar = {"event": "interview_completed", "data": {"interview_id": second["interview_id"], "status": "completed"}}
    assert ring({"event_type": "interview_completed", "interview": {"interview_id": first["interview_id"]}})[1]
    assert ring(liar)[1]
    assert not ring(liar)[1], "the same news that waits already"
    done = handle.handle_due()
    assert (done.handled, done.moved, world.calls - calls) == (2, 1, 2)
    assert stages() == {
        first["interview_id"]: "completed",
        second["interview_id"]: "invited",
        third["interview_id"]: "invited",
    }, "the event claimed more than the API says"
    assert ring(liar)[1], "handled: the same words are news again"


def test_an_event_about_nobody_known_makes_us_read_the_list(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    deliver(2)
    world.candidates["POST1"][0].update(STAGES["started"])
    strange = {"name": "Greta Hollingsworth", "email": "greta@example.com", "interview_id": "DEADBEEF0001"}
    ring(strange)
    with reading() as session:
        kept = session.scalars(select(Inbound)).one()
    assert kept.refs == [], "nothing of a person, and no id that is not ours"
    assert handle.handle_due().moved == 3, "two are known now, and one of them has begun"
    assert sorted(stages().values()) == ["invited", "started"]


def test_an_interview_of_another_posting_is_none_of_ours(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    deliver(1)
    sync_progress()
    (row,) = world.candidates["POST1"]
    ring({"id": row["interview_id"]})
    row.update(STAGES["scored"])
    row["posting_id"] = "POST9"
    assert handle.handle_due().moved == 0


def test_a_target_that_is_away_keeps_its_calls_and_they_can_be_replayed(
    world: World, heymilo: Any, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heymilo()
    deliver(1)
    sync_progress()
    (row,) = world.candidates["POST1"]
    row.update(STAGES["scored"])
    call, _ = ring({"id": row["interview_id"]})
    away = json.dumps({"conn_type": "http", "host": "http://127.0.0.1:9", "password": "x"})
    monkeypatch.setenv("AIRFLOW_CONN_HEYMILO_DEFAULT", away)
    for attempt in range(1, 7):
        done = handle.handle_due()
        assert (done.later, done.dead) == ((1, 0) if attempt < 6 else (0, 1))
        with writing() as session:
            session.execute(update(Inbound).values(due_at=now()))
    assert handle.handle_due().handled == 0, "given up"
    with reading() as session:
        assert session.get_one(Inbound, call).code == "TARGET_UNREACHABLE"
    assert handle.replay([str(call)], actor="op") == 1
    assert handle.handle_due().later == 1


def test_who_proves_nothing_is_told_nothing(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    people(batch(), people_s(1))
    address = addresses.make(Kind.INTERVIEWS, "tester", actor="test")
    token = address.url.rpartition("/")[2]
    for kind, agent_id, given in (
        ("interviews", "tester", "0" * 40),
        ("files", "tester", token),
        ("interviews", "somebody", token),
        ("nothing", "tester", token),
    ):
        with pytest.raises(Misconfigured) as raised:
            take(kind, agent_id, token=given, body=b"{}", headers={})
        assert raised.value.code == "UNKNOWN_HOOK"
    with reading() as session:
        assert session.scalars(select(Inbound)).all() == []
        assert session.scalars(select(Interview)).all() == []
        assert session.scalar(select(Bookmark.value).where(Bookmark.name == "hook:interviews:tester"))
