"""The address and the secret of a hook. A hook is open once a person has made its address, and only then.

Both come from our own key and a number; changing the secret counts the number up, and the one before stays valid for a
week. A caller proves itself by the unguessable address or, at the plain address, by a Standard Webhooks signature.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from standardwebhooks import Webhook, WebhookVerificationError

from gateway.errors import Misconfigured
from gateway.settings import settings
from gateway.store import change, keys
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Bookmark, now

OVERLAP = timedelta(days=7)


class Kind(StrEnum):
    """What a hook tells. interviews: something happened at the target; files: files are ready; bounces: mail came back."""

    INTERVIEWS = "interviews"
    FILES = "files"
    BOUNCES = "bounces"


@dataclass(frozen=True, slots=True)
class Address:
    """One open hook. before_until: until when the address and secret before this one still count; None without one."""

    kind: Kind
    agent_id: str
    url: str
    signed_url: str
    secret: str
    before_until: datetime | None


def addresses() -> list[Address]:
    """Every open hook, by agent and kind."""
    with reading() as session:
        rows = session.scalars(select(Bookmark).where(Bookmark.name.like("hook:%")).order_by(Bookmark.name)).all()
    found = []
    for row in rows:
        _, kind, agent_id = row.name.split(":", 2)
        said = json.loads(row.value)
        if said["open"]:
            found.append(_address(Kind(kind), agent_id, said))
    return sorted(found, key=lambda one: (one.agent_id, one.kind))


def make(kind: Kind, agent_id: str, *, actor: str) -> Address:
    """Opens a hook; one that is open already stays as it is. Raises Misconfigured(UNKNOWN_AGENT)."""
    return _set(kind, agent_id, "hook_opened", actor)


def rotate(kind: Kind, agent_id: str, *, actor: str) -> Address:
    """A new address and secret; those before stay valid for OVERLAP. Raises Misconfigured(UNKNOWN_AGENT | UNKNOWN_HOOK)."""
    return _set(kind, agent_id, "hook_rotated", actor)


def shut(kind: Kind, agent_id: str, *, actor: str) -> None:
    """Ends a hook at once; opening it again makes another address. Raises Misconfigured(UNKNOWN_AGENT | UNKNOWN_HOOK)."""
    _set(kind, agent_id, "hook_shut", actor)


def proved(kind: Kind, agent_id: str, *, token: str | None, body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the caller knows the hook's address (token) or its secret (a signature over the body, at most 5 min old)."""
    with reading() as session:
        said = _said(session, kind, agent_id)
    if said is None or not said["open"]:
        return False
    numbers = [said["number"]]
    until = said.get("before_until")
    if until and datetime.fromisoformat(until) > now():
        numbers.append(said["number"] - 1)
    if token is not None:
        return any(hmac.compare_digest(_token(kind, agent_id, n).encode(), token.encode()) for n in numbers)
    for number in numbers:
        try:
            Webhook(_secret(kind, agent_id, number)).verify(body, dict(headers))
        except WebhookVerificationError:
            continue
        except ValueError:  # signed, but no JSON: the signature was right
            return True
        return True
    return False


def _set(kind: Kind, agent_id: str, what: str, actor: str) -> Address:
    with writing() as session:
        agent = session.get(Agent, agent_id)
        if agent is None:
            raise Misconfigured("UNKNOWN_AGENT", f"Nothing was ever received for agent {agent_id!r}: check the name.")
        row = session.get(Bookmark, _name(kind, agent_id), with_for_update=True)
        said: dict[str, Any] = json.loads(row.value) if row else {"number": 0, "open": False, "before_until": None}
        if not said["open"] and what != "hook_opened":
            raise Misconfigured("UNKNOWN_HOOK", f"Agent {agent_id} has no open hook for {kind}.")
        if said["open"] and what == "hook_opened":
            return _address(kind, agent_id, said)
        said = {
            "number": said["number"] + (what != "hook_shut"),
            "open": what != "hook_shut",
            "before_until": (now() + OVERLAP).isoformat() if what == "hook_rotated" else None,
        }
        if row is None:
            session.add(Bookmark(name=_name(kind, agent_id), value=json.dumps(said), updated_at=now()))
        else:
            row.value, row.updated_at = json.dumps(said), now()
        change.record(session, what, agent, actor=actor, rule=str(kind))
        return _address(kind, agent_id, said)


def _name(kind: Kind, agent_id: str) -> str:
    return f"hook:{kind}:{agent_id}"


def _said(session: Session, kind: Kind, agent_id: str) -> dict[str, Any] | None:
    value = session.scalar(select(Bookmark.value).where(Bookmark.name == _name(kind, agent_id)))
    return json.loads(value) if value else None


def _address(kind: Kind, agent_id: str, said: dict[str, Any]) -> Address:
    number, until = said["number"], said.get("before_until")
    base = (settings().public_url or settings().page_url).rstrip("/")
    plain = f"{base}/gateway/hooks/{kind}/{agent_id}"
    return Address(
        kind,
        agent_id,
        f"{plain}/{_token(kind, agent_id, number)}",
        plain,
        _secret(kind, agent_id, number),
        datetime.fromisoformat(until) if until else None,
    )


def _token(kind: str, agent_id: str, number: int) -> str:
    return keys.outreach_hashes([f"hook:{kind}:{agent_id}:{number}"])[0][:40]


def _secret(kind: str, agent_id: str, number: int) -> str:
    made = keys.outreach_hashes([f"hook-secret:{kind}:{agent_id}:{number}"])[0]
    return "whsec_" + base64.b64encode(bytes.fromhex(made)).decode()
