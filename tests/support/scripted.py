"""A target that does what a script says, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.deliver.port import Receipt, Request, Unanswered


class Scripted:
    """A target in memory. `script` says what each put does; what arrived is in `arrived`, one entry a sending."""

    kind = "own_pool"
    idempotent = False

    def __init__(self, script: Sequence[Any] = (), chunk: int = 100, settle_s: float = 0.0) -> None:
        self.script, self.chunk_size, self.settle_s = list(script), chunk, settle_s
        self.arrived: list[str] = []
        self.emails: list[str] = []
        self.closed: Exception | None = None
        self.finished: list[str] = []
        self.hidden: set[str] = set()

    def preflight(self, posting: str) -> None:
        if self.closed:
            raise self.closed

    def wait_turn(self) -> None: ...

    def smaller(self) -> None:
        self.chunk_size = max(1, self.chunk_size // 2)

    def put(self, requests: Sequence[Request]) -> list[Receipt]:
        step = self.script.pop(0) if self.script else None
        if isinstance(step, Exception):
            raise step
        taken = [Receipt(request.external_id, True, f"t-{request.external_id}") for request in requests]
        if callable(step):
            return step(self, requests, taken)
        self.take(requests)
        return taken

    def take(self, requests: Sequence[Request]) -> None:
        self.arrived += [request.external_id for request in requests]
        self.emails += [request.email for request in requests]

    def find(self, posting: str, lookups: Any, since: Any) -> list[Receipt]:
        return [
            Receipt(s.external_id, True, f"t-{s.external_id}", matched="external_id")
            for s in lookups
            if s.external_id in self.arrived and s.external_id not in self.hidden
        ]

    def finish(self, posting: str, batch_id: str) -> None:
        self.finished.append(batch_id)

    def show(self, requests: Any) -> list[Any]:
        return []


def arrives_then(failure: Exception) -> Any:
    def step(target: Scripted, requests: Any, taken: Any) -> Any:
        target.take(requests)
        raise failure

    return step


LOST = Unanswered("DELIVERY_UNKNOWN", "no answer")


def everyone_once(target: Scripted, number: int) -> None:
    assert sorted(target.emails) == sorted(set(target.emails)), "somebody was sent twice"
    assert len(target.emails) == number
