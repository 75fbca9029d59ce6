"""Hooks of ours: who may ring, what is kept, and what comes of it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from gateway.errors import Misconfigured, Permanent, Transient
from gateway.hooks import addresses, handle, receive
from gateway.hooks.addresses import Kind
from gateway.hooks.receive import take
from gateway.settings import settings
from gateway.store.engine import reading, writing
from gateway.store.tables import Bookmark, Event, Inbound, now


def signed(secret: str, body: bytes, message_id: str = "msg1", at: datetime | None = None) -> dict[str, str]:
    at = at or now()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, body.decode()),
    }


def token(address: addresses.Address) -> str:
    return address.url.rpartition("/")[2]


def ring(kind: str = "files", body: bytes = b"{}", **proof: Any) -> tuple[str | None, bool]:
    return take(kind, "nurses", token=proof.get("token"), body=body, headers=proof.get("headers", {}))


def test_a_hook_is_shut_until_a_person_opens_it(nurses: None) -> None:
    made = addresses._address(Kind.FILES, "nurses", {"number": 1})
    with pytest.raises(Misconfigured, match="no such hook"):
        ring(token=token(made))
    opened = addresses.make(Kind.FILES, "nurses", actor="op")
    assert ring(token=token(opened))[1]
    addresses.shut(Kind.FILES, "nurses", actor="op")
    with pytest.raises(Misconfigured, match="no such hook"):
        ring(token=token(opened))
    again = addresses.make(Kind.FILES, "nurses", actor="op")
    assert again.url != opened.url, "whoever had the old address has nothing"
    with reading() as session:
        told = session.scalars(
            select(Event.kind).where(Event.subject == "agent", Event.actor == "op").order_by(Event.id)
        )
        assert list(told) == ["hook_opened", "hook_shut", "hook_opened"]


def test_a_changed_secret_overlaps_for_a_week(nurses: None) -> None:
    before = addresses.make(Kind.FILES, "nurses", actor="op")
    after = addresses.rotate(Kind.FILES, "nurses", actor="op")
    assert (before.url, before.secret) != (after.url, after.secret)
    for number, one in enumerate((before, after)):
        assert ring(token=token(one))
        assert ring(headers=signed(one.secret, b"{}", f"m{number}"))[1]
    with writing() as session:
        row = session.get_one(Bookmark, "hook:files:nurses")
        row.value = json.dumps({**json.loads(row.value), "before_until": now().isoformat()})
    assert ring(token=token(after))
    for proof in ({"token": token(before)}, {"headers": signed(before.secret, b"{}", "m9")}):
        with pytest.raises(Misconfigured):
            ring(**proof)


def test_a_signature_is_of_this_body_and_of_now(nurses: None) -> None:
    made = addresses.make(Kind.FILES, "nurses", actor="op")
    good = signed(made.secret, b"{}")
    for body, headers in (
        (b'{"a":1}', good),
        (b"{}", signed(made.secret, b"{}", at=now() - timedelta(minutes=6))),
        (b"{}", {**good, "webhook-id": "other"}),
        (b"{}", {}),
    ):
        with pytest.raises(Misconfigured):
            ring(body=body, headers=headers)
    first = ring(headers=good)
    assert (first[1], ring(headers=good)) == (True, (first[0], False)), "one id is one message"
    handle.handle_due()
    assert not ring(headers=good)[1], "for ever, not only while it waits"


def test_what_cannot_be_read_and_too_much_of_it(nurses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = addresses.make(Kind.INTERVIEWS, "nurses", actor="op")
    for body in (b"", b"not json", b"[" * 100_000, b"\xff\xfe"):
        with pytest.raises(Permanent) as raised:
            ring("interviews", body, token=token(made))
        assert raised.value.code == "HOOK_NOT_READ"
    monkeypatch.setattr(receive, "MOST_WAITING", 3)
    for number in range(3):
        assert ring("interviews", json.dumps({"n": number}).encode(), token=token(made))[1]
    with pytest.raises(Transient) as busy:
        ring("interviews", b"{}", token=token(made))
    assert busy.value.code == "HOOK_BUSY"


def test_files_are_claimed_by_looking(nurses: None, home: Path) -> None:
    made = addresses.make(Kind.FILES, "nurses", actor="op")
    ring(body=b'{"files": ["/etc/passwd", "../../x"]}', token=token(made))
    done = handle.handle_due()
    assert done.files == {"nurses"}
    assert handle.claim_ready() == {}, "nothing is there, whatever was said"
    drop = settings().inbox / "nurses" / "monday"
    drop.mkdir(parents=True)
    (drop / "list.csv").write_text("name,email\nA B,a@example.org\n")
    assert len(handle.claim_ready()) == 1


def test_old_calls_are_removed_and_waiting_ones_are_not(nurses: None) -> None:
    made = addresses.make(Kind.FILES, "nurses", actor="op")
    ring(token=token(made))
    handle.handle_due()
    ring(token=token(made))
    with writing() as session:
        long_ago = now() - timedelta(days=31)
        session.execute(update(Inbound).values(received_at=long_ago))
        session.execute(update(Inbound).where(Inbound.done_at.is_not(None)).values(done_at=long_ago))
    assert receive.forget_old() == 1
    assert len(handle_waiting()) == 1


def handle_waiting() -> list[Inbound]:
    with reading() as session:
        return list(session.scalars(select(Inbound).where(Inbound.done_at.is_(None))))
