"""Plans messages: rows of the ledger, at most one of each kind per person and agent.

    planned   newly ingested, with the consent the agent asks for; due when the candidate's quiet hours are over
    skipped   not written to, with the reason; stays so

Whether a planned message may still go is asked again in the transaction before it is sent (`hindrance`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.model import DeliveryState, InterviewState, InvitationState, ProfileState
from gateway.outreach.letters import due_for, reminder_times
from gateway.outreach.suppression import suppressed
from gateway.store import change, ids
from gateway.store.engine import insert_into, writing
from gateway.store.tables import Batch, Delivery, Interview, Invitation, Profile, now

ACTOR = "outreach"
SLICE = 200


@dataclass(frozen=True, slots=True)
class Person:
    """A candidate that the target has."""

    profile: Profile
    batch: Batch
    delivery: Delivery


def plan(agent: Agent) -> int:
    """Writes rows for candidates who are due a message and have none; returns the number planned now."""
    planned = 0
    while True:
        with writing() as session:
            people = _new(session, agent)
            blocked = suppressed(session, [str(one.profile.email_norm) for one in people])
            for one in people:
                code = refusal(agent, one.batch, one.profile, blocked)
                due = due_for(agent.outreach.quiet, one.profile.phone, now())
                planned += _write(session, agent, one, "invitation", due, code) and code is None
        if len(people) < SLICE:
            break
    return planned + _plan_reminders(agent)


def _new(session: Session, agent: Agent) -> list[Person]:
    """Candidates confirmed recently, still delivered, with an available link, and without a row."""
    since = now() - timedelta(hours=agent.outreach.within_h)
    known = select(Invitation.id).where(
        Invitation.agent_id == agent.id, Invitation.email_norm == Delivery.email_norm, Invitation.kind == "invitation"
    )
    query = (
        select(Profile, Batch, Delivery)
        .join(Delivery, Delivery.profile_id == Profile.id)
        .join(Batch, Batch.id == Profile.batch_id)
        .where(
            Profile.agent_id == agent.id,
            Profile.state == ProfileState.DELIVERED,
            Delivery.state == DeliveryState.CONFIRMED,
            Delivery.updated_at >= since,
            Profile.email_norm == Delivery.email_norm,
            ~known.exists(),
        )
        .order_by(Delivery.updated_at, Profile.id)
        .limit(SLICE)
    )
    if needs_link(agent) and not agent.outreach.link:
        query = query.where(Delivery.receipt["url"].as_string().is_not(None))
    return [Person(*row) for row in session.execute(query)]


def needs_link(agent: Agent) -> bool:
    """Whether the agent's invitation names the link to the interview."""
    template = agent.templates.get("invitation")
    if template is None:
        return False
    texts = [template, *template.languages.values()]
    return any("link" in one.body or "link" in one.html for one in texts)


def refusal(agent: Agent, batch: Batch, profile: Profile, blocked: set[str]) -> str | None:
    """The code that forbids a message to this person; None if nothing does."""
    said = (batch.consent or "").strip()
    if not said or (agent.outreach.consent and said.casefold() not in {c.casefold() for c in agent.outreach.consent}):
        return "OUTREACH_NO_CONSENT"
    return "OUTREACH_SUPPRESSED" if profile.email_norm in blocked else None


def _write(session: Session, agent: Agent, person: Person, kind: str, due: datetime, code: str | None) -> bool:
    """Adds a row; False if the person already has one of that kind. The unique constraint decides between two planners."""
    at = now()
    state = InvitationState.SKIPPED if code else InvitationState.PLANNED
    values = {
        "id": ids.invitation_id(),
        "agent_id": agent.id,
        "profile_id": person.profile.id,
        "batch_id": person.batch.id,
        "email_norm": person.profile.email_norm,
        "kind": kind,
        "state": state,
        "attempts": 0,
        "code": code,
        "due_at": due,
        "created_at": at,
        "updated_at": at,
    }
    done = session.execute(
        insert_into(session, Invitation)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["agent_id", "email_norm", "kind"])
        .returning(Invitation.id)
    ).scalar_one_or_none()
    if done is None:
        return False
    change.record(session, "planned", session.get_one(Invitation, done), actor=ACTOR, code=code, rule=kind)
    return True


def _plan_reminders(agent: Agent) -> int:
    """Reminders for invitations that are due, if the target reported that the person has not started."""
    if not agent.outreach.reminders_after_h:
        return 0
    planned = 0
    earliest = now() - timedelta(hours=agent.outreach.reminders_after_h[0])
    with writing() as session:
        rows = session.execute(
            select(Invitation, Profile, Batch, Delivery)
            # Somebody erased, or with another address by now, was not the one invited.
            .join(Profile, (Profile.id == Invitation.profile_id) & (Profile.email_norm == Invitation.email_norm))
            .join(Batch, Batch.id == Profile.batch_id)
            .join(Delivery, (Delivery.profile_id == Profile.id) & (Delivery.email_norm == Invitation.email_norm))
            .join(Interview, Interview.delivery_id == Delivery.id)
            .where(
                Invitation.agent_id == agent.id,
                Invitation.kind == "invitation",
                Invitation.state == InvitationState.SENT,
                Invitation.sent_at <= earliest,
                Interview.state == InterviewState.INVITED,
            )
        ).all()
        have = {
            (email_norm, kind)
            for email_norm, kind in session.execute(
                select(Invitation.email_norm, Invitation.kind).where(
                    Invitation.agent_id == agent.id, Invitation.kind != "invitation"
                )
            )
        }
        for invitation, profile, batch, delivery in rows:
            assert invitation.sent_at is not None
            open_ = [
                (kind, at)
                for kind, at in reminder_times(agent, invitation.sent_at)
                if (invitation.email_norm, kind) not in have
            ]
            # One at a time: who missed two is not reminded twice at once.
            if open_ and open_[0][1] <= now():
                due = due_for(agent.outreach.quiet, profile.phone, now())
                planned += _write(session, agent, Person(profile, batch, delivery), open_[0][0], due, None)
    return planned


def hindrance(session: Session, agent: Agent, row: Invitation) -> str | None:
    """Why a planned message may not (or no longer) be sent: a code, or None. Checked in the transaction before sending."""
    profile, batch = session.get_one(Profile, row.profile_id), session.get_one(Batch, row.batch_id)
    if row.kind == "question":  # to somebody who is held, not delivered
        held = profile.state == ProfileState.HELD and profile.email_norm == row.email_norm
        return refusal(agent, batch, profile, suppressed(session, [row.email_norm])) if held else "OUTREACH_NOT_NEEDED"
    blocked = suppressed(session, [row.email_norm])
    if (code := refusal(agent, batch, profile, blocked)) is not None:
        return code
    if profile.state != ProfileState.DELIVERED or profile.email_norm != row.email_norm:
        return "OUTREACH_NOT_NEEDED"
    progress = session.scalar(
        select(Interview.state)
        .join(Delivery, Delivery.id == Interview.delivery_id)
        .where(Interview.profile_id == row.profile_id, Delivery.email_norm == row.email_norm)
    )
    return "OUTREACH_NOT_NEEDED" if progress not in (None, InterviewState.INVITED) else None
