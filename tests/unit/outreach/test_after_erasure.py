"""Erased, or with another address meanwhile: neither stops messages to everybody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from gateway.agents import load_agent
from gateway.agents.schema import HeyMiloTarget
from gateway.model import InterviewState
from gateway.outreach.progress import Seen, Synced, _keep
from gateway.outreach.sending import send_outreach
from gateway.pipeline.erasure.erase import erase
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Delivery, Interview, Invitation, Profile, now
from support.ingested import due_now, ingested, invitations
from support.mailbox import Mailbox
from support.people import addresses

pytestmark = pytest.mark.local_server

Outreach = Callable[..., None]


def begun(profile_ids: list[str], score: float | None = None) -> None:
    """Invited two days ago; the target says that nobody has begun."""
    with writing() as session:
        session.execute(update(Invitation).values(sent_at=now() - timedelta(hours=48)))
        for profile_id in profile_ids:
            delivery = session.scalars(select(Delivery).where(Delivery.profile_id == profile_id)).one()
            row = Interview(
                id=f"n{profile_id}",
                target=delivery.target,
                posting=delivery.posting,
                external_id=f"T{profile_id}",
                agent_id="nurses",
                delivery_id=delivery.id,
                profile_id=profile_id,
                batch_id=delivery.batch_id,
                state="invited",
                score=score,
            )
            change.create(session, row, actor="test")


def test_who_was_erased_is_not_reminded_and_keeps_nobody_else_from_it(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach("reminders_after_h: [24]")
    profile_ids = ingested(addresses(2))
    send_outreach()
    begun(profile_ids)
    erase(email=addresses(2)[0], actor="test")
    assert send_outreach().planned == 1
    due_now()
    send_outreach()
    assert mailbox.recipients[2:] == [addresses(2)[1]]


def test_a_reminder_goes_to_the_address_that_was_invited_only(outreach: Outreach, mailbox: Mailbox) -> None:
    outreach("reminders_after_h: [24]")
    profile_ids = ingested(addresses(1))
    send_outreach()
    begun(profile_ids)
    with writing() as session:
        profile = session.get_one(Profile, profile_ids[0])
        profile.email = profile.email_norm = "another@example.com"
    assert send_outreach().planned == 0
    assert {row.email_norm for row in invitations()} == set(addresses(1))


def test_an_erased_persons_interview_has_no_score_any_more(outreach: Outreach) -> None:
    outreach()
    profile_ids = ingested(addresses(1))
    begun(profile_ids, score=71.0)
    receipt = erase(email=addresses(1)[0], actor="test")
    with reading() as session:
        assert session.scalars(select(Interview.score)).all() == [None]
    assert {"place": "store: interviews", "found": 1, "result": "erased", "note": ""} in receipt["places"]


def test_what_the_target_tells_of_an_erased_person_later_is_not_kept(outreach: Outreach, tmp_path: Path) -> None:
    outreach()
    ingested(addresses(2), target="heymilo")
    erase(email=addresses(2)[0], actor="test")
    told = [Seen(f"T{number}", None, InterviewState.SCORED, 71.0, None, None, None) for number in range(2)]
    target = HeyMiloTarget(kind="heymilo", posting="P", connection="heymilo")
    done = Synced()
    _keep(load_agent(tmp_path / "agents" / "nurses.yaml"), target, told, done)
    with reading() as session:
        kept = session.execute(select(Profile.email_norm, Interview.score).join(Profile)).all()
    assert [tuple(row) for row in kept] == [(addresses(2)[1], 71.0)]
