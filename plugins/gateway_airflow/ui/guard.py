"""What every answer carries and every change must show. Plain ASGI: bodies pass through untouched.

A change (anything but GET, HEAD, OPTIONS) needs the header `X-Gateway`, which no other site's form can send and no
other site's script may send without our consent (CORS), and an Origin that is ours where the browser names one.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote_plus, urlsplit

from airflow.configuration import conf
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)
SECRET_PART = re.compile(r"(/gateway/(?:unsubscribe|answer|hooks/[a-z]+/[a-z0-9-]+)/).+")

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
    """Refuses changes that may come from another site; adds the headers an answer does not set itself.

    failed   the answer to an unforeseen error, in words. The error's own text may quote a person, so it is never logged.
    """

    def __init__(self, app: ASGIApp, failed: Callable[[Request, Exception], Response]) -> None:
        self.app, self.failed = app, failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        if scope["method"] not in SAFE and not ours(Headers(scope=scope)) and not _is_open(scope):
            answer = JSONResponse(
                {"code": "CROSS_SITE", "sentence": "This change did not come from the gateway's own page: reload it."},
                403,
            )
            await answer(scope, receive, with_headers)
            return
        try:
            await self.app(scope, receive, with_headers)
        except ClientDisconnect:
            # An upload that its sender stopped: nobody reads this, but the host's middleware fails without an answer.
            await Response(status_code=400)(scope, receive, with_headers)
        except Exception as wrong:
            path = SECRET_PART.sub(r"\1...", scope["path"])
            log.error("%s %s failed: %s", scope["method"], path, places(wrong))
            if begun:
                raise CutOff(
                    type(wrong).__name__
                ) from None  # the connection breaks, so that half is not taken for whole
            await self.failed(Request(scope), wrong)(scope, receive, with_headers)


def _is_open(scope: Scope) -> bool:
    """Changes that need no header of ours, because no cookie counts for them.

    Mail programs end messages with one click (RFC 8058), candidates answer a question, and programs call hooks: an
    unguessable address or a signature proves them. The API takes a key in a header that another site's page cannot send without our consent.
    """
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return scope["method"] == "POST" and path.startswith(("/unsubscribe/", "/answer/", "/hooks/", "/api/v1/"))


class CutOff(Exception):
    """An answer that had begun could not be ended; says only of what kind the failure was."""


def places(wrong: Exception) -> str:
    """Of what kind an exception is and where it came from, without its text: "KeyError at show.py:12 < batches.py:80"."""
    frames = traceback.extract_tb(wrong.__traceback__)[-6:]
    return f"{type(wrong).__name__} at " + " < ".join(
        f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames)
    )


class QuietAddresses:
    """Around all of Airflow: its log of requests tells no search and no unguessable address. A search in our frame is in
    the host's address too.

    Airflow logs an address when its answer is done, from the very scope that is changed here.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "http" and ("/gateway/" in path or "/plugin/" in path or "/auth/" in path):
                scope["query_string"] = without_search(scope["query_string"])
                scope["path"] = SECRET_PART.sub(r"\1...", path)


def without_search(query: bytes) -> bytes:
    """The query of an address as it may be logged: without search texts, including those in the address after sign-in."""
    return b"&".join(_quiet(part) for part in query.split(b"&"))


def _quiet(part: bytes) -> bytes:
    name, _, value = part.partition(b"=")
    match unquote_plus(name.decode("latin-1")):
        case "q":
            return b"q=..."
        case "next" if "?" in unquote_plus(value.decode("latin-1")):
            return b"next=..."
    return part


def ours(headers: Headers) -> bool:
    """True when the request shows that our own page, or a program with a token, made it."""
    if HEADER not in headers or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    known = {headers.get("host", ""), urlsplit(conf.get("api", "base_url", fallback="")).netloc}
    return urlsplit(origin).netloc in known - {""}
