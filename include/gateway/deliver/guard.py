"""Calls to addresses that somebody wrote into a connection must not reach into our own network.

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
# Prefixes that carry an IPv4 address inside: NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380).
NAT64 = ipaddress.ip_network("64:ff9b::/96")
NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")


class Forbidden(Misconfigured):
    """The address is inside a network that must not be called."""


def is_public(text: str) -> bool:
    """True for an address anybody on the internet may have; False for private, loopback, link-local, shared, ..."""
    try:
        address: Address = ipaddress.ip_address(text.split("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address in NAT64_LOCAL or address.is_site_local:
            return False
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if int(address) >> 32 == 0:  # ::a.b.c.d, deprecated, still routed by some
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def open_socket(
    host: str, port: int, timeout: Any, source_address: Any = None, socket_options: Any = None
) -> socket.socket:
    """A connection to the first address of the host, provided that every address it has is public.

    raises   Forbidden(ADDRESS_FORBIDDEN) if any is not; OSError when it has none or does not answer
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    if not all(is_public(address) for address in addresses):
        raise Forbidden(
            "ADDRESS_FORBIDDEN",
            "The webhook's address is inside a private network: use a public one, or set "
            "target.allow_private to true in the agent's file if it is meant.",
        )
    last: OSError = OSError("the host has no address")
    for address in addresses:
        try:
            return sockets.create_connection((address, port), timeout, source_address, socket_options)
        except OSError as wrong:
            last = wrong
    raise last


def _new_socket(self: Any) -> socket.socket:
    """urllib3's own step, with the check inside and its own exceptions outside."""
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


def session(*, allow_private: bool) -> requests.Session:
    """A session that opens sockets to public addresses only, unless allowed; certificates are always verified."""
    made = requests.Session()
    made.trust_env = False
    if not allow_private:
        for prefix in ("http://", "https://"):
            made.mount(prefix, _GuardedAdapter())
    return made
