"""A message is written with the change it tells of, sent at least once with one id, and never spoils anything."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import select, update

from gateway.cli import main
from gateway.errors import Conflict, Misconfigured
from gateway.events import CATALOGUE, schema_of
from gateway.notify import health, send
from gateway.notify.look_out import look_out
from gateway.notify.send import send_due
from gateway.settings import settings
from gateway.store import change, outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, ChannelHealth, Outbox, Profile, now
from support.receiver import Inbox
from support.telling import ADDRESS, NAME, batch, connect, move, rows

pytestmark = pytest.mark.local_server

Agent = Callable[..., None]
HOOK = "notify: {channels: [{kind: webhook, connection: crm, allow_private: true}]}\n"
TWO = (
    "notify:\n  channels:\n    - {kind: webhook, connection: crm, allow_private: true}\n"
    "    - {kind: webhook, connection: other, allow_private: true, events: [batch.*, channel.paused]}\n"
)
SEEN = (
    "notify: {channels: [{kind: webhook, connection: crm, allow_private: true, events: [batch.done, batch.failed]}]}\n"
)


def test_a_message_is_kept_with_its_change_or_not_at_all(agent: Agent) -> None:
    agent(HOOK)
    batch()
    before = len(rows())
    with suppress(RuntimeError), writing() as session:
        change.move(session, session.get_one(Batch, "b1"), "done", actor="test")
        raise RuntimeError("the worker died before the commit")
    assert len(rows()) == before
    move(Batch, "b1", "done")
    found = [row for row in rows() if row.type == "batch.done"]
    assert sorted(row.channel for row in found) == ["log", "webhook:crm"]
    assert len({row.id for row in rows()}) == len(rows())


def test_nobody_subscribed_costs_no_row(agent: Agent) -> None:
    agent("notify: {log: false}\n")
    batch()
    move(Batch, "b1", "done")
    assert rows() == []


def test_a_step_that_is_refused_tells_nothing(agent: Agent) -> None:
    agent(HOOK)
    batch()
    before = len(rows())
    with pytest.raises(Conflict), writing() as session:
        change.move(session, session.get_one(Profile, "p-b1"), "delivered", actor="test")
    assert len(rows()) == before


def test_signed_messages_arrive_once_each_and_fit_their_schema(agent: Agent, inbox: Inbox) -> None:
    agent(HOOK)
    batch()
    for state in ("held", "approved", "delivered"):
        move(Profile, "p-b1", state)
    move(Batch, "b1", "waiting_review")
    assert send_due().dead == 0
    written = {row.id: row for row in rows() if row.channel == "webhook:crm"}
    assert inbox.messages.keys() == written.keys()
    assert (inbox.repeats, inbox.wrong) == (0, 0)
    assert {message["type"] for message in inbox.messages.values()} == {
        "batch.received",
        "batch.running",
        "batch.waiting_review",
        "document.read",
        "profile.held",
        "profile.approved",
        "candidate.ingested",
    }
    for message in inbox.messages.values():
        Draft202012Validator(schema_of(message["type"])).validate(message)
    said = json.dumps(list(inbox.messages.values()))
    assert NAME not in said
    assert ADDRESS not in said
    assert all(row.sent_at for row in rows())
    send_due()
    assert inbox.repeats == 0, "what was sent is not due again"


def test_every_type_of_a_change_is_in_the_catalogue_with_a_schema() -> None:
    for one in CATALOGUE.values():
        Draft202012Validator.check_schema(schema_of(one.id))
        if one.subject:
            assert one.after in {state for found in change.ALLOWED[one.subject].values() for state in found}, one.id


def test_a_failing_receiver_gets_the_same_id_again(agent: Agent, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "BACKOFF_S", (0.05,) * 10)
    monkeypatch.setattr(health, "PAUSES_S", (0.05,))
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    inbox.faults = ["503", "drop_before", "drop_after"]
    send_due(patience_s=10)
    assert len(inbox.messages) == 1
    assert inbox.repeats == 1, "the answer that was lost made it come again, with its id"
    (row,) = [row for row in rows() if row.channel == "webhook:crm"]
    assert row.sent_at
    assert row.attempts == 4
    with reading() as session:
        assert session.scalars(select(ChannelHealth)).all() == [], "what was noted of failures is over"


def test_a_refused_message_is_given_up_and_may_be_sent_again(agent: Agent, inbox: Inbox) -> None:
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    inbox.faults = ["422"]
    assert send_due().dead == 1
    (row,) = [row for row in rows() if row.channel == "webhook:crm"]
    assert (row.code, row.dead_at is not None) == ("NOTICE_NOT_SENT", True)
    assert "HTTP 422" in str(row.error)
    assert health.resend(dead=True, actor="rita") == 1
    assert send_due().sent == 1
    assert list(inbox.messages) == [row.id]
    with pytest.raises(Misconfigured) as raised:
        health.resend(["m0"], actor="rita")
    assert raised.value.code == "UNKNOWN_MESSAGE"


def test_a_dead_channel_keeps_its_messages_and_the_others_go_on(
    agent: Agent, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, "other", "http://127.0.0.1:1")
    agent(TWO)
    for number in range(5):
        batch(f"b{number}")
        move(Batch, f"b{number}", "done")
    begun = time.monotonic()
    done = send_due()
    assert time.monotonic() - begun < 10
    assert done.dead == 0
    assert all(row.sent_at for row in rows() if row.channel != "webhook:other")
    waits = [row for row in rows() if row.channel == "webhook:other"]
    assert len(waits) == 15
    assert not any(row.sent_at or row.dead_at for row in waits)
    assert sum(row.attempts for row in waits) == send.STRIKES, "a few attempts show that it is the channel"
    assert send_due().sent == 0, "it is left alone for a while"


def test_a_dead_endpoint_is_paused_with_a_notice_and_resumed(
    agent: Agent, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(health, "PAUSES_S", (0.0,))
    connect(monkeypatch, "other", "http://127.0.0.1:1")
    agent(TWO)
    batch()
    move(Batch, "b1", "done")
    for _ in range(health.ENOUGH):
        with writing() as session:
            session.execute(update(Outbox).where(Outbox.sent_at.is_(None)).values(due_at=now()))
            session.execute(update(ChannelHealth).values(failing_since=now() - timedelta(hours=25)))
        send_due()
    (told,) = [m for m in inbox.messages.values() if m["type"] == "channel.paused"]
    assert told["data"]["channel"] == "webhook:other"
    assert told["data"]["waiting"] == 3
    assert "webhook:other is paused" in caplog.text
    assert not [row for row in rows() if row.type == "channel.paused" and row.channel == "webhook:other"]
    attempts = sum(row.attempts for row in rows())
    send_due()
    assert sum(row.attempts for row in rows()) == attempts, "nothing is sent to it any more"
    base = json.loads(os.environ["AIRFLOW_CONN_CRM"])["host"]
    connect(monkeypatch, "other", base)
    assert health.resume("nurses", "webhook:other", actor="rita") == 3
    assert send_due().sent == 3


def test_a_receiver_that_is_gone_is_paused_at_once(agent: Agent, inbox: Inbox) -> None:
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    inbox.faults = ["410"]
    send_due()
    with reading() as session:
        assert session.get_one(ChannelHealth, ("nurses", "webhook:crm")).paused_at
    assert [row.sent_at for row in rows() if row.channel == "webhook:crm"] == [None]


def test_a_channel_that_left_the_file_gives_its_messages_up(agent: Agent, inbox: Inbox) -> None:
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    agent()
    assert send_due().dead == 1
    assert [row.code for row in rows() if row.dead_at] == ["CHANNEL_GONE"]


def test_a_mistake_in_the_file_gives_no_message_up(agent: Agent, inbox: Inbox, tmp_path: Path) -> None:
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    (tmp_path / "agents" / "nurses.yaml").write_text("id: nurses\ntitel: Nurses\n", "utf-8")
    send_due()
    assert [row.sent_at is not None for row in rows() if row.channel == "log"] == [True], "the log needs no file"
    assert [row.dead_at for row in rows() if row.channel == "webhook:crm"] == [None]
    with reading() as session:
        assert session.get_one(ChannelHealth, ("nurses", "webhook:crm")).code == "AGENT_FILE_INVALID"
    agent(SEEN)
    health.resume("nurses", "webhook:crm", actor="rita")
    assert send_due().sent == 1


def test_long_names_of_sources_are_told_each_to_each_channel(agent: Agent, store: str) -> None:
    agent(HOOK)
    with writing() as session:
        for silence in ("20261101000000", "20261102000000", "20261102000000"):
            once = f"source.silent:nurses:{'s' * 200}:{silence}"
            outbox.emit(session, "source.silent", "nurses", {"source": "s" * 200, "hours": 1.0}, once=once)
    assert sorted(row.channel for row in rows()) == ["log", "log", "webhook:crm", "webhook:crm"]


def test_a_missing_connection_fails_nothing(agent: Agent, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The in-process mode too: a dead channel is told beside the batch's result, which stays what it is."""
    agent("default_mode: ingest\nnotify: {channels: [{kind: webhook, connection: nowhere}]}\n")
    path = tmp_path / "list.csv"
    path.write_text("Name,Email\nGreta Hollingsworth,greta.hollingsworth@example.com\n", "utf-8")
    assert main(["ingest", str(path), "--agent", "nurses"]) == 0
    said = capsys.readouterr()
    assert "1 documents = 1 read" in said.out
    assert "NOTICE_NOT_SENT" in said.err
    with reading() as session:
        assert session.get_one(ChannelHealth, ("nurses", "webhook:nowhere")).code == "CONNECTION_MISSING"
    assert main(["notify", "channels"]) == 0
    assert "webhook:nowhere  failing" in capsys.readouterr().out


def test_the_in_process_mode_sends_after_the_batch(agent: Agent, inbox: Inbox, tmp_path: Path) -> None:
    agent("default_mode: ingest\n" + SEEN)
    path = tmp_path / "list.csv"
    path.write_text("Name,Email\nGreta Hollingsworth,greta.hollingsworth@example.com\n", "utf-8")
    assert main(["ingest", str(path), "--agent", "nurses"]) == 0
    (message,) = inbox.messages.values()
    assert message["type"] == "batch.done"
    assert message["data"]["counts"]["delivered"] == 1


def test_a_message_whose_sender_died_is_due_again_after_its_lease(agent: Agent, inbox: Inbox) -> None:
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    assert len(send._take("nurses", "webhook:crm")) == 1  # and its worker is killed
    send_due()
    assert inbox.messages == {}, "two senders do not send the same"
    lease = timedelta(seconds=settings().notice_lease_s + 1)
    with writing() as session:
        for row in session.scalars(select(Outbox)):
            row.due_at -= lease
    send_due()
    assert len(inbox.messages) == 1


def test_an_address_inside_our_network_is_not_called(agent: Agent, inbox: Inbox) -> None:
    agent("notify: {channels: [{kind: webhook, connection: crm, events: [batch.done]}]}\n")
    batch()
    move(Batch, "b1", "done")
    send_due()
    assert inbox.messages == {}
    with reading() as session:
        assert session.get_one(ChannelHealth, ("nurses", "webhook:crm")).code == "CONNECTION_INVALID", "plain http"


def test_a_redirect_is_not_followed(agent: Agent, inbox: Inbox) -> None:
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    inbox.faults = ["302"]
    assert send_due().later == 1
    assert inbox.messages == {}


def test_both_secrets_sign_while_one_is_changed(agent: Agent, inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    base = json.loads(os.environ["AIRFLOW_CONN_CRM"])["host"]
    from support.receiver import SECRET

    connect(monkeypatch, "crm", base, "whsec_bmV3IHNlY3JldCBvZiB0aGUgdGVzdHMgYWxvbmU=", previous_secret=SECRET)
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    assert send_due().sent == 2  # the log and the receiver, which knows the older secret
    assert inbox.wrong == 0


def test_quiet_hours_hold_a_notice_back(agent: Agent, inbox: Inbox) -> None:
    hour = now().hour
    quiet = f"{{start: {hour}, end: {(hour + 2) % 24}}}"
    agent(f"notify: {{channels: [{{kind: webhook, connection: crm, allow_private: true, quiet: {quiet}}}]}}\n")
    batch()
    send_due()
    assert inbox.messages == {}
    assert all(timedelta(0) < row.due_at - now() <= timedelta(hours=2) for row in rows() if row.channel != "log")


def test_held_candidates_that_age_are_told_once_a_day_and_then_escalate(agent: Agent, inbox: Inbox) -> None:
    agent(HOOK)
    batch()
    move(Profile, "p-b1", "held")
    look_out()
    send_due()
    assert "held.ageing" not in {m["type"] for m in inbox.messages.values()}
    age(hours=50)
    look_out()
    look_out()
    send_due()
    told = [m for m in inbox.messages.values() if m["type"].startswith("held.")]
    assert [m["type"] for m in told] == ["held.ageing"]
    assert (told[0]["data"]["held"], told[0]["data"]["hours"]) == (1, 50.0)
    age(hours=130)
    look_out()
    send_due()
    assert sorted(m["type"] for m in inbox.messages.values() if m["type"].startswith("held.")) == [
        "held.ageing",
        "held.overdue",
    ], "the same day's ageing is not told again; the second limit is"


def age(*, hours: float) -> None:
    with writing() as session:
        session.execute(update(Profile).values(created_at=now() - timedelta(hours=hours)))
        session.execute(update(Batch).values(created_at=now() - timedelta(hours=hours)))


def test_a_source_that_falls_silent_is_told_once(agent: Agent, inbox: Inbox) -> None:
    agent(HOOK.replace("{channels", '{silent_after_h: {agency: 24, "*": 400}, channels'))
    batch(source="agency")
    age(hours=23)
    assert look_out() == 0
    age(hours=30)
    look_out()
    look_out()
    send_due()
    (told,) = [m for m in inbox.messages.values() if m["type"] == "source.silent"]
    assert told["data"] == {
        "agent_id": "nurses",
        "agent_title": "Nurses",
        "source": "agency",
        "hours": 30.0,
        "code": "SOURCE_SILENT",
    }


def test_what_ended_long_ago_is_removed_and_what_waits_is_kept(agent: Agent) -> None:
    agent()
    for name in ("b1", "b2", "b3"):
        batch(name)
        move(Batch, name, "done")
    old = now() - timedelta(days=31)
    with writing() as session:
        session.execute(update(Outbox).values(created_at=old))
        session.execute(update(Outbox).where(Outbox.batch_id == "b1").values(sent_at=old))
        session.execute(update(Outbox).where(Outbox.batch_id == "b2").values(dead_at=old))
    look_out()
    assert [row.batch_id for row in rows()] == ["b3"]


def test_the_command_lists_sends_tests_and_resends(
    agent: Agent, inbox: Inbox, capsys: pytest.CaptureFixture[str]
) -> None:
    agent(SEEN)
    batch()
    move(Batch, "b1", "done")
    inbox.faults = ["422"]
    assert main(["notify", "send"]) == 1
    assert main(["notify", "list", "--state", "dead"]) == 0
    said = capsys.readouterr().out
    assert "batch.done" in said
    assert "NOTICE_NOT_SENT" in said
    assert main(["notify", "resend", "--dead"]) == 0
    assert main(["notify", "send"]) == 0
    assert main(["notify", "test", "nurses", "webhook:crm"]) == 0
    assert [m["type"] for m in inbox.messages.values()] == ["batch.done", "channel.test"]
    inbox.faults = ["500"]
    assert main(["notify", "test", "nurses", "webhook:crm"]) == 1
    assert main(["notify", "list", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert {line["state"] for line in lines} == {"sent", "waiting"}
    assert main(["notify", "resend"]) == 1
