"""Addresses that must never get messages. The list holds keyed hashes, so that it names nobody and survives an erasure.

Its key (outreach.key, store/keys.py) also signs the addresses that end messages. Without it the list says nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.store import keys
from gateway.store.engine import insert_into, writing
from gateway.store.tables import Invitation, Suppression, now


def key_of(email_norm: str) -> str:
    """The hash of an address that the list stores."""
    return keys.outreach_hashes([email_norm])[0]


def suppressed(session: Session, emails: Iterable[str]) -> set[str]:
    """Those of these normalised addresses that must not be written to."""
    asked = list(emails)
    known = dict(zip(keys.outreach_hashes(asked), asked, strict=True))
    found = session.scalars(select(Suppression.key).where(Suppression.key.in_(known)))
    return {known[key] for key in found}


def suppress(session: Session, email_norm: str, reason: str) -> bool:
    """Puts an address on the list; False when it is there already. reason: unsubscribed | refused | bounced | by hand"""
    values = {"key": key_of(email_norm), "reason": reason, "created_at": now()}
    done = session.execute(
        insert_into(session, Suppression).values(**values).on_conflict_do_nothing().returning(Suppression.key)
    )
    return done.scalar_one_or_none() is not None


def token_of(invitation_id: str) -> str:
    """The unguessable part of the address that ends messages to one candidate; says nothing about them."""
    return f"{invitation_id}.{keys.outreach_hashes([f'unsubscribe:{invitation_id}'])[0][:32]}"


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
