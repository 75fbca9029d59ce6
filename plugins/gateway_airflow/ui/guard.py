"""What every answer carries and every change must show. Plain ASGI: bodies pass through untouched.

A change (anything but GET, HEAD, OPTIONS) needs the header `X-Gateway`, which no other site's form can send and no
other site's script may send without our consent (CORS), and an Origin that is ours where the browser names one.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from airflow.configuration import conf
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "x-gateway"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'self'"
)
ALWAYS = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "private, no-store",
}


class Guard:
    """Refuses changes that may come from another site; adds the headers an answer does not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] not in SAFE and not ours(Headers(scope=scope)):
            answer = JSONResponse(
                {"code": "CROSS_SITE", "sentence": "This change did not come from the gateway's own page: reload it."},
                403,
            )
            await answer(scope, receive, with_headers)
            return
        try:
            await self.app(scope, receive, with_headers)
        finally:
            # Airflow logs an address when its answer is done; what was searched for may be a person's name.
            scope["query_string"] = without_search(scope["query_string"])


def without_search(query: bytes) -> bytes:
    """The query of an address as it may be logged: what somebody searched for is left out."""
    return b"&".join(b"q=..." if part.startswith(b"q=") else part for part in query.split(b"&"))


def ours(headers: Headers) -> bool:
    """True when the request shows that our own page, or a program with a token, made it."""
    if HEADER not in headers or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    known = {headers.get("host", ""), urlsplit(conf.get("api", "base_url", fallback="")).netloc}
    return urlsplit(origin).netloc in known - {""}
