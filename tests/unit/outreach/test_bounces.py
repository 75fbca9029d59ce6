"""A message that comes back after the mail server had taken it."""

from __future__ import annotations

import imaplib
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from sqlalchemy import select

from gateway.hooks import addresses, handle
from gateway.hooks.addresses import Kind
from gateway.hooks.bounces import bounces
from gateway.hooks.mailbox import read_mailboxes
from gateway.hooks.receive import take
from gateway.outreach.sending import send_outreach
from gateway.sources import doors
from gateway.store.engine import reading
from gateway.store.tables import Inbound, Suppression
from support.imap_server import PASSWORD, USER, imap_serving
from support.ingested import ingested, invitations
from support.mailbox import Mailbox
from support.people import addresses as people_s

Outreach = Callable[..., None]


def ring(body: bytes, made: addresses.Address) -> tuple[str | None, bool]:
    return take("bounces", "nurses", token=made.url.rpartition("/")[2], body=body, headers={})


def report(message_id: str, status: str = "5.1.1", action: str = "failed", headers_only: bool = False) -> bytes:
    """A report as mail servers send it (RFC 3464)."""
    original = EmailMessage()
    original["Message-ID"] = message_id
    original["Subject"] = "Your application"
    original.set_content("...")
    told = (
        "From: MAILER-DAEMON@mx.example\r\nTo: jobs@acme.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B"\r\n\r\n'
        "--B\r\nContent-Type: text/plain\r\n\r\nSorry, somebody@example.org is not there.\r\n"
        "--B\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; somebody@example.org\r\nAction: {action}\r\nStatus: {status}\r\n\r\n"
    )
    if headers_only:
        told += f"--B\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\n"
    else:
        told += f"--B\r\nContent-Type: message/rfc822\r\n\r\n{original.as_string()}\r\n"
    return (told + "--B--\r\n").encode()


@pytest.mark.local_server
@pytest.mark.parametrize(
    ("status", "action", "state", "listed"),
    [
        ("5.1.1", "failed", "refused", True),
        ("5.2.1", "failed", "refused", True),
        ("5.2.2", "failed", "refused", False),  # a full mailbox is emptied some day
        ("5.7.1", "failed", "refused", False),
        ("4.4.1", "delayed", "sent", False),
        ("2.0.0", "delivered", "sent", False),
    ],
)
def test_a_message_that_comes_back_hours_later(
    outreach: Outreach, mailbox: Mailbox, status: str, action: str, state: str, listed: bool
) -> None:
    outreach()
    ingested(people_s(1))
    send_outreach()
    made = addresses.make(Kind.BOUNCES, "nurses", actor="op")
    body = report(str(mailbox.messages[0]["Message-ID"]), status, action, headers_only=status == "5.2.1")
    for _ in range(2):
        ring(body, made)
        handle.handle_due()
    (row,) = invitations()
    assert (row.state, row.code) == (state, "OUTREACH_BOUNCED" if state == "refused" else None)
    with reading() as session:
        assert [one.reason for one in session.scalars(select(Suppression))] == (["bounced"] if listed else [])
        kept = session.scalars(select(Inbound)).all()
    assert "somebody@example.org" not in str([one.refs for one in kept])
    ingested(people_s(1), agent_id="nurses", posting="P2")
    send_outreach()
    assert len(mailbox.messages) == 1, "nobody is written to twice, and who bounced never again"


def test_other_mail_is_no_bounce_of_ours(outreach: Outreach) -> None:
    outreach()
    ours = "<i20261122190501k7m2qdabcd@candidate-ingestion-gateway>"
    assert [one.status for one in bounces(report(ours))] == ["5.1.1"]
    for other in (
        report("<x@elsewhere.example>"),
        report(ours).replace(b"message/delivery-status", b"text/plain"),
        f"Subject: Re: your message\r\nIn-Reply-To: {ours}\r\n\r\nThanks! {ours} Status: 5.1.1".encode(),
        b"",
        b"\xff" * 1000,
    ):
        assert bounces(other) == []
    made = addresses.make(Kind.BOUNCES, "nurses", actor="op")
    assert ring(b"Subject: hello\r\n\r\nhi", made) == (None, False)
    forged = report("<i20991122190501zzzzzzzzzz@candidate-ingestion-gateway>")
    ring(forged, made)
    assert handle.handle_due().bounced == 0, "no message of ours has that id"


@pytest.mark.local_server
def test_bounces_are_read_from_a_mailbox_that_is_left_as_it_is(
    outreach: Outreach, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outreach("bounces: {connection: bounces_mail, allow_private: true}")
    ingested(people_s(2))
    send_outreach()
    with imap_serving() as server:
        client = imaplib.IMAP4
        monkeypatch.setitem(doors._doors, "imap", lambda connection, allow_private: opened(client, server.port))
        box = server.boxes["INBOX"]
        box.add(b"Subject: hello\r\n\r\nNot about anything.")
        box.add(report(str(mailbox.messages[0]["Message-ID"])))
        box.add(b"x" * 2_000_001)
        assert read_mailboxes() == (1, [])
        assert handle.handle_due().bounced == 1
        assert read_mailboxes() == (0, []), "what was read is not read again"
        box.add(report(str(mailbox.messages[1]["Message-ID"]), "5.2.2"))
        assert read_mailboxes() == (1, [])
        box.validity += 1
        assert read_mailboxes()[0] == 2, "new numbers: everything is looked at again"
        assert handle.handle_due().bounced == 1, "and counts once"
        assert len(box.messages) == 4
        assert not box.deleted
        server.cut_at = "UID SEARCH"
        box.add(b"Subject: x\r\n\r\nx")
        (problem,) = read_mailboxes()[1]
        assert problem.code == "SOURCE_UNREACHABLE"
    assert sorted(str(row.code) for row in invitations()) == ["OUTREACH_BOUNCED"] * 2
    with reading() as session:
        assert [one.reason for one in session.scalars(select(Suppression))] == ["bounced"]


def opened(client: type[imaplib.IMAP4], port: int) -> imaplib.IMAP4:
    made = client("127.0.0.1", port)
    made.login(USER, PASSWORD)
    return made
