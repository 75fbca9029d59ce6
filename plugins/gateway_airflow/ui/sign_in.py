"""Slows down who guesses: passwords, because SimpleAuthManager lets anybody try without end, and keys of the API.

After FREE failures in a row, an address has to wait before its next try, twice as long after each further one, up to
LONGEST_S. A try that works forgets them. Counted in each process of the api-server; behind a proxy uvicorn's
FORWARDED_ALLOW_IPS must name that proxy, else all people share one count.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
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


class Guesses:
    """Failed tries by address. Safe for use by several threads."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock
        self._lock = Lock()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def wait_s(self, who: str) -> float:
        """Seconds until this address may try again; 0 = now."""
        with self._lock:
            known, at = self._tries.get(who), self.clock()
            if known is not None and at - known.last > FORGET_S:
                del self._tries[who]
                return 0.0
            return known.wait_s(at) if known else 0.0

    def failed(self, who: str) -> None:
        with self._lock:
            known = self._tries.pop(who, None)
            self._tries[who] = _Tries((known.failed if known else 0) + 1, self.clock())
            if len(self._tries) > MOST:
                self._tries.popitem(last=False)

    def worked(self, who: str) -> None:
        with self._lock:
            self._tries.pop(who, None)


class SignInLimit:
    """ASGI, around everything: looks at nothing but the path, the caller's address and the answer's status."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float] = monotonic) -> None:
        self.app, self.guesses = app, Guesses(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not self._is_door(scope):
            await self.app(scope, receive, send)
            return
        who = (scope.get("client") or ("",))[0]
        wait = self.guesses.wait_s(who)
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
            self.guesses.failed(who)
        elif status < 400:
            self.guesses.worked(who)
