"""Batches: the list, one batch with its documents (live while it runs), and its failed documents once more."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import Conflict, Misconfigured
from gateway.insight.agents import agent_titles
from gateway.insight.batches import BatchView, batch_page, batch_version, batch_view
from gateway.insight.documents import SORTS, DocumentLine, document_page, documents_by_id, profiles_of
from gateway.insight.listing import Listed, page_within
from gateway.model import BatchState, DocumentState, Mode, ProfileState
from gateway.pipeline.arrival.retry import retry_documents
from gateway.pipeline.delivery.dry_run import dry_run_difference, planned_calls
from gateway.store.engine import reading
from gateway.store.looks import listed, looked
from gateway.store.tables import Document
from gateway_airflow.ui.access import INGEST, Right, Visitor, VisitorDep, needs
from gateway_airflow.ui.render import fragment, page
from gateway_airflow.ui.start import start_run

router = APIRouter()
PageNumber = Annotated[int, Query(alias="page", ge=1)]
PLANNED = 20  # calls a page
Search = Annotated[str, Query(max_length=200)]
Key = Annotated[str, Query(max_length=40)]  # the row that a page is read on from


@router.get("/batches", dependencies=[needs(Right.VIEW)])
def every_batch(
    request: Request,
    visitor: VisitorDep,
    agent: str = "",
    state: str = "",
    q: Search = "",
    number: PageNumber = 1,
    after: Key = "",
    before: Key = "",
) -> Any:
    found = batch_page(
        agent_id=agent or None,
        state=state or None,
        search=q or None,
        page=number,
        after=after or None,
        before=before or None,
    )
    return page(
        request,
        visitor,
        "batches.html",
        section="batches",
        batches=found,
        agents=agent_titles(),
        states=list(BatchState),
        agent=agent,
        state=state,
        q=q,
    )


class Filter(BaseModel):
    """The filter and sorting of a batch's documents, from the address."""

    state: Annotated[str, Field(max_length=20)] = ""
    code: Annotated[str, Field(max_length=64)] = ""
    q: Annotated[str, Field(max_length=200)] = ""
    sort: Annotated[str, Field(max_length=10)] = "path"
    down: bool = False
    page: Annotated[int, Field(ge=1)] = 1
    open: Annotated[str, Field(max_length=40)] = ""
    part: Annotated[int, Field(ge=1)] = 1
    seen: Annotated[str, Field(max_length=4000)] = ""

    @property
    def export_query(self) -> str:
        """The query of an export of the list: "?state=held", "" for everything."""
        asked = {key: value for key in ("state", "code", "q") if (value := getattr(self, key))}
        return f"?{urlencode(asked)}" if asked else ""

    def documents(self, batch_id: str, visitor: Visitor) -> Listed[DocumentLine]:
        found = document_page(
            batch_id,
            state=self.state or None,
            code=self.code or None,
            search=self.q or None,
            by_people=visitor.sees_personal,
            sort=self.sort,
            descending=self.down,
            page=self.page,
        )
        if visitor.sees_personal:  # a file is often called after its person
            listed("document", [line.id for line in found.rows], actor=visitor.name)
        return found


FilterQuery = Annotated[Filter, Query()]


@router.get("/batches/{batch_id}", dependencies=[needs(Right.VIEW)])
def one_batch(request: Request, visitor: VisitorDep, batch_id: str, given: FilterQuery) -> Any:
    batch = batch_view(batch_id)
    candidates = profiles_of(given.open, page=given.part) if given.open and _is_of(given.open, batch_id) else None
    if candidates is not None and visitor.sees_personal:
        looked("document", given.open, actor=visitor.name)
    return page(
        request,
        visitor,
        "batch.html",
        section="batches",
        batch=batch,
        documents=given.documents(batch_id, visitor),
        given=given,
        opened=given.open,
        candidates=candidates,
        sorts=SORTS,
        states=list(DocumentState),
        profile_states=[s for s in ProfileState if s not in (ProfileState.EXTRACTED, ProfileState.PASSED)],
        run_href=run_href(batch),
    )


@router.get("/batches/{batch_id}/documents/{document_id}/candidates", dependencies=[needs(Right.VIEW)])
def candidates_of(
    request: Request, visitor: VisitorDep, batch_id: str, document_id: str, part: Annotated[int, Query(ge=1)] = 1
) -> Response:
    """The candidates of a document, as the fragment that a script inserts when the document is opened."""
    if not _is_of(document_id, batch_id):
        raise HTTPException(404)
    (document,) = documents_by_id([document_id])
    if visitor.sees_personal:
        looked("document", document_id, actor=visitor.name)
    body = fragment(
        request,
        visitor,
        "_candidates.html",
        batch_id=batch_id,
        document=document,
        candidates=profiles_of(document_id, page=part),
    )
    return Response(body, media_type="text/html; charset=utf-8")


@router.get("/api/batches/{batch_id}/live", dependencies=[needs(Right.VIEW)])
def live(request: Request, visitor: VisitorDep, batch_id: str, given: FilterQuery) -> Response:
    """The top of the page, and the rows of this page of the list that look otherwise than those the page has.

    seen      "<row version>.<row version>...": the rows the page shows now
    returns   {"settled", "sentence", "top", "pages", "order": [ids], "rows": {id: html}}, or 304 when nothing of the batch changed
    """
    version = batch_version(batch_id)
    if version is None:
        raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}.")
    shown = (version, visitor.sees_personal, given.model_dump_json(exclude={"seen", "open", "part"}))
    etag = f'"{hashlib.sha256(repr(shown).encode()).hexdigest()[:24]}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"etag": etag})
    batch = batch_view(batch_id)
    documents = given.documents(batch_id, visitor)
    seen = set(given.seen.split("."))
    rows = {
        line.id: fragment(request, visitor, "_document.html", document=line, batch=batch, opened="", candidates=None)
        for line in documents.rows
        if f"{line.id[1:7]}{line.version}" not in seen
    }
    top = fragment(request, visitor, "_batch_top.html", batch=batch, run_href=run_href(batch))
    pages = fragment(request, visitor, "_document_pager.html", batch=batch, documents=documents)
    order = [line.id for line in documents.rows]
    said = {
        "settled": batch.settled,
        "sentence": batch.counts.sentence(short=True),
        "top": top,
        "pages": pages,
        "order": order,
        "rows": rows,
    }
    return JSONResponse(said, headers={"etag": etag})


@router.get("/batches/{batch_id}/planned", dependencies=[needs(Right.REVIEW)])
def planned(request: Request, visitor: VisitorDep, batch_id: str, number: PageNumber = 1) -> Any:
    """The requests a dry run would have sent, with secrets masked, and the difference from the previous dry run."""
    batch = batch_view(batch_id)
    if batch.mode != Mode.DRY_RUN:
        raise HTTPException(404)
    calls = planned_calls(batch_id)
    looked("batch", batch_id, actor=visitor.name)  # the difference names people too, where nothing would be sent
    at = page_within(number, PLANNED, len(calls))
    shown = tuple(json.dumps(call, indent=2, ensure_ascii=False) for call in calls[(at - 1) * PLANNED : at * PLANNED])
    return page(
        request,
        visitor,
        "planned.html",
        section="batches",
        batch=batch,
        calls=Listed(shown, at, PLANNED, len(calls)),
        difference=dry_run_difference(batch_id).sentence(),
    )


class Retry(BaseModel):
    """Which documents: ids, or null for every failed one; as_resume reads those refused as no résumé as one."""

    model_config = ConfigDict(extra="forbid")
    documents: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=10_000)] | None = None
    as_resume: bool = False


@router.post("/api/batches/{batch_id}/retry", dependencies=[needs(Right.UPLOAD)])
def retry(request: Request, visitor: VisitorDep, batch_id: str, given: Retry) -> dict[str, Any]:
    """Reads failed documents again in a new run. Finished work is neither read nor sent again."""
    again = retry_documents(batch_id, given.documents, actor=visitor.name, as_resume=given.as_resume)
    run = start_run(request, visitor, batch_id, again.run_id)
    return {"documents": again.documents, "left": again.left, "started": run.started, "sentence": run.sentence}


@router.post("/api/batches/{batch_id}/start", dependencies=[needs(Right.UPLOAD)])
def start(request: Request, visitor: VisitorDep, batch_id: str) -> dict[str, Any]:
    """Starts the run that a batch waits for, if that did not happen automatically."""
    batch = batch_view(batch_id)
    if batch.to_start is None:
        raise Conflict("STATE_CONFLICT", f"Batch {batch_id} is not waiting for a run: reload the page.")
    run = start_run(request, visitor, batch_id, batch.to_start)
    return {"started": run.started, "sentence": run.sentence}


def run_href(batch: BatchView) -> str | None:
    """Where Airflow shows the batch's run, from the host's own root; None for a batch without one."""
    return f"/dags/{INGEST}/runs/{batch.run_id}" if batch.run_id else None


def _is_of(document_id: str, batch_id: str) -> bool:
    with reading() as session:
        document = session.get(Document, document_id)
        return document is not None and document.batch_id == batch_id
