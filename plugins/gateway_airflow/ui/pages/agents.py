"""Interview agents: the list, and one page each where files are dropped."""

from __future__ import annotations

import csv
import io
import time
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.agents import Agent
from gateway.errors import GatewayError, Misconfigured
from gateway.extract import media_types
from gateway.insight.agents import agent_counts, agent_line, agent_lines, criteria, known_agents
from gateway.insight.batches import batch_page
from gateway.insight.daily import report_of, yesterday
from gateway.insight.readiness import TODO, Check, canary_to_offer, readiness
from gateway.insight.retention import kept_lines
from gateway.model import AgentState
from gateway.notify.people import choices
from gateway.outreach.preview import candidates_to_show, kinds_of, send_to_oneself, show
from gateway.pipeline.delivery.deliver import check_live
from gateway.settings import settings
from gateway.store.looks import looked
from gateway_airflow.hooks.connections import use_connections
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.charts import Column, columns, swatch
from gateway_airflow.ui.render import fragment, page

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
        offered=canary_to_offer(agent) if agent else None,
        checks=readiness(agent, live=False) if agent else [],
        counts_of_agent=agent_counts(agent_id),
        kept=kept_lines(agent_id),
        batches=batch_page(agent_id=agent_id, page=number, size=BATCHES, after=after or None, before=before or None),
        limits=limits,
        kinds=[media_types.about(kind).label for kind in media_types.TAKEN],
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


@router.get("/agents/{agent_id}/day", dependencies=[needs(Right.VIEW)])
def one_day(request: Request, visitor: VisitorDep, agent_id: str, day: date | None = None) -> Any:
    """The report of one day, as it is sent to those who ask for it; yesterday's if none is named."""
    line = agent_line(agent_id)
    at = min(day or yesterday(), yesterday() + timedelta(days=1))
    made = report_of(agent_id, at)
    shown = [
        Column(
            one["day"][5:],
            f"{one['day']}: {one['passed']} passed, {one['held']} held",
            {name: one[name] for name in ("passed", "held")},
        )
        for one in made.days
    ]
    picture = columns(
        shown,
        ("passed", "held"),
        classes=("s0", "s1"),
        title="Candidates a day",
        desc="Passed and held, by day received",
    )
    return page(
        request,
        visitor,
        "day.html",
        section="agents",
        agent=line,
        report=made,
        picture=picture,
        swatches=[(swatch("s0"), "passed"), (swatch("s1"), "held")],
        before=at - timedelta(days=1),
        after=at + timedelta(days=1) if at <= yesterday() else None,
    )


_checklists: dict[str, tuple[float, Agent, list[Check]]] = {}


@router.get("/api/agents/{agent_id}/checklist", dependencies=[needs(Right.VIEW)])
def checklist(request: Request, visitor: VisitorDep, agent_id: str) -> dict[str, Any]:
    """{"html", "left"}: what is left to do before the first batch, the target asked too; once a minute at most."""
    agent = agent_file(agent_id)
    asked, of, checks = _checklists.get(agent_id, (0.0, None, []))
    if of != agent or time.monotonic() - asked > PREFLIGHT_S:
        use_connections()
        checks = readiness(agent, live=True)
        _checklists[agent_id] = (time.monotonic(), agent, checks)
    left = sum(one.state == TODO for one in checks)
    return {"html": fragment(request, visitor, "_checklist.html", checks=checks), "left": left}


class TestMessage(BaseModel):
    """Which message, with whom, and one's own address."""

    model_config = ConfigDict(extra="forbid")
    kind: Annotated[str, Field(max_length=20)]
    to: Annotated[str, Field(max_length=200, pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")]
    profile: Annotated[str, Field(max_length=40)] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")] | None = None


@router.get("/agents/{agent_id}/messages", dependencies=[needs(Right.REVIEW)])
def messages(
    request: Request,
    visitor: VisitorDep,
    agent_id: str,
    kind: Annotated[str, Query(max_length=20)] = "invitation",
    profile: Annotated[str, Query(max_length=40)] = "",
    language: Annotated[str, Query(max_length=2)] = "",
) -> Any:
    """Messages to candidates as they would read them, with a held candidate's name or a made-up one."""
    agent = agent_file(agent_id)
    shown, problem = None, None
    try:
        shown = show(agent, kind, profile_id=profile or None, language=language or None)
    except Misconfigured as wrong:
        if wrong.code != "OUTREACH_NOT_READY":
            raise
        problem = wrong
    people = candidates_to_show(agent_id)
    if people or profile:
        looked("agent", agent_id, actor=visitor.name)
    return page(
        request,
        visitor,
        "messages.html",
        section="agents",
        agent=agent,
        shown=shown,
        problem=problem,
        kinds=kinds_of(agent),
        kind=kind,
        people=people,
        profile=profile,
        languages=sorted({one for template in agent.templates.values() for one in template.languages}),
        language=language,
        mine=next((one.wants.to for one in choices(visitor.name)), ""),
    )


@router.post("/api/agents/{agent_id}/messages/test", dependencies=[needs(Right.REVIEW)])
def test_message(visitor: VisitorDep, agent_id: str, asked: TestMessage) -> dict[str, Any]:
    """Sends a message to the person who looks at it. No candidate gets anything."""
    agent = agent_file(agent_id)
    use_connections()
    shown = show(agent, asked.kind, profile_id=asked.profile, language=asked.language)
    send_to_oneself(agent, shown, asked.to, actor=visitor.name)
    return {"sentence": "Sent to you. No candidate got anything."}


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
