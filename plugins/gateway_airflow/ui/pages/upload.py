"""Files dropped on an agent's page: streamed to the staging folder, then submitted as one batch."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from gateway.model import Mode
from gateway.pipeline.arrival import upload
from gateway.pipeline.arrival.upload import Incoming, Kept
from gateway.settings import settings
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.start import start_run
from gateway_airflow.ui.streams import pour

router = APIRouter()


class Begin(BaseModel):
    """Which agent the files are for."""

    model_config = ConfigDict(extra="forbid")
    agent_id: Annotated[str, Field(min_length=1, max_length=64)]


class Submit(BaseModel):
    """What happens to those who pass, and how many of them first."""

    model_config = ConfigDict(extra="forbid")
    mode: Mode
    canary: Annotated[int | None, Field(ge=1, le=10_000)] = None


@router.post("/api/uploads", dependencies=[needs(Right.UPLOAD)])
def begin(visitor: VisitorDep, given: Begin) -> dict[str, Any]:
    limits = settings()
    return {
        "upload_id": upload.begin(given.agent_id, by=visitor.name),
        "max_file_bytes": limits.max_file_bytes,
        "max_batch_files": limits.max_batch_files,
        "max_batch_bytes": limits.max_batch_bytes,
    }


@router.get("/api/uploads/{upload_id}", dependencies=[needs(Right.UPLOAD)])
def listed(visitor: VisitorDep, upload_id: str) -> dict[str, Any]:
    """The files already uploaded, so that a reloaded page can continue."""
    return {"files": [_told(kept) for kept in upload.listed(upload_id, by=visitor.name)]}


@router.put("/api/uploads/{upload_id}/files", dependencies=[needs(Right.UPLOAD)])
async def receive(
    request: Request,
    visitor: VisitorDep,
    upload_id: str,
    name: Annotated[str, Header(alias="x-file-name", min_length=1, max_length=8000)],
) -> dict[str, Any]:
    """One file, its bytes as the body. Never entirely in memory; a file that is too large is not read to its end (413).

    name   percent-encoded UTF-8; a header, because addresses are logged and a file's name may be a person's
    """
    length = request.headers.get("content-length", "")
    announced = int(length) if length.isdecimal() else None
    incoming = await run_in_threadpool(
        partial(Incoming, upload_id, unquote(name), by=visitor.name, announced=announced)
    )
    try:
        await pour(request, incoming.write)
        return _told(await run_in_threadpool(incoming.keep))
    finally:
        incoming.abandon()


@router.delete("/api/uploads/{upload_id}/files/{file_id}", dependencies=[needs(Right.UPLOAD)])
def take_out(visitor: VisitorDep, upload_id: str, file_id: str) -> dict[str, bool]:
    return {"removed": upload.take_out(upload_id, file_id, by=visitor.name)}


@router.delete("/api/uploads/{upload_id}", dependencies=[needs(Right.UPLOAD)])
def cancel(visitor: VisitorDep, upload_id: str) -> dict[str, bool]:
    upload.cancel(upload_id, by=visitor.name)
    return {"removed": True}


@router.post("/api/uploads/{upload_id}/submit", dependencies=[needs(Right.UPLOAD)])
def submit(request: Request, visitor: VisitorDep, upload_id: str, given: Submit) -> dict[str, Any]:
    """The upload becomes a batch, and its run is started as the signed-in user; either may be asked for twice."""
    batch_id = upload.submit(upload_id, by=visitor.name, mode=given.mode, canary=given.canary)
    run = start_run(request, visitor, batch_id, batch_id)
    href = f"{request.scope.get('root_path', '')}/batches/{batch_id}"
    return {"batch_id": batch_id, "href": href, "started": run.started, "sentence": run.sentence}


def _told(kept: Kept) -> dict[str, Any]:
    seen = kept.seen
    return {
        "file_id": kept.file_id,
        "path": kept.path,
        "size_bytes": kept.size_bytes,
        "type": kept.type_words,
        "readable": kept.readable,
        "seen": {"batch_id": seen.batch_id, "path": seen.path} if seen else None,
    }
