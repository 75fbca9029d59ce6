"""Asks a held candidate for their own contact data: a mail with a signed link, and a form that shows nothing of them.

The question is a row of the same ledger as invitations (kind "question"): once a person and agent, with consent, never to
who must not be written to. What the person enters is kept apart until a reviewer takes it; then it stands in the profile
with evidence of its own kind: the candidate's word.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.errors import Conflict, Misconfigured
from gateway.model import InvitationState as V
from gateway.model import ProfileState
from gateway.outreach.letters import answer_token, due_for
from gateway.outreach.planning import refusal
from gateway.outreach.sending import ready
from gateway.outreach.suppression import suppressed
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.review.correct import check_value
from gateway.pipeline.review.review import decide
from gateway.store import change, ids
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Answer, Batch, Invitation, Profile, now

QUESTION = "question"
FIELDS = ("name", "email", "phone")
OPEN_FOR = timedelta(days=30)
ACTOR = "candidate"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether a candidate was asked, and what they said. answer: personal; None without one."""

    state: str | None
    at: datetime | None
    answer: dict[str, str] | None
    answered_at: datetime | None


def ask(profile_id: str, *, actor: str) -> None:
    """Plans the question to a held candidate; send_outreach sends it outside their quiet hours.

    raises   Misconfigured(UNKNOWN_PROFILE | OUTREACH_NOT_READY), Conflict(STATE_CONFLICT: not held, or asked before |
             ASK_NOT_ALLOWED: no address, no consent, or they want no messages)
    """
    with reading() as session:
        profile = session.get(Profile, profile_id)
        if profile is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        agent = agent_of(profile.agent_id)
    if not agent.outreach.enabled or QUESTION not in agent.templates:
        raise Misconfigured(
            "OUTREACH_NOT_READY",
            f"Agent {agent.id} asks no candidate: its file needs outreach.enabled and templates.question.",
        )
    ready(agent)
    with writing() as session:
        profile = session.get_one(Profile, profile_id, with_for_update={"key_share": True})
        if (code := hindrance(session, agent, profile)) is not None:
            raise Conflict("ASK_NOT_ALLOWED", f"This candidate cannot be asked ({code}): contact them another way.")
        at = now()
        values = {
            "id": ids.invitation_id(),
            "agent_id": agent.id,
            "profile_id": profile.id,
            "batch_id": profile.batch_id,
            "email_norm": profile.email_norm,
            "kind": QUESTION,
            "state": V.PLANNED,
            "attempts": 0,
            "due_at": due_for(agent.outreach.quiet, profile.phone, at),
            "created_at": at,
            "updated_at": at,
        }
        made = session.scalar(
            insert_into(session, Invitation)
            .values(**values)
            .on_conflict_do_nothing(index_elements=["agent_id", "email_norm", "kind"])
            .returning(Invitation.id)
        )
        if made is None:
            raise Conflict("STATE_CONFLICT", "This candidate was asked before: nobody is asked twice.")
        change.record(session, "planned", session.get_one(Invitation, made), actor=actor, rule=QUESTION)


def hindrance(session: Session, agent: Agent, profile: Profile) -> str | None:
    """Why a candidate may not be asked; None if they may."""
    if profile.state != ProfileState.HELD:
        return "OUTREACH_NOT_NEEDED"
    if not profile.email_norm:
        return "EMAIL_MISSING"
    batch = session.get_one(Batch, profile.batch_id)
    return refusal(agent, batch, profile, suppressed(session, [profile.email_norm]))


def title_of(token: str) -> str | None:
    """The agent's title, as the form shows it; None for a link that is not ours, too old, or about somebody decided."""
    with reading() as session:
        row = _asked(session, token)
        return agent_of(row.agent_id).title if row is not None else None


def answer(token: str, given: Mapping[str, str]) -> bool:
    """Keeps what a candidate entered, in place of what they entered before; False for a link that does not count.

    given    name, email, phone as typed; empty ones are left out
    raises   Misconfigured(CORRECTION_INVALID) for an address or number that is none
    """
    with writing() as session:
        row = _asked(session, token)
        if row is None:
            return False
        typed = {name: " ".join(given.get(name, "").split())[:LONGEST] for name in FIELDS}
        values = {name: check_value(row.agent_id, name, text) for name, text in typed.items() if text}
        if not values:
            raise Misconfigured("CORRECTION_INVALID", "Nothing was entered: fill in at least one field.")
        kept = session.get(Answer, row.profile_id)
        if kept is None:
            session.add(Answer(profile_id=row.profile_id, values=values))
        else:
            kept.values, kept.answered_at = values, now()
        change.record(session, "answered", session.get_one(Profile, row.profile_id), actor=ACTOR)
    return True


def asked(profile_id: str) -> Asked:
    """What the desk shows."""
    with reading() as session:
        profile = session.get(Profile, profile_id)
        row = None
        if profile is not None and profile.email_norm:
            row = _question(session, profile.agent_id, profile.email_norm)
        kept = session.get(Answer, profile_id)
        return Asked(
            row.state if row else None,
            (row.sent_at or row.created_at) if row else None,
            dict(kept.values) if kept else None,
            kept.answered_at if kept else None,
        )


def take(profile_id: str, *, reviewer: str, version: int | None = None) -> bool:
    """A reviewer takes the candidate's own words: a correction whose evidence is the candidate, and an approval.

    raises   Misconfigured(UNKNOWN_PROFILE: there is no answer), and what `decide` raises
    """
    with reading() as session:
        kept = session.get(Answer, profile_id)
        if kept is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"Profile {profile_id!r} has no answer of the candidate.")
        values: dict[str, str | None] = dict(kept.values)
    return decide(
        profile_id, "correct", reviewer=reviewer, corrections=values, expected_version=version, by_candidate=True
    )


def can_ask(agent: Agent) -> bool:
    """Whether the agent's file says that candidates may be asked."""
    return agent.outreach.enabled and QUESTION in agent.templates


def _question(session: Session, agent_id: str, email_norm: str) -> Invitation | None:
    query = select(Invitation).where(
        Invitation.agent_id == agent_id, Invitation.email_norm == email_norm, Invitation.kind == QUESTION
    )
    return session.scalars(query).first()


def _asked(session: Session, token: str) -> Invitation | None:
    """The question that a link belongs to, if its candidate is held still."""
    invitation_id, _, _ = token.partition(".")
    if not hmac.compare_digest(answer_token(invitation_id).encode(), token.encode("utf-8", "replace")):
        return None
    row = session.get(Invitation, invitation_id)
    if row is None or row.kind != QUESTION or row.created_at < now() - OPEN_FOR:
        return None
    profile = session.get_one(Profile, row.profile_id)
    return row if profile.state == ProfileState.HELD and profile.email_norm == row.email_norm else None
