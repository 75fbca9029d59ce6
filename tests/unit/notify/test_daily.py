"""The day in figures: once an agent and day, to those who asked, counted by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import update

from gateway.insight.daily import report_daily
from gateway.notify.pictures import HEIGHT, SERIES, WIDTH, days_png
from gateway.notify.send import send_due
from gateway.store.engine import writing
from gateway.store.tables import Event, Profile, now
from support.mailbox import mail_server
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


def test_the_mail_has_a_picture_and_says_what_to_do(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    agent("notify: {channels: [{kind: email, to: [lead@acme.example], events: [report.daily]}]}\n")
    with mail_server(monkeypatch) as mailbox:
        batch()
        move(Profile, "p-b1", "held")
        with writing() as session:
            session.execute(update(Profile).values(created_at=now() - timedelta(days=9)))
        report_daily(now().astimezone(UTC).date())
        send_due()
        (message,) = mailbox.messages
    html = message.get_body(("html",))
    assert html is not None
    (picture,) = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert f"cid:{picture['Content-ID'].strip('<>')}" in html.get_content()
    assert Image.open(BytesIO(picture.get_content())).size == (WIDTH, HEIGHT)
    text = message.get_body(("plain",))
    assert text is not None
    assert "Review the oldest candidates first" in text.get_content()
    assert "held, last 7 days: 1.0" in text.get_content()


def test_a_picture_shows_its_figures() -> None:
    """Pixels counted by hand: half of the higher column is passed, and the lower column is half as high."""
    image = Image.open(BytesIO(days_png([{"passed": 5, "held": 5}, {"passed": 5, "held": 0}]))).convert("RGB")
    colours = Counter(image.get_flattened_data() if hasattr(image, "get_flattened_data") else image.getdata())
    passed, held = (colours[colour] for _, colour in SERIES)
    assert passed == pytest.approx(2 * held, rel=0.02)
    assert days_png([])
    assert days_png([{"passed": 0, "held": 0}] * 14)
