"""Batches sent by programs: POST, its state, its receipt."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from gateway.errors import Refused
from gateway.senders import sent
from gateway.senders.candidates import FILE, LIMIT_BYTES, list_of
from gateway.senders.sending import Sending, SentMode
from gateway_airflow.ui.streams import pour
from gateway_airflow.ui.v1 import shapes
from gateway_airflow.ui.v1.key import ReadingSender, Sender
from gateway_airflow.ui.v1.multipart import Files, invalid
from gateway_airflow.ui.v1.openapi import openapi

router = APIRouter(prefix="/api/v1", responses=shapes.PROBLEMS)
BatchId = Annotated[str, Path(max_length=40, pattern=r"^[A-Za-z0-9-]+$")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Any text of yours, new for each batch: a repeat with the same key makes no second batch",
    ),
]


@router.post(
    "/batches",
    status_code=202,
    response_model=shapes.Accepted,
    summary="Send a batch",
    responses=shapes.SEND_PROBLEMS,
    openapi_extra={"requestBody": shapes.BODY},
)
async def send(
    request: Request,
    holder: Sender,
    agent: Annotated[str, Query(min_length=1, max_length=64, description="The interview agent's id")],
    mode: Annotated[
        SentMode | None,
        Query(description="review holds everything for a person, dry_run sends nothing; default: the agent's"),
    ] = None,
    key: IdempotencyKey = None,
) -> Response:
    """Files as multipart/form-data, or candidates as JSON. The answer names the batch; its run starts within seconds."""
    content_type = request.headers.get("content-type", "")
    begin = partial(Sending, holder, agent, mode=mode, key=key)
    if content_type.partition(";")[0].strip().lower() == "application/json":
        batch_id, repeated = await _candidates(request, begin)
    else:
        batch_id, repeated = await _files(request, content_type, begin)
    href = f"{request.scope.get('root_path', '')}/api/v1/batches/{batch_id}"
    body = {"batch_id": batch_id, "href": href, "receipt": f"{href}/receipt", "repeated": repeated}
    return JSONResponse(body, 202, headers={"location": href})


async def _candidates(request: Request, begin: partial[Sending]) -> tuple[str, bool]:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LIMIT_BYTES:
            raise Refused(
                "FILE_TOO_LARGE", "Candidates as JSON can have at most 20 MB: send the rest in another batch."
            )

    def receive() -> tuple[str, bool]:
        content = list_of(bytes(body))
        sending = begin()
        try:
            part = sending.part(FILE)
            try:
                part.write(content)
                part.keep()
            finally:
                part.abandon()
            return sending.finish()
        except BaseException:
            sending.abandon()
            raise

    return await run_in_threadpool(receive)


async def _files(request: Request, content_type: str, begin: partial[Sending]) -> tuple[str, bool]:
    if not content_type.lower().startswith("multipart/form-data"):
        raise invalid("send multipart/form-data or application/json")
    sending = await run_in_threadpool(begin)
    try:
        files = Files(content_type, sending)
        try:
            await pour(request, files.write)
            files.finish()
        finally:
            files.abandon()
        return await run_in_threadpool(sending.finish)
    except BaseException:
        await run_in_threadpool(sending.abandon)
        raise


@router.get("/batches", response_model=shapes.SentBatches, summary="List your batches")
def listed(
    holder: ReadingSender,
    before: Annotated[str | None, Query(max_length=40, description="Continue after the last batch of a page")] = None,
) -> dict[str, Any]:
    """Newest first, 50 a page; `next` is what to send as `before`, null on the last page."""
    found = sent.sent(holder, before=before)
    return {"batches": found, "next": found[-1]["batch_id"] if len(found) == sent.PAGE else None}


@router.get("/batches/{batch_id}", response_model=shapes.Status, summary="A batch's state")
def status(holder: ReadingSender, batch_id: BatchId) -> dict[str, Any]:
    """The state, and how many files were read. Ask again until `final` is true; every few seconds is enough."""
    return sent.status(holder, batch_id)


@router.get("/batches/{batch_id}/receipt", response_model=shapes.ReceiptBody, summary="What became of a batch")
def receipt(holder: ReadingSender, batch_id: BatchId) -> dict[str, Any]:
    """Per file and candidate: accepted, held, refused, why, and how to send better. It may change until `final` is true."""
    return sent.receipt_for(holder, batch_id).as_dict()


@router.get("/openapi.json", summary="This description", include_in_schema=False)
def description(holder: ReadingSender) -> dict[str, Any]:
    """The OpenAPI document of these routes."""
    del holder
    return openapi(router)
