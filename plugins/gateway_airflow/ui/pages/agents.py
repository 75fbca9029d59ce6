"""Interview agents: the list, and one page each where files are dropped."""

from __future__ import annotations

import csv
import io
import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gateway.agents import Agent
from gateway.errors import GatewayError, Misconfigured
from gateway.insight.agents import agent_counts, agent_line, agent_lines, criteria, known_agents
from gateway.insight.batches import batch_page
from gateway.insight.retention import kept_lines
from gateway.model import AgentState
from gateway.pipeline.arrival.upload import READABLE
from gateway.pipeline.delivery.deliver import check_live
from gateway.settings import settings
from gateway_airflow.hooks.connections import use_connections
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()
PREFLIGHT_S = 60.0
BATCHES = 20

# Field -> columns of the template, each with two fictional examples. Every header is one the table reader recognises.
COLUMNS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "name": (("Full name", "Maria Example", "John Sample"),),
    "email": (("Email", "maria.example@example.com", "john.sample@example.com"),),
    "phone": (("Phone", "+1 202 555 0143", "+1 202 555 0178"),),
    "location": (("Location", "Springfield", "Riverside"),),
    "headline": (("Job title", "Nurse", "Engineer"),),
    "links": (("LinkedIn", "https://www.linkedin.com/in/example-maria", "https://www.linkedin.com/in/example-john"),),
    "skills": (("Skills", "Triage; Patient care", "Python; SQL"),),
    "languages": (("Languages", "English; Spanish", "English"),),
    "work": (("Current company", "Example Clinic", "Example Works"),),
    "education": (("University", "Example University", "Sample College"), ("Degree", "BSc Nursing", "MSc Physics")),
}


@router.get("/", dependencies=[needs(Right.VIEW)])
def every_agent(request: Request, visitor: VisitorDep) -> Any:
    lines = agent_lines()
    return page(
        request,
        visitor,
        "agents.html",
        section="agents",
        agents=[line for line in lines if line.has_file],
        gone=[line for line in lines if not line.has_file],
        broken=known_agents()[1],
    )


@router.get("/agents/{agent_id}", dependencies=[needs(Right.VIEW)])
def one_agent(
    request: Request,
    visitor: VisitorDep,
    agent_id: str,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
    after: Annotated[str, Query(max_length=40)] = "",
    before: Annotated[str, Query(max_length=40)] = "",
) -> Any:
    line = agent_line(agent_id)
    agent = known_agents()[0].get(agent_id)
    limits = settings()
    return page(
        request,
        visitor,
        "agent.html",
        section="agents",
        agent=line,
        criteria=criteria(agent) if agent else (),
        default_mode=agent.default_mode if agent else None,
        canary=agent.canary if agent else None,
        counts_of_agent=agent_counts(agent_id),
        kept=kept_lines(agent_id),
        batches=batch_page(agent_id=agent_id, page=number, size=BATCHES, after=after or None, before=before or None),
        limits=limits,
        kinds=list(READABLE.values()),
    )


@router.get("/agents/{agent_id}/file", dependencies=[needs(Right.CONFIGURE)])
def file_in_force(agent_id: str) -> Any:
    """The agent's YAML file as it is in force, to read; it is changed where it is kept, under review."""
    if agent_id not in known_agents()[0]:
        raise Misconfigured("UNKNOWN_AGENT", f"There is no agent {agent_id!r} with a file.")
    text = (settings().agents_dir / f"{agent_id}.yaml").read_text("utf-8")
    return Response(text, media_type="text/plain; charset=utf-8")


@router.get("/agents/{agent_id}/template.csv", dependencies=[needs(Right.VIEW)])
def template(agent_id: str) -> Response:
    """A table to fill in: the columns this agent asks for, and two invented people."""
    wanted = agent_file(agent_id).fields
    columns = [
        column for name in (*wanted.required, *wanted.wanted, *wanted.optional) for column in COLUMNS.get(name, ())
    ]
    text = io.StringIO()
    csv.writer(text).writerows(zip(*columns, strict=True))
    headers = {"content-disposition": f'attachment; filename="candidates-{agent_id}.csv"'}
    # The mark at the beginning is what makes Excel read it as UTF-8.
    return Response(text.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8", headers=headers)


_preflights: dict[str, tuple[float, Agent, dict[str, Any]]] = {}


@router.get("/api/agents/{agent_id}/preflight", dependencies=[needs(Right.VIEW)])
def preflight(request: Request, agent_id: str) -> dict[str, Any]:
    """{"ready", "sentence", "code", "href"}: does the agent's target take candidates now? Asked once a minute at most."""
    agent = agent_file(agent_id)
    asked, of, answer = _preflights.get(agent_id, (0.0, None, {}))
    if of != agent or time.monotonic() - asked > PREFLIGHT_S:
        answer = _ask(agent, request.scope.get("root_path", ""))
        _preflights[agent_id] = (time.monotonic(), agent, answer)
    return answer


def _ask(agent: Agent, root: str) -> dict[str, Any]:
    if agent.state == AgentState.CLOSED:
        return {"ready": False, "sentence": "The agent is closed: its file says so.", "code": None, "href": None}
    use_connections()
    try:
        check_live(agent)
    except GatewayError as wrong:
        return {"ready": False, "sentence": wrong.sentence, "code": wrong.code, "href": f"{root}/codes/{wrong.code}"}
    sentence = f"The target accepts candidates for {agent.target.posting}."
    return {"ready": True, "sentence": sentence, "code": None, "href": None}


def agent_file(agent_id: str) -> Agent:
    """The agent's file; raises Misconfigured(UNKNOWN_AGENT | AGENT_FILE_INVALID)."""
    agent_line(agent_id)
    agent = known_agents()[0].get(agent_id)
    if agent is None:
        raise Misconfigured("UNKNOWN_AGENT", f"Agent {agent_id} no longer has a file.")
    return agent
