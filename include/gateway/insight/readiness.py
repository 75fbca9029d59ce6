"""What an agent needs before its first batch, each with what to do about it. Changes nothing.

What the target has to say is asked only when `live`; the rest is read here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from gateway.agents import Agent, HeyMiloTarget
from gateway.agents.notices import LOG
from gateway.credentials import credentials
from gateway.deliver.client import Client
from gateway.deliver.limiter import Limiter
from gateway.errors import GatewayError
from gateway.events import wanted
from gateway.model import AgentState, BatchState, Mode
from gateway.notify.people import ALL, choices
from gateway.outreach.sending import ready
from gateway.pipeline.delivery.deliver import check_live
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Batch, now

FIRST_CANARY = 10  # offered for an agent's first batch: few enough to look at each
DONE, TODO, NOT_ASKED = "done", "todo", "not_asked"
NEWS = ("batch.waiting_review", "held.ageing")


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list. state: done | todo | not_asked (only the target knows); then: what to do, "" when done."""

    key: str
    title: str
    state: str
    then: str = ""
    code: str | None = None


def readiness(agent: Agent, *, live: bool) -> list[Check]:
    """The whole list, in the order in which to work through it."""
    return [
        _open(agent),
        *_target(agent, live=live),
        *_messages(agent),
        _sources(agent),
        _reviewers(agent),
        _tried(agent),
    ]


def first_batch_to_come(agent_id: str) -> bool:
    """Whether nothing was ingested for the agent yet: its next batch is the one to begin small with."""
    with reading() as session:
        ended = select(func.count()).where(
            Batch.agent_id == agent_id,
            Batch.mode == Mode.INGEST,
            Batch.state.in_([BatchState.DONE, BatchState.WAITING_REVIEW]),
        )
        return not session.scalar(ended)


def canary_to_offer(agent: Agent) -> int | None:
    """The canary that the page fills in: the agent's own, or a small one for its first batch."""
    if agent.canary is not None or not first_batch_to_come(agent.id):
        return None
    return FIRST_CANARY


def _open(agent: Agent) -> Check:
    if agent.state == AgentState.OPEN:
        return Check("agent", "The agent is open", DONE)
    return Check("agent", "The agent is open", TODO, "Set state: open in the agent's file.")


def _target(agent: Agent, *, live: bool) -> Iterator[Check]:
    posting, scoring = "The posting accepts candidates", "The target has questions and scores them"
    if not live:
        yield Check("posting", posting, NOT_ASKED)
        if isinstance(agent.target, HeyMiloTarget):
            yield Check("scoring", scoring, NOT_ASKED)
        return
    try:
        check_live(agent)
    except GatewayError as wrong:
        yield Check("posting", posting, TODO, wrong.sentence, wrong.code)
        return
    yield Check("posting", posting, DONE)
    if isinstance(agent.target, HeyMiloTarget):
        try:
            wanting = _unscored(agent.target)
        except GatewayError as wrong:
            yield Check("scoring", scoring, TODO, wrong.sentence, wrong.code)
        else:
            yield Check("scoring", scoring, TODO if wanting else DONE, wanting)


def _unscored(target: HeyMiloTarget) -> str:
    """What the posting lacks for interviews that mean something; "" if nothing."""
    limiter = Limiter(target.connection, target.rate_per_minute)
    client = Client(credentials(target.connection), limiter, allow_private=target.allow_private)
    if not client.posting(target.posting).get("workflow"):
        return "The posting has no interview step: add one in HeyMilo."
    questions = client.questions(target.posting)
    if not questions:
        return "The posting has no questions: add them in HeyMilo."
    if all(one.get("not_scored") is True for one in questions):
        return "No question of the posting is scored: say in HeyMilo which ones are, and by what."
    return ""


def _messages(agent: Agent) -> Iterator[Check]:
    title = "Invitations have their words, sender and mail server"
    if not agent.outreach.enabled:
        yield Check("messages", "Invitations are off: the target writes, or nobody does", DONE)
        return
    try:
        ready(agent)
    except GatewayError as wrong:
        yield Check("messages", title, TODO, wrong.sentence, wrong.code)
    else:
        yield Check("messages", title, DONE)


def _sources(agent: Agent) -> Check:
    title = "Files can come"
    if not settings().inbox.is_dir():
        return Check(
            "sources", title, TODO, "The inbox is not there: start sense_inbox once, or check GATEWAY_INBOX_DIR."
        )
    if not agent.notify.silent_after_h:
        then = "Nobody is told when files stop coming: name sources and hours in notify.silent_after_h."
        return Check("sources", title, TODO, then)
    return Check("sources", title, DONE)


def _reviewers(agent: Agent) -> Check:
    """Somebody besides the log hears that candidates wait."""
    title = "Somebody is told when candidates wait for review"
    by_file = {key for event in NEWS for key in _told(agent, event)}
    by_choice = any(
        one.agent_id in (ALL, agent.id) and any(wanted(event, one.wants.events) for event in NEWS) for one in choices()
    )
    if by_file or by_choice:
        return Check("reviewers", title, DONE)
    then = "Add a mail or chat channel under notify in the agent's file, or choose it on Notices, My notices."
    return Check("reviewers", title, TODO, then)


def _told(agent: Agent, event: str) -> set[str]:
    return {key for key in agent.notify.told(event, now()) if key != LOG and not key.startswith("webhook:")}


def _tried(agent: Agent) -> Check:
    title = "A test batch was read"
    with reading() as session:
        ended = session.scalar(
            select(func.count()).where(
                Batch.agent_id == agent.id, Batch.state.in_([BatchState.DONE, BatchState.WAITING_REVIEW])
            )
        )
    if ended:
        return Check("tried", title, DONE)
    return Check("tried", title, TODO, "Upload a few documents as a dry run, and look at what would be sent.")
