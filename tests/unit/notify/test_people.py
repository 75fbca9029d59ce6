"""What each person chose to be told: which events, about which agent, when, and as one mail a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from gateway.agents.notices import Personal
from gateway.errors import Misconfigured
from gateway.notify import people
from gateway.notify.send import send_due
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Event, Outbox, Profile, now
from support.mailbox import Mailbox
from support.telling import ADDRESS, NAME, batch, move, rows

pytestmark = pytest.mark.local_server
AgentFile = Callable[..., None]
RITA = "rita@acme.example"


def test_who_chose_it_is_told_at_once(agent: AgentFile, mailbox: Mailbox) -> None:
    agent()
    agent(id="others")
    people.choose("rita", "nurses", {"to": RITA, "events": ["batch.done"]})
    people.choose("sam", "*", {"to": "sam@acme.example", "events": ["batch.failed"]})
    batch("b1")
    batch("b2", "others")
    for name in ("b1", "b2"):
        move(Batch, name, "done")
    move(Batch, "b2", "running")
    move(Batch, "b2", "failed")
    send_due()
    assert sorted(mailbox.recipients) == [RITA, "sam@acme.example"]
    for message in mailbox.messages:
        assert NAME not in message.as_string()
        assert ADDRESS not in message.as_string()
    people.forget("rita", "nurses")
    move(Batch, "b1", "running")
    move(Batch, "b1", "done")
    send_due()
    assert len(mailbox.messages) == 2


def test_a_digest_is_one_mail_at_its_hour(agent: AgentFile, mailbox: Mailbox) -> None:
    agent()
    people.choose(
        "rita", "*", {"to": RITA, "events": ["batch.*", "held.*"], "digest_at": 7, "timezone": "Europe/Berlin"}
    )
    for name in ("b1", "b2", "b3"):
        batch(name)
        move(Profile, f"p-{name}", "held")
        move(Batch, name, "waiting_review")
    send_due()
    assert mailbox.messages == []
    waiting = [row for row in rows() if row.channel.startswith("person:")]
    assert len(waiting) == 9, "received, running and waiting, of three batches"
    assert all(timedelta(0) < row.due_at - now() <= timedelta(hours=25) for row in waiting)
    with writing() as session:
        session.execute(update(Outbox).values(due_at=now()))
    assert send_due().sent >= 9
    (message,) = mailbox.messages
    assert message["Subject"] == "Nurses: 9 notices"
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert text.count("held for review") >= 3
    with writing() as session:
        assert session.scalars(select(Outbox).where(Outbox.sent_at.is_(None))).all() == []


def test_a_digest_that_the_server_refuses_is_kept_whole(agent: AgentFile, mailbox: Mailbox) -> None:
    agent("notify: {log: false}\n")
    people.choose("rita", "*", {"to": RITA, "events": ["batch.*"], "digest_at": 7})
    batch()
    move(Batch, "b1", "done")
    with writing() as session:
        session.execute(update(Outbox).values(due_at=now()))
    mailbox.faults = ["451"]
    assert send_due().later == 3
    assert {row.code for row in rows()} == {"NOTICE_NOT_SENT"}


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("2026-03-29T00:30", "2026-03-29T05:00"),  # Berlin, the clocks go forward that night: 7 is 5 UTC
        ("2026-03-28T06:30", "2026-03-29T05:00"),
        ("2026-10-25T00:30", "2026-10-25T06:00"),  # and back: 7 is 6 UTC
        ("2026-07-01T05:00", "2026-07-02T05:00"),  # just missed
    ],
)
def test_the_hour_of_a_digest_is_local(at: str, due: str) -> None:
    wants = Personal(to=RITA, digest_at=7, timezone="Europe/Berlin")
    assert wants.due(datetime.fromisoformat(at).replace(tzinfo=UTC)) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "wrong",
    [
        {"to": "nobody"},
        {"to": "a@b.example\nBcc: all@example.org"},
        {"to": RITA, "events": ["batch.never"]},
        {"to": RITA, "events": []},
        {"to": RITA, "timezone": "Mars/Olympus"},
        {"to": RITA, "digest_at": 24},
        {"to": RITA, "connection": "ats_hook"},
        {},
    ],
)
def test_a_choice_that_is_not_right_is_not_kept(agent: AgentFile, wrong: dict[str, object]) -> None:
    agent()
    with pytest.raises(Misconfigured) as raised:
        people.choose("rita", "nurses", wrong)
    assert raised.value.code == "PREFERENCE_INVALID"
    with pytest.raises(Misconfigured):
        people.choose("rita", "no-such-agent", {"to": RITA})
    assert people.choices() == []
    assert not people.forget("rita", "nurses")


def test_a_choice_is_audited_and_one_each(agent: AgentFile) -> None:
    agent()
    first = people.choose("rita", "nurses", {"to": RITA})
    second = people.choose("rita", "nurses", {"to": "other@acme.example"})
    assert (first.key, len(people.choices("rita"))) == (second.key, 1)
    people.forget("rita", "nurses")
    with reading() as session:
        kinds = session.scalars(select(Event.kind).where(Event.subject == "preference", Event.actor == "rita")).all()
    assert kinds == ["preference_chosen", "preference_chosen", "preference_removed"]
