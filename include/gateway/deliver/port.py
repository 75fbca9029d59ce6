"""What every target can do. Adapters translate; the ledger decides.

A target answers each request by its external_id, never by position, and may answer fewer than it was asked: what is
not answered is unknown, and is looked for before it is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.errors import Transient


class Unanswered(Transient):
    """The request was sent and no usable answer came: it may have arrived. It is looked up before anything is sent again."""


class TooLarge(Transient):
    """The target read nothing because the call was too large: the same records fit into smaller calls."""


@dataclass(frozen=True, slots=True)
class Request:
    """One candidate for a target. `external_id` is the ledger row's id and is sent along.

    marks   reason codes of data left out to fit the target's rules (METADATA_TRIMMED, PHONE_LEFT_OUT)
    """

    external_id: str
    posting: str
    batch_id: str
    name: str
    email: str
    phone: str | None
    metadata: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    marks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The target's answer to one request: accepted with its own id and link, or refused with a code and sentence.

    accepted  None = the call was refused as a whole for another record's sake: look for this one at once
    matched   how a record was recognised when it was looked for: "external_id" or "email"
    """

    external_id: str
    accepted: bool | None
    target_id: str | None = None
    url: str | None = None
    code: str | None = None
    error: str | None = None
    matched: str | None = None

    def as_dict(self) -> dict[str, str]:
        parts = {"target_id": self.target_id, "url": self.url, "matched": self.matched}
        return {key: value for key, value in parts.items() if value}


@dataclass(frozen=True, slots=True)
class Lookup:
    """A request that may have arrived. Any record of the posting with that address counts, because it is the same person."""

    external_id: str
    email_norm: str


class Target(Protocol):
    """A place that candidates are delivered to.

    chunk_size        requests that may be put together now; adapters make it smaller when a call proves too large
    settle_s          how long after sending a request may still turn up: absence before that proves nothing
    idempotent  whether sending the same external_id again has no second effect, by the target's own rule
    """

    kind: str
    settle_s: float
    idempotent: bool

    @property
    def chunk_size(self) -> int: ...

    def smaller(self) -> None:
        """The last call was too large or took too long: sends fewer requests per call from now on."""

    def preflight(self, posting: str) -> None:
        """Raises Refused or Misconfigured, with a code, if the posting does not accept candidates now."""

    def wait_turn(self) -> None:
        """Returns when one more call may be made; the wait is shared by every worker."""

    def put(self, requests: Sequence[Request]) -> Iterable[Receipt]:
        """Sends requests in one call; the answer may be incomplete.

        raises   Unanswered (may have arrived); any other Transient or Permanent: nothing of it can have arrived.
                 Anything else counts as Unanswered.
        """

    def find(self, posting: str, lookups: Sequence[Lookup], since: datetime | None) -> Iterable[Receipt]:
        """The requests that arrived; requests missing from the answer are proved absent.

        since   nothing looked for is older than that; None = look at everything
        """

    def finish(self, posting: str, batch_id: str) -> None:
        """Called after a batch's last request: exports, flushes. May be called again, even by two workers at once."""

    def show(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        """The calls `put` would make, for a dry run: method, url, headers (secrets masked) and body."""
