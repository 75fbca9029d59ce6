"""A request's body, piece by piece, so that no more of it is ever in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.concurrency import run_in_threadpool

PIECE = 1 << 20  # bytes written at once, in a thread; all of a body that is ever in memory


async def pour(request: Request, write: Callable[[bytes], Any]) -> None:
    """Gives the body to `write`, about PIECE bytes a call. Raises what `write` raises; the rest is not read then."""
    waiting = bytearray()
    async for piece in request.stream():
        waiting += piece
        if len(waiting) >= PIECE:
            await run_in_threadpool(write, bytes(waiting))
            waiting.clear()
    if waiting:
        await run_in_threadpool(write, bytes(waiting))
