"""Settings: one frozen object, read once from the environment (`GATEWAY_*`). docs/settings.md is generated from it.

Secrets are not here: they live in Airflow connections.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from gateway.errors import Misconfigured

PROJECT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """All settings; names carry their unit. An unknown or malformed GATEWAY_* value stops the start."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="forbid")

    home: Path = Field(
        PROJECT / ".gateway", description="Folder of everything the gateway keeps: databases, inbox, files."
    )
    database_url: str = Field("", description="SQLAlchemy URL of the store; empty = SQLite file in the home.")
    agents_dir: Path = Field(
        PROJECT / "include" / "agents", description="Folder with one YAML file per interview agent."
    )
    inbox_dir: Path | None = Field(None, description="Watched folder, one subfolder per agent; empty = <home>/inbox.")
    inbox_queue: str = Field(
        "", description="Celery queue of the workers that can read the inbox; empty = every worker can."
    )
    files_url: str = Field(
        "", description="Where files are kept (fsspec URL, s3://... in production); empty = <home>/files."
    )
    pool_dir: Path | None = Field(
        None, description="JSON Lines exports of our own candidate pool; empty = <home>/pool."
    )
    allowed_paths: tuple[Path, ...] = Field(
        (),
        description="Folders that a manual trigger may read in addition to the inbox and include/samples (JSON list).",
    )
    keys_dir: Path | None = Field(
        None,
        description="Folder of the gateway's keys: signing.pem, suppression.key, outreach.key; created if missing, back them up; empty = <home>/keys.",
    )
    encrypt: bool = Field(
        False, description="Encrypt kept files and read values at rest (docs/encryption.md); needs a master key."
    )
    master_key_file: Path | None = Field(
        None,
        description="File with the master key, several separated by commas; empty = the connection gateway_master.",
    )
    backup_dir: Path | None = Field(
        None,
        description="Folder of backups (gateway backup), on another machine or disk; receipts of erasures are copied there at once.",
    )
    page_url: str = Field("", description="Address of the Airflow UI used in notices; empty = no link.")

    public_url: str = Field(
        "",
        description="Address (https://...) where candidates reach /gateway/unsubscribe/ and programs /gateway/hooks/; required for outreach.",
    )

    quiet_period_s: float = Field(
        5.0, ge=0, description="A drop without a marker is complete when nothing in it has changed for this long."
    )
    poll_s: float = Field(1.0, gt=0, description="Interval between two checks of the inbox.")
    hooks_poll_s: float = Field(2.0, gt=0, description="Interval between two checks for calls of hooks.")
    sources_poll_s: float = Field(
        5.0, gt=0, description="Interval between two looks for sources that are due and batches that the API received."
    )

    max_batch_files: int = Field(10_000, gt=0, description="Most files in one batch, including ZIP members.")
    max_file_bytes: int = Field(50_000_000, gt=0, description="Largest size of one file.")
    max_batch_bytes: int = Field(5_000_000_000, gt=0, description="Largest size of one batch, unpacked.")
    max_zip_ratio: float = Field(
        200.0, gt=1, description="Largest ratio of unpacked to packed bytes of a ZIP member above 10 MB."
    )
    max_zip_depth: int = Field(3, ge=1, description="Deepest nesting of ZIPs inside ZIPs.")

    limit_pages: int = Field(
        60, gt=0, description="Most pages read from one PDF; pages beyond that are noted, never dropped silently."
    )
    document_timeout_s: float = Field(
        25.0,
        gt=0,
        description="Processor time that a document may take without giving a profile; four times that in wall time if it is idle.",
    )
    document_memory_mb: int = Field(
        900, gt=0, description="Memory that one document may use on top of a reading child's own."
    )
    document_output_bytes: int = Field(200_000_000, gt=0, description="Largest size of one document's profiles.")
    recycle_after: int = Field(200, gt=0, description="Documents after which a reading child is replaced.")
    extract_jobs: int = Field(2, gt=0, description="Documents read in parallel by one extraction chunk.")

    chunk_s: float = Field(
        15.0, gt=0, description="Expected reading time per mapped task; each task adds overhead of its own."
    )
    max_chunks: int = Field(64, gt=0, le=1000, description="Most mapped tasks of one batch.")
    runs_at_once: int = Field(
        16, gt=0, description="Batches in work at the same time; the pools bound what they do at once."
    )
    read_slots: int = Field(4, gt=0, description="Chunks read at the same time on all machines (pool gateway_extract).")
    store_slots: int = Field(8, gt=0, description="Short tasks on the store at the same time (pool gateway_store).")
    deliver_slots: int = Field(8, gt=0, description="Deliveries at the same time, all targets (pool gateway_deliver).")
    notify_slots: int = Field(2, gt=0, description="Senders of messages at the same time (pool gateway_notify).")
    source_slots: int = Field(4, gt=0, description="Sources fetched from at the same time (pool gateway_sources).")
    target_slots: int = Field(
        1, gt=0, description="Deliveries at the same time to one target; its rate limit is shared by all of them."
    )

    response_timeout_h: float = Field(
        168.0, gt=0, description="How long a required action for review waits; after that, held candidates stay held."
    )
    review_claim_min: float = Field(
        5.0, gt=0, description="How long a held profile stays claimed by the reviewer who opened it."
    )
    deliver_patience_s: float = Field(
        150.0,
        ge=0,
        description="How long a delivery keeps checking unanswered calls before it leaves them to the next run.",
    )
    notice_templates_dir: Path | None = Field(
        None, description="Folder with your own notice templates, one <type>.txt each; empty = the built-in ones."
    )
    notice_lease_s: float = Field(
        90.0, gt=0, description="Time after which a message taken by a killed sender is sent again."
    )
    notice_pause_after_h: float = Field(
        24.0,
        gt=0,
        description="A channel that has failed for this long is paused, and the agent's other channels are notified.",
    )
    notice_keep_days: float = Field(30.0, gt=0, description="How long messages that were sent or given up stay listed.")
    review_limit: int = Field(50, ge=1, description="Most held candidates that one person is given at a time.")
    batch_deadline_h: float = Field(
        4.0, gt=0, description="A batch that is not done within this time is reported (deadline.missed)."
    )
    claim_alarm_s: float = Field(
        900.0, gt=0, description="A complete drop that stays unclaimed for this long raises an alarm."
    )

    airflow_database_url: str = Field(
        "",
        repr=False,
        description="Airflow's own database, for the DAG clean_airflow (its tasks are not told it); empty = not cleaned by us.",
    )
    keep_runs_days: int = Field(
        90, ge=14, description="Age after which clean_airflow removes runs, tasks and events from Airflow's database."
    )
    keep_logs_days: int = Field(30, ge=1, description="Age after which clean_airflow removes log files.")

    @property
    def private_places(self) -> tuple[Path, ...]:
        """Local folders and files with personal data or secrets, whether or not they exist."""
        database = urlsplit(self.store_url)
        places = [self.home, self.pool, *(self.home / name for name in ("files", "airflow", "logs"))]
        places += [self.keys, *(self.keys / name for name in ("signing.pem", "suppression.key", "outreach.key"))]
        places += [self.home / f".{name}.key" for name in ("fernet", "api", "jwt")]
        if database.scheme.startswith("sqlite"):
            places.append(Path(self.store_url.partition("///")[2]))
        if "://" not in self.files_root:
            places.append(Path(self.files_root))
        return tuple(dict.fromkeys(places))

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.home / 'gateway.db'}"

    @property
    def inbox(self) -> Path:
        return self.inbox_dir or self.home / "inbox"

    @property
    def files_root(self) -> str:
        return self.files_url or str(self.home / "files")

    @property
    def keys(self) -> Path:
        return self.keys_dir or self.home / "keys"

    @property
    def pool(self) -> Path:
        return self.pool_dir or self.home / "pool"

    def page(self, path: str) -> str:
        """The address of our page at that path ("/batches/b...") inside Airflow's UI; "" without GATEWAY_PAGE_URL."""
        base = self.page_url.rstrip("/")
        return f"{base}/plugin/candidates{urlsplit(base).path}/gateway{path}" if base else ""


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; raises Misconfigured(SETTING_INVALID), which names the wrong variable."""
    try:
        return Settings()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "GATEWAY_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Misconfigured("SETTING_INVALID", f"Setting {name}: {first['msg']}. See docs/settings.md.") from wrong


OTHERS = 0o077  # the rights of everybody but the owner


@contextmanager
def private_files() -> Iterator[None]:
    """Makes new files of this process and its children readable only by their owner: folders 0700, files 0600."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_home() -> Path:
    """The home, created if missing. The home and older open files in it are closed to others (0700, 0600).

    A place outside of it (a pool folder that another program reads) keeps the rights it was given.
    """
    config = settings()
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for place in config.private_places:
        if place.is_relative_to(config.home):
            close(place)
    return config.home.resolve()


def open_to_others(place: Path) -> bool:
    """True if anybody but the owner may read or change it; False if it does not exist."""
    try:
        return bool(place.stat().st_mode & OTHERS)
    except OSError:
        return False


def close(place: Path) -> None:
    """Removes all rights except the owner's. Files of other users are left; `gateway doctor` reports them."""
    try:
        mode = place.stat().st_mode
        if mode & OTHERS:
            place.chmod(mode & 0o700)
    except OSError:
        return
