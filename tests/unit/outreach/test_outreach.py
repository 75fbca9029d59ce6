"""Messages to candidates: only to those who may be written to, once, whatever dies when."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.cli import main
from gateway.errors import Misconfigured
from gateway.outreach import suppression
from gateway.outreach.sending import resend, send_outreach, settle_lost
from gateway.settings import PROJECT, settings
from gateway.store import change, keys
from gateway.store.engine import reading, writing
from gateway.store.tables import Delivery, Event, Invitation, Profile, Suppression, now
from support.ingested import begin, due_now, ingested, invitations
from support.mailbox import Mailbox
from support.people import addresses

pytestmark = pytest.mark.local_server

Outreach = Callable[..., None]


def test_it_is_off_unless_the_file_enables_it(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach(old="enabled: true", new="enabled: false")
    ingested(addresses(2))
    assert send_outreach().as_dict() == dict.fromkeys(("planned", "sent", "skipped", "refused", "later", "unclear"), 0)
    assert (mailbox.messages, invitations()) == ([], [])


def test_the_newly_ingested_get_one_message_each(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    ingested(addresses(3))
    assert send_outreach().sent == 3
    assert send_outreach().sent == 0
    assert sorted(mailbox.recipients) == addresses(3)
    message = mailbox.messages[0]
    assert message["Subject"] == "Your application: Nurses"
    assert message["From"] == "Acme Recruiting <jobs@acme.example>"
    assert message["Reply-To"] == "people@acme.example"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(message["List-Unsubscribe"]).strip("<>")
    assert link.startswith("https://jobs.acme.example/gateway/unsubscribe/i")
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert text.startswith("Hello Person Number ")
    assert "https://acme.example/interview" in text
    assert link in text
    assert link in html
    with reading() as session:
        told = session.scalars(select(Event).where(Event.subject == "invitation")).all()
    assert [event.after for event in told].count("sent") == 3
    assert "person." not in json.dumps([[event.rule, event.code, event.actor] for event in told])


def test_the_same_person_in_two_batches_gets_one(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    ingested(addresses(1))
    ingested(addresses(1), target="webhook")
    send_outreach()
    assert mailbox.recipients == addresses(1)


def test_an_address_that_no_message_can_be_made_for_stops_that_one_only(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    profile_ids = ingested(addresses(2))
    with writing() as session:
        session.get_one(Profile, profile_ids[0]).email = "somebody\n@example.com"
    done = send_outreach()
    assert (done.sent, done.refused) == (1, 1)
    assert [row.code for row in invitations(state="refused")] == ["OUTREACH_REFUSED"]
    assert send_outreach().refused == 0, "it is not tried again by itself"


def test_a_machine_with_another_key_writes_to_nobody(outreach: Outreach, mailbox: Mailbox) -> None:
    """Its list of who must not be written to would be empty, and its links to end messages would lead nowhere."""
    outreach()
    ingested(addresses(1))
    send_outreach()
    (settings().keys / keys.OUTREACH).unlink()
    ingested(["other@example.org"])
    done = send_outreach()
    assert [one.code for one in done.problems] == ["OUTREACH_NOT_READY"]
    assert mailbox.recipients == addresses(1)


def test_the_language_of_the_document_and_the_link_of_the_target(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    ingested(addresses(1), language="de", url="https://interview.example/i")
    send_outreach()
    (message,) = mailbox.messages
    assert message["Subject"] == "Deine Bewerbung"
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Hallo Person Number 0: https://interview.example/i/0" in text
    assert "Keine weiteren Nachrichten" in text


def test_a_name_stays_a_name(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    ingested(addresses(1), name="Ada\r\nBcc: all@example.org <script>{{ 7 * 7 }}</script>")
    send_outreach()
    (message,) = mailbox.messages
    assert message["Bcc"] is None
    html = message.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert "<script>" not in html
    assert "49" not in html


@pytest.mark.parametrize(
    ("said", "asked", "goes"),
    [
        (None, "[]", False),
        ("  ", "[]", False),
        ("applied", "[]", True),
        ("applied", "[talent pool]", False),
        ("Talent Pool", "[talent pool]", True),
    ],
)
def test_consent_is_a_gate(outreach: Outreach, mailbox: Mailbox, said: str | None, asked: str, goes: bool) -> None:
    outreach(f"consent: {asked}")
    ingested(addresses(1), consent=said)
    send_outreach()
    assert len(mailbox.messages) == goes
    assert [row.code for row in invitations()] == [None if goes else "OUTREACH_NO_CONSENT"]


def test_an_old_application_is_left_in_peace(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    ingested(addresses(1), at=now() - timedelta(hours=73))
    send_outreach()
    assert invitations() == []


def test_nobody_without_a_link_where_the_message_names_one(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach(old="  link: https://acme.example/interview\n", new="")
    ingested(addresses(2))
    assert send_outreach().planned == 0, "the target may still give one"
    with writing() as session:
        row = session.scalars(select(Delivery)).first()
        assert row is not None
        row.receipt = {"url": "https://interview.example/i/7"}
    assert send_outreach().sent == 1


def test_who_unsubscribed_is_never_written_to_again(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach("reminders_after_h: [1]")
    (profile_id,) = ingested(addresses(1), at=now())
    send_outreach()
    token = str(mailbox.messages[0]["List-Unsubscribe"]).strip("<>").rpartition("/")[2]
    assert not suppression.unsubscribe(token[:-1] + ("0" if token[-1] != "0" else "1"))
    assert suppression.unsubscribe(token)
    assert suppression.unsubscribe(token), "once more changes nothing"
    with reading() as session:
        (kept,) = session.scalars(select(Suppression)).all()
    assert (kept.reason, len(kept.key), "person" in kept.key) == ("unsubscribed", 64, False)
    begin(profile_id, "invited", sent_hours_ago=2)
    send_outreach()
    assert len(mailbox.messages) == 1
    assert [(row.kind, row.state, row.code) for row in invitations(kind="reminder-1")] == [
        ("reminder-1", "skipped", "OUTREACH_SUPPRESSED")
    ]
    ingested(addresses(1), target="webhook")  # another posting of the same agent, or an erased and new row
    with writing() as session:
        session.execute(update(Invitation).values(email_norm=Invitation.email_norm + "x"))
    send_outreach()
    assert len(mailbox.messages) == 1
    assert "OUTREACH_SUPPRESSED" in [row.code for row in invitations(kind="invitation")]


def test_an_address_that_does_not_exist_is_honoured_for_ever(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    ingested(addresses(3))
    first, second, _ = addresses(3)
    mailbox.addresses = {first: "550 no such user", second: "450 busy"}
    done = send_outreach()
    assert (done.sent, done.refused, done.later) == (1, 1, 1)
    with reading() as session:
        assert suppression.suppressed(session, addresses(3)) == {first}
    mailbox.addresses = {}
    due_now()
    assert send_outreach().sent == 1
    assert sorted(mailbox.recipients) == addresses(3)[1:]


@pytest.mark.parametrize(
    ("fault", "state", "code"),
    [
        ("451", "planned", "OUTREACH_NOT_SENT"),
        ("554", "refused", "OUTREACH_REFUSED"),
        ("drop", "unclear", "OUTREACH_UNCLEAR"),
    ],
)
def test_what_a_server_says_after_the_message(
    outreach: Outreach, mailbox: Mailbox, fault: str, state: str, code: str
) -> None:
    outreach()
    ingested(addresses(1))
    mailbox.faults = [fault]
    send_outreach()
    assert [(row.state, row.code) for row in invitations()] == [(state, code)]
    due_now()
    send_outreach()
    assert len(mailbox.messages) == (0 if state == "refused" else 1), "what is unclear is not sent again by itself"


def test_an_unclear_one_is_sent_again_by_hand(
    outreach: Outreach, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    outreach()
    ingested(addresses(1))
    mailbox.faults = ["drop"]
    send_outreach()
    (row,) = invitations()
    assert main(["outreach", "list", "--state", "unclear"]) == 0
    said = capsys.readouterr().out
    assert row.id in said
    assert "person" not in said
    assert main(["outreach", "resend", row.id]) == 0
    assert main(["outreach", "send"]) == 0
    assert mailbox.ids == [mailbox.ids[0]] * 2, "under the same Message-ID"
    with pytest.raises(Misconfigured) as raised:
        resend(row.id, actor="rita")
    assert raised.value.code == "UNKNOWN_INVITATION"


def test_a_sender_that_died_leaves_an_unclear_row(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    ingested(addresses(1))
    from gateway.outreach.planning import plan
    from gateway.pipeline.arrival.receive import agent_of

    plan(agent_of("nurses"))
    with writing() as session:
        change.move(session, session.scalars(select(Invitation)).one(), "sending", actor="test")
    assert (settle_lost(), send_outreach().sent) == (0, 0), "its sender may be alive"
    assert settle_lost(after_s=0) == 1
    assert [row.code for row in invitations()] == ["OUTREACH_UNCLEAR"]


def test_killed_in_the_middle_nobody_twice(outreach: Outreach, mailbox: Mailbox, store: str) -> None:
    """Real processes, killed at any moment; then one that may finish. Missing are at most those that a kill left unclear."""
    outreach()
    ingested(addresses(60))
    script = "from gateway.outreach.sending import send_outreach; print('up', flush=True); send_outreach()"
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "include")}
    kills = 0
    for wait in (0.05, 0.12, 0.2, 0.3, 0.4):
        worker = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE)
        assert worker.stdout is not None
        worker.stdout.readline()
        before = len(mailbox.messages)
        end = time.monotonic() + 10
        while len(mailbox.messages) == before and worker.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        time.sleep(wait)
        if worker.poll() is None:
            worker.send_signal(signal.SIGKILL)
            kills += 1
        worker.wait()
    settle_lost(after_s=0)
    send_outreach()
    assert kills >= 2
    assert len(mailbox.recipients) == len(set(mailbox.recipients)), "nobody twice"
    unclear = {row.email_norm for row in invitations(state="unclear")}
    assert len(unclear) <= kills
    assert set(mailbox.recipients) | unclear == set(addresses(60)), "nobody lost in silence"


@pytest.mark.parametrize(
    ("old", "new", "public", "why"),
    [
        ("contact: people@acme.example", "contact: ''", "https://jobs.acme.example", "outreach.contact"),
        ("", "", "", "GATEWAY_PUBLIC_URL"),
        ("", "", "http://jobs.acme.example", "GATEWAY_PUBLIC_URL"),
    ],
)
def test_an_agent_that_is_not_ready_writes_to_nobody_and_says_why(
    outreach: Outreach,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    public: str,
    why: str,
) -> None:
    monkeypatch.setenv("GATEWAY_PUBLIC_URL", public)
    settings.cache_clear()
    outreach(old=old, new=new)
    ingested(addresses(1))
    assert main(["outreach", "send"]) == 1
    said = capsys.readouterr().err
    assert "OUTREACH_NOT_READY" in said
    assert why in said
    assert mailbox.messages == []


def test_a_lost_key_stops_outreach_instead_of_forgetting_who_unsubscribed(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    assert suppression.key_of("a@example.org") == suppression.key_of("a@example.org")
    path = settings().keys / keys.OUTREACH
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("half")
    ingested(addresses(1))
    assert [wrong.code for wrong in send_outreach().problems] == ["OUTREACH_NOT_READY"]
    assert mailbox.messages == []


def test_preview_by_command_and_a_test_to_oneself(
    outreach: Outreach, mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    outreach()
    (profile_id,) = ingested(addresses(1), name="Otto Lindqvist")
    assert main(["outreach", "preview", "nurses", "--language", "de"]) == 0
    assert capsys.readouterr().out.startswith("Subject: Deine Bewerbung\n\nHallo Greta")
    assert main(["outreach", "preview", "nurses", "--profile", profile_id, "--html", "--to", "me@acme.example"]) == 0
    assert "Hello Otto Lindqvist" in capsys.readouterr().out
    assert mailbox.recipients == ["me@acme.example"]
    assert invitations() == []
    assert main(["outreach", "preview", "nurses", "--profile", "p0"]) == 1
    assert main(["outreach", "suppress", " Person.0@example.org"]) == 0
    with reading() as session:
        done = session.scalars(select(Event).where(Event.kind == "suppressed")).one()
    assert done.actor.startswith("cli:")
    assert "person" not in done.subject_id
    send_outreach()
    assert mailbox.recipients == ["me@acme.example"]


def test_a_decision_taken_back_stops_a_planned_message(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    (profile_id,) = ingested(addresses(1))
    from gateway.outreach.planning import plan
    from gateway.pipeline.arrival.receive import agent_of

    plan(agent_of("nurses"))
    with writing() as session:
        session.get_one(Profile, profile_id).email_norm = "corrected@example.org"
    send_outreach()
    assert mailbox.messages == []


def test_templates_of_the_shipped_agents_can_be_read(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["outreach", "preview", "backend-engineer"]) == 0
    assert "Hello Greta Hollingsworth" in capsys.readouterr().out


def test_a_key_from_before_is_kept_so_that_nobody_is_written_to_again(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach()
    before = "5f" * 32
    (settings().home / "outreach.key").write_text(before + "\n")
    known = hmac.new(bytes.fromhex(before), addresses(1)[0].encode(), hashlib.sha256).hexdigest()
    with writing() as session:
        session.add(Suppression(key=known, reason="unsubscribed"))
    ingested(addresses(2))
    assert send_outreach().sent == 1
    assert mailbox.recipients == [addresses(2)[1]]
    path = settings().keys / keys.OUTREACH
    assert (path.read_text().strip(), path.stat().st_mode & 0o777) == (before, 0o600)
