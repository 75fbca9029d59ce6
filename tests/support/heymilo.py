"""A server that speaks HeyMilo's public API v2 as far as the gateway uses it, and can misbehave on request.

It keeps each write in a journal file, so that a server started again knows what the one before it took. Requests and
answers are validated against the OpenAPI file when there is one (see `contract.py`); what does not fit is counted in
`violations`, which tests demand to be empty.

`POST /control` sets what goes wrong; `GET /control/state` tells what arrived. Faults are taken from a queue, one a
write:  none | drop_before | drop_after | half_answer | error_before | error_after | slow_after | shuffle | short |
repeat | no_metadata | 429 | 429_after | 413 | 422_fastapi | 422_envelope | kill_before | kill_after | 401 | html
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from support.contract import Contract

KEY = "test-key-of-the-double"


@dataclass
class World:
    """What the server knows. Times in Unix seconds."""

    journal: Path | None = None
    postings: dict[str, dict[str, Any]] = field(default_factory=dict)
    candidates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    list_faults: list[str] = field(default_factory=list)  # none | error | shift | 429
    questions: list[dict[str, Any]] = field(default_factory=list)
    same_interview: bool = False  # a repeated address gets the interview it has
    queue_delay_s: float | None = 0.0  # None: queued jobs never appear
    queued: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    limit_per_minute: int = 0  # 0 = no limit
    retry_after: bool = True
    max_items: int = 0
    window: list[float] = field(default_factory=list)
    kill_pid: int = 0
    calls: int = 0
    limited: int = 0
    writes: int = 0
    violations: list[str] = field(default_factory=list)

    def open_posting(self, posting: str, **changes: Any) -> None:
        self.postings[posting] = {
            "object": "posting",
            "id": posting,
            "company_id": "c1",
            "title": "Test posting",
            "description": "-",
            "status": "active",
            "finalized": True,
            "archived": False,
            "test_posting": True,
            "deadline": time.time() + 86_400,
            "workflow": [],
            **changes,
        }

    def take(self, posting: str, body: dict[str, Any]) -> dict[str, Any]:
        """Writes one candidate and returns the resource: a new interview, or the one there is."""
        rows = self.candidates.setdefault(posting, [])
        if self.same_interview:
            for row in rows:
                if row["email"].casefold() == body["email"].casefold():
                    return row
        self.writes += 1
        identity = f"I{self.writes:08X}{random.getrandbits(16):04X}"
        row = {
            "object": "candidate",
            "interview_id": identity,
            "candidate_id": None,
            "posting_id": posting,
            "name": body["name"],
            "email": body["email"],
            "status": "pending",
            "interview_url": f"https://candidates.example.org/i/{identity}",
            "shortlisted": False,
            "dismissed": False,
            "metadata": body.get("metadata"),
            "data": body.get("data"),
            "created_at": time.time(),
        }
        rows.append(row)
        if self.journal is not None:
            with self.journal.open("a") as out:
                out.write(json.dumps([posting, row]) + "\n")
        return row

    def settle_queue(self) -> None:
        due = [item for item in self.queued if item[0] <= time.time()]
        self.queued = [item for item in self.queued if item[0] > time.time()]
        for _, posting, body in due:
            self.take(posting, body)

    def reload(self) -> None:
        """What an earlier server wrote into the journal."""
        if self.journal is not None and self.journal.exists():
            for line in self.journal.read_text().splitlines():
                posting, row = json.loads(line)
                self.candidates.setdefault(posting, []).append(row)
                self.writes += 1
                if posting not in self.postings:
                    self.open_posting(posting)


def problem(status: int, code: str, message: str, *, param: str | None = None, headers: Any = None) -> JSONResponse:
    error: dict[str, Any] = {"type": "invalid_request_error", "code": code, "message": message, "errors": []}
    if param:
        error["param"] = param
        error["errors"] = [{"code": code, "message": message, "param": param}]
    return JSONResponse({"error": error}, status, headers=headers)


def app_of(world: World, contract: Contract | None = None) -> FastAPI:
    """The server as an ASGI application."""
    app = FastAPI()
    app.state.world = world

    def guard(request: Request, operation: str) -> Response | None:
        """Key and rate; None when the call may go on."""
        world.calls += 1
        if request.headers.get("X-API-KEY") != KEY:
            return problem(401, "invalid_api_key", "No such key.")
        now = time.time()
        if world.limit_per_minute:
            world.window = [at for at in world.window if at > now - 60]
            if len(world.window) >= world.limit_per_minute:
                world.limited += 1
                wait = max(0.05, world.window[0] + 60 - now)
                return problem(
                    429,
                    "rate_limited",
                    "Slow down.",
                    headers={"Retry-After": f"{wait:.2f}"} if world.retry_after else None,
                )
            world.window.append(now)
        return None

    def answered(operation: str, status: int, content: dict[str, Any]) -> JSONResponse:
        if contract is not None:
            world.violations += contract.check_answer(operation, status, content)
        return JSONResponse(content, status)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"ok": True}

    @app.get("/control/state")
    async def state() -> dict[str, Any]:
        world.settle_queue()
        return {
            "candidates": {
                p: [[r["email"], (r["metadata"] or {}).get("external_id"), r["interview_id"]] for r in rows]
                for p, rows in world.candidates.items()
            },
            "calls": world.calls,
            "limited": world.limited,
            "writes": world.writes,
            "violations": world.violations[:20],
            "faults": world.faults,
        }

    @app.post("/control")
    async def control(request: Request) -> dict[str, Any]:
        for name, value in (await request.json()).items():
            if name == "open":
                world.open_posting(value["id"], **{k: v for k, v in value.items() if k != "id"})
            else:
                setattr(world, name, value)
        return {}

    @app.get("/api/v2/postings/list")
    async def list_postings(request: Request) -> Response:
        stopped = guard(request, "listPostingSummaries")
        if stopped is not None:
            return stopped
        rows = [
            {"object": "posting", "id": p["id"], "title": p["title"], "name": None} for p in world.postings.values()
        ]
        limit = int(request.query_params.get("limit", "20"))
        content = {
            "data": rows[:limit],
            "pagination": {"has_more": len(rows) > limit, "total_count": None, "url": None},
        }
        return answered("listPostingSummaries", 200, content)

    @app.get("/api/v2/postings/{posting}")
    async def get_posting(posting: str, request: Request) -> Response:
        stopped = guard(request, "getPosting")
        if stopped is not None:
            return stopped
        if posting not in world.postings:
            return problem(404, "not_found", "No such posting.")
        return answered("getPosting", 200, {"data": world.postings[posting], "meta": None})

    @app.get("/api/v2/postings/{posting}/questions")
    async def questions(posting: str, request: Request) -> Response:
        stopped = guard(request, "listQuestions")
        if stopped is not None:
            return stopped
        if contract is not None:
            world.violations += contract.check_query("listQuestions", dict(request.query_params))
        content = {"data": world.questions, "pagination": {"has_more": False, "total_count": None, "url": None}}
        return answered("listQuestions", 200, content)

    @app.get("/api/v2/postings/{posting}/candidates")
    async def list_candidates(posting: str, request: Request) -> Response:
        stopped = guard(request, "listCandidates")
        if stopped is not None:
            return stopped
        fault = world.list_faults.pop(0) if world.list_faults else "none"
        if fault == "error":
            return Response("broken", 502)
        if fault == "429":
            return problem(429, "rate_limited", "Slow down.", headers={"Retry-After": "0.05"})
        if posting not in world.postings:
            return problem(404, "not_found", "No such posting.")
        world.settle_queue()
        query = request.query_params
        if contract is not None:
            world.violations += contract.check_query("listCandidates", dict(query))
        limit = int(query.get("limit", "20"))
        if not 1 <= limit <= 100:
            return JSONResponse(
                {"detail": [{"loc": ["query", "limit"], "msg": "out of range", "type": "value_error"}]}, 422
            )
        rows = list(reversed(world.candidates.get(posting, [])))  # newest first
        if "created_after" in query:
            rows = [row for row in rows if row["created_at"] >= float(query["created_after"])]
        if "starting_after" in query:
            order = [row["interview_id"] for row in rows]
            rows = rows[order.index(query["starting_after"]) + 1 :] if query["starting_after"] in order else []
            if fault == "shift":  # a row slipped over the edge between two pages
                rows = rows[1:]
        content = {
            "data": rows[:limit],
            "pagination": {"has_more": len(rows) > limit, "total_count": None, "url": None},
        }
        return answered("listCandidates", 200, content)

    @app.get("/api/v2/interviews/{interview_id}/data")
    async def interview(interview_id: str, request: Request) -> Response:
        stopped = guard(request, "getInterviewData")
        if stopped is not None:
            return stopped
        found = [row for rows in world.candidates.values() for row in rows if row["interview_id"] == interview_id]
        if not found:
            return problem(404, "not_found", "No such interview.")
        hidden = ("object", "interview_url", "shortlisted", "dismissed", "interviewed_at", "data")
        content = {"object": "interview_data"} | {k: v for k, v in found[0].items() if k not in hidden}
        return answered("getInterviewData", 200, {"data": content, "meta": None})

    async def write(request: Request, posting: str, operation: str, *, bulk: bool, queue: bool) -> Response:
        stopped = guard(request, operation)
        if stopped is not None:
            return stopped
        body = await request.json()
        fault = world.faults.pop(0) if world.faults else "none"
        if posting not in world.postings:
            return problem(404, "not_found", "No such posting.")
        if contract is not None:
            world.violations += contract.check_request(operation, body)
        items = body["data"] if bulk else [body]
        if (world.max_items and len(items) > world.max_items) or fault == "413":
            return problem(413, "too_large", "Too many.")
        if fault in ("drop_before", "kill_before"):
            return gone(world, request, fault)
        if fault == "error_before":
            return Response("broken", 500)
        if fault == "401":
            return problem(401, "invalid_api_key", "No such key.")
        if fault.startswith("429"):
            return problem(
                429, "rate_limited", "Slow down.", headers={"Retry-After": "0.05"} if fault == "429_after" else None
            )
        bad = next((i for i, item in enumerate(items) if not valid(item)), None)
        if bad is None and fault.startswith("422"):
            bad = len(items) // 2
        if bad is not None:
            where = ["body", *(["data", bad] if bulk else []), "email"]
            message = f"{items[bad]['email']} is not acceptable"  # quotes the candidate, as real servers do
            if fault == "422_envelope":
                return problem(422, "validation_error", message, param=f"data[{bad}].email" if bulk else "email")
            return JSONResponse({"detail": [{"loc": where, "msg": message, "type": "value_error"}]}, 422)
        if queue:
            if world.queue_delay_s is not None:
                world.queued += [(time.time() + world.queue_delay_s, posting, item) for item in items]
            content = {
                "data": {"object": "ingestion", "ingestion_id": f"intake_{world.calls}", "status": "queued"},
                "meta": None,
            }
            return answered(operation, 202, content)
        rows = [world.take(posting, item) for item in items]
        if fault in ("drop_after", "kill_after"):
            return gone(world, request, fault)
        if fault == "error_after":
            return Response("broken", 503)
        if fault == "html":
            return Response("<html>all is well</html>", 201, media_type="text/html")
        if fault == "slow_after":
            await asyncio.sleep(3.0)
        if not bulk:
            row = rows[0]
            content = {
                "data": {
                    "object": "candidate",
                    "interview_id": row["interview_id"],
                    "interview_url": row["interview_url"],
                    "posting_id": posting,
                    "candidate": row,
                },
                "meta": None,
            }
            return answered(operation, 201, content)
        short = [{k: row[k] for k in ("object", "interview_id", "interview_url", "metadata")} for row in rows]
        if fault == "shuffle":
            random.shuffle(short)
        if fault == "short":
            short = short[: len(short) // 2]
        if fault == "repeat":
            short = [*short, *short[:1], *reversed(short)]
        if fault == "no_metadata":
            short = [{**item, "metadata": None} for item in short]
        if fault == "half_answer":
            text = json.dumps({"data": short, "meta": None})
            return Response(text[: len(text) // 2], 201, media_type="application/json")
        return answered(operation, 201, {"data": short, "meta": None})

    @app.post("/api/v2/postings/{posting}/candidates")
    async def one(posting: str, request: Request) -> Response:
        return await write(request, posting, "ingestCandidate", bulk=False, queue=False)

    @app.post("/api/v2/postings/{posting}/candidates/bulk")
    async def many(posting: str, request: Request) -> Response:
        return await write(request, posting, "ingestCandidatesBulk", bulk=True, queue=False)

    @app.post("/api/v2/postings/{posting}/candidates/async")
    async def one_queued(posting: str, request: Request) -> Response:
        return await write(request, posting, "ingestCandidateAsync", bulk=False, queue=True)

    @app.post("/api/v2/postings/{posting}/candidates/bulk/async")
    async def many_queued(posting: str, request: Request) -> Response:
        return await write(request, posting, "ingestCandidatesBulkAsync", bulk=True, queue=True)

    return app


def valid(item: dict[str, Any]) -> bool:
    return bool(re.fullmatch(r"[^@\s]+@[^@\s]+", str(item.get("email")))) and "refuse-me" not in item["email"]


def gone(world: World, request: Request, fault: str) -> Response:
    """Ends the connection without a byte; a kill first sends SIGKILL to the process that is delivering right now."""
    if fault.startswith("kill") and world.kill_pid:
        os.kill(world.kill_pid, signal.SIGKILL)
    request.scope["drop"]()
    return Response(status_code=500)  # goes nowhere


class DropsConnections:
    """ASGI wrapper that gives endpoints a way to cut their connection."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["drop"] = send.__self__.transport.abort  # uvicorn's own object for this request
        await self.app(scope, receive, send)


def main(port: int, journal: str, contract_file: str) -> None:
    import uvicorn

    world = World(Path(journal) if journal else None)
    world.reload()
    contract = Contract(Path(contract_file)) if contract_file else None
    uvicorn.run(
        DropsConnections(app_of(world, contract)), host="127.0.0.1", port=port, log_level="critical", access_log=False
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "")
