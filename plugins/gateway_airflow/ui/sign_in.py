"""Slows down who tries passwords: Airflow's SimpleAuthManager lets anybody try without end. Around all of Airflow.

After FREE failures in a row, an address has to wait before its next try, twice as long after each further one, up to
LONGEST_S. A sign-in that works forgets them. Counted in each process of the api-server; behind a proxy uvicorn's
FORWARDED_ALLOW_IPS must name that proxy, else all people share one count.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FREE = 5
LONGEST_S = 300.0
FORGET_S = 3600.0
MOST = 10_000  # addresses remembered; the longest quiet one goes first
DOORS = ("/auth/token", "/auth/login")  # of SimpleAuthManager and of FAB, whatever follows
REFUSED = (400, 401, 403, 422)


@dataclass(slots=True)
class _Tries:
    failed: int
    last: float

    def wait_s(self, at: float) -> float:
        """How long this address has to wait still."""
        pause = min(LONGEST_S, 2.0 ** (self.failed - FREE)) if self.failed >= FREE else 0.0
        return max(0.0, self.last + pause - at)


class SignInLimit:
    """ASGI, around everything: looks at nothing but the path, the caller's address and the answer's status."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = monotonic) -> None:
        self.app, self.clock = app, clock
        self.tries: OrderedDict[str, _Tries] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not self._is_door(scope):
            await self.app(scope, receive, send)
            return
        who, at = (scope.get("client") or ("",))[0], self.clock()
        known = self.tries.get(who)
        if known is not None and at - known.last > FORGET_S:
            del self.tries[who]
            known = None
        wait = known.wait_s(at) if known else 0.0
        if wait > 0:
            said = f"Too many failed sign-ins: try again in {wait:.0f} s."
            answer = JSONResponse({"detail": said}, 429, {"retry-after": str(int(wait) + 1)})
            await answer(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(who, message["status"])
            await send(message)

        await self.app(scope, receive, watched)

    def _is_door(self, scope: Scope) -> bool:
        path = scope.get("path", "").removeprefix(scope.get("root_path", "") or "")
        return any(path.startswith(door) for door in DOORS)

    def _note(self, who: str, status: int) -> None:
        if status in REFUSED:
            known = self.tries.pop(who, None)
            self.tries[who] = _Tries((known.failed if known else 0) + 1, self.clock())
            if len(self.tries) > MOST:
                self.tries.popitem(last=False)
        elif status < 400:
            self.tries.pop(who, None)
