"""What each of our own people wants to be told, chosen by themselves on the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select

from gateway.agents.notices import PERSON, MailChannel, Notify, Personal
from gateway.errors import Misconfigured
from gateway.notify.health import test_channel
from gateway.store import ids
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Event, Preference, now

ALL = "*"


@dataclass(frozen=True, slots=True)
class Choice:
    """One person's choice for an agent, or for all ("*")."""

    key: str
    person: str
    agent_id: str
    wants: Personal


def choices(person: str | None = None) -> list[Choice]:
    """The choices of one person, or of everybody."""
    query = select(Preference).order_by(Preference.person, Preference.agent_id)
    if person is not None:
        query = query.where(Preference.person == person)
    with reading() as session:
        rows = session.scalars(query).all()
    return [Choice(PERSON + r.id, r.person, r.agent_id, Personal.model_validate(r.choice)) for r in rows]


def choose(person: str, agent_id: str, wants: dict[str, Any]) -> Choice:
    """Keeps a person's choice, in place of the one before.

    raises   Misconfigured(UNKNOWN_AGENT | PREFERENCE_INVALID)
    """
    try:
        made = Personal.model_validate(wants)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Misconfigured("PREFERENCE_INVALID", f"The choice is not right at {place}: {first['msg']}.") from None
    with writing() as session:
        if agent_id != ALL and session.get(Agent, agent_id) is None:
            raise Misconfigured("UNKNOWN_AGENT", f"Nothing was ever received for agent {agent_id!r}: check the name.")
        row = session.scalar(select(Preference).where(Preference.person == person, Preference.agent_id == agent_id))
        if row is None:
            row = Preference(id=ids.preference_id(), person=person, agent_id=agent_id)
            session.add(row)
        row.choice, row.updated_at = made.model_dump(mode="json"), now()
        session.add(_event("preference_chosen", row.id, person))
        return Choice(PERSON + row.id, person, agent_id, made)


def forget(person: str, agent_id: str) -> bool:
    """Takes a person's choice back; False if there was none. What waits for it is given up by the next sender."""
    with writing() as session:
        row = session.scalar(select(Preference).where(Preference.person == person, Preference.agent_id == agent_id))
        if row is None:
            return False
        session.add(_event("preference_removed", row.id, person))
        session.delete(row)
    return True


def test(person: str, agent_id: str) -> None:
    """Writes a test message to the person's own channel. Raises Misconfigured(UNKNOWN_AGENT | PREFERENCE_INVALID)."""
    found = [one for one in choices(person) if one.agent_id == agent_id]
    if not found:
        raise Misconfigured("PREFERENCE_INVALID", "There is no choice of yours to test: save one first.")
    with reading() as session:
        about = agent_id if agent_id != ALL else session.scalar(select(Agent.id).order_by(Agent.id).limit(1))
    test_channel(str(about), found[0].key, actor=person)


def channel_of(key: str, notify: Notify) -> tuple[MailChannel, bool] | None:
    """(mail channel, whether it is a digest) of a person's key; None if they took it back.

    The mail server is that of the agent's own mail channel, or smtp_default.
    """
    with reading() as session:
        row = session.get(Preference, key.removeprefix(PERSON))
    if row is None:
        return None
    wants = Personal.model_validate(row.choice)
    of_agent = (one.connection for one in notify.channels if isinstance(one, MailChannel))
    channel = MailChannel(kind="email", to=(wants.to,), connection=next(of_agent, "smtp_default"))
    return channel, wants.digest_at is not None


def _event(kind: str, preference_id: str, person: str) -> Event:
    return Event(kind=kind, subject="preference", subject_id=preference_id, actor=person)
