"""The page where a candidate unsubscribes. Open to everybody, because candidates have no account: the address is the proof.

Looking changes nothing, because mail scanners open links; the button, and one click in a mail program (RFC 8058), do.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request

from gateway.outreach import suppression
from gateway_airflow.ui.access import Visitor
from gateway_airflow.ui.render import page

router = APIRouter()
Token = Annotated[str, Path(max_length=100, pattern=r"^[a-z0-9]+\.[0-9a-f]{32}$")]
NOBODY = Visitor("", frozenset())


@router.get("/unsubscribe/{token}")
def ask(request: Request, token: Token) -> Any:
    if not suppression.is_ours(token):
        raise HTTPException(404)
    return page(request, NOBODY, "unsubscribe.html", section="", done=False)


@router.post("/unsubscribe/{token}")
def end(request: Request, token: Token) -> Any:
    """Says the same whether it was done before, and whether the person is known at all."""
    if not suppression.unsubscribe(token):
        raise HTTPException(404)
    return page(request, NOBODY, "unsubscribe.html", section="", done=True)
