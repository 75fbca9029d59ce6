"""Where a candidate answers: open to everybody with the unguessable link. The form shows nothing of anybody."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qs

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Path, Request

from gateway.errors import Misconfigured
from gateway.outreach import asking
from gateway_airflow.ui.access import Right, Visitor, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()
Token = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9]+\.[0-9a-f]{32}$")]
Identity = Annotated[str, Path(max_length=40)]
NOBODY = Visitor("", frozenset())
MOST_BYTES = 10_000


@router.get("/answer/{token}")
def form(request: Request, token: Token) -> Any:
    return page(request, NOBODY, "answer.html", section="", title=_title(token), done=False, problem="")


@router.post("/answer/{token}")
async def answer(request: Request, token: Token) -> Any:
    """Says the same however often it is sent; what was entered before is replaced until a reviewer has decided."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "This is more than a form has.")
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
    given = {name: values[0] for name, values in fields.items()}
    return await to_thread.run_sync(_keep, request, token, given)


def _keep(request: Request, token: str, given: dict[str, str]) -> Any:
    title = _title(token)
    try:
        kept = asking.answer(token, given)
    except Misconfigured as wrong:
        if wrong.code != "CORRECTION_INVALID":
            raise
        return page(
            request, NOBODY, "answer.html", section="", status=422, title=title, done=False, problem=wrong.sentence
        )
    if not kept:
        raise HTTPException(404)
    return page(request, NOBODY, "answer.html", section="", title=title, done=True, problem="")


def _title(token: str) -> str:
    title = asking.title_of(token)
    if title is None:
        raise HTTPException(404)
    return title


@router.post("/api/review/{profile_id}/ask", dependencies=[needs(Right.REVIEW)])
def ask(visitor: VisitorDep, profile_id: Identity) -> dict[str, Any]:
    asking.ask(profile_id, actor=visitor.name)
    return {"sentence": "The candidate is asked by mail, outside their quiet hours."}


@router.post("/api/review/{profile_id}/take-answer", dependencies=[needs(Right.REVIEW)])
def take(visitor: VisitorDep, profile_id: Identity) -> dict[str, Any]:
    taken = asking.take(profile_id, reviewer=visitor.name)
    return {"sentence": "Saved and approved, with the candidate's own words." if taken else "This was already decided."}
