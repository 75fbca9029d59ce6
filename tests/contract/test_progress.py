"""How far interviews are, from the double's list: forward only, ours only, once each, and whole in the funnel."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from gateway.insight.analytics import analytics
from gateway.outreach.progress import FULL_EVERY, _keep, _since, seen_of, sync_progress
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Bookmark, Delivery, Event, Interview, now
from support.heymilo import World
from support.interviews import MEANS, STAGES, deliver, stages
from support.people import batch, connection, people
from support.telling import rows


def test_every_stage_is_kept_and_the_funnel_is_whole(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    batch_id = deliver(len(STAGES))
    before = analytics(None, 30).funnel
    assert (before.linked, before.started, before.completed) == (len(STAGES), None, None), "not asked is not nought"
    wanted = {}
    for row, (name, changes) in zip(world.candidates["POST1"], STAGES.items(), strict=True):
        row.update(changes)
        wanted[row["interview_id"]] = MEANS[name]
    world.take("POST1", {"name": "Somebody Else", "email": "else@example.org", "metadata": {"external_id": "x-else"}})
    done = sync_progress()
    assert (done.new, done.problems) == (len(STAGES), [])
    assert stages() == wanted, "a candidate of another tool is none of ours"
    found = analytics(None, 30)
    funnel, total = found.funnel, found.progress.total
    assert (funnel.linked, funnel.started, funnel.completed, funnel.scored, funnel.knocked_out) == (7, 5, 3, 2, 1)
    assert (total.ingested, total.invited) == (7, 7)
    assert [one.name for one in found.progress.batches] == [batch_id]
    assert [one.name for one in found.progress.agents] == ["tester"]
    again = sync_progress()
    assert (again.new, again.moved) == (0, 0)
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Interview)) == len(STAGES)


def test_a_state_only_goes_forward_and_each_step_is_told(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    deliver(1)
    (row,) = world.candidates["POST1"]
    for name in ("invited", "scored", "started", "invited", "knocked_out", "completed"):
        row.update({"score": None, "interviewed_at": None, **STAGES[name]})
        sync_progress()
    assert set(stages().values()) == {"scored"}, "at rest: it is not asked about any more"
    with reading() as session:
        told = session.scalars(select(Event.after).where(Event.subject == "interview").order_by(Event.id)).all()
        kept = session.scalars(select(Interview)).one()
    assert told == ["invited", "started", "completed", "scored"]
    assert kept.score == 71.5
    assert kept.started_at is not None
    assert kept.completed_at is not None
    assert kept.completed_at.timestamp() == 1_790_000_000


def test_rows_that_come_twice_shifted_or_of_no_shape_change_nothing(world: World, heymilo: Any, store: str) -> None:
    agent = heymilo()
    deliver(3)
    for row in world.candidates["POST1"]:
        row.update(STAGES["started"])
    sync_progress()
    listed = [seen for row in world.candidates["POST1"] if (seen := seen_of(row))]
    done = sync_progress()
    _keep(agent, agent.target, [*listed, *reversed(listed)], done)
    assert (done.new, done.moved) == (0, 0)
    for odd in ({}, {"interview_id": 7}, {"interview_id": ""}, {"interview_id": None, "status": []}):
        assert seen_of(odd) is None
    odd_one = seen_of({"interview_id": "I1", "status": None, "workflow": [], "score": "high", "created_at": 1e300})
    assert odd_one is not None
    assert (odd_one.stage, odd_one.score, odd_one.invited_at) == ("invited", None, None)


def test_more_than_a_page_and_faults_on_the_way(world: World, heymilo: Any, store: str) -> None:
    heymilo(chunk=1000)
    deliver(230)
    for row in world.candidates["POST1"]:
        row.update(STAGES["completed"])
    world.list_faults = ["none", "error"]
    first = sync_progress()
    assert [wrong.code for wrong in first.problems] == ["TARGET_UNREACHABLE"]
    world.list_faults = ["429", "none"]
    assert sync_progress().problems == []
    assert len(stages()) == 230
    assert set(stages().values()) == {"completed"}


def test_an_answer_that_was_lost_is_matched_by_our_reference(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    deliver(2)
    with writing() as session:
        session.execute(update(Delivery).values(receipt={}))
    for row in world.candidates["POST1"]:
        row.update(STAGES["started"])
    assert sync_progress().new == 2


def test_a_target_that_refuses_does_not_stop_the_next(
    world: World, heymilo: Any, store: str, monkeypatch: pytest.MonkeyPatch, agents_dir: Any, server: str
) -> None:
    from support.heymilo import KEY
    from support.people import agent_file

    heymilo()
    deliver(1)
    world.open_posting("POST2")
    plain = {"kind": "heymilo", "posting": "POST2", "rate_per_minute": 60_000, "settle_s": 0, "connection": "second"}
    plain["allow_private"] = True
    connection(monkeypatch, "second", server, KEY)
    agent_file(agents_dir, plain, "a-second")
    other = batch("a-second")
    people(other, ["one@example.org"], agent_id="a-second")
    deliver_batch(other)
    connection(monkeypatch, "second", server, "another key")
    done = sync_progress()
    assert [wrong.code for wrong in done.problems] == ["TARGET_KEY_REFUSED"]
    assert done.new == 1


def test_nothing_to_ask_about_asks_nothing(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    assert sync_progress().as_dict() == {"read": 0, "new": 0, "moved": 0}
    assert world.calls == 0
    deliver(1)
    world.candidates["POST1"][0].update(STAGES["scored"])
    sync_progress()
    calls = world.calls
    sync_progress()
    assert world.calls == calls, "who is at rest is not asked about"


def test_one_who_never_starts_does_not_make_every_look_read_months(world: World, heymilo: Any, store: str) -> None:
    heymilo(chunk=1000)
    deliver(120)
    month = timedelta(days=30)
    with writing() as session:
        session.execute(update(Delivery).values(created_at=now() - month, updated_at=now() - month))
    for row in world.candidates["POST1"]:
        row["created_at"] -= month.total_seconds()
        row.update(STAGES["scored"])
    world.candidates["POST1"][0].update({"score": None, "interviewed_at": None, **STAGES["invited"]})
    assert sync_progress().read == 120, "the first look is at all"
    assert sync_progress().read == 0, "nobody of this week is open"
    deliver(2)
    assert sync_progress().read == 2, "of this week alone"
    world.candidates["POST1"][0].update(STAGES["completed"])
    with writing() as session:
        mark = session.get_one(Bookmark, "progress-full:heymilo:POST1")
        mark.value = (now() - FULL_EVERY).isoformat()
    done = sync_progress()
    assert (done.read, done.moved) == (122, 1), "a few times a day it is all of them"


def test_what_is_at_rest_is_not_read_again_from_our_own_rows(world: World, heymilo: Any, store: str) -> None:
    agent = heymilo(chunk=1000)
    deliver(3)
    long_ago = now() - timedelta(days=40)
    with writing() as session:
        session.execute(update(Delivery).values(created_at=long_ago, updated_at=long_ago))
    for row in world.candidates["POST1"]:
        row["created_at"] = long_ago.timestamp()
        row.update(STAGES["scored"])
    sync_progress()
    assert _since(agent, agent.target, now(), full=True) is None
    with reading() as session:
        begin = session.get_one(Bookmark, "progress-rest:heymilo:POST1:tester").value
    assert now() - datetime.fromisoformat(begin) < timedelta(minutes=11), (
        "only what is confirmed from here on is looked at"
    )
    # Unclear for 40 days and confirmed now: an old row, but a new confirmation.
    deliver(1)
    with writing() as session:
        session.execute(update(Delivery).where(Delivery.created_at > long_ago).values(created_at=long_ago))
    since = _since(agent, agent.target, now(), full=True)
    assert since is not None
    assert since <= long_ago


def test_engagement_is_counted_by_hand(world: World, heymilo: Any, store: str) -> None:
    heymilo()
    chance = random.Random(5)
    wanted: dict[str, dict[str, int]] = {}
    for source in ("agency", "agency", "fair"):
        start = len(world.candidates.get("POST1", []))
        batch_id = deliver(6)
        with writing() as session:
            session.get_one(Batch, batch_id).source = source
        counted = wanted.setdefault(source, dict.fromkeys(("ingested", "started", "completed", "scored", "out"), 0))
        for row in world.candidates["POST1"][start:]:
            name = chance.choice(sorted(STAGES))
            row.update(STAGES[name])
            stage = MEANS[name]
            counted["ingested"] += 1
            counted["started"] += stage != "invited"
            counted["completed"] += stage in ("completed", "scored")
            counted["scored"] += stage == "scored"
            counted["out"] += stage == "knocked_out"
    sync_progress()
    found = {
        one.name: {
            "ingested": one.ingested,
            "started": one.started,
            "completed": one.completed,
            "scored": one.scored,
            "out": one.knocked_out,
        }
        for one in analytics(None, 30).progress.sources
    }
    assert found == wanted


def test_interview_events_hold_nobody_s_data(world: World, heymilo: Any, store: str, agents_dir: Any) -> None:
    heymilo()
    path = agents_dir / "tester.yaml"
    path.write_text(
        path.read_text() + "notify: {channels: [{kind: webhook, connection: crm, events: ['interview.*']}]}\n"
    )
    from gateway.pipeline.arrival.receive import agent_of, sync_agent

    sync_agent(agent_of("tester"))
    deliver(1)
    world.candidates["POST1"][0].update(STAGES["scored"])
    sync_progress()
    told = [row for row in rows() if row.channel == "webhook:crm"]
    assert sorted(row.type for row in told) == [
        "interview.completed",
        "interview.invited",
        "interview.scored",
        "interview.started",
    ]
    for row in told:
        assert row.data.keys() == {"agent_id", "batch_id", "profile_id", "stage"}, "no score, no name"
