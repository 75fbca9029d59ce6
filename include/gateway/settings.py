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
    """Every knob, with its unit in its name. An unknown or malformed GATEWAY_* value stops the start."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True, extra="forbid")

    home: Path = Field(PROJECT / ".gateway", description="Everything the gateway keeps: databases, inbox, files.")
    database_url: str = Field("", description="SQLAlchemy URL of the store; empty = SQLite file in the home.")
    agents_dir: Path = Field(PROJECT / "include" / "agents", description="One YAML file an interview agent.")
    inbox_dir: Path | None = Field(None, description="Watched folder, one sub-folder an agent; empty = <home>/inbox.")
    inbox_queue: str = Field(
        "", description="Celery queue of the workers that see the inbox; empty = every worker sees it."
    )
    files_url: str = Field(
        "", description="Where files are kept (fsspec URL, s3://... in production); empty = <home>/files."
    )
    pool_dir: Path | None = Field(
        None, description="JSON Lines exports of our own candidate pool; empty = <home>/pool."
    )
    allowed_paths: tuple[Path, ...] = Field(
        (), description="Folders a manual trigger may read besides the inbox and include/samples (JSON list)."
    )
    keys_dir: Path | None = Field(
        None,
        description="The gateway's own keys: signing.pem, suppression.key; made when missing; empty = <home>/keys.",
    )
    page_url: str = Field("", description="Address of the Airflow UI used in notices; empty = no link.")

    public_url: str = Field(
        "", description="Address (https://...) where candidates reach /gateway/unsubscribe/; needed to write to them."
    )
    outreach_key_file: Path | None = Field(
        None,
        description="Key of the list of who must not be written to; made once, keep it; empty = <home>/outreach.key.",
    )

    quiet_period_s: float = Field(
        5.0, ge=0, description="A drop without a marker is complete when nothing changed this long."
    )
    poll_s: float = Field(1.0, gt=0, description="How often the inbox is looked at.")

    max_batch_files: int = Field(10_000, gt=0, description="Files in one batch, ZIP members included.")
    max_file_bytes: int = Field(50_000_000, gt=0, description="Bytes of one file.")
    max_batch_bytes: int = Field(5_000_000_000, gt=0, description="Bytes of one batch, unpacked.")
    max_zip_ratio: float = Field(200.0, gt=1, description="Unpacked to packed bytes of one ZIP member above 10 MB.")
    max_zip_depth: int = Field(3, ge=1, description="ZIPs inside ZIPs.")

    limit_pages: int = Field(
        60, gt=0, description="Pages read of one PDF; the rest is noted, never dropped in silence."
    )
    document_timeout_s: float = Field(
        25.0,
        gt=0,
        description="Processor time one document may take without giving a profile; four times that where it stands still.",
    )
    document_memory_mb: int = Field(900, gt=0, description="Memory one document may add to a reading child's own.")
    document_output_bytes: int = Field(200_000_000, gt=0, description="Bytes one document's profiles may take.")
    recycle_after: int = Field(200, gt=0, description="Documents after which a reading child is replaced.")
    extract_jobs: int = Field(2, gt=0, description="Reading children of one extraction chunk.")

    chunk_s: float = Field(
        15.0, gt=0, description="Expected seconds of reading that make one mapped task; a task itself costs some."
    )
    max_chunks: int = Field(64, gt=0, le=1000, description="Mapped tasks of a large batch at most.")

    response_timeout_h: float = Field(
        168.0, gt=0, description="How long a review's required action waits; then held stays held."
    )
    review_claim_min: float = Field(
        5.0, gt=0, description="How long opening a held profile marks it as somebody's, in minutes."
    )
    deliver_patience_s: float = Field(
        150.0, ge=0, description="How long a delivery waits to look for calls without an answer before leaving them."
    )
    notice_templates_dir: Path | None = Field(
        None, description="Folder with your own wording of notices, one <type>.txt each; empty = as they come."
    )
    notice_lease_s: float = Field(
        90.0, gt=0, description="After this a message that a killed sender had taken is sent again."
    )
    notice_pause_after_h: float = Field(
        24.0, gt=0, description="A channel that failed this long is paused, and the agent's other channels are told."
    )
    notice_keep_days: float = Field(30.0, gt=0, description="How long messages that were sent or given up stay listed.")
    claim_alarm_s: float = Field(900.0, gt=0, description="A complete drop unclaimed this long raises an alarm.")

    @property
    def private_places(self) -> tuple[Path, ...]:
        """The local folders and files that hold people's data or secrets, whether they exist or not."""
        database = urlsplit(self.store_url)
        places = [self.home, self.pool, *(self.home / name for name in ("files", "airflow", "logs"))]
        places += [self.keys, self.keys / "signing.pem", self.keys / "suppression.key", self.outreach_key]
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

    @property
    def outreach_key(self) -> Path:
        return self.outreach_key_file or self.home / "outreach.key"

    def page(self, path: str) -> str:
        """Where our own page at that path ("/batches/b...") is shown inside Airflow's UI; "" without GATEWAY_PAGE_URL."""
        base = self.page_url.rstrip("/")
        return f"{base}/plugin/candidates{urlsplit(base).path}/gateway{path}" if base else ""


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; raises Misconfigured naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as wrong:
        first = wrong.errors()[0]
        name = "GATEWAY_" + "_".join(str(part) for part in first["loc"]).upper()
        raise Misconfigured("SETTING_INVALID", f"Setting {name}: {first['msg']}. See docs/settings.md.") from wrong


OTHERS = 0o077  # the rights of everybody but the owner


@contextmanager
def private_files() -> Iterator[None]:
    """What this process and its children make meanwhile is for its owner alone: folders 0700, files 0600."""
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


def make_home() -> Path:
    """The home, made when it is missing. It and what an earlier version left open to others are closed (0700, 0600).

    A place outside of it (a pool folder that another program reads) keeps the rights it was given.
    """
    config = settings()
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for place in config.private_places:
        if place.is_relative_to(config.home):
            close(place)
    return config.home.resolve()


def open_to_others(place: Path) -> bool:
    """Somebody but the owner may read or change it; False for what is not there."""
    try:
        return bool(place.stat().st_mode & OTHERS)
    except OSError:
        return False


def close(place: Path) -> None:
    """Takes everybody's rights but the owner's. What belongs to somebody else is left: `gateway doctor` tells of it."""
    try:
        mode = place.stat().st_mode
        if mode & OTHERS:
            place.chmod(mode & 0o700)
    except OSError:
        return
