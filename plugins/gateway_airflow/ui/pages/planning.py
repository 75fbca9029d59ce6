"""Review planned for an influx: load, assignment, forecasts beside what came true."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.insight import queue
from gateway.insight.agents import agent_titles
from gateway.insight.planning import plan
from gateway.insight.queue import Filter
from gateway.pipeline.review.assign import give_back, share_out
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()
Name = Annotated[str, Field(min_length=1, max_length=200)]
MOST = 500


class Share(BaseModel):
    """The oldest held candidates of an agent, or of all, for these people, in turns."""

    model_config = ConfigDict(extra="forbid")
    reviewers: Annotated[list[Name], Field(min_length=1, max_length=50)]
    number: Annotated[int, Field(ge=1, le=MOST)]
    agent: Annotated[str, Field(max_length=64)] = ""


class Whose(BaseModel):
    """Whose assignments to take back."""

    model_config = ConfigDict(extra="forbid")
    reviewer: Name


@router.get("/planning", dependencies=[needs(Right.REVIEW)])
def planned(request: Request, visitor: VisitorDep) -> Any:
    return page(request, visitor, "planning.html", section="review", plan=plan(), agents=agent_titles())


@router.post("/api/planning/share", dependencies=[needs(Right.REVIEW)])
def share(visitor: VisitorDep, asked: Share) -> dict[str, Any]:
    free = queue.unassigned(Filter(asked.agent or None), asked.number)
    given = share_out(free, asked.reviewers, actor=visitor.name)
    said = ", ".join(f"{name}: {number:,}" for name, number in given.items())
    left = min(asked.number, len(free)) - sum(given.values())
    then = f" {left:,} are left: nobody gets more than the limit at a time." if left > 0 else ""
    return {"sentence": f"Given out ({said}).{then}"}


@router.post("/api/planning/back", dependencies=[needs(Right.REVIEW)])
def back(visitor: VisitorDep, asked: Whose) -> dict[str, Any]:
    number = give_back(queue.assigned_to(asked.reviewer), actor=visitor.name)
    return {"sentence": f"{number:,} are nobody's again."}
