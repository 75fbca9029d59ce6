"""The bodies of the API, for its description and its checks."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from gateway.senders.candidates import Candidates


class Problem(BaseModel):
    """An error (RFC 9457), as application/problem+json."""

    type: str = Field(description="The address of the code's page")
    title: str = Field(description="What the code means")
    status: int
    detail: str = Field(description="What happened and what to do next; no personal data")
    code: str | None = Field(description="A reason code (docs/codes.md), or null")


class Accepted(BaseModel):
    """The batch is safe; it is read next."""

    batch_id: str
    href: str = Field(description="Where its state is")
    receipt: str = Field(description="Where its receipt is")
    repeated: bool = Field(description="True: the same request came before, and this is its batch")


class SentBatch(BaseModel):
    """One batch of yours."""

    batch_id: str
    agent: str
    state: Literal["receiving", "running", "waiting_review", "done", "failed"]
    final: bool = Field(description="True when nothing of it changes by itself any more")
    received_at: str = Field(description="UTC, ISO 8601")


class FileCounts(BaseModel):
    """received = read + refused + processing; members of a ZIP count."""

    received: int
    read: int
    refused: int
    processing: int


class Status(SentBatch):
    """A batch with its counts."""

    files: FileCounts


class SentBatches(BaseModel):
    """A page of batches."""

    batches: list[SentBatch]
    next: str | None


class ReasonBody(BaseModel):
    """Why, and what helps."""

    code: str
    means: str
    fix: str


class AdviceBody(ReasonBody):
    """A reason, and how often it was met."""

    count: int


class CandidateBody(BaseModel):
    """One candidate, by number and row; no values are repeated here."""

    number: int
    row: int | None = Field(description="Of a list, as spreadsheets count")
    outcome: Literal["accepted", "held", "refused", "repeated", "closed"]
    reasons: list[ReasonBody]


class FileBody(BaseModel):
    """One file, as you called it."""

    file: str
    status: Literal["read", "refused", "processing", "repeated", "closed"]
    reasons: list[ReasonBody]
    candidates: list[CandidateBody]


class AgentBody(BaseModel):
    """The interview agent."""

    id: str
    title: str


class HistoryBody(BaseModel):
    """One of your last batches for this agent."""

    batch_id: str
    accepted_share: float | None


class ReceiptBody(BaseModel):
    """What became of a batch."""

    batch_id: str
    agent: AgentBody
    state: Literal["receiving", "running", "waiting_review", "done", "failed"]
    final: bool
    received_at: str
    files_total: dict[str, int]
    candidates_total: dict[str, int]
    files: list[FileBody]
    advice: list[AdviceBody] = Field(description="The most frequent reasons first: what to change")
    history: list[HistoryBody] = Field(description="Your last five batches, the oldest first")


def _problem(*codes: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": ", ".join(codes), "content": {"application/problem+json": {"schema": schema}}}


PROBLEMS: dict[int | str, dict[str, Any]] = {
    401: _problem("API_KEY_INVALID"),
    403: _problem("API_RIGHT_MISSING"),
    404: _problem("UNKNOWN_BATCH", "UNKNOWN_AGENT"),
    429: _problem("API_TOO_OFTEN", "API_KEY_GUESSED"),
    422: _problem("API_REQUEST_INVALID"),
    503: _problem("STORE_AWAY", "DISK_FULL", "CLAIM_FAILED"),
}
SEND_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: _problem("UPLOAD_EMPTY"),
    409: _problem("API_REQUEST_BUSY"),
    413: _problem("FILE_TOO_LARGE", "BATCH_TOO_LARGE", "BATCH_TOO_MANY_FILES"),
    422: _problem("API_REQUEST_INVALID", "API_KEY_REUSED", "AGENT_CLOSED", "AGENT_FILE_INVALID"),
}
MODELS = (Problem, Candidates)
BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {"file": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                "required": ["file"],
            }
        },
        "application/json": {"schema": {"$ref": "#/components/schemas/Candidates"}},
    },
}
