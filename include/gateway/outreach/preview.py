"""A message to candidates before anybody gets it: shown with a real candidate, and sent to oneself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from gateway.agents import Agent
from gateway.errors import Misconfigured
from gateway.outreach.letters import Letter, answer_link, letter_of, mail_of
from gateway.outreach.sending import ready, send_test
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent as AgentRow
from gateway.store.tables import Document, Profile

SOMEBODY = "Greta Hollingsworth"  # made up
SAMPLE_ID = "preview"  # of no message: the link to end messages in it ends nobody's


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as it would be read, in the language of the candidate's document where there is one."""

    letter: Letter
    kind: str
    language: str | None


def kinds_of(agent: Agent) -> tuple[str, ...]:
    """The kinds of message the agent's file has words for."""
    found = ["invitation"] if "invitation" in agent.templates else []
    if "reminder" in agent.templates:
        found += [f"reminder-{n}" for n, _ in enumerate(agent.outreach.reminders_after_h or (0,), 1)]
    return (*found, "question") if "question" in agent.templates else tuple(found)


def show(agent: Agent, kind: str, *, profile_id: str | None = None, language: str | None = None) -> Shown:
    """The message with a candidate's name, or a made-up one.

    raises   Misconfigured(OUTREACH_NOT_READY: no such template, or it cannot be filled in | UNKNOWN_PROFILE)
    """
    name = SOMEBODY
    if profile_id:
        with reading() as session:
            profile = session.get(Profile, profile_id)
            if profile is None or profile.agent_id != agent.id:
                raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r} of agent {agent.id}.")
            name = profile.name or ""
            language = language or session.get_one(Document, profile.document_id).facts.get("language")
    link = agent.outreach.link or "https://interview.example.com/i/preview"
    if kind == "question":
        name, link = "", answer_link(SAMPLE_ID)
    letter = letter_of(agent, kind, name=name, link=link, language=language, invitation_id=SAMPLE_ID)
    return Shown(letter, kind, language)


def send_to_oneself(agent: Agent, shown: Shown, to: str, *, actor: str) -> None:
    """Sends a shown message to the person who looks at it; nothing about a candidate is recorded.

    raises   Misconfigured(OUTREACH_NOT_READY): outreach cannot work, or the mail server did not take it
    """
    given = ready(agent)
    send_test(given, mail_of(agent, given, shown.letter, to, SAMPLE_ID))
    with writing() as session:
        row = session.get(AgentRow, agent.id)
        if row is not None:
            change.record(session, "outreach_tested", row, actor=actor, rule=shown.kind)


def candidates_to_show(agent_id: str, number: int = 20) -> list[tuple[str, str]]:
    """(profile id, name) of held candidates, newest first: those whom a message would go to next. Personal."""
    with reading() as session:
        rows = session.execute(
            select(Profile.id, Profile.name)
            .where(Profile.agent_id == agent_id, Profile.state == "held", Profile.name.is_not(None))
            .order_by(Profile.created_at.desc(), Profile.id)
            .limit(number)
        )
        return [(identity, str(name)) for identity, name in rows]
