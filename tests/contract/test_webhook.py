"""Signed messages: the scheme's own library verifies them, an independent receiver drops repeats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.deliver.targets import target_of
from gateway.errors import Misconfigured, Transient
from gateway.pipeline.delivery.deliver import deliver_batch
from gateway.store.engine import reading
from gateway.store.tables import Delivery
from support.heymilo import DropsConnections
from support.people import addresses, agent_file, batch, connection, people, states
from support.receiver import SECRET, Inbox, receiver_of
from support.serve import serving


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def webhook(inbox: Inbox, agents_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with serving(DropsConnections(receiver_of(inbox))) as base:

        def make(secret: str = SECRET, **settings: Any) -> Any:
            connection(monkeypatch, "candidate_webhook", base, secret, path="/hooks/candidates")
            plain = {"kind": "webhook", "posting": "W-1", "rate_per_minute": 60_000, "allow_private": True}
            return agent_file(agents_dir, plain | settings)

        yield make


def test_messages_are_signed_and_carry_the_candidate(inbox: Inbox, webhook: Any, store: str) -> None:
    webhook()
    batch_id = batch()
    people(batch_id, addresses(3))
    assert deliver_batch(batch_id) == {"delivered": 3}
    assert inbox.wrong == 0
    with reading() as session:
        rows = {row.id: row.receipt for row in session.scalars(select(Delivery))}
    assert inbox.messages.keys() == rows.keys()
    assert all(receipt == {"target_id": f"r-{identity}"} for identity, receipt in rows.items())
    data = next(iter(inbox.messages.values()))["data"]
    assert data["posting"] == "W-1"
    assert data["data"]["basics"]["name"].startswith("Person")


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "500", "429", "503"])
def test_a_message_sent_again_has_the_same_id_and_is_taken_once(inbox: Inbox, webhook: Any, fault: str) -> None:
    webhook()
    inbox.faults = ["none", fault]
    batch_id = batch()
    people(batch_id, addresses(4))
    deliver_batch(batch_id)
    deliver_batch(batch_id)
    assert states() == {"delivered": 4}
    assert len(inbox.messages) == 4
    assert inbox.repeats == (fault == "drop_after")


def test_a_refused_message_refuses_its_record_only(inbox: Inbox, webhook: Any) -> None:
    webhook()
    inbox.faults = ["422"]
    batch_id = batch()
    people(batch_id, addresses(3))
    assert deliver_batch(batch_id) == {"delivered": 2, "refused": 1}


def test_a_receiver_that_is_gone_holds_what_waits(inbox: Inbox, webhook: Any) -> None:
    webhook()
    inbox.faults = ["410"]
    batch_id = batch()
    people(batch_id, addresses(2))
    assert deliver_batch(batch_id) == {"held": 2}


@pytest.mark.parametrize(
    ("fault", "code"), [("401", "TARGET_KEY_REFUSED"), ("302", "TARGET_REFUSED_CALL"), ("405", "TARGET_REFUSED_CALL")]
)
def test_a_wrong_set_up_stops_at_once(inbox: Inbox, webhook: Any, fault: str, code: str) -> None:
    webhook()
    inbox.faults = [fault]
    batch_id = batch()
    people(batch_id, addresses(2))
    with pytest.raises(Misconfigured, match=code):
        deliver_batch(batch_id)
    assert states() == {"passed": 2}


def test_another_secret_is_refused_by_the_receiver(inbox: Inbox, webhook: Any) -> None:
    webhook(secret="whsec_YW5vdGhlciBzZWNyZXQgb2YgdGhlIGRvdWJsZXM=")
    batch_id = batch()
    people(batch_id, addresses(1))
    with pytest.raises(Misconfigured, match="TARGET_KEY_REFUSED"):
        deliver_batch(batch_id)
    assert inbox.wrong == 1


def test_a_private_address_is_not_called_unless_allowed(inbox: Inbox, webhook: Any, monkeypatch: Any) -> None:
    agent = webhook(allow_private=False)
    with pytest.raises(Misconfigured, match="CONNECTION_INVALID"):  # plain http
        target_of(agent)
    connection(monkeypatch, "candidate_webhook", "https://localhost", SECRET)
    batch_id = batch()
    people(batch_id, addresses(1))
    with pytest.raises(Misconfigured, match="ADDRESS_FORBIDDEN"):
        deliver_batch(batch_id)
    assert states() == {"passed": 1}


def test_a_name_that_changes_its_address_is_caught_where_the_socket_opens(
    inbox: Inbox, webhook: Any, monkeypatch: Any
) -> None:
    """DNS rebinding: public when it is looked at, private when it is called."""
    from gateway.deliver import guard

    agent = webhook(allow_private=False)
    connection(monkeypatch, "candidate_webhook", "https://rebinds.example.org", SECRET)
    target = target_of(agent)
    answers = iter(["93.184.215.14", "127.0.0.1"])
    opened: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> Any:
        return [(2, 1, 6, "", (next(answers), port))]

    def connect(address: Any, *_: Any) -> Any:
        opened.append(address[0])

        class Closes:
            def close(self) -> None: ...

        return Closes()

    monkeypatch.setattr(guard.socket, "getaddrinfo", resolve)
    monkeypatch.setattr(guard.sockets, "create_connection", connect)
    target.preflight("W-1")
    with pytest.raises(Misconfigured, match="ADDRESS_FORBIDDEN"):
        target.put([_request()])
    assert opened == ["93.184.215.14"]


def test_no_proxy_and_no_redirect_chooses_the_address(inbox: Inbox, webhook: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    webhook()
    batch_id = batch()
    people(batch_id, addresses(1))
    assert deliver_batch(batch_id) == {"delivered": 1}


@pytest.mark.parametrize("secret", ["", "whsec_", "not base64 at all!"])
def test_an_unusable_secret_is_said_before_anything_is_sent(webhook: Any, secret: str, inbox: Inbox) -> None:
    agent = webhook(secret=secret)
    with pytest.raises(Misconfigured, match="CONNECTION_INVALID"):
        target_of(agent)
    assert inbox.messages == {}


def test_an_unreachable_receiver_is_transient(webhook: Any, monkeypatch: Any) -> None:
    agent = webhook()
    connection(monkeypatch, "candidate_webhook", "http://127.0.0.1:9", SECRET)
    with pytest.raises(Transient, match="TARGET_UNREACHABLE"):
        target_of(agent).put([_request()])


def _request() -> Any:
    from gateway.deliver.port import Request

    return Request("x1", "W-1", "b1", "Person Number 0", "person.0@example.org", None)
