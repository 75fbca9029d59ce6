"""Calls to HeyMilo's public API v2: one session, one key, every failure as one of ours.

    could not connect, 429           Transient: nothing arrived
    413                              TooLarge: nothing arrived
    401, 403                         Misconfigured(TARGET_KEY_REFUSED): stop and tell
    404                              Refused(TARGET_GONE): the posting is not there (any more)
    400, 422                         Invalid: which field of which record, never its content
    timeout, broken off, 5xx, no JSON   Unanswered: it may have arrived

Messages of the API may quote the data sent, so they are never repeated: only field names and error codes are.
"""

from __future__ import annotations

import email.utils
import random
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from gateway.credentials import Credentials
from gateway.deliver import guard
from gateway.deliver.port import TooLarge, Unanswered
from gateway.errors import Misconfigured, Permanent, Refused, Transient

BASE_URL = "https://api.heymilo.ai"
CONNECT_S, READ_S = 10.0, 60.0
PAGE = 100  # the API's maximum for `limit`
PAGES = 5_000  # half a million candidates in one posting: a list that goes on longer is going in circles
LONGEST_PAUSE_S = 600.0
WORD = re.compile(r"[A-Za-z0-9_.\[\]-]{1,60}")


class Invalid(Permanent):
    """The API found a record invalid. places: (index in the call or None, field or None, the API's code or None)."""

    def __init__(self, places: tuple[tuple[int | None, str | None, str | None], ...]) -> None:
        super().__init__("TARGET_REFUSED", "The target refused a record; it names no field.")
        self.places = places


class Client:
    """The operations of the API that the gateway uses. `take` waits for the shared rate, `hold` makes every worker wait.

    allow_private   the base address may be inside our own network, and plain http
    """

    def __init__(
        self, given: Credentials, limiter: Any, *, read_s: float = READ_S, allow_private: bool = False
    ) -> None:
        self.base = checked_base(given, allow_private=allow_private)
        if not given.secret:
            raise Misconfigured(
                "CONNECTION_INVALID", f"Connection {given.connection} has no key: enter the API key as its password."
            )
        self.connection = given.connection
        self.limiter = limiter
        self.timeout = (CONNECT_S, read_s)
        self.session = guard.session(allow_private=allow_private)
        self.session.headers.update({"X-API-KEY": given.secret, "Accept": "application/json"})
        self._pauses = 0

    def posting(self, posting: str) -> dict[str, Any]:
        """The posting as the API returns it."""
        return _mapping(self.get(f"/api/v2/postings/{quote(posting, safe='')}").get("data"))

    def questions(self, posting: str) -> list[dict[str, Any]]:
        """The first page of a posting's questions and criteria."""
        rows = self.get(f"/api/v2/postings/{quote(posting, safe='')}/questions", limit=PAGE).get("data")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def interview(self, interview_id: str) -> dict[str, Any]:
        """One interview as the API returns it; Refused(TARGET_GONE) if it knows none of that id."""
        return _mapping(self.get(f"/api/v2/interviews/{quote(interview_id, safe='')}/data").get("data"))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """One writing call. The caller has taken its turn before (wait_turn), so that no reserved row waits for it."""
        return self._call("POST", path, json=body)

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """One read-only call: instead of Unanswered it raises an ordinary Transient, and it waits out a pause."""
        for _ in range(8):
            self.limiter.take()
            try:
                return self._call("GET", path, params=query)
            except Unanswered as lost:
                raise Transient("TARGET_UNREACHABLE", lost.sentence, lost.retry_after_s) from None
            except Transient as later:
                if later.code != "RATE_LIMITED":
                    raise
        raise Transient("RATE_LIMITED", "The target kept asking for a pause: the call is retried later.", 60.0)

    def candidates(self, posting: str, created_after: float | None) -> Iterator[dict[str, Any]]:
        """Every candidate of a posting ingested since (Unix seconds, None = ever), page by page."""
        path = f"/api/v2/postings/{quote(posting, safe='')}/candidates"
        query: dict[str, str | int] = {"limit": PAGE}
        if created_after is not None:
            query["created_after"] = f"{created_after:.0f}"
        for _ in range(PAGES):
            answer = self.get(path, **query)
            rows = answer.get("data")
            if not isinstance(rows, list):
                raise Transient(
                    "TARGET_UNREACHABLE", "The target's list of candidates is not a list: the call is retried later."
                )
            yield from (row for row in rows if isinstance(row, dict))
            if not _mapping(answer.get("pagination")).get("has_more"):
                return
            last = str(_mapping(rows[-1]).get("interview_id") or "") if rows else ""
            if not last or query.get("starting_after") == last:
                break
            query["starting_after"] = last
        # An incomplete list proves nothing about who is absent.
        raise Transient(
            "TARGET_UNREACHABLE", "The target's list of candidates does not end: the call is retried later."
        )

    def _call(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        try:
            answer = self.session.request(method, self.base + path, timeout=self.timeout, **given)
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as wrong:
            raise self._unreachable(wrong) from None
        except requests.ConnectionError as wrong:
            if _never_connected(wrong):
                raise self._unreachable(wrong) from None
            raise _unanswered("the connection broke") from None
        except requests.Timeout:
            raise _unanswered(f"no answer within {self.timeout[1]:g} s") from None
        except requests.RequestException as wrong:
            raise _unanswered(type(wrong).__name__) from None
        if answer.status_code < 300:
            self._pauses = 0
            return _json(answer)
        raise self._failure(answer)

    def _failure(self, answer: requests.Response) -> Exception:
        status = answer.status_code
        if status in (401, 403):
            return Misconfigured(
                "TARGET_KEY_REFUSED",
                f"The target refused the key of connection {self.connection} (HTTP {status}): "
                "enter a valid key there, then clear the failed task.",
            )
        if status == 404:
            return Refused(
                "TARGET_GONE", "The target has no such posting: correct the agent's target, or its key's workspace."
            )
        if status == 413:
            return TooLarge("CALL_TOO_LARGE", "The target refused the call because of its size.")
        if status in (400, 422):
            return Invalid(_places(answer))
        if status == 429:
            pause = self._pause(answer)
            self.limiter.hold(pause)
            return Transient("RATE_LIMITED", "The target asked for a pause; every worker waits.", pause)
        if status >= 500:
            return _unanswered(f"HTTP {status}")
        return Misconfigured(
            "TARGET_REFUSED_CALL",
            f"The target refused the whole call (HTTP {status}): check connection {self.connection}.",
        )

    def _pause(self, answer: requests.Response) -> float:
        """Retry-After in seconds or as a date; without it 2, 4, 8, ... 60 s plus up to a quarter."""
        asked = retry_after_s(answer.headers.get("Retry-After"))
        if asked is not None:
            return asked
        self._pauses += 1
        return min(60.0, 2.0**self._pauses) * random.uniform(1.0, 1.25)  # noqa: S311  (spreads, guards nothing)

    def _unreachable(self, wrong: Exception) -> Transient:
        return Transient(
            "TARGET_UNREACHABLE",
            f"The target of connection {self.connection} cannot be reached "
            f"({type(wrong).__name__}): nothing was sent; the call is retried.",
        )


def checked_base(given: Credentials, *, allow_private: bool) -> str:
    """The address to call; https unless private ones are allowed. Raises Misconfigured(CONNECTION_INVALID)."""
    base = (given.base_url or BASE_URL).rstrip("/")
    parts = urlsplit(base)
    if parts.scheme != "https" and not (parts.scheme == "http" and allow_private):
        raise Misconfigured(
            "CONNECTION_INVALID",
            f"Connection {given.connection}: the address must begin with https://, because the call carries a key; plain http "
            "needs target.allow_private.",
        )
    if parts.username or parts.password:
        raise Misconfigured(
            "CONNECTION_INVALID", f"Connection {given.connection}: the address must not contain a user or password."
        )
    return base


def retry_after_s(value: str | None) -> float | None:
    """Seconds of a Retry-After header, a number or a date (RFC 9110 10.2.3); None if absent or invalid."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, TypeError):
            return None
    return min(LONGEST_PAUSE_S, max(0.0, seconds)) if seconds == seconds else None


def _unanswered(what: str) -> Unanswered:
    return Unanswered(
        "DELIVERY_UNKNOWN", f"The target did not confirm a call ({what}): its records are looked up first."
    )


def _never_connected(wrong: BaseException) -> bool:
    """True if no socket was opened, so nothing was sent: refused, no route, no such host."""
    import urllib3.exceptions as u

    seen: BaseException | None = wrong
    while seen is not None:
        if isinstance(seen, u.NewConnectionError | u.NameResolutionError | u.ConnectTimeoutError):
            return True
        inner = seen.args[0] if seen.args and isinstance(seen.args[0], BaseException) else None
        seen = getattr(seen, "reason", None) or inner
    return False


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        raise _unanswered(f"HTTP {answer.status_code} without JSON") from None
    if not isinstance(content, dict):
        raise _unanswered(f"HTTP {answer.status_code} with something else than an object")
    return content


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _places(answer: requests.Response) -> tuple[tuple[int | None, str | None, str | None], ...]:
    """The fields named by a 400 or 422, in either shape: {"detail": [{loc, msg, type}]} or {"error": {param, errors: [...]}}."""
    try:
        content = _mapping(answer.json())
    except ValueError:
        return ()
    found: list[tuple[int | None, str | None, str | None]] = []
    detail = content.get("detail")
    for item in detail if isinstance(detail, list) else []:
        loc = _mapping(item).get("loc")
        found.append(
            (*_place([str(step) for step in loc] if isinstance(loc, list) else []), _word(_mapping(item).get("type")))
        )
    error = _mapping(content.get("error"))
    listed = error.get("errors") or error.get("details")
    items = [_mapping(item) for item in listed] if isinstance(listed, list) and listed else [error] if error else []
    for item in items:
        steps = re.findall(r"[^.\[\]]+", str(item.get("param") or ""))
        found.append((*_place(steps), _word(item.get("code"))))
    return tuple(found)


def _place(steps: list[str]) -> tuple[int | None, str | None]:
    """("body", "data", "3", "email") -> (3, "email"); ("metadata", "x") -> (None, "metadata")."""
    steps = [step for step in steps if step != "body"]
    index = None
    if len(steps) > 1 and steps[0] == "data" and steps[1].isdigit():
        index, steps = int(steps[1]), steps[2:]
    return index, _word(steps[0]) if steps else None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and WORD.fullmatch(value) and "@" not in value else None
