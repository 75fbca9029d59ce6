"""The schema of an agent file. Every model is frozen and refuses unknown keys.

An agent decides what we need to have read, and how sure we must be, before acting by ourselves. It holds nothing
that ranks people: own expectations cannot look at a name's text.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema, field_validator, model_validator

from gateway.agents.notices import Notify
from gateway.agents.outreach import Outreach, Template
from gateway.agents.retention import Retention
from gateway.agents.sources import Source
from gateway.agents.strict import ConnectionId, Strict
from gateway.model import AgentState, Hints, Mode, Severity

FieldName = Literal[
    "name", "email", "phone", "location", "headline", "links", "skills", "languages", "work", "education"
]
FIELD_NAMES: tuple[FieldName, ...] = (
    "name",
    "email",
    "phone",
    "location",
    "headline",
    "links",
    "skills",
    "languages",
    "work",
    "education",
)
MAPPABLE = frozenset({*FIELD_NAMES, "first_name", "last_name", "country"})

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2, upper case")]
Share = Annotated[float, Field(ge=0, le=1)]


class Preset(StrEnum):
    """How strict the gates are: which of them hold, mark or only count, and the confidence they require."""

    LENIENT = "lenient"
    STANDARD = "standard"
    STRICT = "strict"


class PoolTarget(Strict):
    """Our own candidate pool: a table and one JSON Lines file per batch."""

    kind: Literal["own_pool"] = "own_pool"
    posting: str = Field(min_length=1, max_length=200, description="The posting's id in the target")


class HeyMiloTarget(Strict):
    """A posting of HeyMilo, by its public API v2."""

    kind: Literal["heymilo"]
    posting: str = Field(min_length=1, max_length=200, description="The posting's id in the target")
    connection: ConnectionId = "heymilo_default"
    test_posting_required: bool = Field(
        default=True, description="Refuse a posting that is not a test posting; set to false to deliver real candidates"
    )
    wait_for_answer: bool = Field(
        default=True,
        description="If false, calls are queued at the target, and only its list shows later which candidates arrived",
    )
    chunk: int = Field(default=25, ge=1, le=1000, description="Most candidates per call; 1 = one call each")
    rate_per_minute: float = Field(
        default=285,
        gt=0,
        le=100_000,
        description="Calls per minute with this key, by all workers together (the API allows 300)",
    )
    settle_s: float = Field(
        default=120, ge=0, le=86_400, description="How long an unanswered call may still take effect"
    )
    queue_settle_s: float = Field(
        default=3600, ge=0, le=604_800, description="The same for queued calls (wait_for_answer: false)"
    )
    allow_private: bool = Field(default=False, description="Allow an address inside your own network, and plain http")


class WebhookTarget(Strict):
    """Any system that accepts signed messages by the Standard Webhooks scheme."""

    kind: Literal["webhook"]
    posting: str = Field(min_length=1, max_length=200, description="Name of the posting, sent to the receiver")
    connection: ConnectionId = Field(
        default="candidate_webhook", description="Airflow connection: address as host, signing secret as password"
    )
    rate_per_minute: float = Field(
        default=600, gt=0, le=100_000, description="Messages per minute, by all workers together"
    )
    allow_private: bool = Field(
        default=False, description="Allow an address inside your own network (private, loopback), and plain http"
    )


def _target_kind(given: Any) -> str:
    return str(given.get("kind", "own_pool") if isinstance(given, dict) else getattr(given, "kind", ""))


Target = Annotated[
    Annotated[PoolTarget, Tag("own_pool")]
    | Annotated[HeyMiloTarget, Tag("heymilo")]
    | Annotated[WebhookTarget, Tag("webhook")],
    Discriminator(
        _target_kind,
        custom_error_type="target_kind",
        custom_error_message="target.kind is one of own_pool, heymilo, webhook",
    ),
]


class Fields(Strict):
    """Fields to read. A missing required field holds the profile, a missing wanted one marks it; the rest is optional."""

    required: tuple[FieldName, ...] = ("name", "email")
    wanted: tuple[FieldName, ...] = ("phone", "location", "skills", "work", "education")
    optional: tuple[FieldName, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Fields:
        every = (*self.required, *self.wanted, *self.optional)
        twice = sorted({name for name in every if every.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)}: named twice; a field is required, wanted or optional")
        if "email" not in self.required:
            raise ValueError("email must be required: deliveries are counted by address, so that nobody is sent twice")
        return self


class Allowed(Strict):
    """Limits on contact data; an empty list allows everything."""

    countries: tuple[Country, ...] = Field(default=(), description="Countries a phone number may belong to")
    email_domains: tuple[str, ...] = Field(
        default=(), description="Domains that an address may have, including subdomains"
    )
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}$")], ...] = Field(
        default=(), description="ISO 639 codes of languages a document may be written in"
    )

    @field_validator("email_domains")
    @classmethod
    def _domains(cls, domains: tuple[str, ...]) -> tuple[str, ...]:
        for domain in domains:
            if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", domain):
                raise ValueError(f"{domain!r} is no domain; write it like acme.org, lower case, without @")
        return domains


class BatchLimits(Strict):
    """Limits above which a batch is unusual and stops as a whole before anything is sent. None switches a limit off."""

    min_profiles: int = Field(default=10, ge=1, description="Smallest number of profiles for which shares are judged")
    max_hold_share: Share | None = Field(default=0.9, description="Largest share of held profiles")
    max_failed_share: Share | None = Field(default=0.5, description="Largest share of documents that could not be read")
    max_duplicate_share: Share | None = Field(
        default=0.5, description="Largest share of profiles that repeat another one of the batch"
    )
    max_languages: int | None = Field(default=6, ge=1, description="Most different document languages in one batch")
    rows_must_match: bool = Field(default=True, description="A manifest's count must equal the number read")


# Row-wise expectations of Great Expectations an agent may use, with the keys each takes (True = required).
OWN_TYPES: dict[str, dict[str, bool]] = {
    "expect_column_values_to_match_regex": {"regex": True},
    "expect_column_values_to_not_match_regex": {"regex": True},
    "expect_column_values_to_be_in_set": {"value_set": True},
    "expect_column_values_to_not_be_in_set": {"value_set": True},
    "expect_column_values_to_be_between": {"min_value": False, "max_value": False},
    "expect_column_value_lengths_to_be_between": {"min_value": False, "max_value": False},
    "expect_column_values_to_not_be_null": {},
}
TEXT_COLUMNS = ("email", "email_domain", "phone", "phone_country", "location", "headline", "language", "media_type")
NUMBER_COLUMNS = (
    *(f"{name}_confidence" for name in FIELD_NAMES),
    *(f"{name}_count" for name in ("links", "skills", "languages", "work", "education")),
    "quality",
    "completeness",
    "agreement",
    "text_quality",
    "ocr_share",
)


class OwnExpectation(Strict):
    """One expectation of the agent's own, run with the built-in ones.

    It may use the values read and their confidence, but not the text of a name: that would judge people.
    """

    type: str = Field(description="A row-wise Great Expectations type: " + ", ".join(OWN_TYPES))
    column: str = Field(description="One of " + ", ".join((*TEXT_COLUMNS, *NUMBER_COLUMNS)))
    kwargs: dict[str, Any] = Field(default_factory=dict, description="The arguments of the expectation")
    severity: Severity = Severity.WARNING
    says: str = Field(min_length=8, max_length=200, description="The rule in plain words, shown to people")

    @model_validator(mode="after")
    def _known(self) -> OwnExpectation:
        if self.type not in OWN_TYPES:
            raise ValueError(f"type {self.type!r} is not available; choose from {', '.join(OWN_TYPES)}")
        if self.column not in (*TEXT_COLUMNS, *NUMBER_COLUMNS):
            raise ValueError(
                f"column {self.column!r} cannot be judged; choose from {', '.join(TEXT_COLUMNS)}, "
                f"{', '.join(NUMBER_COLUMNS)}"
            )
        keys = OWN_TYPES[self.type]
        if wrong := sorted(set(self.kwargs) - set(keys)):
            raise ValueError(f"kwargs {', '.join(wrong)} unknown to {self.type}; it takes {', '.join(keys) or 'none'}")
        if missing := sorted(key for key, needed in keys.items() if needed and key not in self.kwargs):
            raise ValueError(f"kwargs {', '.join(missing)} needed by {self.type}")
        if keys and not self.kwargs:
            raise ValueError(f"{self.type} needs at least one of {', '.join(keys)}")
        if self.column in NUMBER_COLUMNS and ("regex" in keys or "lengths" in self.type):
            raise ValueError(f"column {self.column!r} holds numbers; use expect_column_values_to_be_between")
        if self.column in TEXT_COLUMNS and self.type == "expect_column_values_to_be_between":
            raise ValueError(f"column {self.column!r} holds text; compare lengths, sets or patterns")
        self._arguments()
        return self

    def _arguments(self) -> None:
        if "regex" in self.kwargs:
            if not isinstance(self.kwargs["regex"], str):
                raise ValueError("regex must be text")
            try:
                re.compile(self.kwargs["regex"])
            except re.error as wrong:
                raise ValueError(f"regex does not compile: {wrong}") from wrong
        if "value_set" in self.kwargs and not isinstance(self.kwargs["value_set"], list):
            raise ValueError("value_set must be a list")
        for key in ("min_value", "max_value"):
            value = self.kwargs.get(key)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise ValueError(f"{key} must be a number")
        low, high = self.kwargs.get("min_value"), self.kwargs.get("max_value")
        if low is not None and high is not None and low > high:
            raise ValueError(f"min_value {low} is above max_value {high}: nothing could meet it")


# Share of automatic passes that may be wrong where the agent file states none.
MAX_ERROR = {Preset.STRICT: 0.005, Preset.STANDARD: 0.01, Preset.LENIENT: 0.02}


_PERCENT = r"^\s*\d+(?:\.\d+)?\s*%\s*$"


def _share(given: Any) -> Any:
    """0.5 % is 0.005; anything else is as it is."""
    return float(given.strip(" %")) / 100 if isinstance(given, str) and re.match(_PERCENT, given) else given


MaxError = Annotated[
    float,
    Field(ge=0.001, le=0.2),
    BeforeValidator(_share),
    WithJsonSchema(
        {"anyOf": [{"type": "number", "minimum": 0.001, "maximum": 0.2}, {"type": "string", "pattern": _PERCENT}]}
    ),
]


class Automation(Strict):
    """Limits for candidates who pass without review."""

    max_error: MaxError | None = Field(
        default=None,
        description="Share of automatic passes that may be wrong, as 0.005 or 0.5 %; default: the preset's",
    )


class Agent(Strict):
    """One interview agent: the target of its candidates, the fields required, and the confidence needed."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="The file's name without .yaml")
    title: str = Field(min_length=1, max_length=200)
    state: AgentState = AgentState.OPEN
    target: Target
    default_mode: Mode = Mode.REVIEW
    country: Country | None = Field(default=None, description="Country assumed for phone numbers printed without one")
    mapping: dict[str, str | None] = Field(
        default_factory=dict, description="Table header as printed -> field, or null to ignore the column"
    )
    fields: Fields = Fields()
    preset: Preset = Preset.STANDARD
    thresholds: dict[FieldName, Share] = Field(
        default_factory=dict, description="Lowest accepted confidence per field, in place of the preset's"
    )
    automation: Automation = Automation()
    phone_without_country: Literal["hold", "leave_out"] = Field(
        default="hold",
        description="For a number whose country comes only from `country` above: hold the profile, or deliver it without the number",
    )
    allowed: Allowed = Allowed()
    fictional_contacts: Literal["hold", "mark"] = Field(
        default="hold", description="Effect of reserved contact data (example.com, 555-01xx): hold or only mark"
    )
    check_dns: bool = Field(
        default=False, description="Ask DNS whether an address's domain accepts mail (needs a network)"
    )
    expectations: tuple[OwnExpectation, ...] = ()
    limits: BatchLimits = BatchLimits()
    canary: int | None = Field(
        default=None, ge=1, le=10_000, description="Deliver this many first, then wait for approval before the rest"
    )
    audit_share: Share = Field(default=0.05, description="Share of automatic passes that a person checks afterwards")
    sources: tuple[Source, ...] = Field(
        default=(), description="Where batches are fetched from, besides the inbox, the page and the API"
    )
    notify: Notify = Notify()
    templates: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,40}$")], Template] = Field(
        default_factory=dict, description="Messages to candidates: invitation, reminder, question"
    )
    outreach: Outreach = Outreach()
    retention: Retention = Retention()

    @field_validator("mapping")
    @classmethod
    def _fields_exist(cls, mapping: dict[str, str | None]) -> dict[str, str | None]:
        for header, name in mapping.items():
            if name is not None and name not in MAPPABLE:
                raise ValueError(f"header {header!r} maps to {name!r}; choose from {', '.join(sorted(MAPPABLE))}")
        return mapping

    @field_validator("sources")
    @classmethod
    def _told_apart(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        names = [source.name for source in sources]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two sources are called {', '.join(twice)}: give each a name of its own")
        return sources

    @model_validator(mode="after")
    def _written(self) -> Agent:
        if self.outreach.enabled and "invitation" not in self.templates:
            raise ValueError("outreach is enabled, so templates.invitation must be there")
        if self.outreach.enabled and self.outreach.reminders_after_h and "reminder" not in self.templates:
            raise ValueError("outreach.reminders_after_h is set, so templates.reminder must be there")
        return self

    @property
    def max_error(self) -> float:
        """Share of automatic passes that may be wrong."""
        return MAX_ERROR[self.preset] if self.automation.max_error is None else self.automation.max_error

    def hints(self) -> Hints:
        """Hints for reading this agent's documents."""
        return Hints(country=self.country, mapping=dict(self.mapping))
