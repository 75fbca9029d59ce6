"""Who sends a request of the API: by its key alone. Cookies and Airflow's tokens open nothing here."""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any

from fastapi import Depends, Header, Request

from gateway.errors import Refused, Transient
from gateway.senders.keys import Holder, KeyRight, holder_of
from gateway_airflow.ui.sign_in import Guesses


def needs_key(right: KeyRight) -> Any:
    """The dependency of a route: the holder of a valid key with that right; 401, 403 or 429 otherwise."""

    def check(request: Request, authorization: Annotated[str | None, Header(include_in_schema=False)] = None) -> Holder:
        holder = _holder(request, authorization)
        if right not in holder.rights:
            raise Refused("API_RIGHT_MISSING", f"This key does not include the right to {right}.")
        return holder

    check.key_right = right  # type: ignore[attr-defined]  # the tests read it
    return Depends(check)


def _holder(request: Request, authorization: str | None) -> Holder:
    """As `holder_of`; an address that failed too often waits, and its key is not even looked up."""
    guesses: Guesses = request.app.state.guesses
    who = request.client.host if request.client else ""
    wait = guesses.wait_s(who)
    if wait > 0:
        said = f"Too many requests without a valid key came from this address: try again in {ceil(wait)} s."
        raise Transient("API_KEY_GUESSED", said, wait)
    try:
        holder = holder_of(authorization)
    except Refused:
        guesses.failed(who)
        raise
    guesses.worked(who)
    return holder


Sender = Annotated[Holder, needs_key("send")]
ReadingSender = Annotated[Holder, needs_key("read")]
