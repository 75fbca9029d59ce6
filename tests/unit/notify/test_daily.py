"""The day in figures: once an agent and day, to those who asked, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from sqlalchemy import update

from gateway.insight.daily import report_daily
from gateway.notify.send import send_due
from gateway.store.engine import writing
from gateway.store.tables import Event, Profile, now
from support.receiver import Inbox
from support.telling import batch, move, rows

pytestmark = pytest.mark.local_server

Agent = Callable[..., None]
HOOK = "notify: {channels: [{kind: webhook, connection: crm, allow_private: true, events: [report.daily]}]}\n"


def test_a_day_is_told_once_with_its_figures(agent: Agent, inbox: Inbox) -> None:
    agent(HOOK)
    agent(HOOK, id="quiet")
    for name in ("b1", "b2"):
        batch(name)
    move(Profile, "p-b1", "held")
    move(Profile, "p-b2", "passed")
    move(Profile, "p-b2", "delivered")
    today = now().astimezone(UTC).date()
    assert report_daily(today) == 1, "an agent without a batch has none"
    assert report_daily(today) == 0
    send_due()
    (message,) = inbox.messages.values()
    numbers = message["data"]["numbers"]
    said = {name: number for name, number in numbers.items() if number and not name.startswith("oldest")}
    assert said == {
        "batches received": 2,
        "documents read": 2,
        "candidates held": 1,
        "candidates ingested": 1,
        "candidates waiting now": 1,
    }


def test_yesterday_is_what_is_told_by_default(agent: Agent, inbox: Inbox) -> None:
    agent(HOOK)
    batch()
    with writing() as session:
        session.execute(update(Event).values(at=now() - timedelta(days=1)))
    assert report_daily() == 1
    (row,) = [row for row in rows() if row.type == "report.daily"]
    assert row.data["numbers"]["batches received"] == 1


def test_nobody_subscribed_is_told_nothing(agent: Agent) -> None:
    agent()
    batch()
    assert report_daily(now().astimezone(UTC).date()) == 0
