"""One call of a hook: proved, and kept as a row without anybody's data. Whatever it says is looked up before it is believed.

Of an interview event only ids of interviews that we know are kept, of a bounce the id of our own message and its status,
of files nothing. The same news that waits already is not kept twice; a signed message is known by its id.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select

from gateway.agents import Agent, HeyMiloTarget
from gateway.errors import GatewayError, Misconfigured, Permanent, Transient
from gateway.hooks.addresses import Kind, proved
from gateway.hooks.bounces import bounces
from gateway.pipeline.arrival.receive import agent_of
from gateway.store import ids
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Inbound, Interview, now

log = logging.getLogger(__name__)
MOST_BYTES = {Kind.INTERVIEWS: 1_000_000, Kind.FILES: 64_000, Kind.BOUNCES: 2_000_000}
MOST_IDS = 200  # looked up of one event
MOST_WAITING = 1000  # of one hook: whoever rings faster than that is told to wait
KEPT = timedelta(days=30)
WORD = re.compile(r"[A-Za-z0-9_-]{4,100}")


def take(
    kind_name: str, agent_id: str, *, token: str | None, body: bytes, headers: Mapping[str, str]
) -> tuple[str | None, bool]:
    """Keeps what a caller said; returns (id or None if there is nothing to do, whether it is new).

    raises   Misconfigured(UNKNOWN_HOOK): no such hook, or the caller proved nothing: both sound the same
             Permanent(HOOK_NOT_READ): the body is not what such a hook sends
             Transient(HOOK_BUSY): too much waits already
    """
    kind = next((one for one in Kind if one == kind_name), None)
    if kind is None or not proved(kind, agent_id, token=token, body=body, headers=headers):
        raise Misconfigured("UNKNOWN_HOOK", "There is no such hook, or the address or signature is not valid.")
    refs = _refs(kind, agent_id, body)
    if refs is None:
        return None, False
    said = headers.get("webhook-id") if token is None else None
    digest = hashlib.sha256((said or "").encode() or body).hexdigest()
    with writing() as session:
        waiting = session.scalar(
            select(func.count()).where(
                Inbound.kind == kind, Inbound.agent_id == agent_id, Inbound.done_at.is_(None), Inbound.dead_at.is_(None)
            )
        )
        if (waiting or 0) >= MOST_WAITING:
            raise Transient("HOOK_BUSY", "Too many calls of this hook wait to be handled: call again later.", 60)
        row = {
            "id": ids.inbound_id(),
            "kind": str(kind),
            "agent_id": agent_id,
            "refs": refs,
            "signed": token is None,
            "once": f"{kind}:{agent_id}:{digest}",
            "attempts": 0,
            "received_at": now(),
            "due_at": now(),
        }
        new = session.scalar(insert_into(session, Inbound).values(**row).on_conflict_do_nothing().returning(Inbound.id))
        known = new or session.scalar(select(Inbound.id).where(Inbound.once == row["once"]))
    return known, new is not None


def forget_old() -> int:
    """Removes what was handled or given up long ago; returns the number."""
    with writing() as session:
        old = now() - KEPT
        done = session.execute(
            delete(Inbound).where(Inbound.received_at < old, (Inbound.done_at < old) | (Inbound.dead_at < old))
        )
        return int(done.rowcount)  # type: ignore[attr-defined]


def _refs(kind: Kind, agent_id: str, body: bytes) -> list[Any] | None:
    """What is kept of a body; None if it needs nothing done."""
    if kind == Kind.BOUNCES:
        try:
            found = bounces(body)
        except Exception as wrong:  # the library's own errors over hostile mail are many
            raise _not_read(f"no mail can be read from it ({type(wrong).__name__})") from None
        return [{"id": one.invitation_id, "status": one.status, "permanent": one.permanent} for one in found] or None
    if kind == Kind.FILES:
        return []
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise _not_read("it is not JSON") from None
    try:
        return _known_interviews(agent_of(agent_id), content)
    except GatewayError as wrong:
        raise Misconfigured("UNKNOWN_HOOK", f"The agent of this hook cannot be used: {wrong.sentence}") from None


def _known_interviews(agent: Agent, content: Any) -> list[str]:
    """The target's ids of interviews of ours that are anywhere in the content. Who is not known yet is found by the list."""
    if not isinstance(agent.target, HeyMiloTarget):
        return []
    target = agent.target
    words = {ids.interview_id(target.kind, target.posting, word): word for word in _words(content)}
    with reading() as session:
        known = session.scalars(select(Interview.id).where(Interview.id.in_(words), Interview.agent_id == agent.id))
        return sorted(words[one] for one in known)


def _words(content: Any) -> Iterator[str]:
    """Strings that may be ids, the first MOST_IDS. No field is named: the API does not say what its events look like."""
    todo, found = [content], 0
    while todo and found < MOST_IDS:
        one = todo.pop()
        if isinstance(one, dict):
            todo += one.values()
        elif isinstance(one, list):
            todo += one
        elif isinstance(one, str) and WORD.fullmatch(one):
            found += 1
            yield one


def _not_read(why: str) -> Permanent:
    return Permanent("HOOK_NOT_READ", f"The call could not be read: {why}. Send what docs/hooks.md describes.")
