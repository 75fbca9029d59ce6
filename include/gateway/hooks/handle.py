"""What hooks told, handled. A row is only a hint: the target's API, the inbox and our own ledger say what is true.

waiting   done_at and dead_at are empty; tried from due_at on
done      looked up; it may have said nothing new
dead      given up after some attempts, with a code: replay it from the page
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from gateway.errors import GatewayError, Misconfigured
from gateway.hooks.addresses import Kind
from gateway.hooks.receive import forget_old
from gateway.model import InvitationState
from gateway.outreach.progress import Synced, look_up, sync_progress
from gateway.outreach.suppression import suppress
from gateway.pipeline.arrival.receive import agent_of, sense
from gateway.settings import settings
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Inbound, Invitation, now

log = logging.getLogger(__name__)
ACTOR = "hooks"
BACKOFF_S = (30, 120, 600, 3600, 14_400)
TAKE = 200
LONGEST_WAIT_S = 60.0  # a longer quiet period is left to sense_inbox


@dataclass(slots=True)
class Handled:
    """handled, later, dead: rows; moved: interviews whose state changed; bounced: messages that came back.

    files   agents for whom somebody said that files are ready
    """

    handled: int = 0
    later: int = 0
    dead: int = 0
    moved: int = 0
    bounced: int = 0
    files: set[str] = field(default_factory=set)

    def as_dict(self) -> dict[str, int]:
        names = ("handled", "later", "dead", "moved", "bounced")
        return {name: getattr(self, name) for name in names} | {"files": len(self.files)}


def waiting() -> int:
    """How many rows may be handled now."""
    with reading() as session:
        return len(session.scalars(_due().limit(TAKE)).all())


def handle_due() -> Handled:
    """Handles what is due, agent by agent; one target that does not answer keeps its rows and stops no other."""
    done = Handled()
    with reading() as session:
        rows = session.scalars(_due().limit(TAKE)).all()
    groups: dict[tuple[str, str], list[Inbound]] = {}
    for row in rows:
        groups.setdefault((row.kind, row.agent_id), []).append(row)
    for (kind, agent_id), group in groups.items():
        try:
            if kind == Kind.INTERVIEWS:
                done.moved += _interviews(agent_id, group)
            elif kind == Kind.FILES:
                done.files.add(agent_id)
            else:
                done.bounced += sum(_bounced(ref) for row in group for ref in row.refs)
        except GatewayError as wrong:
            _later(group, wrong, done)
        else:
            _done(group)
            done.handled += len(group)
    forget_old()
    return done


def claim_ready() -> dict[str, str]:
    """Claims what is complete in the inbox; returns batch id -> the run it waits for, as `sense` does.

    Who says that files are ready has just written them: waits until they have been still for the quiet period.
    """
    time.sleep(min(settings().quiet_period_s + 0.5, LONGEST_WAIT_S))
    return sense(actor=ACTOR).runs


def replay(inbound_ids: Sequence[str], *, actor: str) -> int:
    """Lets rows be handled again; returns their number. Raises Misconfigured(UNKNOWN_MESSAGE) if one is not there."""
    with writing() as session:
        rows = session.scalars(select(Inbound).where(Inbound.id.in_(inbound_ids))).all()
        if missing := sorted(set(inbound_ids) - {row.id for row in rows}):
            raise Misconfigured("UNKNOWN_MESSAGE", f"There is no call {missing[0]!r}: it may have been removed.")
        for row in rows:
            row.done_at = row.dead_at = row.code = row.error = None
            row.attempts, row.due_at = 0, now()
        for agent_id in sorted({row.agent_id for row in rows}):
            change.record(session, "hook_replayed", session.get_one(Agent, agent_id), actor=actor)
    return len(rows)


def _due() -> Any:
    return (
        select(Inbound)
        .where(Inbound.done_at.is_(None), Inbound.dead_at.is_(None), Inbound.due_at <= now())
        .order_by(Inbound.due_at, Inbound.id)
    )


def _interviews(agent_id: str, rows: Sequence[Inbound]) -> int:
    """Asks the target about the interviews named, or about the recent ones where none of ours is named."""
    named = sorted({str(ref) for row in rows for ref in row.refs})
    found = look_up(agent_of(agent_id), named) if named else Synced()
    if any(not row.refs for row in rows):
        listed = sync_progress(agent_id)
        if listed.problems:
            raise listed.problems[0]
        found.moved += listed.moved + listed.new
    return found.moved


def _bounced(ref: dict[str, Any]) -> bool:
    """A message of ours came back: it counts as refused, and an address that does not exist is never written to again."""
    with writing() as session:
        row = session.get(Invitation, str(ref["id"]), with_for_update=True)
        if row is None or row.state not in (InvitationState.SENT, InvitationState.UNCLEAR):
            return False
        if ref["permanent"]:
            suppress(session, row.email_norm, "bounced")
        row.code = "OUTREACH_BOUNCED"
        change.move(
            session, row, InvitationState.REFUSED, actor=ACTOR, code="OUTREACH_BOUNCED", rule=str(ref["status"])
        )
    return True


def _done(rows: Sequence[Inbound]) -> None:
    with writing() as session:
        for row in rows:
            values: dict[str, Any] = {"done_at": now(), "code": None, "error": None}
            if not row.signed:  # the same words later are news again; a signed message never comes twice
                values["once"] = None
            session.execute(update(Inbound).where(Inbound.id == row.id).values(**values))


def _later(rows: Sequence[Inbound], wrong: GatewayError, done: Handled) -> None:
    log.warning("%s: %s", wrong.code, wrong.sentence)
    with writing() as session:
        for row in rows:
            tried = row.attempts + 1
            values: dict[str, Any] = {"attempts": tried, "code": wrong.code, "error": wrong.sentence}
            if tried > len(BACKOFF_S):
                values |= {"dead_at": now(), "once": None}
                done.dead += 1
            else:
                values["due_at"] = now() + timedelta(seconds=BACKOFF_S[tried - 1])
                done.later += 1
            session.execute(update(Inbound).where(Inbound.id == row.id).values(**values))
