"""Notices in words: templates that can be previewed and replaced, and that reach nothing but what they are given."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller

from gateway.agents.notices import ChatChannel, MailChannel, Quiet
from gateway.agents.wording import check, filled
from gateway.cli import main
from gateway.credentials import Credentials
from gateway.errors import Misconfigured
from gateway.events import CATALOGUE
from gateway.notify import health, send, wording
from gateway.notify.send import send_due
from gateway.notify.senders import ChatSender, Message, open_sender
from gateway.settings import settings
from gateway.store.tables import Batch, Profile
from support.receiver import Inbox
from support.telling import ADDRESS, NAME, batch, move, rows

pytestmark = pytest.mark.local_server

Agent = Callable[..., None]


@pytest.mark.parametrize("event", sorted(CATALOGUE))
def test_every_type_has_words(event: str) -> None:
    made = wording.preview(event, "nurses", "Nurses & Carers")
    titled = "agent_title" in CATALOGUE[event].fields
    assert made.subject.startswith("Nurses & Carers: " if titled else "nurses: ")
    assert ("Nurses &amp; Carers" in made.html) is titled
    assert not re.search(r"\{[{%]|None|\n\n\n", made.text + made.subject), made.text


def test_the_words_say_the_counts_and_what_to_do() -> None:
    made = wording.preview("batch.waiting_review", "nurses", "Nurses")
    assert made.subject.startswith("Nurses: 5 ingested, 2 held for review, 1 known already, 3 documents not readable")
    assert "2 x EMAIL_MISSING" in made.text
    assert "Decide: https://" in made.text
    assert 'href="https://' in made.html
    stopped = wording.preview("batch.failed", "nurses", "Nurses")
    assert "TARGET_CLOSED" in stopped.subject


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ name.__class__.__init__.__globals__ }}",
        "{{ name.format.__self__ }}",
        "{{ name.format(secret) }}",
        "{{ '{0.__class__}'.format(name) }}",
        "{{ self.__init__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ lipsum() }}",
        "{% for i in range(10**9) %}{% endfor %}",
        "{{ name.upper() }}",
        "{% macro m() %}x{% endmacro %}{{ m() }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ name | attr('__class__') }}",
        "{{ name | map(attribute='__class__') | list }}",
        "{{ config }}",
        "{{ environment }}",
        "{{ 'x' * 10**9 }}",
    ],
)
def test_a_template_reads_no_secret_and_calls_nothing(text: str) -> None:
    with suppress(ValueError):  # most are refused; the rest must come to nothing
        made = filled(text, {"name": "Greta"})
        assert not re.search(r"class|module|object at|function", made), made


def test_a_template_still_can_loop_and_filter() -> None:
    assert filled("{% for w in ws %}{{ loop.index }}{{ w | upper }} {% endfor %}", {"ws": ["a", "b"]}) == "1A 2B "
    assert filled("{{ x }}", {"x": "<b>"}, html=True) == "&lt;b&gt;"
    with pytest.raises(ValueError, match="placeholder nme unknown"):
        check("{{ nme }}", frozenset({"name"}))


def test_own_wording_replaces_ours_and_a_wrong_one_says_where(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GATEWAY_NOTICE_TEMPLATES_DIR", str(tmp_path))
    settings.cache_clear()
    (tmp_path / "batch.done.txt").write_text("Fertig: {{ batch_id }}\n\n{{ counts.delivered }} übernommen\n", "utf-8")
    assert main(["notify", "preview", "batch.done", "--agent", "store-associate"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Subject: Fertig: b2026")
    assert "5 übernommen" in said
    (tmp_path / "batch.done.txt").write_text("{{ batchid }}", "utf-8")
    with pytest.raises(Misconfigured) as raised:
        wording.preview("batch.done", "nurses", "Nurses")
    assert raised.value.code == "NOTICE_TEMPLATE_INVALID"
    assert "batch.done.txt" in raised.value.sentence
    (tmp_path / "batch.done.txt").write_bytes(b"\xff")
    with pytest.raises(Misconfigured):
        wording.preview("batch.done", "nurses", "Nurses")


def test_a_wrong_wording_keeps_the_notice(agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_NOTICE_TEMPLATES_DIR", str(tmp_path))
    settings.cache_clear()
    (tmp_path / "batch.done.txt").write_text("{{ batchid }}", "utf-8")
    agent()
    batch()
    move(Batch, "b1", "done")
    assert send_due().later == 1
    assert [(row.code, row.dead_at) for row in rows()] == [("NOTICE_TEMPLATE_INVALID", None)]


class Mailbox:
    """What a real SMTP server took; `refuse` answers 451 to as many messages."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.refuse = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            self.refuse -= 1
            return "451 later"
        self.messages.append(envelope)
        return "250 taken"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "gateway@example.com"}
    said = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(said))
    yield box
    server.stop()


@pytest.mark.parametrize("end", ["done", "waiting_review", "failed"])
def test_every_end_of_a_batch_is_mailed_without_anybody_s_data(
    agent: Agent, mailbox: Mailbox, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "BACKOFF_S", (0.05,) * 10)
    monkeypatch.setattr(health, "PAUSES_S", (0.05,))
    agent("notify: {channels: [{kind: email, to: [recruiting@example.com, lead@example.com]}]}\n")
    batch(code="BATCH_HELD" if end == "waiting_review" else None)
    move(Profile, "p-b1", "held")
    move(Batch, "b1", end)
    mailbox.refuse = 1
    send_due(patience_s=20)
    (envelope,) = mailbox.messages
    assert envelope.rcpt_tos == ["recruiting@example.com", "lead@example.com"]
    text = envelope.content.decode()
    (row,) = [row for row in rows() if row.channel == "email:smtp_default"]
    assert f"<{row.id}@" in text
    assert "b1" in text
    for secret in (NAME, NAME.split()[0], ADDRESS):
        assert secret not in text
    if end == "waiting_review":
        assert "BATCH_HELD" in text, "what stopped the batch is said"


@pytest.mark.parametrize("kind", ["slack", "teams"])
def test_chats_get_the_same_words(kind: Any, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, Any]] = []
    channel = ChatChannel(kind=kind, connection="room", allow_private=True)
    sender = ChatSender(channel, Credentials("room", "https://chat.example.com/hooks", "T1/B1/secret"))
    monkeypatch.setattr(sender, "post", lambda url, body, headers: sent.append((url, json.loads(body))))
    data = {**wording.SAMPLE, "agent_id": "nurses", "agent_title": "Nurses"}
    sender.send(Message("m1", "batch.done", "nurses", "b1", data, datetime.now(UTC)))
    ((url, body),) = sent
    assert url == "https://chat.example.com/hooks/T1/B1/secret"
    text = body["text"] if kind == "slack" else body["attachments"][0]["content"]["body"][0]["text"]
    assert text.startswith("Nurses: 5 ingested")


def test_a_room_without_an_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ROOM", json.dumps({"conn_type": "http"}))
    for channel in (ChatChannel(kind="slack", connection="room"), {"kind": "webhook"}):
        from gateway.agents.notices import WebhookChannel

        one = channel if isinstance(channel, ChatChannel) else WebhookChannel(kind="webhook", connection="room")
        with pytest.raises(Misconfigured) as raised:
            open_sender("x", one)
        assert raised.value.code == "WEBHOOK_NO_HOST"


def test_a_mail_server_that_is_away_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "AIRFLOW_CONN_SMTP_DEFAULT",
        json.dumps({"conn_type": "smtp", "host": "127.0.0.1", "port": 1, "extra": {"disable_ssl": True}}),
    )
    sender = open_sender("email:smtp_default", MailChannel(kind="email", to=("a@example.com",)))
    data = {**wording.SAMPLE, "agent_id": "nurses", "agent_title": "Nurses"}
    outcome = sender.send(Message("m1", "batch.done", "nurses", "b1", data, datetime.now(UTC)))
    assert (outcome.sent, outcome.retry, outcome.code) == (False, True, "NOTICE_NOT_SENT")
    assert "a@example.com" not in str(outcome.error)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-03-28T19:59", "2026-03-28T19:59"),
        ("2026-03-28T20:00", "2026-03-29T08:00"),  # the night the clocks go forward
        ("2026-03-29T01:30", "2026-03-29T08:00"),
        ("2026-03-29T03:30", "2026-03-29T08:00"),
        ("2026-10-24T22:00", "2026-10-25T08:00"),  # and back
        ("2026-10-25T02:30", "2026-10-25T08:00"),
        ("2026-10-25T08:00", "2026-10-25T08:00"),
    ],
)
def test_quiet_hours_end_by_local_clocks_around_dst(at: str, until: str) -> None:
    quiet = Quiet(start=20, end=8, timezone="Europe/Berlin")
    given = datetime.fromisoformat(at).replace(tzinfo=BERLIN).astimezone(UTC)
    wanted = datetime.fromisoformat(until).replace(tzinfo=BERLIN).astimezone(UTC)
    assert quiet.until(given) == wanted


def test_quiet_hours_within_a_day_and_none() -> None:
    noon = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
    assert Quiet(start=12, end=14).until(noon) == datetime(2026, 5, 4, 14, tzinfo=UTC)
    assert Quiet(start=0, end=0).until(noon) == noon
