"""When candidates are written to: reminders to those who have not begun, and the candidate's own quiet hours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from gateway.agents.notices import Quiet
from gateway.outreach.letters import due_for, zones_of
from gateway.outreach.sending import send_outreach
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Interview, now
from support.ingested import begin, ingested, invitations
from support.mailbox import Mailbox
from support.people import addresses

pytestmark = pytest.mark.local_server

Outreach = Callable[..., None]


def test_reminders_go_to_those_who_have_not_begun(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach("reminders_after_h: [24, 72]")
    waits, began, unknown = ingested(addresses(3))
    send_outreach()
    begin(waits, "invited", sent_hours_ago=100)
    begin(began, "started", sent_hours_ago=100)
    assert send_outreach().sent == 1, "one at a time, and only where it is known that nobody began"
    assert mailbox.messages[-1]["Subject"] == "Still there?"
    assert mailbox.recipients[-1] == addresses(3)[0]
    assert send_outreach().sent == 1
    assert send_outreach().sent == 0
    assert sorted(row.kind for row in invitations(profile_id=waits)) == ["invitation", "reminder-1", "reminder-2"]
    assert unknown


def test_who_begins_meanwhile_gets_no_reminder(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach("reminders_after_h: [1]")
    (profile_id,) = ingested(addresses(1))
    send_outreach()
    begin(profile_id, "invited", sent_hours_ago=2)
    from gateway.outreach.planning import plan
    from gateway.pipeline.arrival.receive import agent_of

    assert plan(agent_of("nurses")) == 1
    with writing() as session:
        change.move(session, session.scalars(select(Interview)).one(), "started", actor="test")
    assert send_outreach().skipped == 1
    assert [row.code for row in invitations(kind="reminder-1")] == ["OUTREACH_NOT_NEEDED"]


def test_quiet_hours_are_the_candidate_s(outreach: Outreach, mailbox: Mailbox) -> None:
    hour = datetime.now(ZoneInfo("Europe/London")).hour
    outreach(old="quiet: {start: 0, end: 0}", new=f"quiet: {{start: {hour}, end: {(hour + 3) % 24}}}")
    ingested(addresses(1), phone="+442079460123")
    done = send_outreach()
    assert (done.planned, done.sent) == (1, 0)
    (row,) = invitations()
    assert timedelta(hours=1) < row.due_at - now() <= timedelta(hours=3)


@pytest.mark.parametrize(
    ("phone", "at", "due"),
    [
        ("+493055501234", "2026-03-29T00:30", "2026-03-29T06:00"),  # Berlin, the clocks go forward: 8 is 6 UTC
        ("+493055501234", "2026-03-28T20:30", "2026-03-29T06:00"),
        ("+493055501234", "2026-10-25T00:30", "2026-10-25T07:00"),  # and back: 8 is 7 UTC
        ("+12125550123", "2026-07-01T11:00", "2026-07-01T12:00"),  # New York
        ("+14155550123", "2026-07-01T12:00", "2026-07-01T15:00"),  # San Francisco
        (None, "2026-07-01T07:00", "2026-07-01T08:00"),  # the agent's own zone
        ("not a number", "2026-07-01T07:00", "2026-07-01T08:00"),
    ],
)
def test_a_number_says_where_a_candidate_s_day_is(phone: str | None, at: str, due: str) -> None:
    quiet = Quiet(start=20, end=8, timezone="UTC")
    given = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert due_for(quiet, phone, given) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_number_of_many_zones_waits_for_all_of_them() -> None:
    assert len(zones_of("+61291234567")) >= 1
    quiet = Quiet(start=20, end=8)
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)
    zones = zones_of("+77012345678")  # a mobile of Kazakhstan
    due = due_for(quiet, "+77012345678", at)
    assert all(not quiet.covers(due.astimezone(ZoneInfo(zone)).hour) for zone in zones)
