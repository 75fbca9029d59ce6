"""A held candidate is asked once, by a mail that names nobody; what they enter is theirs, and a reviewer takes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from gateway.errors import Conflict, Misconfigured
from gateway.insight.access import access_document
from gateway.outreach import asking, suppression
from gateway.outreach.letters import answer_token
from gateway.outreach.sending import send_outreach
from gateway.pipeline.erasure.erase import erase
from gateway.pipeline.review.review import decide
from gateway.store.engine import reading, writing
from gateway.store.tables import Answer, Batch, Event, Field, Invitation, Outbox, Profile, now
from support.ingested import invitations
from support.mailbox import Mailbox
from support.people import addresses, batch, people

pytestmark = pytest.mark.local_server
Outreach = Callable[..., None]
QUESTION = "templates:\n  question: {subject: 'Reach you', body: 'Hello{{ name }}, enter it here: {{ link }}'}\n"


@pytest.fixture
def held(outreach: Outreach) -> str:
    """A held candidate of an agent that may ask; its id."""
    outreach(old="templates:\n", new=QUESTION)
    batch_id = batch("nurses")
    (profile_id,) = people(batch_id, addresses(1), state="held", agent_id="nurses", phone="+4930901820")
    with writing() as session:
        session.get_one(Batch, batch_id).consent = "applied on our page"
    return profile_id


def asked_and_sent(profile_id: str) -> str:
    """Asks, sends, and returns the token in the link."""
    asking.ask(profile_id, actor="rita")
    send_outreach()
    (row,) = invitations(kind="question")
    assert row.state == "sent"
    return answer_token(row.id)


def test_the_question_names_nobody_and_is_asked_once(held: str, mailbox: Mailbox) -> None:
    token = asked_and_sent(held)
    (message,) = mailbox.messages
    assert mailbox.recipients == addresses(1)
    said = message.as_string()
    assert f"https://jobs.acme.example/gateway/answer/{token}" in said.replace("=\n", "")
    assert "Person Number" not in said, "an address in doubt may be a stranger's"
    with pytest.raises(Conflict, match="asked before"):
        asking.ask(held, actor="sam")
    send_outreach()
    assert len(mailbox.messages) == 1
    found = asking.asked(held)
    assert (found.state, found.answer) == ("sent", None)


def test_an_answer_waits_for_a_reviewer_and_has_its_own_evidence(held: str, mailbox: Mailbox) -> None:
    token = asked_and_sent(held)
    assert asking.title_of(token) == "Nurses"
    assert asking.answer(token, {"phone": "+49 30 5550 1234", "name": "  Ada   Quill "})
    assert asking.answer(token, {"phone": "+49 30 5550 9999", "name": "Ada Quill"}), (
        "until it is decided the last one counts"
    )
    with reading() as session:
        profile = session.get_one(Profile, held)
        assert (profile.state, profile.phone) == ("held", "+4930901820"), "nothing changes by itself"
    assert asking.asked(held).answer == {"phone": "+493055509999", "name": "Ada Quill"}
    assert asking.take(held, reviewer="rita")
    with reading() as session:
        profile = session.get_one(Profile, held)
        assert (profile.state, profile.phone, profile.name) == ("approved", "+493055509999", "Ada Quill")
        rows = {
            row.name: (row.source, row.rule) for row in session.scalars(select(Field).where(Field.profile_id == held))
        }
        assert rows["phone"] == rows["name"] == ("person", "candidate")
        kinds = session.scalars(select(Event.kind).where(Event.actor == asking.ACTOR)).all()
    assert kinds == ["answered", "answered"]
    assert not asking.answer(token, {"name": "Too Late"}), "decided"
    assert asking.title_of(token) is None


def test_a_correction_by_the_candidate_is_taken_back_like_any_other(held: str, mailbox: Mailbox) -> None:
    token = asked_and_sent(held)
    asking.answer(token, {"phone": "+49 30 5550 1234"})
    asking.take(held, reviewer="rita")
    decide(held, "undo", reviewer="rita")
    with reading() as session:
        assert session.get_one(Profile, held).phone == "+4930901820"


@pytest.mark.parametrize(
    "given", [{}, {"name": "   "}, {"email": "nobody"}, {"phone": "call me"}, {"address": "Main Street 1"}]
)
def test_what_is_no_answer_is_not_kept(held: str, mailbox: Mailbox, given: dict[str, str]) -> None:
    token = asked_and_sent(held)
    with pytest.raises(Misconfigured) as raised:
        asking.answer(token, given)
    assert raised.value.code == "CORRECTION_INVALID"
    with reading() as session:
        assert session.scalars(select(Answer)).all() == []


def test_a_link_that_is_not_ours_or_too_old_says_nothing(held: str, mailbox: Mailbox) -> None:
    token = asked_and_sent(held)
    invitation_id = token.partition(".")[0]
    for wrong in (f"{invitation_id}.{'0' * 32}", suppression.token_of(invitation_id), "x.y", "", f"i0.{'0' * 32}"):
        assert asking.title_of(wrong) is None
        assert not asking.answer(wrong, {"name": "Ada"})
    with writing() as session:
        session.execute(update(Invitation).values(created_at=now() - asking.OPEN_FOR - timedelta(days=1)))
    assert asking.title_of(token) is None


def test_who_may_not_be_asked(held: str, mailbox: Mailbox, outreach: Outreach) -> None:
    with writing() as session:
        session.get_one(Batch, session.get_one(Profile, held).batch_id).consent = None
    with pytest.raises(Conflict, match="OUTREACH_NO_CONSENT") as raised:
        asking.ask(held, actor="rita")
    assert raised.value.code == "ASK_NOT_ALLOWED"
    with writing() as session:
        session.get_one(Batch, session.get_one(Profile, held).batch_id).consent = "applied"
        suppression.suppress(session, addresses(1)[0], "unsubscribed")
    with pytest.raises(Conflict, match="OUTREACH_SUPPRESSED"):
        asking.ask(held, actor="rita")
    decide(held, "discard", reviewer="rita")
    with pytest.raises(Conflict, match="OUTREACH_NOT_NEEDED"):
        asking.ask(held, actor="rita")
    outreach()
    with pytest.raises(Misconfigured, match="needs outreach"):
        asking.ask(held, actor="rita")


def test_who_was_decided_before_it_was_sent_is_not_asked(held: str, mailbox: Mailbox) -> None:
    asking.ask(held, actor="rita")
    decide(held, "discard", reviewer="rita")
    send_outreach()
    assert mailbox.messages == []
    assert [(row.state, row.code) for row in invitations(kind="question")] == [("skipped", "OUTREACH_NOT_NEEDED")]


def test_an_erasure_takes_the_answer_and_the_access_document_shows_it(held: str, mailbox: Mailbox) -> None:
    token = asked_and_sent(held)
    asking.answer(token, {"name": "Ada Quill", "phone": "+49 30 5550 1234"})
    assert b"Ada Quill" in access_document(profile_id=held, actor="op")
    with reading() as session:
        for row in session.scalars(select(Outbox)):
            assert "Quill" not in str(row.data)
    receipt = erase(profile_id=held, actor="op")
    with reading() as session:
        assert session.scalars(select(Answer)).all() == []
    assert {one["place"]: one["found"] for one in receipt["places"]}["store: answers"] == 1
    assert asking.title_of(token) is None
