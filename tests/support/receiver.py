"""A receiver of signed messages that keeps the Standard Webhooks scheme: verifies, and drops an id it has seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from standardwebhooks import Webhook

SECRET = "whsec_dGhlIHNlY3JldCBvZiB0aGUgZG91YmxlIGFuZCB0ZXN0cw=="


@dataclass
class Inbox:
    """What arrived: id -> message. `faults` as in the HeyMilo double, a number is answered as a status."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeats: int = 0
    wrong: int = 0
    faults: list[str] = field(default_factory=list)


def receiver_of(inbox: Inbox) -> FastAPI:
    app = FastAPI()

    @app.post("/hooks/candidates")
    async def take(request: Request) -> Response:
        body = await request.body()
        fault = inbox.faults.pop(0) if inbox.faults else "none"
        if fault == "drop_before":
            request.scope["drop"]()
            return Response(status_code=500)
        if fault.isdigit():
            return Response("no", int(fault), headers={"Retry-After": "0.05", "Location": "http://127.0.0.1:1/"})
        try:
            message = Webhook(SECRET).verify(body, dict(request.headers))
        except Exception:
            inbox.wrong += 1
            return Response("bad signature", 401)
        identity = request.headers["webhook-id"]
        inbox.repeats += identity in inbox.messages
        inbox.messages.setdefault(identity, message)
        if fault == "drop_after":
            request.scope["drop"]()
            return Response(status_code=500)
        return JSONResponse({"id": f"r-{identity}"}, 202)

    return app
