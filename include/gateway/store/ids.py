"""Identifiers: time first where order helps, random enough that two machines never meet."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # no i, l, o, 0, 1: read aloud and typed by people


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def batch_id(at: datetime | None = None) -> str:
    """`b20261122-190501-k7m2qd`: sorts by time, fits an Airflow run id."""
    return f"b{(at or datetime.now(UTC)):%Y%m%d-%H%M%S}-{_random(6)}"


def batch_id_of_run(run_id: str, at: datetime) -> str:
    """The batch id of a manually triggered run: the same for the same run, so that clearing it finds its batch."""
    digest = hashlib.sha256(run_id.encode()).digest()
    return f"b{at.astimezone(UTC):%Y%m%d-%H%M%S}-{''.join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:6])}"


def document_id(batch: str, path: str) -> str:
    """The same document of the same batch has the same id, so registering twice changes nothing."""
    return "d" + hashlib.sha256(f"{batch}\0{path}".encode()).hexdigest()[:20]


def profile_id(document: str, ordinal: int) -> str:
    """The same candidate of the same document has the same id, so reading twice changes nothing."""
    return "p" + hashlib.sha256(f"{document}\0{ordinal}".encode()).hexdigest()[:20]


def verdict_id(profile: str, profile_version: int, suite_version: str) -> str:
    return "v" + hashlib.sha256(f"{profile}\0{profile_version}\0{suite_version}".encode()).hexdigest()[:20]


def delivery_id() -> str:
    return f"x{datetime.now(UTC):%Y%m%d%H%M%S}{_random(10)}"


def review_id() -> str:
    return f"r{datetime.now(UTC):%Y%m%d%H%M%S}{_random(10)}"


def message_id() -> str:
    """The id of a message to others: the same on every attempt to send it."""
    return f"m{datetime.now(UTC):%Y%m%d%H%M%S}{_random(12)}"


def preference_id() -> str:
    return f"q{_random(16)}"


def inbound_id() -> str:
    return f"h{datetime.now(UTC):%Y%m%d%H%M%S}{_random(10)}"


def invitation_id() -> str:
    return f"i{datetime.now(UTC):%Y%m%d%H%M%S}{_random(10)}"


def interview_id(target: str, posting: str, external_id: str) -> str:
    """The same interview of the same posting has the same id, so reading it twice changes nothing."""
    return "n" + hashlib.sha256(f"{target}\0{posting}\0{external_id}".encode()).hexdigest()[:20]


def alarm_id() -> str:
    return f"l{datetime.now(UTC):%Y%m%d%H%M%S}{_random(10)}"


def calibration_id() -> str:
    return f"c{datetime.now(UTC):%Y%m%d%H%M%S}{_random(10)}"
