"""Hooks: the calls of other programs, open to whoever proves to know the hook, and the page where hooks are opened and shut."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from gateway.errors import Permanent
from gateway.hooks import addresses, handle, receive
from gateway.hooks.addresses import Kind
from gateway.insight.agents import agent_titles
from gateway.insight.hooks import call_page
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()
Token = Annotated[str, Path(pattern=r"^[0-9a-f]{40}$")]
KindName = Annotated[str, Path(max_length=20, pattern=r"^[a-z]+$")]
AgentId = Annotated[str, Path(max_length=64, pattern=r"^[a-z0-9][a-z0-9-]*$")]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]
MEANS = {
    Kind.INTERVIEWS: "The target tells that something happened to an interview. The gateway asks the target's API.",
    Kind.FILES: "A program tells that files are ready. The gateway looks into the agent's inbox.",
    Kind.BOUNCES: "A mail server hands over messages to candidates that came back.",
}


class Change(BaseModel):
    """Which hook, and what to do with it."""

    model_config = ConfigDict(extra="forbid")
    agent: Annotated[str, Field(max_length=64)]
    kind: Kind
    do: Literal["open", "rotate", "shut"]


class Calls(BaseModel):
    """Which calls to handle again."""

    model_config = ConfigDict(extra="forbid")
    ids: Annotated[list[Annotated[str, Field(max_length=40)]], Field(min_length=1, max_length=200)]


@router.post("/hooks/{kind}/{agent_id}/{token}")
async def by_address(request: Request, kind: KindName, agent_id: AgentId, token: Token) -> JSONResponse:
    """The unguessable address is the proof."""
    return await _take(request, kind, agent_id, token)


@router.post("/hooks/{kind}/{agent_id}")
async def by_signature(request: Request, kind: KindName, agent_id: AgentId) -> JSONResponse:
    """The Standard Webhooks signature is the proof."""
    return await _take(request, kind, agent_id, None)


async def _take(request: Request, kind: str, agent_id: str, token: str | None) -> JSONResponse:
    """202 with {"id", "new"}; id is null where the call asks for nothing. Waits for nothing but the store."""
    limit = max(receive.MOST_BYTES.values())
    if kind in receive.MOST_BYTES:
        limit = receive.MOST_BYTES[Kind(kind)]
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise Permanent("HOOK_TOO_LARGE", f"The call has more than {limit:,} bytes.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    taken = partial(receive.take, kind, agent_id, token=token, body=bytes(body), headers=headers)
    known, new = await to_thread.run_sync(taken)
    return JSONResponse({"id": known, "new": new}, 202)


@router.get("/inbound", dependencies=[needs(Right.CONFIGURE)])
def every_hook(request: Request, visitor: VisitorDep, number: PageNumber = 1) -> Any:
    return page(
        request,
        visitor,
        "hooks.html",
        section="notices",
        hooks=addresses.addresses(),
        calls=call_page(page=number),
        agents=agent_titles(),
        kinds=MEANS,
    )


@router.post("/api/inbound/hooks", dependencies=[needs(Right.CONFIGURE)])
def change_hook(visitor: VisitorDep, asked: Change) -> dict[str, Any]:
    if asked.do == "open":
        addresses.make(asked.kind, asked.agent, actor=visitor.name)
        return {"sentence": "The hook is open. Give its address to the caller."}
    if asked.do == "rotate":
        addresses.rotate(asked.kind, asked.agent, actor=visitor.name)
        return {
            "sentence": f"The address and secret are new; those before stay valid for {addresses.OVERLAP.days} days."
        }
    addresses.shut(asked.kind, asked.agent, actor=visitor.name)
    return {"sentence": "The hook is shut: calls are refused from now on."}


@router.post("/api/inbound/replay", dependencies=[needs(Right.CONFIGURE)])
def replay(visitor: VisitorDep, asked: Calls) -> dict[str, Any]:
    number = handle.replay(asked.ids, actor=visitor.name)
    return {"sentence": f"{number} call(s) are handled again within a minute."}
