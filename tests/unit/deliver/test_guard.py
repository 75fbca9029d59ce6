"""Which addresses a webhook may reach."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from gateway.credentials import Credentials
from gateway.deliver.client import Client
from gateway.deliver.guard import Forbidden, is_public, open_socket, session
from gateway.errors import Misconfigured, Transient
from support.serve import serving

# The operating system resolves spellings of this machine, and one test puts its own resolver in place.
pytestmark = pytest.mark.local_server


@pytest.mark.parametrize(
    "address",
    [
        "93.184.215.14",
        "8.8.8.8",
        "100.63.255.255",
        "100.128.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "2606:2800:21f:cb07:6820:80da:af6b:8b2c",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "100.127.255.255",
        "168.63.129.16",
        "192.0.0.8",
        "192.0.0.170",
        "192.0.0.255",
        "192.0.2.1",
        "192.88.99.1",
        "198.19.255.255",
        "198.18.0.1",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "::ffff:192.0.0.9",
        "::ffff:100.64.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::c000:9",
        "100::1",
        "2001::1",
        "2001:1::1",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "fec0::1",
        "",
        "localhost",
        "2130706433",
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)


def test_the_table_is_our_own_whatever_pythons_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for family in (ipaddress.IPv4Address, ipaddress.IPv6Address):
        for name, said in (("is_global", True), ("is_private", False), ("is_reserved", False), ("is_loopback", False)):
            monkeypatch.setattr(family, name, said)
    assert not any(map(is_public, ["192.0.0.200", "127.0.0.1", "100.64.0.1", "::1", "::ffff:10.0.0.1", "fe80::1"]))


@pytest.mark.local_server
@pytest.mark.parametrize("method", ["get", "post", "head", "options"])
def test_no_call_follows_a_redirect_even_when_asked_to(method: str) -> None:
    called: list[tuple[str, str | None]] = []

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        called.append((scope["path"], headers.get(b"authorization")))
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"/inside")]})
        await send({"type": "http.response.body", "body": b""})

    with serving(elsewhere) as base:
        answer = session(allow_private=True).request(
            method, f"{base}/hook", headers={"Authorization": "Bearer secret"}, allow_redirects=True, timeout=5
        )
    assert answer.status_code == 307
    assert [path for path, _ in called] == ["/hook"]


@pytest.mark.local_server
def test_nothing_is_sent_to_a_private_address() -> None:
    called: list[str] = []

    async def inside(scope: Any, receive: Any, send: Any) -> None:
        called.append(scope["path"])

    with serving(inside) as base, pytest.raises(Forbidden, match="ADDRESS_FORBIDDEN"):
        session(allow_private=False).get(base, timeout=5)
    assert called == []


@pytest.mark.local_server
def test_heymilos_base_address_is_guarded_like_any_other() -> None:
    given = Credentials("heymilo_default", "https://127.0.0.1:1", "key")
    with pytest.raises(Forbidden):
        Client(given, NoLimit()).posting("P1")
    with pytest.raises(Misconfigured, match="CONNECTION_INVALID"):
        Client(Credentials("heymilo_default", "http://localhost:1", "key"), NoLimit())
    with pytest.raises(Transient, match="TARGET_UNREACHABLE"):
        Client(given, NoLimit(), allow_private=True)._call("GET", "/")


class NoLimit:
    def take(self) -> None:
        """Always at once."""


@pytest.mark.local_server
@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1", "0"])
def test_spellings_of_this_machine_open_no_socket(host: str) -> None:
    with pytest.raises(Forbidden):
        open_socket(host, 9, 1.0)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.deliver import guard

    both = [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(guard.socket, "getaddrinfo", lambda *a, **k: both)
    with pytest.raises(Forbidden):
        open_socket("mixed.example.org", 443, 1.0)
