"""Addresses that must never get messages. The list holds keyed hashes, so that it names nobody and survives an erasure.

The key is a file of its own (GATEWAY_OUTREACH_KEY_FILE), made once; without it the list says nothing any more, so it is
kept like the database. It signs the addresses that end messages too.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.errors import Misconfigured
from gateway.settings import settings
from gateway.store import keys
from gateway.store.engine import insert_into, writing
from gateway.store.tables import Invitation, Suppression, now

BYTES = 32


def key_of(email_norm: str) -> str:
    """The hash of an address that the list stores."""
    return hmac.new(_secret(settings().outreach_key), email_norm.encode(), hashlib.sha256).hexdigest()


def suppressed(session: Session, emails: Iterable[str]) -> set[str]:
    """Those of these normalised addresses that must not be written to."""
    known = {key_of(email): email for email in emails}
    found = session.scalars(select(Suppression.key).where(Suppression.key.in_(known)))
    return {known[key] for key in found}


def suppress(session: Session, email_norm: str, reason: str) -> bool:
    """Puts an address on the list; False when it is there already. reason: unsubscribed | refused | by hand"""
    values = {"key": key_of(email_norm), "reason": reason, "created_at": now()}
    done = session.execute(
        insert_into(session, Suppression).values(**values).on_conflict_do_nothing().returning(Suppression.key)
    )
    return done.scalar_one_or_none() is not None


def is_the_one() -> bool:
    """Whether this machine's key is the one that the list was made with."""
    return keys.is_the_one("outreach.key", _secret(settings().outreach_key))


def token_of(invitation_id: str) -> str:
    """The unguessable part of the address that ends messages to one candidate; says nothing about them."""
    signed = hmac.new(_secret(settings().outreach_key), f"unsubscribe:{invitation_id}".encode(), hashlib.sha256)
    return f"{invitation_id}.{signed.hexdigest()[:32]}"


def is_ours(token: str) -> bool:
    """Whether we made that token; in constant time."""
    invitation_id, _, _ = token.partition(".")
    return hmac.compare_digest(token_of(invitation_id).encode(), token.encode("utf-8", "replace"))


def unsubscribe(token: str) -> bool:
    """Ends messages to the person who got this token; False for a token that is not ours. Repeating it changes nothing."""
    if not is_ours(token):
        return False
    with writing() as session:
        row = session.get(Invitation, token.partition(".")[0])
        if row is not None:
            suppress(session, row.email_norm, "unsubscribed")
    return True


@lru_cache(maxsize=4)
def _secret(path: Path) -> bytes:
    """The key in that file; made, readable for its owner only, when there is none."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_hex(BYTES) + "\n")
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as wrong:
        raise _no_key(path, type(wrong).__name__) from None
    if len(key) < BYTES:
        raise _no_key(path, "it is too short")
    return key


def _no_key(path: Path, why: str) -> Misconfigured:
    return Misconfigured(
        "OUTREACH_NOT_READY",
        f"The key file {path.name} cannot be used ({why}): restore it from the backup; with a new key, the suppression list is lost.",
    )
