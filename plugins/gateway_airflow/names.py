"""Every name that DAG files, setup and tests share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.settings import settings


class Tag(StrEnum):
    """The subject of a DAG; PII marks DAGs that touch candidates' data."""

    INGEST = "ingest"
    REVIEW = "review"
    DELIVER = "deliver"
    NOTIFY = "notify"
    UPKEEP = "upkeep"
    PII = "pii"


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """A pool as setup creates it. setting: the field of the settings that gives its slots."""

    name: str
    setting: str
    description: str

    @property
    def slots(self) -> int:
        return int(getattr(settings(), self.setting))

    @property
    def is_set(self) -> bool:
        """True if the environment names the number; then it outweighs what an operator set in Airflow."""
        return self.setting in settings().model_fields_set


class Pool:
    """Slots bound what runs at once, whatever the number of batches."""

    EXTRACT = "gateway_extract"
    STORE = "gateway_store"
    DELIVER = "gateway_deliver"
    NOTIFY = "gateway_notify"


POOLS = (
    PoolSpec(
        Pool.EXTRACT,
        "read_slots",
        "Reading documents: uses CPU and memory; about one slot per core, two if documents are small",
    ),
    PoolSpec(Pool.STORE, "store_slots", "Short tasks on the store: register, plan, judge, report"),
    PoolSpec(Pool.DELIVER, "deliver_slots", "Calling targets; how many call one target is GATEWAY_TARGET_SLOTS"),
    PoolSpec(
        Pool.NOTIFY,
        "notify_slots",
        "Messages to people, programs and candidates: a separate pool, so that they never wait for other work",
    ),
)

OWNER = "candidate-ingestion"
INBOX_URI = "gateway://inbox"
DECISIONS_URI = "gateway://decisions"
OUTBOX_URI = "gateway://outbox"
