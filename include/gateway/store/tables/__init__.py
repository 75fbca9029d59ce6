"""The nouns as tables. A `state` column is written by store.change only (a test reads the source for that).

Identifiers are text made here (ids.py): sortable by time where that helps, never a database's serial number.
"""

from gateway.store.tables.base import Base, Json, UtcDateTime, now
from gateway.store.tables.delivery import Delivery, Lane, PoolCandidate, RateLimit
from gateway.store.tables.learning import Alarm, Calibration, Observation, Watch
from gateway.store.tables.messages import (
    Answer,
    Bookmark,
    ChannelHealth,
    Inbound,
    Interview,
    Invitation,
    Outbox,
    Preference,
    Suppression,
)
from gateway.store.tables.nouns import Agent, Batch, Document, Field, Profile, ProfileKey, Verdict
from gateway.store.tables.review import Assignment, Audit, Claim, Forecast, GateResult, Review
from gateway.store.tables.senders import ApiKey, ApiRequest, SourceClaim, SourceItem, SourceState
from gateway.store.tables.trail import DataKey, Erased, Event, EventSeal, LegalHold

__all__ = [
    "Agent",
    "Alarm",
    "Answer",
    "ApiKey",
    "ApiRequest",
    "Assignment",
    "Audit",
    "Base",
    "Batch",
    "Bookmark",
    "Calibration",
    "ChannelHealth",
    "Claim",
    "DataKey",
    "Delivery",
    "Document",
    "Erased",
    "Event",
    "EventSeal",
    "Field",
    "Forecast",
    "GateResult",
    "Inbound",
    "Interview",
    "Invitation",
    "Json",
    "Lane",
    "LegalHold",
    "Observation",
    "Outbox",
    "PoolCandidate",
    "Preference",
    "Profile",
    "ProfileKey",
    "RateLimit",
    "Review",
    "SourceClaim",
    "SourceItem",
    "SourceState",
    "Suppression",
    "UtcDateTime",
    "Verdict",
    "Watch",
    "now",
]
