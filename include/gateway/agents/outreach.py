"""The part of an agent's file about messages to candidates. Off unless the file enables it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from gateway.agents import wording
from gateway.agents.notices import Quiet
from gateway.agents.strict import ConnectionId, Strict

# Slots of a message to a candidate. title: the agent's; link: to the interview; contact: who answers questions;
# unsubscribe: the address that ends such messages.
SLOTS = frozenset({"name", "title", "posting", "link", "contact", "unsubscribe"})
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$", description="ISO 639-1")]
Address = Annotated[str, Field(pattern=r"^[^@\s,<>\r\n]+@[^@\s,<>\r\n]+$")]


class Wording(Strict):
    """Subject, text and HTML in one language: Jinja2 in a sandbox. Without html, the text is sent alone."""

    subject: str = Field(min_length=1, max_length=200)
    body: str = Field(min_length=1, max_length=10_000)
    html: str = Field(default="", max_length=50_000, description="The same as HTML; values are escaped")

    @field_validator("subject", "body", "html")
    @classmethod
    def _right(cls, text: str) -> str:
        wording.check(text, SLOTS)
        return text


class Template(Wording):
    """One message to candidates, and its wording in other languages; {{ name }}, {{ link }}, ... are filled in."""

    languages: dict[Language, Wording] = Field(default_factory=dict, description="Language -> wording")

    def in_language(self, language: str | None) -> Wording:
        """The wording in that language, or else the first."""
        return self.languages.get(language or "", self)


class BounceMailbox(Strict):
    """The mailbox where messages that come back arrive. It is only read."""

    connection: ConnectionId = Field(description="Airflow connection of type imap")
    mailbox: str = Field(default="INBOX", min_length=1, max_length=200, pattern=r'^[^"\\\r\n]+$')
    allow_private: bool = Field(default=False, description="Allow a server inside your own network")


class Outreach(Strict):
    """Invitations and reminders to newly ingested candidates."""

    enabled: bool = Field(default=False, description="Send messages to candidates")
    connection: ConnectionId = Field(default="smtp_default", description="Airflow connection of type smtp")
    sender: Address | None = Field(default=None, description="Sender address of messages; default: the connection's")
    sender_name: str = Field(default="", max_length=100, pattern=r'^[^"<>\r\n]*$')
    contact: str = Field(default="", max_length=200, description="Who answers questions: {{ contact }}, and Reply-To")
    link: str = Field(
        default="", max_length=500, description="Value of {{ link }} if the target gives no interview link"
    )
    consent: tuple[str, ...] = Field(
        default=(),
        description="Accepted values of a batch's consent (batch.yaml); if empty, any value, but one must be given",
    )
    within_h: float = Field(
        default=72,
        gt=0,
        le=8760,
        description="Only candidates ingested within this time, so that nobody gets a message about an old application",
    )
    quiet: Quiet = Field(
        default=Quiet(),
        description="Hours without messages, in the candidate's local time; timezone applies if theirs is unknown",
    )
    reminders_after_h: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(), max_length=5, description="Hours after the invitation; people who started the interview get none"
    )
    bounces: BounceMailbox | None = Field(default=None, description="Read messages that came back from a mailbox")
    per_minute: float = Field(default=60, gt=0, le=6000, description="Most messages per minute")

    @field_validator("reminders_after_h")
    @classmethod
    def _rising(cls, hours: tuple[float, ...]) -> tuple[float, ...]:
        if list(hours) != sorted(set(hours)):
            raise ValueError("write the hours in rising order, each once")
        return hours
