"""Every name that DAG files, setup and tests share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tag(StrEnum):
    """What a DAG is about; PII marks those that touch candidates' data."""

    INGEST = "ingest"
    REVIEW = "review"
    DELIVER = "deliver"
    NOTIFY = "notify"
    PII = "pii"


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """A pool as setup creates it."""

    name: str
    slots: int
    description: str


class Pool:
    """Slots bound what runs at once, whatever the number of batches."""

    EXTRACT = "gateway_extract"
    STORE = "gateway_store"
    DELIVER = "gateway_deliver"
    NOTIFY = "gateway_notify"


POOLS = (
    PoolSpec(
        Pool.EXTRACT, 4, "Reading documents: CPU and memory; about one slot a core, two where documents are small"
    ),
    PoolSpec(Pool.STORE, 8, "Short tasks on the store: register, plan, judge, report"),
    PoolSpec(Pool.DELIVER, 1, "Talking to a target: one at a time keeps its rate limit ours to spend"),
    PoolSpec(Pool.NOTIFY, 2, "Messages to people, programs and candidates: never behind the work they tell of"),
)

OWNER = "candidate-ingestion"
INBOX_URI = "gateway://inbox"
DECISIONS_URI = "gateway://decisions"
OUTBOX_URI = "gateway://outbox"
