"""Who sends a request of the API: by its key alone. Cookies and Airflow's tokens open nothing here."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Header

from gateway.errors import Refused
from gateway.senders.keys import Holder, KeyRight, holder_of


def needs_key(right: KeyRight) -> Any:
    """The dependency of a route: the holder of a valid key with that right; 401 or 403 otherwise."""

    def check(authorization: Annotated[str | None, Header(include_in_schema=False)] = None) -> Holder:
        holder = holder_of(authorization)
        if right not in holder.rights:
            raise Refused("API_RIGHT_MISSING", f"This key does not include the right to {right}.")
        return holder

    check.key_right = right  # type: ignore[attr-defined]  # the tests read it
    return Depends(check)


Sender = Annotated[Holder, needs_key("send")]
ReadingSender = Annotated[Holder, needs_key("read")]
