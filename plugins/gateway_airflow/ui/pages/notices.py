"""Notices: every message to people and programs, the channels they go by, and what to do about one that fails."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.insight.agents import agent_titles
from gateway.insight.notices import STATES, channel_lines, message_page
from gateway.notify import health
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page
from gateway_airflow.ui.wake import wake_notices

router = APIRouter()
PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]
Key = Annotated[str, Field(max_length=80)]


class ChannelKey(BaseModel):
    """Which channel."""

    model_config = ConfigDict(extra="forbid")
    agent: Key
    channel: Key


class Messages(BaseModel):
    """Which messages to send again: those named, or all of a channel that were given up."""

    model_config = ConfigDict(extra="forbid")
    ids: Annotated[list[Key], Field(max_length=500)] = Field(default_factory=list)
    dead: bool = False
    agent: Key = ""
    channel: Key = ""


@router.get("/notices", dependencies=[needs(Right.VIEW)])
def every_message(
    request: Request,
    visitor: VisitorDep,
    agent: Annotated[str, Query(max_length=80)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    channel: Annotated[str, Query(max_length=80)] = "",
    number: PageNumber = 1,
) -> Any:
    return page(
        request,
        visitor,
        "notices.html",
        section="notices",
        messages=message_page(agent_id=agent or None, state=state or None, channel=channel or None, page=number),
        channels=channel_lines(),
        agents=agent_titles(),
        states=STATES,
        agent=agent,
        state=state,
        channel=channel,
    )


@router.post("/api/notices/resend", dependencies=[needs(Right.CONFIGURE)])
def resend(request: Request, visitor: VisitorDep, asked: Messages) -> dict[str, Any]:
    number = health.resend(
        asked.ids, actor=visitor.name, dead=asked.dead, agent_id=asked.agent or None, channel=asked.channel or None
    )
    return said_and_woken(request, f"{number:,} message(s) wait again")


@router.post("/api/notices/resume", dependencies=[needs(Right.CONFIGURE)])
def resume(request: Request, visitor: VisitorDep, asked: ChannelKey) -> dict[str, Any]:
    number = health.resume(asked.agent, asked.channel, actor=visitor.name)
    return said_and_woken(request, f"{asked.channel} is tried again; {number:,} message(s) are waiting")


@router.post("/api/notices/test", dependencies=[needs(Right.CONFIGURE)])
def test(request: Request, visitor: VisitorDep, asked: ChannelKey) -> dict[str, Any]:
    health.test_channel(asked.agent, asked.channel, actor=visitor.name)
    return said_and_woken(request, f"A test for {asked.channel} was written")


def said_and_woken(request: Request, sentence: str) -> dict[str, Any]:
    """The sentence, and when it is acted on: send_notices is woken."""
    woken = wake_notices(request)
    then = "it is sent within seconds." if woken else "it is sent within two minutes, by the next run of send_notices."
    return {"sentence": f"{sentence}: {then}"}
