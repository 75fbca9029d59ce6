"""Messages to others, written in the transaction of the change that causes them: both are kept, or neither.

A row is one message to one channel. Its id is made here once and travels with every attempt, so that a receiver can drop
ids it has seen. gateway.notify does the sending; nothing that writes here ever waits for it.

    waiting   sent_at and dead_at are empty; may be tried from due_at on (a sender that takes it moves due_at ahead)
    sent      the channel took it
    dead      given up, with a code; `gateway notify resend` makes it wait again
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents.notices import PERSON, Notify, Personal
from gateway.events import CATALOGUE, type_of, wanted
from gateway.settings import settings
from gateway.store import ids
from gateway.store.counts import counts
from gateway.store.engine import insert_into
from gateway.store.tables import Agent, Batch, Document, Outbox, Preference, Profile, now

AT_REST = ("done", "waiting_review", "failed")


def of_change(session: Session, row: Any, after: str, code: str | None) -> None:
    """Writes the messages about a row's new state; none if no channel subscribes to it."""
    event = type_of(row.__tablename__, after)
    if event is None:
        return
    agent_id = str(row.agent_id)
    told = listeners(session, agent_id, event, now())
    if not told:
        return
    data = _data(session, event, row, after, code)
    if not isinstance(row, Batch):
        _write(session, event, agent_id, row.batch_id, data, told, None)
        return
    # A run that is cleared comes to the same end again: programs hear of each step, people of the same news once.
    programs = {channel: due for channel, due in told.items() if channel.startswith("webhook:")}
    people = {channel: due for channel, due in told.items() if channel not in programs}
    _write(session, event, agent_id, row.id, data, programs, None)
    news = hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]
    _write(session, event, agent_id, row.id, data, people, f"{event}:{row.id}:{news}")


def emit(
    session: Session,
    event: str,
    agent_id: str,
    data: dict[str, Any],
    *,
    batch_id: str | None = None,
    once: str | None = None,
    only: str | None = None,
    without: Collection[str] = (),
) -> list[str]:
    """Writes a message that no single change of state causes; returns the channels it goes to now.

    once      the same news is sent once, however often it is found
    only      to this channel alone, whether it subscribed or not; `without`: to all but these
    """
    at = now()
    told = {only: at} if only else listeners(session, agent_id, event, at)
    for channel in without:
        told.pop(channel, None)
    agent = session.get(Agent, agent_id)
    known = {"agent_id": agent_id, "agent_title": agent.title if agent else agent_id}
    fields = CATALOGUE[event].fields
    made = {name: value for name, value in {**known, **data}.items() if name in fields}
    return _write(session, event, agent_id, batch_id, made, told, once)


def channels(session: Session, agent_id: str) -> Notify:
    """The agent's channels as its file named them when a batch was last opened; for an old copy, only the log."""
    kept: dict[str, Notify] = session.info.setdefault("channels", {})
    if agent_id not in kept:
        agent = session.get(Agent, agent_id)
        try:
            kept[agent_id] = Notify.model_validate((agent.config or {}).get("notify", {}) if agent else {})
        except ValidationError:
            kept[agent_id] = Notify()
    return kept[agent_id]


def listeners(session: Session, agent_id: str, event: str, at: datetime) -> dict[str, datetime]:
    """channel -> when it may be sent: the channels of the agent's file, and those of people who chose it on the page."""
    told = channels(session, agent_id).told(event, at)
    for key, whose, choice in _personal(session):
        if whose in ("*", agent_id) and wanted(event, choice.events):
            told[key] = choice.due(at)
    return told


def _personal(session: Session) -> list[tuple[str, str, Personal]]:
    """(channel key, agent or *, choice) of everybody who chose something."""
    if "personal" not in session.info:
        session.info["personal"] = [
            (PERSON + row.id, row.agent_id, Personal.model_validate(row.choice))
            for row in session.scalars(select(Preference).order_by(Preference.id))
        ]
    found: list[tuple[str, str, Personal]] = session.info["personal"]
    return found


def forget_channels(session: Session, agent_id: str) -> None:
    """Forgets the channels cached with this database transaction, because the agent's file was read again."""
    session.info.get("channels", {}).pop(agent_id, None)


def _data(session: Session, event: str, row: Any, after: str, code: str | None) -> dict[str, Any]:
    """Ids, state, codes and counts, no personal data. Sentences of batches contain none either (gateway.errors)."""
    known: dict[str, Any] = {"agent_id": row.agent_id, "state": after, "code": code}
    if isinstance(row, Batch):
        agent = session.get(Agent, row.agent_id)
        known |= {
            "agent_title": agent.title if agent else row.agent_id,
            "batch_id": row.id,
            "mode": str(row.mode),
            "code": row.code or code,
            "sentence": row.error,
            "url": settings().page(f"/batches/{row.id}") or None,
        }
        if after in AT_REST:
            known["counts"] = counts(session, row.id).as_dict()
    elif isinstance(row, Document):
        known |= {"batch_id": row.batch_id, "document_id": row.id, "code": row.code or code}
    elif isinstance(row, Profile):
        known |= {
            "batch_id": row.batch_id,
            "document_id": row.document_id,
            "profile_id": row.id,
            "codes": list(row.codes or []),
        }
    else:
        for name in ("batch_id", "profile_id", "kind", "code"):
            known[name] = getattr(row, name, None) or known.get(name)
        known["stage"] = after
    return {name: known[name] for name in CATALOGUE[event].fields}


def _fitting(once: str) -> str:
    """The same name always, a long one by its hash: cut off, two pieces of news or two channels would be one."""
    return once if len(once) <= 200 else hashlib.sha256(once.encode()).hexdigest()


def _write(
    session: Session,
    event: str,
    agent_id: str,
    batch_id: str | None,
    data: dict[str, Any],
    told: dict[str, datetime],
    once: str | None,
) -> list[str]:
    written = []
    for channel, due in told.items():
        values = {
            "id": ids.message_id(),
            "type": event,
            "agent_id": agent_id,
            "batch_id": batch_id,
            "channel": channel,
            "data": data,
            "attempts": 0,
            "created_at": now(),
            "due_at": due,
            "once": _fitting(f"{once}:{channel}") if once else None,
        }
        if once is None:
            session.add(Outbox(**values))
        else:
            done = session.execute(
                insert_into(session, Outbox).values(**values).on_conflict_do_nothing().returning(Outbox.id)
            )
            if done.scalar_one_or_none() is None:
                continue
        written.append(channel)
    return written
