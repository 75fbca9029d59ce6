"""Any system that accepts candidates as signed messages, one per candidate, by the Standard Webhooks scheme.

webhook-id is the ledger row's id, the same on every attempt: a receiver drops ids it has seen (the scheme asks it to),
so sending again after a lost answer is safe. There is no list to search, and none is needed.

source   Standard Webhooks 1.0.0 (standardwebhooks.com): headers, signature, idempotency by webhook-id
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from standardwebhooks import Webhook

from gateway.agents import WebhookTarget
from gateway.credentials import Credentials
from gateway.deliver import guard
from gateway.deliver.client import CONNECT_S, _never_connected, retry_after_s
from gateway.deliver.own_pool import record
from gateway.deliver.port import Lookup, Receipt, Request, Unanswered
from gateway.errors import Misconfigured, Refused, Transient

READ_S = 30.0
ANSWER_BYTES = 65_536  # nothing in an answer's body is used beyond an id
NO_RECORD = (400, 409, 413, 415, 422)  # the receiver said no to this message's content


class WebhookReceiver:
    """The agent's receiver. `given` is None for a dry run, which calls nothing."""

    kind = "webhook"
    chunk_size = 1
    settle_s = 0.0
    idempotent = True

    def __init__(self, config: WebhookTarget, given: Credentials | None, limiter: Any) -> None:
        self.config, self.limiter = config, limiter
        self.url = checked_url(given, allow_private=config.allow_private) if given else "(the connection's address)"
        self.signer = signer_of(given, given.secret) if given else None
        self.session = guard.session(allow_private=config.allow_private)

    def preflight(self, posting: str) -> None:
        """Checks that the address resolves to an allowed network; sends nothing. Raises Misconfigured, Transient."""
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        if self.config.allow_private:
            return
        try:
            guard.open_socket(str(parts.hostname), port, CONNECT_S).close()
        except OSError as wrong:
            raise self._unreachable(wrong) from None

    def smaller(self) -> None:
        """Does nothing: a single message cannot be split."""

    def wait_turn(self) -> None:
        self.limiter.take()

    def put(self, requests_: Sequence[Request]) -> Iterable[Receipt]:
        (request,) = requests_
        if self.signer is None:
            raise RuntimeError("this target was made to show requests, not to send them")
        body = payload(request)
        at = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "candidate-ingestion-gateway",
            "webhook-id": request.external_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self.signer.sign(request.external_id, at, body),
        }
        try:
            with self.session.post(
                self.url,
                data=body.encode(),
                headers=headers,
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as answer:
                return [self._receipt(request, answer)]
        except (requests.ConnectTimeout, requests.exceptions.SSLError) as wrong:
            raise self._unreachable(wrong) from None
        except requests.RequestException as wrong:
            if _never_connected(wrong):
                raise self._unreachable(wrong) from None
            raise _unanswered(type(wrong).__name__) from None

    def find(self, posting: str, lookups: Sequence[Lookup], since: datetime | None) -> Iterable[Receipt]:
        """Returns nothing: a webhook cannot be queried, but the receiver drops a repeated webhook-id, so all may be sent again."""
        return []

    def finish(self, posting: str, batch_id: str) -> None:
        """Nothing to close."""

    def show(self, requests_: Sequence[Request]) -> list[dict[str, Any]]:
        return [
            {
                "method": "POST",
                "url": self.url,
                "headers": {"webhook-id": request.external_id, "webhook-timestamp": "***", "webhook-signature": "***"},
                "body": json.loads(payload(request)),
            }
            for request in requests_
        ]

    def _receipt(self, request: Request, answer: requests.Response) -> Receipt:
        status = answer.status_code
        if 200 <= status < 300:
            return Receipt(request.external_id, True, _own_id(answer))
        if status in (401, 403):
            raise Misconfigured(
                "TARGET_KEY_REFUSED",
                f"The receiver of connection {self.config.connection} refused the signature "
                f"(HTTP {status}): enter the secret both sides share.",
            )
        if status in (404, 410):
            raise Refused(
                "TARGET_GONE",
                f"The receiver no longer accepts candidates (HTTP {status}): correct the connection's address.",
            )
        if status in NO_RECORD:
            return Receipt(
                request.external_id,
                False,
                code="TARGET_REFUSED",
                error=f"The receiver refused this record (HTTP {status}): correct it, then approve the profile again.",
            )
        if status in (429, 503):
            pause = retry_after_s(answer.headers.get("Retry-After"))
            self.limiter.hold(30.0 if pause is None else pause)
            raise Transient("RATE_LIMITED", "The receiver asked for a pause; every worker waits.", pause)
        if status >= 500:
            raise _unanswered(f"HTTP {status}")
        raise Misconfigured(
            "TARGET_REFUSED_CALL",
            f"The receiver answered HTTP {status}: check the address of connection "
            f"{self.config.connection}; redirects are not followed.",
        )

    def _unreachable(self, wrong: Exception) -> Transient:
        return Transient(
            "TARGET_UNREACHABLE",
            f"The receiver of connection {self.config.connection} cannot be reached "
            f"({type(wrong).__name__}): nothing was sent; the call is retried.",
        )


def payload(request: Request) -> str:
    """The message: the same bytes for the same request, so that a repeat has the same content."""
    message = {
        "type": "candidate.ingested",
        "data": {"posting": request.posting, "batch_id": request.batch_id, **record(request)},
    }
    return json.dumps(message, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def checked_url(given: Credentials, *, allow_private: bool) -> str:
    """The address to send to; https unless private ones are allowed. Raises Misconfigured(CONNECTION_INVALID)."""
    parts = urlsplit(given.base_url)
    allowed = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in allowed or not parts.hostname or parts.username or parts.password:
        raise Misconfigured(
            "CONNECTION_INVALID",
            f"Connection {given.connection}: the address must be an https:// address without user "
            "or password; plain http needs allow_private in the agent's file.",
        )
    path = str(given.extra.get("path") or "")
    return given.base_url.rstrip("/") + ("/" + path.lstrip("/") if path else "")


def signer_of(given: Credentials, secret: str) -> Webhook:
    """Signs with the connection's secret. Raises Misconfigured(CONNECTION_INVALID)."""
    try:
        key = secret.removeprefix("whsec_")
        # The library skips characters that are not base64 and would sign with the rest.
        return Webhook(base64.b64decode(key + "=" * (-len(key) % 4), validate=True))
    except Exception:
        raise Misconfigured(
            "CONNECTION_INVALID",
            f"Connection {given.connection} has no usable signing secret: enter whsec_ and base64 as its password.",
        ) from None


def _own_id(answer: requests.Response) -> str | None:
    """The receiver's id for the record, if its answer is a small JSON object with one."""
    try:
        text = answer.raw.read(ANSWER_BYTES, decode_content=True)
        found = json.loads(text)
        name = found.get("id")
    except Exception:  # the status was a success; the body is optional
        return None
    return str(name)[:100] if isinstance(name, str | int) else None


def _unanswered(what: str) -> Unanswered:
    return Unanswered("DELIVERY_UNKNOWN", f"The receiver did not confirm a message ({what}): it is sent again.")
