"""An agent's notification channels, as defined in its file. Channels get counts and codes, never personal data."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, field_validator, model_validator

from gateway.agents.strict import ConnectionId, Strict
from gateway.events import CATALOGUE, STATUS, wanted

Patterns = Annotated[tuple[str, ...], Field(min_length=1, description='Types of docs/events.md; "batch.*" and "*" too')]
Address = Annotated[str, Field(pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")]
LOG = "log"
PERSON = "person:"  # begins the key of somebody's own channel


def known_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns as they are; raises ValueError for one that means no event."""
    for pattern in patterns:
        if not any(wanted(event, (pattern,)) for event in CATALOGUE):
            raise ValueError(f"{pattern!r} means no event; they are {', '.join(CATALOGUE)}")
    return patterns


def known_zone(name: str) -> str:
    """The time zone as it is; raises ValueError for one that does not exist."""
    if name not in available_timezones():
        raise ValueError(f"{name!r} is no time zone; write one like Europe/Berlin")
    return name


class Quiet(Strict):
    """Hours in which nothing is sent; messages wait until they end. From 20 to 8 spans midnight."""

    start: int = Field(default=20, ge=0, le=23, description="First quiet hour, local time")
    end: int = Field(default=8, ge=0, le=23, description="First hour after the quiet time")
    timezone: str = Field(default="UTC", description="IANA time zone, such as Europe/Berlin")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return known_zone(name)

    def until(self, at: datetime, zone: str | None = None) -> datetime:
        """When a message that is ready at `at` may be sent: then, or at the end of the quiet hours by local time."""
        local = at.astimezone(ZoneInfo(zone or self.timezone))
        if not self.covers(local.hour):
            return at
        day = local.date() + timedelta(days=1 if local.hour >= self.end else 0)
        end = datetime.combine(day, time(self.end), local.tzinfo)
        return end.astimezone(at.tzinfo)

    def covers(self, hour: int) -> bool:
        if self.start == self.end:
            return False
        if self.start < self.end:
            return self.start <= hour < self.end
        return hour >= self.start or hour < self.end


class Personal(Strict):
    """What one of your own people wants to be told, by mail to themselves, chosen on the page."""

    to: Annotated[str, Field(max_length=200, pattern=r"^[^@\s,<>]+@[^@\s,<>]+$")]
    events: Patterns = STATUS
    quiet: Quiet | None = None
    digest_at: int | None = Field(default=None, ge=0, le=23, description="Hour of one mail a day; null: at once")
    timezone: str = Field(default="UTC", description="IANA time zone of digest_at")

    @field_validator("events")
    @classmethod
    def _known(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return known_patterns(patterns)

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return known_zone(name)

    def due(self, at: datetime) -> datetime:
        """When something of now may be told: at the next hour of the digest, or when the quiet hours end."""
        if self.digest_at is None:
            return self.quiet.until(at) if self.quiet else at
        local = at.astimezone(ZoneInfo(self.timezone))
        day = local.date() + timedelta(days=1 if local.hour >= self.digest_at else 0)
        return datetime.combine(day, time(self.digest_at), local.tzinfo).astimezone(at.tzinfo)


class _Channel(Strict):
    name: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_-]{0,60}$",
        description="Name that distinguishes two channels of a kind; default: the connection",
    )
    events: Patterns = STATUS
    quiet: Quiet | None = None

    @field_validator("events")
    @classmethod
    def _known(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        return known_patterns(patterns)


class MailChannel(_Channel):
    """Mail to your own people."""

    kind: Literal["email"]
    to: tuple[Address, ...] = Field(min_length=1)
    connection: ConnectionId = Field(default="smtp_default", description="Airflow connection of type smtp")


class ChatChannel(_Channel):
    """A room of Slack or Teams, through its incoming webhook."""

    kind: Literal["slack", "teams"]
    connection: ConnectionId = Field(description="Airflow connection: the webhook's address as host, or as password")
    allow_private: bool = Field(default=False, description="Allow an address inside your own network")


class WebhookChannel(_Channel):
    """Signed messages to a program, by the Standard Webhooks scheme."""

    kind: Literal["webhook"]
    connection: ConnectionId = Field(
        description="Airflow connection: address as host, signing secret (whsec_...) as password, the previous secret as extra previous_secret"
    )
    events: Patterns = ("*",)
    allow_private: bool = Field(
        default=False, description="Allow an address inside your own network (private, loopback), and plain http"
    )


class ReceiptChannel(_Channel):
    """Mail to senders: what became of their batch, in numbers, and how to send better."""

    kind: Literal["receipt"]
    connection: ConnectionId = Field(default="smtp_default", description="Airflow connection of type smtp")
    events: Patterns = ("batch.receipt",)
    to: dict[str, Annotated[tuple[Address, ...], Field(min_length=1)]] = Field(
        default_factory=dict, description="Name of a source, or sender of an API key -> addresses"
    )
    reply: bool = Field(default=False, description="Also answer the sender of a mail, where its source lists `senders`")


Channel = Annotated[MailChannel | ChatChannel | WebhookChannel | ReceiptChannel, Field(discriminator="kind")]


def key_of(channel: Channel) -> str:
    """The key of this channel's messages: "email:smtp_default"."""
    return f"{channel.kind}:{channel.name or channel.connection}"


class Notify(Strict):
    """Channels for notices about an agent's batches. Connections are defined in Airflow."""

    log: bool = Field(default=True, description="Write status notices to the log of send_notices")
    channels: tuple[Channel, ...] = ()
    held_after_h: float | None = Field(
        default=48,
        gt=0,
        description="Send held.ageing once a day when a candidate has been held this long; null: never",
    )
    held_overdue_h: float | None = Field(
        default=120,
        gt=0,
        description="Send held.overdue to its subscribers when a candidate has been held this long; null: never",
    )
    silent_after_h: dict[str, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict,
        description='Source -> hours without a batch after which source.silent is sent; "*" means any source',
    )

    @model_validator(mode="after")
    def _told_apart(self) -> Notify:
        keys = [key_of(channel) for channel in self.channels]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"two channels are {', '.join(twice)}: give one of them a name")
        return self

    def channel(self, key: str) -> Channel | None:
        """The channel with that key; None if the file does not (or no longer) define it."""
        return next((channel for channel in self.channels if key_of(channel) == key), None)

    def told(self, event: str, at: datetime) -> dict[str, datetime]:
        """channel -> time at which it may be sent, for each channel that receives events of that type."""
        found = {LOG: at} if self.log and (event in STATUS or event == "channel.test") else {}
        for channel in self.channels:
            if wanted(event, channel.events):
                found[key_of(channel)] = channel.quiet.until(at) if channel.quiet else at
        return found
