"""The receipt by mail, through the outbox and a real SMTP server: to whom, what it says, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from sqlalchemy import select, update

from gateway.notify.send import send_due
from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.pipeline.report import finish_batch
from gateway.settings import settings
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Outbox, Profile
from support.mailbox import Mailbox
from support.sources import AGENT

CHANNEL = "receipt:smtp_default"


@pytest.fixture
def rest(filled: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """rest(source=..., by=..., **channel): the batch comes to rest under that agent file."""

    def made(source: str, by: str | None, *, senders: list[str] | None = None, **channel: Any) -> str:
        folder = tmp_path / "agents"
        folder.mkdir(exist_ok=True)
        text = (settings().agents_dir / f"{AGENT}.yaml").read_text("utf-8")
        said = yaml.safe_load(text)
        said["notify"] = {"channels": [{"kind": "receipt", **channel}]}
        said["sources"] = [{"name": "jobs-mail", "kind": "imap", "senders": senders or []}]
        (folder / f"{AGENT}.yaml").write_text(yaml.safe_dump(said), "utf-8")
        monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
        settings.cache_clear()
        sync_agent(agent_of(AGENT))
        with writing() as session:
            session.execute(update(Batch).values(source=source, uploaded_by=by))
            change.move(session, session.get_one(Batch, filled), "running", actor="test")
        finish_batch(filled)
        send_due()
        return filled

    return made


def receipts() -> list[Outbox]:
    with reading() as session:
        return list(session.scalars(select(Outbox).where(Outbox.channel == CHANNEL)))


def test_a_sender_of_the_api_gets_its_receipt(rest: Any, mailbox: Mailbox) -> None:
    batch_id = rest("api:agency-oak", "key:agency-oak", to={"agency-oak": ["hr@oak.example"]})
    [mail] = mailbox.messages
    assert mailbox.recipients == ["hr@oak.example"]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    for said in (
        batch_id,
        "still wait for a person",
        "Files: 3 read, 1 refused",
        "Candidates: 3 accepted, 2 held",
        "How to send better",
    ):
        assert said in text, (said, text)
    with reading() as session:
        values = [*session.scalars(select(Profile.name)), *session.scalars(select(Document.path))]
    for value in filter(None, values):
        assert value not in text
    [row] = receipts()
    assert row.sent_at is not None
    assert "oak.example" not in repr(row.data)
    finish_batch(batch_id)
    send_due()
    assert len(mailbox.messages) == 1, "the same rest is told once"


def test_the_sender_of_a_mail_is_answered_only_where_senders_are_named(rest: Any, mailbox: Mailbox) -> None:
    rest("jobs-mail", "ann@agency.example", reply=True, senders=["@agency.example"])
    assert mailbox.recipients == ["ann@agency.example"]
    assert mailbox.messages[0]["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(
    ("source", "by", "more"),
    [
        ("jobs-mail", "ann@agency.example", {"reply": True}),  # anybody may have written it
        ("jobs-mail", "ann@agency.example", {"senders": ["@agency.example"]}),  # replies are off
        ("inbox", None, {"reply": True, "to": {"agency-oak": ["hr@oak.example"]}}),
        ("page", "op@example.org", {"reply": True}),
    ],
)
def test_who_has_no_address_gets_none(rest: Any, mailbox: Mailbox, source: str, by: str | None, more: Any) -> None:
    rest(source, by, **more)
    assert mailbox.messages == []
    assert receipts() == []


def test_an_address_that_was_taken_out_meanwhile_gets_nothing(rest: Any, mailbox: Mailbox) -> None:
    mailbox.faults = ["451"]
    rest("api:agency-oak", "key:agency-oak", to={"agency-oak": ["hr@oak.example"]})
    [row] = receipts()
    assert row.sent_at is None
    with writing() as session:
        session.execute(update(Batch).values(source="api:agency-elm"))
        session.execute(update(Outbox).values(due_at=row.created_at))
    from gateway.store.tables import ChannelHealth

    with writing() as session:
        session.execute(update(ChannelHealth).values(retry_at=None))
    send_due()
    [row] = receipts()
    assert (row.code, row.sent_at) == ("NOTICE_NOT_SENT", None)
    assert row.dead_at is not None
