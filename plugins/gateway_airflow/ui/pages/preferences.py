"""My notices: what each signed-in person wants to be told, and the wording of every notice."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import available_timezones

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.agents.notices import Personal
from gateway.errors import GatewayError
from gateway.events import CATALOGUE, STATUS
from gateway.insight.agents import agent_titles
from gateway.notify import people, wording
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.pages.notices import said_and_woken
from gateway_airflow.ui.render import page

router = APIRouter()
AgentId = Annotated[str, Field(max_length=64)]
# What a person may ask for by mail; the rest of the catalogue is a flood that is meant for programs.
OFFERED = (*STATUS, "held.overdue", "report.daily")


class Wants(BaseModel):
    """A choice for one agent, or for all ("*"); `wants` is checked where it is kept."""

    model_config = ConfigDict(extra="forbid")
    agent: AgentId
    wants: dict[str, Any]


class Whose(BaseModel):
    """Which of one's own choices."""

    model_config = ConfigDict(extra="forbid")
    agent: AgentId


@router.get("/notices/mine", dependencies=[needs(Right.VIEW)])
def mine(request: Request, visitor: VisitorDep, agent: Annotated[str, Query(max_length=64)] = "*") -> Any:
    chosen = people.choices(visitor.name)
    here = next((one.wants for one in chosen if one.agent_id == agent), None)
    return page(
        request,
        visitor,
        "preferences.html",
        section="notices",
        chosen=chosen,
        agent=agent,
        agents=agent_titles(),
        wants=here or Personal(to="nobody@localhost"),
        is_new=here is None,
        offered=[CATALOGUE[name] for name in OFFERED],
        zones=sorted(available_timezones()),
    )


@router.post("/api/notices/mine", dependencies=[needs(Right.VIEW)])
def choose(visitor: VisitorDep, asked: Wants) -> dict[str, Any]:
    people.choose(visitor.name, asked.agent, asked.wants)
    return {"sentence": "Saved. What happens from now on is told as you chose."}


@router.post("/api/notices/mine/remove", dependencies=[needs(Right.VIEW)])
def remove(visitor: VisitorDep, asked: Whose) -> dict[str, Any]:
    removed = people.forget(visitor.name, asked.agent)
    return {"sentence": "Removed: you get no more notices by this choice." if removed else "There was no such choice."}


@router.post("/api/notices/mine/test", dependencies=[needs(Right.VIEW)])
def test(request: Request, visitor: VisitorDep, asked: Whose) -> dict[str, Any]:
    people.test(visitor.name, asked.agent)
    return said_and_woken(request, "A test to your address was written")


@router.get("/notices/wording", dependencies=[needs(Right.VIEW)])
def words(
    request: Request,
    visitor: VisitorDep,
    event: Annotated[str, Query(max_length=40)] = "batch.done",
    agent: Annotated[str, Query(max_length=64)] = "",
) -> Any:
    """One notice as its receivers would read it, with made-up figures; an operator's own wording where there is one."""
    agents = agent_titles()
    chosen = event if event in CATALOGUE else "batch.done"
    agent_id, title = next((one for one in agents if one[0] == agent), agents[0] if agents else ("agent", "Agent"))
    try:
        made, problem = wording.preview(chosen, agent_id, title), None
    except GatewayError as wrong:
        made, problem = None, wrong
    return page(
        request,
        visitor,
        "wording.html",
        section="notices",
        event=chosen,
        agent=agent_id,
        agents=agents,
        events=list(CATALOGUE.values()),
        made=made,
        problem=problem,
    )
