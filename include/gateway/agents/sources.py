"""Where an agent's batches come from besides the inbox, the page and the API, as defined in its file (docs/sources.md).

One model per kind. The class that reads a kind is in gateway.sources.kinds, registered in gateway.sources.registry.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from pydantic import Field, field_validator, model_validator

from gateway.agents.strict import ConnectionId, Strict
from gateway.model import Mode


class Expected(Strict):
    """When a regular batch is due. If none came by then, source.silent is sent, once for each time it was due."""

    cron: str = Field(description='Five cron fields, such as "0 6 * * 1-5" for 06:00 on working days')
    grace_h: float = Field(default=2, ge=0, le=168, description="How late it may be, in hours")
    timezone: str = Field(default="UTC", description="IANA time zone, such as Europe/Berlin")

    @field_validator("cron")
    @classmethod
    def _cron(cls, text: str) -> str:
        if len(text.split()) != 5 or not croniter.is_valid(text):
            raise ValueError(f'{text!r} is not five cron fields; write it like "0 6 * * 1-5"')
        return text

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"{name!r} is no time zone; write one like Europe/Berlin")
        return name

    def missed(self, at: datetime, *, known_since: datetime, last: datetime | None) -> datetime | None:
        """The newest time a batch was due and did not come; None if it came, or nothing was due since the source is known.

        A batch counts for the due time that it is nearest to: one that came late is not the next one.
        """
        grace = timedelta(hours=self.grace_h)
        times = croniter(self.cron, (at - grace).astimezone(ZoneInfo(self.timezone)) + timedelta(seconds=1))
        due: datetime = times.get_prev(datetime)
        before: datetime = times.get_prev(datetime)
        if due <= known_since or (last is not None and last > before + max(grace, (due - before) / 2)):
            return None
        return due.astimezone(at.tzinfo)


class _Source(Strict):
    """What every source has."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Unique in the file; shown as where its batches come from"
    )
    every_min: float | None = Field(
        default=10, ge=0.1, le=10_080, description="Minutes between two looks; null: only when it is rung or asked for"
    )
    mode: Mode | None = Field(
        default=None, description="Mode of its batches, whatever a batch.yaml in them says; default: batch.yaml, agent"
    )
    consent: str | None = Field(
        default=None, min_length=1, max_length=200, description="Basis on which its data is held"
    )
    expected: Expected | None = None


class _Files(_Source):
    """What sources of files have: each folder is a batch, and the files beside the folders are one together."""

    complete: Literal["quiet", "marker", "manifest"] = Field(
        default="quiet",
        description="When a batch is complete: nothing in it changed for quiet_s, the marker is in it, or all files that its batch.yaml lists are",
    )
    quiet_s: float = Field(default=60, ge=0, le=86_400, description="Seconds without a change, by the gateway's clock")
    marker: str = Field(
        default="_READY", min_length=1, max_length=100, pattern=r"^[^/\\]+$", description="The marker's name"
    )
    afterwards: Literal["leave", "move", "delete"] = Field(
        default="leave", description="What happens to the originals once the batch is safe"
    )
    move_to: str = Field(
        default=".taken",
        pattern=r"^\.[A-Za-z0-9_-]{1,40}$",
        description="With move: a folder inside the source, whose name begins with a dot",
    )


class FolderSource(_Files):
    """A folder that the workers see, such as a mounted share."""

    kind: Literal["folder"]
    path: str = Field(pattern=r"^/.", description="Absolute path of the folder")


class ObjectStoreSource(_Files):
    """A prefix of a bucket, by fsspec."""

    kind: Literal["object_store"]
    url: str = Field(
        pattern=r"^(s3|gs|gcs|abfs|abfss|az)://[^/]+", description="Bucket and prefix, such as s3://agency/outgoing"
    )
    connection: ConnectionId | None = Field(
        default=None,
        description="Airflow connection: login and password are key and secret, host or extra endpoint_url the endpoint, other extras go to fsspec; default: the machine's own identity",
    )
    allow_private: bool = Field(default=False, description="Allow an endpoint inside your own network")


class SftpSource(_Files):
    """A folder of an SFTP server."""

    kind: Literal["sftp"]
    connection: ConnectionId = Field(
        default="sftp_default", description="Airflow connection of type sftp; give it a host_key"
    )
    path: str = Field(default=".", min_length=1, description="Folder on the server")
    allow_private: bool = Field(default=False, description="Allow an address inside your own network")


class ImapSource(_Source):
    """A mailbox: the attachments of each message are a batch, and its sender is kept."""

    kind: Literal["imap"]
    connection: ConnectionId = Field(default="imap_default", description="Airflow connection of type imap")
    mailbox: str = Field(default="INBOX", min_length=1, max_length=200)
    senders: tuple[Annotated[str, Field(pattern=r"^[^\s@]*@[^\s@]+$")], ...] = Field(
        default=(), description="Senders that count: addresses, or @domain; empty: everybody. Others stay untouched"
    )
    afterwards: Literal["leave", "move", "delete"] = Field(
        default="leave", description="What happens to a message once its batch is safe"
    )
    move_to: str = Field(
        default="Ingested", min_length=1, max_length=200, description="With move: a mailbox that exists"
    )
    allow_private: bool = Field(
        default=False, description="Allow an address inside your own network, and a connection without TLS"
    )


class HttpPullSource(_Files):
    """An address that answers with a list of files (docs/sources.md has the format)."""

    kind: Literal["http_pull"]
    connection: ConnectionId = Field(
        description="Airflow connection: address as host, a bearer token as password, or login and password"
    )
    path: str = Field(default="/", pattern=r"^/", description="Path of the list at that address")
    quiet_s: float = Field(default=0, ge=0, le=86_400, description="As above; a list usually names only complete files")
    afterwards: Literal["leave", "delete"] = Field(
        default="leave", description="delete: DELETE is sent to each file's address once the batch is safe"
    )
    allow_private: bool = Field(default=False, description="Allow an address inside your own network, and plain http")

    @model_validator(mode="after")
    def _no_manifest(self) -> HttpPullSource:
        if self.complete == "manifest":
            raise ValueError("complete: manifest is for folders; a list says itself what is complete")
        return self


Source = Annotated[
    FolderSource | ObjectStoreSource | SftpSource | ImapSource | HttpPullSource, Field(discriminator="kind")
]
