"""API keys. A key is shown once, when it is made; the store has its SHA-256, which is enough for 256 random bits.

gwk_<id>_<secret>     the id finds the row, the secret proves it
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from gateway.deliver.limiter import Limiter
from gateway.errors import Misconfigured, Refused, Transient
from gateway.pipeline.arrival.receive import agent_of
from gateway.store.engine import reading, writing
from gateway.store.tables import ApiKey, Event, now

KeyRight = Literal["send", "read"]
RIGHTS: tuple[KeyRight, ...] = ("send", "read")
SENDER = re.compile(r"[a-z0-9][a-z0-9-]{0,29}")
BURST = 10  # requests at once before the rate counts
USED_S = 60.0  # how exactly it is kept when a key was used
_KEY = re.compile(r"gwk_([a-z2-9]{10})_([A-Za-z0-9_-]{43})")
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who a valid key belongs to, and what it may do. agents: empty means every agent."""

    key_id: str
    sender: str
    agents: tuple[str, ...]
    rights: frozenset[str]

    @property
    def by(self) -> str:
        """How batches name this sender as their uploader; no person of Airflow is called so."""
        return f"key:{self.sender}"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as the page lists it. state: valid | ending | expired | revoked; follows: the id of the key it replaced."""

    id: str
    sender: str
    agents: tuple[str, ...]
    rights: tuple[str, ...]
    rate_per_minute: float
    made_by: str
    created_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    follows: str | None
    state: str


def make(
    sender: str, *, agents: Sequence[str], rights: Sequence[str], rate_per_minute: float, days: int | None, actor: str
) -> tuple[str, str]:
    """A new key: (its id, the key itself, shown this once).

    agents   ids it may send for; empty: every agent
    days     after which it ends; None: never
    raises   Misconfigured(API_KEY_FORM | UNKNOWN_AGENT | AGENT_FILE_INVALID)
    """
    if not SENDER.fullmatch(sender):
        raise _form("the sender is lower-case letters, digits and hyphens, at most 30")
    if not rights or set(rights) - set(RIGHTS):
        raise _form("a key has the right to send, to read, or both")
    if not 1 <= rate_per_minute <= 6000:
        raise _form("the rate is from 1 to 6,000 requests a minute")
    if days is not None and not 1 <= days <= 3650:
        raise _form("a key ends after 1 to 3,650 days, or never")
    for agent_id in agents:
        agent_of(agent_id)
    with writing() as session:
        ends = now() + timedelta(days=days) if days else None
        row, key = _new(sender, sorted(set(agents)), sorted(set(rights)), rate_per_minute, ends, actor)
        session.add(row)
        _event(session, "api_key_made", row.id, actor)
    return row.id, key


def rotate(key_id: str, *, keep_h: float, actor: str) -> tuple[str, str]:
    """A new key with the same rights; the old one still works for `keep_h` hours, so that nothing has to stop.

    raises   Misconfigured(UNKNOWN_API_KEY)
    """
    with writing() as session:
        old = _valid(session, key_id)
        row, key = _new(old.sender, old.agents, old.rights, old.rate_per_minute, old.expires_at, actor)
        row.follows = old.id
        session.add(row)
        until = now() + timedelta(hours=max(0.0, keep_h))
        old.expires_at = min(old.expires_at, until) if old.expires_at else until
        _event(session, "api_key_rotated", old.id, actor)
        _event(session, "api_key_made", row.id, actor)
    return row.id, key


def revoke(key_id: str, *, actor: str) -> None:
    """From now on the key opens nothing. Raises Misconfigured(UNKNOWN_API_KEY)."""
    with writing() as session:
        row = _valid(session, key_id)
        row.revoked_at = now()
        _event(session, "api_key_revoked", row.id, actor)


def listed() -> list[KeyLine]:
    """Every key, newest first."""
    with reading() as session:
        rows = session.scalars(select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id)).all()
    return [
        KeyLine(
            row.id,
            row.sender,
            tuple(row.agents),
            tuple(row.rights),
            row.rate_per_minute,
            row.made_by,
            row.created_at,
            row.used_at,
            row.expires_at,
            row.follows,
            _state(row),
        )
        for row in rows
    ]


def holder_of(authorization: str | None) -> Holder:
    """Who sends an Authorization header ("Bearer gwk_..."); takes one request of the key's rate.

    raises   Refused(API_KEY_INVALID), whatever is wrong with it; Transient(API_TOO_OFTEN)
    """
    scheme, _, text = (authorization or "").partition(" ")
    found = _KEY.fullmatch(text.strip())
    if scheme.lower() != "bearer" or found is None:
        raise _invalid()
    with reading() as session:
        row = session.get(ApiKey, found[1])
    # Compared even where there is no such key, so that both take as long.
    same = hmac.compare_digest(row.hash if row else bytes(32), hashlib.sha256(found[2].encode()).digest())
    if row is None or not same or _state(row) not in ("valid", "ending"):
        raise _invalid()
    _take_turn(row.id, row.rate_per_minute)
    at = now()
    if row.used_at is None or (at - row.used_at).total_seconds() > USED_S:
        with writing() as session:
            session.execute(
                update(ApiKey)
                .where(ApiKey.id == row.id, or_(ApiKey.used_at.is_(None), ApiKey.used_at < at))
                .values(used_at=at)
            )
    return Holder(row.id, row.sender, tuple(row.agents), frozenset(row.rights))


def _take_turn(key_id: str, per_minute: float) -> None:
    """One slot of the key's rate, shared by all servers; up to BURST may be used ahead."""
    wait = Limiter(f"api:{key_id}", per_minute).try_take(BURST - 1)
    if wait:
        raise Transient("API_TOO_OFTEN", f"This key allows {per_minute:g} requests a minute: wait and repeat.", wait)


def _new(
    sender: str, agents: Sequence[str], rights: Sequence[str], rate: float, ends: datetime | None, actor: str
) -> tuple[ApiKey, str]:
    identity = "".join(secrets.choice(_ALPHABET) for _ in range(10))
    secret = secrets.token_urlsafe(32)
    row = ApiKey(
        id=identity,
        sender=sender,
        hash=hashlib.sha256(secret.encode()).digest(),
        agents=list(agents),
        rights=list(rights),
        rate_per_minute=rate,
        made_by=actor,
        expires_at=ends,
    )
    return row, f"gwk_{identity}_{secret}"


def _valid(session: Session, key_id: str) -> ApiKey:
    row = session.get(ApiKey, key_id, with_for_update=True)
    if row is None or _state(row) not in ("valid", "ending"):
        raise Misconfigured("UNKNOWN_API_KEY", "There is no such key, or it has ended: reload the page.")
    return row


def _state(row: ApiKey) -> str:
    if row.revoked_at is not None:
        return "revoked"
    if row.expires_at is None:
        return "valid"
    return "expired" if row.expires_at <= now() else "ending"


def _event(session: Session, kind: str, key_id: str, actor: str) -> None:
    session.add(Event(kind=kind, subject="api_key", subject_id=key_id, actor=actor))


def _form(why: str) -> Misconfigured:
    return Misconfigured("API_KEY_FORM", f"The key was not made: {why}.")


def _invalid() -> Refused:
    return Refused(
        "API_KEY_INVALID",
        "Send a valid key as `Authorization: Bearer gwk_...`: this one is missing, wrong, ended or revoked.",
    )
