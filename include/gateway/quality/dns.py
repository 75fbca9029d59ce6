"""Does a domain accept mail? Asked only for agents with `check_dns: true`; nothing else in the gateway asks DNS.

No answer is not a no: a time-out, a broken resolver or no network leave the question open, and an open question never
holds anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

TIMEOUT_S = 3.0
AT_ONCE = 16

Ask = Callable[[str], bool | None]


def mail_domains(domains: Iterable[str], ask: Ask | None = None) -> dict[str, bool | None]:
    """domain -> True (accepts mail), False (certainly does not), None (unknown). Each domain is queried once.

    ask   one question; DNS by default. A test passes its own.
    """
    wanted = sorted({domain.lower() for domain in domains if domain})
    if not wanted:
        return {}
    with ThreadPoolExecutor(min(AT_ONCE, len(wanted)), thread_name_prefix="dns") as pool:
        return dict(zip(wanted, pool.map(ask or _ask_dns, wanted), strict=True))


def _ask_dns(domain: str) -> bool | None:
    """RFC 5321 5.1 (MX, else an address record) and RFC 7505 (a null MX refuses mail)."""
    import dns.exception
    import dns.resolver

    for kind in ("MX", "A", "AAAA"):
        try:
            answer = dns.resolver.resolve(domain, kind, lifetime=TIMEOUT_S)
        except dns.resolver.NoAnswer:
            continue
        except dns.resolver.NXDOMAIN:
            return False
        except (dns.exception.DNSException, OSError, ValueError):
            return None
        if kind == "MX":
            return any(str(record.exchange) != "." for record in answer)
        return True
    return False
