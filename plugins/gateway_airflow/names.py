"""Every name that DAG files, setup and tests share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.settings import settings


class Tag(StrEnum):
    """The subject of a DAG, and its impact: what a run may do that nobody can take back, and whether it touches candidates' data."""

    INGEST = "ingest"
    REVIEW = "review"
    DELIVER = "deliver"
    NOTIFY = "notify"
    UPKEEP = "upkeep"
    PII = "pii"
    SENDS = "impact:sends-candidates"
    WRITES_TO_CANDIDATES = "impact:writes-to-candidates"
    WRITES_TO_PEOPLE = "impact:writes-to-our-people"
    ERASES = "impact:erases"


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
    SOURCES = "gateway_sources"


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
    PoolSpec(
        Pool.SOURCES,
        "source_slots",
        "Fetching from sources: mostly waits for other servers, so a slow one blocks no other work",
    ),
)

OWNER = "candidate-ingestion"
INBOX_URI = "gateway://inbox"
DECISIONS_URI = "gateway://decisions"
OUTBOX_URI = "gateway://outbox"
HOOKS_URI = "gateway://hooks"
FILES_URI = "gateway://files-ready"
FILES_READY = "gateway_files_ready"  # the alias by which a hook names that asset, and only when files are ready
REQUESTS_URI = "gateway://requests"
INGESTED = "gateway_ingested"  # the alias by which a batch names the asset of its agent
INGESTED_URI = "gateway://ingested"
SOURCES_URI = "gateway://sources"
