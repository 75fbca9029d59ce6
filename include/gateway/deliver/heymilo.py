"""HeyMilo's public API v2 as a target.

The API has no idempotency key, no duplicate rule and no partial-failure rule for bulk calls. So: metadata.external_id
travels along and comes back; unanswered records are looked up in the posting's list; and only records that two complete
readings of that list do not hold counts as absent.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from gateway.agents import HeyMiloTarget
from gateway.deliver.client import BASE_URL, Client, Invalid
from gateway.deliver.port import Lookup, Receipt, Request
from gateway.errors import Refused

CLOCKS = timedelta(minutes=10)  # how far the API's clock may be behind ours
GROW_AFTER = 10  # calls that went well before a chunk grows again


class HeyMilo:
    """One posting's candidates. `config` is the agent file's target section."""

    kind = "heymilo"
    idempotent = False

    def __init__(self, config: HeyMiloTarget, client: Client | None) -> None:
        self.config = config
        self._client = client
        self.settle_s = config.settle_s if config.wait_for_answer else config.queue_settle_s
        self._chunk = config.chunk
        self._good = 0

    @property
    def client(self) -> Client:
        if self._client is None:  # made for a dry run only, which has no credentials and calls nothing
            raise RuntimeError("this target was made to show requests, not to send them")
        return self._client

    @property
    def chunk_size(self) -> int:
        return self._chunk

    def smaller(self) -> None:
        """Halves the records per call from now on: the last call was too large or took too long."""
        self._chunk, self._good = max(1, self._chunk // 2), 0

    def preflight(self, posting: str) -> None:
        """Raises Refused(TARGET_CLOSED | TARGET_GONE | TARGET_NOT_TEST), or the client's exceptions."""
        found = self.client.posting(posting)
        closed = why_closed(found, time.time())
        if closed:
            raise Refused(
                "TARGET_CLOSED",
                f"The posting does not accept candidates: it {closed}. Open it in the target, then try again.",
            )
        if self.config.test_posting_required and found.get("test_posting") is not True:
            raise Refused(
                "TARGET_NOT_TEST",
                "The posting is not a test posting: use one, or set target.test_posting_required to "
                "false in the agent's file to deliver real candidates.",
            )

    def wait_turn(self) -> None:
        self.client.limiter.take()

    def put(self, requests: Sequence[Request]) -> Iterable[Receipt]:
        _, path, body = self._call_for(requests)
        try:
            answer = self.client.post(path, body)
        except Invalid as wrong:
            return self._refusals(requests, wrong)
        self._good += 1
        if self._good >= GROW_AFTER and self._chunk < self.config.chunk:
            self._chunk, self._good = min(self.config.chunk, self._chunk * 2), 0
        if not self.config.wait_for_answer:
            return []  # queued: only the list will tell
        data = answer.get("data")
        if len(requests) == 1 and self.config.chunk == 1:
            item = data if isinstance(data, dict) else {}
            return [_receipt(requests[0].external_id, item)] if item.get("interview_id") else []
        items = [item for item in data if isinstance(item, dict)] if isinstance(data, list) else []
        return [
            _receipt(str(item["metadata"]["external_id"]), item)
            for item in items
            if item.get("interview_id")
            and isinstance(item.get("metadata"), dict)
            and item["metadata"].get("external_id")
        ]

    def find(self, posting: str, lookups: Sequence[Lookup], since: datetime | None) -> Iterable[Receipt]:
        """Matches by our external_id, else by address: a person already in the posting need not be sent again."""
        created_after = (since - CLOCKS).timestamp() if since else None
        by_id = {item.external_id: item for item in lookups}
        by_email = {item.email_norm: item for item in lookups}
        found: dict[str, Receipt] = {}
        # A page may shift while it is read, so that a row slips between two pages. Absent is who two readings lack.
        for _ in range(2):
            for row in self.client.candidates(posting, created_after):
                metadata = row.get("metadata") if isinstance(row.get("metadata"), dict) else {}
                ours = by_id.get(str((metadata or {}).get("external_id")))
                same = by_email.get(str(row.get("email") or "").strip().casefold())
                hit = ours or same
                if hit is not None and row.get("interview_id") and (ours or hit.external_id not in found):
                    found[hit.external_id] = _receipt(hit.external_id, row, "external_id" if ours else "email")
            if len(found) == len(by_id):
                break
        return found.values()

    def finish(self, posting: str, batch_id: str) -> None:
        """Nothing to close."""

    def show(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        shown = []
        for start in range(0, len(requests), self.config.chunk):
            method, path, body = self._call_for(requests[start : start + self.config.chunk])
            headers = {"X-API-KEY": "***", "Content-Type": "application/json"}
            base = self._client.base if self._client else BASE_URL
            shown.append({"method": method, "url": base + path, "headers": headers, "body": body})
        return shown

    def _call_for(self, requests: Sequence[Request]) -> tuple[str, str, dict[str, Any]]:
        path = f"/api/v2/postings/{quote(requests[0].posting, safe='')}/candidates"
        bodies = [candidate_of(request) for request in requests]
        queued = "" if self.config.wait_for_answer else "/async"
        if self.config.chunk == 1:
            return "POST", f"{path}{queued}", bodies[0]
        return "POST", f"{path}/bulk{queued}", {"data": bodies}

    def _refusals(self, requests: Sequence[Request], wrong: Invalid) -> list[Receipt]:
        """The records the API named; with a single record no name is needed. The others are open and looked up at once.

        A bulk call refused for one record wrote none of the others, most likely; but no rule says so. They are looked
        for before they are sent again, in smaller calls if nothing was named.
        """
        named: dict[int, tuple[str | None, str | None]] = {}
        for index, name, code in wrong.places:
            at = 0 if len(requests) == 1 else index
            if at is not None and 0 <= at < len(requests):
                named.setdefault(at, (name, code))
        if len(requests) == 1:
            named = named or {0: (None, None)}
        elif not named:
            self.smaller()
        return [
            Receipt(request.external_id, False, code="TARGET_REFUSED", error=refusal(*named[at]))
            if at in named
            else Receipt(request.external_id, None)
            for at, request in enumerate(requests)
        ]


def candidate_of(request: Request) -> dict[str, Any]:
    """A request as CandidateIngestRequest."""
    return {
        "name": request.name,
        "email": request.email,
        "phone_number": request.phone,
        "metadata": request.metadata,
        "data": request.data,
    }


def why_closed(posting: dict[str, Any], now_s: float) -> str | None:
    """The reason why a posting is closed, as the end of "it ...", or None if it is open."""
    if posting.get("archived") is True or posting.get("status") == "archived":
        return "is archived"
    if posting.get("status") != "active":
        status = posting.get("status")
        known = status if status in ("draft", "expired") else "not active"
        pending = (posting.get("ats_metadata") or {}).get("pending_activation") if known == "draft" else False
        return f"is {known}" + (" and waits for its activation" if pending else "")
    if posting.get("finalized") is not True:
        return "is not finalized"
    deadline = posting.get("deadline")
    if isinstance(deadline, int | float) and deadline <= now_s:
        return "is past its deadline"
    return None


def refusal(field: str | None, code: str | None) -> str:
    """The sentence of a refused record: the field's name and the API's own code, never a value."""
    reason = f" ({code})" if code else ""
    what = f"the field {field}{reason}" if field else f"this record{reason}"
    return f"The target refused {what}: correct it, then approve the profile again."


def _receipt(external_id: str, item: dict[str, Any], matched: str | None = None) -> Receipt:
    url = item.get("interview_url")
    return Receipt(external_id, True, str(item["interview_id"]), str(url) if url else None, matched=matched)
