"""A mailbox over a real connection, through Airflow's own ImapHook: attachments become a batch, the sender is kept."""

from __future__ import annotations

import email.policy
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.settings import settings
from gateway.sources import pull
from gateway.sources.check import check
from gateway.sources.kinds.imap import attachments, sender_of
from gateway.sources.mailbox import quoted
from gateway.store.engine import reading
from gateway.store.tables import SourceState
from gateway_airflow.hooks import sources as hooks
from support.imap_server import PASSWORD, USER, Imap, imap_serving, mail
from support.sources import AGENT, agent_with, batches, connection, look, names_in, received

LIST = b"Name,Email\nGreta Hollingsworth,greta.hollingsworth@example.com\n"


@pytest.fixture
def server() -> Iterator[Imap]:
    with imap_serving() as one:
        yield one


@pytest.fixture
def use(home: Path, server: Imap, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def made(**said: Any) -> None:
        source = {"name": "agency", "kind": "imap", "connection": "jobs_mail", "allow_private": True, **said}
        agent_with(home, monkeypatch, source)

    connect(monkeypatch, server)
    hooks.use_doors()
    return made


def connect(patch: pytest.MonkeyPatch, server: Imap, password: str = PASSWORD, **extra: Any) -> None:
    connection(
        patch,
        "jobs_mail",
        conn_type="imap",
        host="127.0.0.1",
        port=server.port,
        login=USER,
        password=password,
        extra={"use_ssl": False, **extra},
    )


def test_each_message_is_a_batch_of_its_sender(use: Callable[..., None], server: Imap) -> None:
    use()
    inbox = server.boxes["INBOX"]
    inbox.add(
        mail("Ann Agency <Ann@Agency.example>", ("cv.csv", LIST), ("cv.csv", LIST + b"x"), ("../../etc/x.csv", LIST))
    )
    inbox.add(mail("bob@agency.example", text="No files today."))
    inbox.add(mail("bob@agency.example", ("b.csv", LIST)))
    done = look()
    assert [names_in(one) for one in done.batches] == [[".._.._etc_x.csv", "cv (2).csv", "cv.csv"], ["b.csv"]]
    assert [batch.uploaded_by for batch in batches()] == ["ann@agency.example", "bob@agency.example"]
    assert all(batch.source == "agency" for batch in batches())
    assert look().batches == []
    assert len(inbox.messages) == 3
    assert not [line for line in server.said if line.startswith(("SELECT", "UID STORE"))], "only looked at"
    with reading() as session:
        assert session.scalars(select(SourceState.cursor)).one() == {"uidvalidity": "7", "next_uid": 4}
    inbox.add(mail("bob@agency.example", ("c.csv", LIST)))
    [batch] = look().batches
    assert names_in(batch) == ["c.csv"]


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 MOVE UIDPLUS", "IMAP4rev1 UIDPLUS", "IMAP4rev1"])
@pytest.mark.parametrize("afterwards", ["move", "delete"])
def test_messages_go_once_their_batch_is_safe(
    use: Callable[..., None], server: Imap, afterwards: str, capabilities: str
) -> None:
    server.capabilities = capabilities
    use(afterwards=afterwards)
    inbox = server.boxes["INBOX"]
    inbox.add(mail("bob@agency.example", ("b.csv", LIST)))
    inbox.add(mail("bob@agency.example", text="No files."))
    look()
    assert list(inbox.messages) == [2], "a message without files is not ours to move"
    assert len(server.boxes["Ingested"].messages) == (1 if afterwards == "move" else 0)
    assert look().batches == []
    assert received() == ["b.csv"]


def test_senders_that_do_not_count_are_left_alone(use: Callable[..., None], server: Imap) -> None:
    use(senders=["@agency.example", "ann@example.org"], afterwards="delete")
    inbox = server.boxes["INBOX"]
    for sender in ("x@agency.example", "ann@example.org", "bob@example.org", "x@evil-agency.example", ""):
        inbox.add(mail(sender, ("a.csv", LIST)) if sender else b"Subject: none\r\n\r\n")
    done = look()
    assert (len(done.batches), done.ignored) == (2, 3)
    assert sorted(inbox.messages) == [3, 4, 5]


@pytest.mark.parametrize("cut_at", ["UID FETCH", "UID MOVE", "UID SEARCH", "SELECT"])
def test_a_server_that_hangs_up_loses_nothing(use: Callable[..., None], server: Imap, cut_at: str) -> None:
    use(afterwards="move")
    server.boxes["INBOX"].add(mail("bob@agency.example", ("a.csv", LIST)))
    server.boxes["INBOX"].add(mail("bob@agency.example", ("b.csv", LIST)))
    server.cut_at = cut_at
    done = pull.pull(AGENT, "agency")
    assert done.problem is not None
    assert done.problem.code == "SOURCE_UNREACHABLE"
    look()
    assert received() == ["a.csv", "b.csv"]
    assert not server.boxes["INBOX"].messages
    assert len(server.boxes["Ingested"].messages) == 2


def test_new_uids_are_looked_at_again(use: Callable[..., None], server: Imap) -> None:
    """The server was restored from a backup: its UIDs mean something else now."""
    use()
    server.boxes["INBOX"].add(mail("bob@agency.example", ("a.csv", LIST)))
    look()
    server.boxes["INBOX"].validity = 8
    server.boxes["INBOX"].messages = {1: mail("bob@agency.example", ("new.csv", LIST)).as_bytes()}
    assert len(look().batches) == 1
    assert received() == ["a.csv", "new.csv"]


def test_a_message_that_is_too_large_is_counted_and_stays(
    use: Callable[..., None], server: Imap, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(afterwards="delete")
    monkeypatch.setenv("GATEWAY_MAX_FILE_BYTES", "2000")
    settings.cache_clear()
    server.boxes["INBOX"].add(mail("bob@agency.example", ("a.csv", LIST * 200)))
    [batch] = look().batches
    assert names_in(batch) == ["message-1.eml"]
    assert len(server.boxes["INBOX"].messages) == 1
    assert look().batches == []


def test_what_is_wrong_is_said(use: Callable[..., None], server: Imap, monkeypatch: pytest.MonkeyPatch) -> None:
    use(mailbox="Bewerbungen für uns")
    [one] = check()
    assert (one.code, "mailbox" in one.sentence) == ("SOURCE_REFUSED", True)
    use()
    [one] = check()
    assert one.ok, one.sentence
    connect(monkeypatch, server, password="wrong")
    [one] = check()
    assert (one.code, USER in one.sentence) == ("SOURCE_REFUSED", False)
    connect(monkeypatch, server, use_ssl=True)
    [one] = check()
    assert one.code in ("SOURCE_UNREACHABLE", "SOURCE_REFUSED")
    connect(monkeypatch, server)
    use(allow_private=False)
    [one] = check()
    assert (one.code, "readable" in one.sentence) == ("SOURCE_REFUSED", True)
    connect(monkeypatch, server, use_ssl=True)
    [one] = check()
    assert one.code == "ADDRESS_FORBIDDEN"


def test_pictures_of_a_signature_are_no_files_and_a_forwarded_file_is() -> None:
    inner = mail("cara@example.org", ("cv.pdf", b"%PDF-1.7"))
    outer = EmailMessage(policy=email.policy.default)
    outer.set_content("See below.")
    outer.add_attachment(b"GIF89a", maintype="image", subtype="gif", filename="logo.gif", cid="<logo>")
    outer.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="scan.png")
    outer.add_attachment(inner)
    assert [part.get_filename() for part in attachments(outer)] == ["scan.png", "cv.pdf"]


@pytest.mark.parametrize(
    ("header", "address"),
    [
        (b"From: =?utf-8?q?J=C3=BCrgen?= <J@Example.org>\r\n\r\n", "j@example.org"),
        (b"From: a@b.example, c@d.example\r\n\r\n", "a@b.example"),
        (b"From: nobody\r\n\r\n", ""),
        (b"From: <<<>>>\r\n\r\n", ""),
        (b"\r\n", ""),
        (b"\xff\xfe\x00", ""),
    ],
)
def test_whatever_a_from_line_is_it_gives_an_address_or_none(header: bytes, address: str) -> None:
    assert sender_of(header) == address


def test_a_mailbox_in_another_script_is_named_as_imap_wants_it() -> None:
    assert quoted("Entwürfe & mehr") == '"Entw&APw-rfe &- mehr"'
    assert quoted('a"b\\c') == '"a\\"b\\\\c"'
