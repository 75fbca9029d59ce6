"""The catalogue of events for subscribers. docs/events.md is generated from it.

A type is `thing.what_happened`. Its data holds ids, states, codes and counts, never a person's name, address, number
or file name: who needs those asks the page, which asks for the right to see them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

_TEXT: dict[str, Any] = {"type": "string"}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
# Every key that data may have, with its schema and meaning.
FIELDS: dict[str, dict[str, Any]] = {
    "agent_id": {**_TEXT, "description": "The interview agent"},
    "agent_title": {**_TEXT, "description": "The agent's title"},
    "batch_id": {**_TEXT, "description": "The batch"},
    "document_id": {**_TEXT, "description": "The document"},
    "profile_id": {**_TEXT, "description": "The candidate as read from one document"},
    "state": {**_TEXT, "description": "The state it is in now"},
    "mode": {"enum": ["ingest", "review", "dry_run"], "description": "The batch's mode"},
    "code": {**_MAYBE, "description": "A reason code (docs/codes.md), or null"},
    "codes": {"type": "array", "items": _TEXT, "description": "Reason codes (docs/codes.md)"},
    "sentence": {**_MAYBE, "description": "What happened and what to do next, or null"},
    "counts": {
        "type": "object",
        "description": "received = success + failed + processing; profiles = the sum of the other states; codes: number by code",
    },
    "url": {**_MAYBE, "description": "The page about it, null where no page address is set"},
    "held": {**_COUNT, "description": "Candidates that wait for a person"},
    "hours": {"type": "number", "minimum": 0, "description": "For how long, in hours"},
    "source": {**_TEXT, "description": "The source's name in the agent's file, * for any"},
    "channel": {**_TEXT, "description": "The channel's key: its kind and its name"},
    "waiting": {**_COUNT, "description": "Messages that wait"},
    "kind": {**_TEXT, "description": "invitation, reminder-1, reminder-2, ..."},
    "stage": {**_TEXT, "description": "invited, started, completed, scored or knocked_out"},
    "numbers": {"type": "object", "description": "Figures by name"},
    "rates": {"type": "object", "description": "Shares (0 to 1) and durations by name; null where nothing was counted"},
    "days": {
        "type": "array",
        "description": "The last days: {day, passed, held}, candidates received on each, oldest first",
    },
    "advice": {"type": "array", "items": _TEXT, "description": "What the figures say to do next, most pressing first"},
}


@dataclass(frozen=True, slots=True)
class EventType:
    """One type. subject, after: the change of state it is written with; "" if it is not about a single row.

    status   sent to people by default: mail, chat and log; the others go to webhooks that subscribe to them
    """

    id: str
    means: str
    fields: tuple[str, ...]
    subject: str = ""
    after: str = ""
    status: bool = False


_BATCH = ("agent_id", "agent_title", "batch_id", "state", "mode", "code", "sentence", "url")
_REST = (*_BATCH, "counts")
_DOCUMENT = ("agent_id", "batch_id", "document_id", "state", "code")
_PROFILE = ("agent_id", "batch_id", "document_id", "profile_id", "state", "code", "codes")
_INVITATION = ("agent_id", "batch_id", "profile_id", "kind", "state", "code")
_INTERVIEW = ("agent_id", "batch_id", "profile_id", "stage")

CATALOGUE: dict[str, EventType] = {
    one.id: one
    for one in (
        EventType("batch.received", "A batch was received and waits for its run.", _BATCH, "batch", "receiving"),
        EventType("batch.running", "A batch is being read.", _BATCH, "batch", "running"),
        EventType("batch.done", "A batch is done and nothing is waiting.", _REST, "batch", "done", True),
        EventType(
            "batch.waiting_review", "Candidates of a batch wait for review.", _REST, "batch", "waiting_review", True
        ),
        EventType("batch.failed", "A batch stopped early.", _REST, "batch", "failed", True),
        EventType(
            "review.delivered",
            "Decisions about a batch were delivered while others of it still wait; at most once an hour.",
            _REST,
            status=True,
        ),
        EventType(
            "deadline.missed",
            "A batch is not done within GATEWAY_BATCH_DEADLINE_H.",
            ("agent_id", "agent_title", "batch_id", "state", "hours", "url"),
            status=True,
        ),
        EventType("document.read", "A document was read.", _DOCUMENT, "document", "success"),
        EventType("document.failed", "A document could not be read.", _DOCUMENT, "document", "failed"),
        EventType("profile.passed", "A candidate passed every gate.", _PROFILE, "profile", "passed"),
        EventType("profile.held", "A candidate is held for review.", _PROFILE, "profile", "held"),
        EventType("profile.approved", "A person approved a held candidate.", _PROFILE, "profile", "approved"),
        EventType("profile.discarded", "A person discarded a candidate.", _PROFILE, "profile", "discarded"),
        EventType("profile.duplicate", "A candidate is already known.", _PROFILE, "profile", "duplicate"),
        EventType("candidate.ingested", "The target has the candidate.", _PROFILE, "profile", "delivered"),
        EventType("candidate.refused", "The target refused the candidate.", _PROFILE, "profile", "refused"),
        EventType("candidate.unclear", "The target did not confirm the delivery.", _PROFILE, "profile", "unknown"),
        EventType("invitation.sent", "A message to a candidate was handed over.", _INVITATION, "invitation", "sent"),
        EventType(
            "invitation.refused", "The mail server refused a candidate's address.", _INVITATION, "invitation", "refused"
        ),
        EventType(
            "invitation.unclear",
            "It is unclear whether a message was sent; it is not sent again automatically.",
            _INVITATION,
            "invitation",
            "unclear",
        ),
        EventType("interview.invited", "The target created an interview.", _INTERVIEW, "interview", "invited"),
        EventType("interview.started", "A candidate started the interview.", _INTERVIEW, "interview", "started"),
        EventType("interview.completed", "A candidate completed the interview.", _INTERVIEW, "interview", "completed"),
        EventType("interview.scored", "An interview has its score.", _INTERVIEW, "interview", "scored"),
        EventType(
            "interview.knocked_out",
            "An interview ended at a knock-out question of the target.",
            _INTERVIEW,
            "interview",
            "knocked_out",
        ),
        EventType(
            "held.ageing",
            "Held candidates have waited for a long time.",
            ("agent_id", "agent_title", "held", "hours", "url"),
            status=True,
        ),
        EventType(
            "held.overdue",
            "Held candidates have waited far too long; a second address can subscribe to this.",
            ("agent_id", "agent_title", "held", "hours", "url"),
        ),
        EventType(
            "inbox.stale",
            "A drop is waiting in the inbox and is not claimed.",
            ("agent_id", "agent_title", "code", "sentence"),
            status=True,
        ),
        EventType(
            "source.silent",
            "A source has not sent anything for longer than expected.",
            ("agent_id", "agent_title", "source", "hours", "code"),
            status=True,
        ),
        EventType(
            "source.failing",
            "A source cannot be asked, or something in it cannot be fetched.",
            ("agent_id", "agent_title", "source", "code", "sentence"),
            status=True,
        ),
        EventType(
            "channel.paused",
            "A channel has failed for so long that it is paused.",
            ("agent_id", "agent_title", "channel", "code", "sentence", "waiting", "url"),
            status=True,
        ),
        EventType(
            "report.daily",
            "The figures of one day of an agent.",
            ("agent_id", "agent_title", "numbers", "rates", "days", "advice", "url"),
        ),
        EventType(
            "retention.applied",
            "People or documents whose period had ended were erased, or could not be.",
            ("agent_id", "agent_title", "numbers", "url"),
            status=True,
        ),
        EventType(
            "batch.receipt",
            "What became of a batch, for its sender.",
            ("agent_id", "agent_title", "batch_id", "state", "source", "numbers"),
        ),
        EventType(
            "alarm.raised",
            "Something should be looked into: the stated error, drift of documents, or a format that decides.",
            ("agent_id", "agent_title", "code", "sentence", "url"),
            status=True,
        ),
        EventType("channel.test", "A test of a channel, requested by a person.", ("agent_id", "agent_title")),
    )
}
STATUS = tuple(one.id for one in CATALOGUE.values() if one.status)
_BY_CHANGE = {(one.subject, one.after): one.id for one in CATALOGUE.values() if one.subject}


def type_of(subject: str, after: str) -> str | None:
    """The event type for a row of that kind that enters that state; None if there is none."""
    return _BY_CHANGE.get((subject, after))


def wanted(event: str, patterns: tuple[str, ...]) -> bool:
    """Whether one of the patterns ("batch.*", "candidate.ingested", "*") means that type."""
    return any(fnmatchcase(event, pattern) for pattern in patterns)


def schema_of(event: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a webhook's body of that type."""
    one = CATALOGUE[event]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event,
        "description": one.means,
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "additionalProperties": False,
        "properties": {
            "type": {"const": event},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened, UTC"},
            "data": {
                "type": "object",
                "required": list(one.fields),
                "additionalProperties": False,
                "properties": {name: FIELDS[name] for name in one.fields},
            },
        },
    }
