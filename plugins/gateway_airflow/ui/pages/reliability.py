"""Whether an agent's confidences and its gate can be trusted, alarms about them, its calibration, and what-if."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.agents.schema import FIELD_NAMES, Preset
from gateway.insight import what_if
from gateway.insight.agents import agent_line, known_agents
from gateway.insight.reliability import DAYS, Line, columns_of, reliability
from gateway.pipeline.learning import alarms, calibrate
from gateway.pipeline.learning.fairness import FORMATS, WORDS
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.charts import reliability as picture
from gateway_airflow.ui.pages.agents import agent_file
from gateway_airflow.ui.pages.analytics import took
from gateway_airflow.ui.render import page

router = APIRouter()
Short = Annotated[str, Query(max_length=100)]
SOURCES = {
    "text": "text layer",
    "ocr": "text recognition",
    "link": "link",
    "form": "form field",
    "cell": "cell of a list",
    "file": "file name",
}


class Agreed(BaseModel):
    """Which proposal, as it was shown."""

    model_config = ConfigDict(extra="forbid")
    key: Annotated[str, Field(max_length=40)]


class Taken(BaseModel):
    """Which calibration."""

    model_config = ConfigDict(extra="forbid")
    id: Annotated[str, Field(max_length=40)]


@router.get("/agents/{agent_id}/reliability", dependencies=[needs(Right.VIEW)])
def show(request: Request, visitor: VisitorDep, agent_id: str, proxy: Short = "") -> Any:
    """A proxy may be made of people's data, so it is for reviewers."""
    line = agent_line(agent_id)
    found = reliability(
        agent_id,
        known_agents()[0].get(agent_id),
        proxy if visitor.sees_personal else "",
        columns_of(agent_id) if visitor.sees_personal else (),
    )
    by_format = {which: [one for one in found.formats if one.format == which] for which in (*FORMATS, "proxy")}
    return page(
        request,
        visitor,
        "reliability.html",
        section="agents",
        agent=line,
        found=found,
        days=DAYS,
        charts=[(one, chart(one)) for one in found.fields],
        by_format={which: rows for which, rows in by_format.items() if len(rows) > 1},
        words={**WORDS, "proxy": dict(found.proxies).get(found.proxy, "")},
        sources=SOURCES,
    )


def chart(line: Line) -> Any:
    points = [
        (
            one.said,
            one.found.low or 0.0,
            one.found.rate or 0.0,
            one.found.high or 1.0,
            f"said {one.said:.1%}, true {one.found.rate:.1%} of {one.found.looked_at:,}",
        )
        for one in line.bins
    ]
    desc = "; ".join(point[-1] for point in points)
    return picture(points, title=f"{line.field}: what was said against what was true", desc=desc)


@router.post("/api/agents/{agent_id}/calibration", dependencies=[needs(Right.CONFIGURE)])
def apply(visitor: VisitorDep, agent_id: str, asked: Agreed) -> dict[str, Any]:
    made = calibrate.apply(agent_file(agent_id), asked.key, actor=visitor.name)
    return {
        "id": made,
        "sentence": "The calibration applies to every batch that is judged from now on. It can be undone.",
    }


@router.post("/api/agents/{agent_id}/calibration/undo", dependencies=[needs(Right.CONFIGURE)])
def undo(visitor: VisitorDep, agent_id: str, asked: Taken) -> dict[str, Any]:
    new = calibrate.undo(agent_id, asked.id, actor=visitor.name)
    said = "The calibration is undone: the one before it applies again."
    return {"sentence": said if new else "The calibration was undone already."}


@router.post("/api/agents/{agent_id}/alarms/{alarm_id}/close", dependencies=[needs(Right.CONFIGURE)])
def close(visitor: VisitorDep, agent_id: str, alarm_id: str) -> dict[str, Any]:
    new = alarms.close_alarm(agent_id, alarm_id, actor=visitor.name)
    return {
        "sentence": "The alarm is closed; it is raised again if it happens again." if new else "It was closed already."
    }


@router.get("/agents/{agent_id}/what-if", dependencies=[needs(Right.REVIEW)])
def try_out(
    request: Request,
    visitor: VisitorDep,
    agent_id: str,
    preset: Short = "",
    max_error: Short = "",
    required: Short = "",
    name: Short = "",
    email: Short = "",
    phone: Short = "",
    phone_without_country: Short = "",
    more: Annotated[str, Query(max_length=2_000)] = "",
) -> Any:
    agent = agent_file(agent_id)
    asked = what_if.Asked(preset, max_error, required, name, email, phone, phone_without_country, more)
    return page(
        request,
        visitor,
        "what_if.html",
        section="agents",
        agent=agent_line(agent_id),
        title=agent.title,
        asked=asked,
        own=what_if.own_of(agent_id),
        result=what_if.try_out(agent_id, asked) if asked.anything else None,
        presets=list(Preset),
        field_names=FIELD_NAMES,
        newest=what_if.NEWEST,
        took=took,
    )
