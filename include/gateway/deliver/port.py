"""What every target can do. Adapters translate; the ledger decides.

A target answers each request by its external_id, never by position, and may answer fewer than it was asked: what is
not answered is unknown, and is looked for before it is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway.errors import Refused
from gateway.store.tables import Profile


@dataclass(frozen=True, slots=True)
class Request:
    """One candidate as a target takes it. `external_id` is the ledger row's id and travels along."""

    external_id: str
    posting: str
    batch_id: str
    name: str
    email: str
    phone: str | None
    metadata: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The target's answer to one request: accepted with its own id and link, or refused with a code and sentence."""

    external_id: str
    accepted: bool
    target_id: str | None = None
    url: str | None = None
    code: str | None = None
    error: str | None = None

    def as_dict(self) -> dict[str, str | None]:
        return {"target_id": self.target_id, "url": self.url}


class Target(Protocol):
    """A place candidates are put into."""

    kind: str
    chunk_size: int  # requests sent together

    def preflight(self, posting: str) -> None:
        """Raises Refused or Misconfigured, with a code, when the posting takes nobody now."""

    def put(self, requests: Sequence[Request]) -> Iterable[Receipt]:
        """Sends; may answer short. Raises Transient when nothing of it can have arrived, anything else = unknown."""

    def find(self, posting: str, external_ids: Sequence[str], since: datetime) -> Iterable[Receipt]:
        """Those of the requests that arrived; what is not among the answers is proved absent."""

    def finish(self, posting: str, batch_id: str) -> None:
        """Called after a batch's last request: exports, flushes. May be called again."""


def request_of(profile: Profile, external_id: str, posting: str) -> Request:
    """A profile as a request: contact, references, and the structured profile in the JSON Resume shape.

    raises   Refused(EMAIL_MISSING | NAME_MISSING): no target can take the profile, whoever approved it
    source   JSON Resume schema 1.0.0 (jsonresume.org/schema)
    """
    if not profile.email:
        raise Refused("EMAIL_MISSING", "The profile has no email address: add one, then approve it again.")
    if not profile.name:
        raise Refused("NAME_MISSING", "The profile has no name: add one, then approve it again.")
    metadata = {
        "external_id": external_id,
        "source_batch": profile.batch_id,
        "document_sha256": profile.document.sha256,
        "profile_id": profile.id,
    }
    return Request(
        external_id,
        posting,
        profile.batch_id,
        profile.name,
        profile.email,
        profile.phone,
        metadata,
        json_resume(profile),
    )


def json_resume(profile: Profile) -> dict[str, Any]:
    """The profile in the JSON Resume shape; empty parts are left out."""
    data = profile.data
    basics = {
        "name": profile.name,
        "email": profile.email,
        "phone": profile.phone,
        "label": data.get("headline"),
        "location": {"address": profile.location} if profile.location else None,
        "profiles": [{"url": link} for link in data.get("links", [])],
    }
    resume = {
        "basics": {key: value for key, value in basics.items() if value},
        "work": [
            _kept(name=w.get("company"), position=w.get("position"), startDate=w.get("start"), endDate=_end(w.get("end")))
            for w in data.get("work", [])
        ],
        "education": [
            _kept(institution=e.get("institution"), studyType=e.get("degree"), startDate=e.get("start"), endDate=_end(e.get("end")))
            for e in data.get("education", [])
        ],
        "skills": [{"name": skill} for skill in data.get("skills", [])],
        "languages": [{"language": language} for language in data.get("languages", [])],
    }  # fmt: skip
    return {key: value for key, value in resume.items() if value}


def _end(value: str | None) -> str | None:
    return None if value == "present" else value  # JSON Resume: a current position has no endDate


def _kept(**parts: str | None) -> dict[str, str]:
    return {key: value for key, value in parts.items() if value}
