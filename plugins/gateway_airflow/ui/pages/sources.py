"""Sources: where batches are fetched from, and the keys of programs that send them; a batch's receipt for its sender."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from gateway.insight.agents import agent_titles
from gateway.insight.batches import batch_view
from gateway.insight.sources import source_lines
from gateway.receipts import OUTCOMES, receipt
from gateway.senders import keys
from gateway.sources.state import asked_for
from gateway.store.looks import looked
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.airflow_api import airflow_api
from gateway_airflow.ui.render import page

router = APIRouter()
Name = Annotated[str, Field(max_length=64)]
KEEP_H = 24.0  # how long a key that was replaced still works


class SourceKey(BaseModel):
    """Which source."""

    model_config = ConfigDict(extra="forbid")
    agent: Name
    source: Name


class NewKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")
    sender: Name
    agents: Annotated[list[Name], Field(max_length=200)] = Field(default_factory=list)
    rights: Annotated[list[Name], Field(max_length=2)]
    rate_per_minute: float = 60
    days: int | None = None


@router.get("/sources", dependencies=[needs(Right.VIEW)])
def every_source(request: Request, visitor: VisitorDep) -> Any:
    return page(
        request,
        visitor,
        "sources.html",
        section="sources",
        sources=source_lines(),
        keys=keys.listed() if visitor.may(Right.CONFIGURE) else [],
        agents=agent_titles(),
    )


@router.post("/api/sources/pull", dependencies=[needs(Right.CONFIGURE)])
def pull(request: Request, visitor: VisitorDep, asked: SourceKey) -> dict[str, Any]:
    """Starts a run of pull_sources for one source, as the visitor."""
    asked_for(asked.agent, asked.source, actor=visitor.name)
    at = datetime.now(UTC)
    body: dict[str, Any] = {
        "dag_run_id": f"page-{asked.agent}-{asked.source}-{at:%Y%m%d%H%M%S}",
        "logical_date": None,
        "conf": {"agent": asked.agent, "source": asked.source},
    }
    status, _ = airflow_api(request, "POST", "/dags/pull_sources/dagRuns", json=body)
    if status in (200, 201, 409):
        return {"sentence": f"{asked.source} is asked now; reload in a moment."}
    return {
        "sentence": f"Airflow could not start pull_sources (it answered {status}); {asked.source} is asked when it is due."
    }


@router.post("/api/keys", dependencies=[needs(Right.CONFIGURE)])
def make(visitor: VisitorDep, given: NewKey) -> dict[str, Any]:
    """The only answer that ever shows the key."""
    identity, key = keys.make(
        given.sender,
        agents=given.agents,
        rights=given.rights,
        rate_per_minute=given.rate_per_minute,
        days=given.days,
        actor=visitor.name,
    )
    return {"id": identity, "key": key, "sentence": f"The key for {given.sender} was made."}


@router.post("/api/keys/{key_id}/rotate", dependencies=[needs(Right.CONFIGURE)])
def rotate(visitor: VisitorDep, key_id: str) -> dict[str, Any]:
    """A new key in place of an old one, which still works for a day."""
    identity, key = keys.rotate(key_id, keep_h=KEEP_H, actor=visitor.name)
    return {
        "id": identity,
        "key": key,
        "sentence": f"A new key was made; the old one works for {KEEP_H:.0f} more hours.",
    }


@router.post("/api/keys/{key_id}/revoke", dependencies=[needs(Right.CONFIGURE)])
def revoke(visitor: VisitorDep, key_id: str) -> dict[str, Any]:
    """Ends a key at once."""
    keys.revoke(key_id, actor=visitor.name)
    return {"sentence": "The key was revoked: it opens nothing any more."}


@router.get("/batches/{batch_id}/receipt", dependencies=[needs(Right.VIEW)])
def receipt_page(request: Request, visitor: VisitorDep, batch_id: str) -> Any:
    """What the sender is told, to look at, to print or to send on. File names are masked for those who may not see people."""
    batch = batch_view(batch_id)
    if visitor.sees_personal:
        looked("batch", batch_id, actor=visitor.name)
    return page(
        request, visitor, "receipt.html", section="batches", batch=batch, receipt=receipt(batch_id), outcomes=OUTCOMES
    )
