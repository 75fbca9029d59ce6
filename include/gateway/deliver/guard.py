"""Every call that leaves goes through here: none may reach into our own network unless the agent's file allows it.

The check is made where the socket is opened, on the address it is opened to: a name that resolves to something else a
moment later (DNS rebinding) gains nothing. Redirects are not followed and no proxy is used, since either would choose
the address for us.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util import connection as sockets

from gateway.errors import Misconfigured

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Our own table: what Python's `is_private` knows depends on its version (192.0.0.0/24 is whole since 3.12.4 only).
# source   IANA IPv4 and IPv6 Special-Purpose Address Registries
CLOSED_V4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a carrier's customers
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # the host beneath a virtual machine in Azure
        "169.254.0.0/16",  # link-local, a cloud's metadata among it
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
OPEN_V6 = ipaddress.IPv6Network("2000::/3")  # global unicast; everything else is local, reserved or multicast
CLOSED_V6 = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052: how an IPv6-only network reaches an IPv4 address


class Forbidden(Misconfigured):
    """The address is inside a network that must not be called."""


def is_public(text: str) -> bool:
    """True for a public internet address; False for private, loopback, link-local, shared, ..."""
    try:
        address: Address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in CLOSED_V4)
    inner = address.ipv4_mapped
    if address in NAT64:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    return address in OPEN_V6 and not any(address in network for network in CLOSED_V6)


def open_socket(
    host: str, port: int, timeout: Any, source_address: Any = None, socket_options: Any = None
) -> socket.socket:
    """A connection to the first address of the host, provided that all its addresses are public.

    raises   Forbidden(ADDRESS_FORBIDDEN) if any is not; OSError when it has none or does not answer
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    if not all(is_public(address) for address in addresses):
        raise Forbidden(
            "ADDRESS_FORBIDDEN",
            "The address to call is inside a private network: use a public one, or set allow_private to true in the "
            "agent's file if it is meant.",
        )
    last: OSError = OSError("the host has no address")
    for address in addresses:
        try:
            return sockets.create_connection((address, port), timeout, source_address, socket_options)
        except OSError as wrong:
            last = wrong
    raise last


def _new_socket(self: Any) -> socket.socket:
    """urllib3's own step, with the check added and its own exceptions raised."""
    try:
        return open_socket(self._dns_host, self.port, self.timeout, self.source_address, self.socket_options)
    except socket.gaierror as wrong:
        raise urllib3.exceptions.NameResolutionError(self.host, self, wrong) from wrong
    except TimeoutError as wrong:
        raise urllib3.exceptions.ConnectTimeoutError(self, "connecting took too long") from wrong
    except OSError as wrong:
        raise urllib3.exceptions.NewConnectionError(self, type(wrong).__name__) from wrong


class _GuardedHTTP(HTTPConnection):
    _new_conn = _new_socket


class _GuardedHTTPS(HTTPSConnection):
    _new_conn = _new_socket


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


class _GuardedAdapter(HTTPAdapter):
    def init_poolmanager(self, *given: Any, **more: Any) -> None:
        super().init_poolmanager(*given, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Session(requests.Session):
    """Never follows a redirect, because the target would choose the address and get the secret."""

    def request(self, *given: Any, **more: Any) -> requests.Response:
        return super().request(*given, **{**more, "allow_redirects": False})


def session(*, allow_private: bool) -> requests.Session:
    """The session of every outgoing call: no redirects, no proxy, certificates always verified.

    allow_private   False: sockets are opened to public addresses only
    """
    made = _Session()
    made.trust_env = False
    if not allow_private:
        for prefix in ("http://", "https://"):
            made.mount(prefix, _GuardedAdapter())
    return made
