"""The values that travel between stages. Plain frozen dataclasses: cheap to make, to compare and to send.

Coordinates: points (1/72 inch), origin at the page's top left, y downwards; box = (x0, top, x1, bottom).
Pages and rows count from 1. A row is the record a spreadsheet would show, lines above the header included.
Confidence is a calibrated probability that the value is right, 0..1.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

Box = tuple[float, float, float, float]


FROM_API = "api:"  # Batch.source of what a program sent begins with it; then the sender's name


class Mode(StrEnum):
    """What happens to a profile that passes every gate."""

    INGEST = "ingest"  # delivered automatically ("Upload and Ingest")
    REVIEW = "review"  # held for a person ("Upload Only")
    DRY_RUN = "dry_run"  # everything but sending; the exact requests are shown


class AgentState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class BatchState(StrEnum):
    RECEIVING = "receiving"
    RUNNING = "running"
    WAITING_REVIEW = "waiting_review"
    DONE = "done"
    FAILED = "failed"


class DocumentState(StrEnum):
    PROCESSING = "processing"
    SUCCESS = "success"
    FAILED = "failed"


class ProfileState(StrEnum):
    EXTRACTED = "extracted"
    PASSED = "passed"
    HELD = "held"
    APPROVED = "approved"
    DISCARDED = "discarded"
    DUPLICATE = "duplicate"
    DELIVERED = "delivered"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class DeliveryState(StrEnum):
    RESERVED = "reserved"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class InvitationState(StrEnum):
    """planned may be sent; sending was handed to the mail server without an answer so far; unclear may have arrived."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNCLEAR = "unclear"
    SKIPPED = "skipped"


class InterviewState(StrEnum):
    INVITED = "invited"
    STARTED = "started"
    COMPLETED = "completed"
    SCORED = "scored"
    KNOCKED_OUT = "knocked_out"


class Severity(StrEnum):
    """Great Expectations' failure severities, and their effect here."""

    CRITICAL = "critical"  # holds the profile
    WARNING = "warning"  # marks it
    INFO = "info"  # counts


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value was read. A page and box for documents, a row and column for tables; neither = no evidence."""

    source: str  # text | ocr | link | form | cell | file
    rule: str  # the rule or feature that won, e.g. "mailto", "header:email", "scorer"
    page: int | None = None
    box: Box | None = None
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One value with its evidence.

    name        "email", "phone", "links[0]", "work[1].company": a path into the profile
    value       normalised ("+14155550134"); raw as printed ("(415) 555-0134"), kept as it stood
    """

    name: str
    value: str
    raw: str
    confidence: float
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Work:
    company: str | None = None
    position: str | None = None
    start: str | None = None  # YYYY or YYYY-MM; partial dates stay partial
    end: str | None = None  # the same, or "present"


@dataclass(frozen=True, slots=True)
class Education:
    institution: str | None = None
    degree: str | None = None
    start: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class ExtractedProfile:
    """One candidate as read from one document. Every value in it has an entry in `fields`."""

    name: str | None = None
    email: str | None = None  # normalised
    phone: str | None = None  # E.164, or as printed when no country is known (then without a leading +)
    location: str | None = None
    headline: str | None = None
    links: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    work: tuple[Work, ...] = ()
    education: tuple[Education, ...] = ()
    fields: tuple[Field, ...] = ()
    pages: tuple[int, int] | None = None  # first and last page, for PDFs
    row: int | None = None  # for tables
    extra: dict[str, str] = field(default_factory=dict)  # unmapped columns, as text
    marks: tuple[str, ...] = ()  # reason codes the reader wants judged (HIDDEN_TEXT, EXCEL_DAMAGE, ...)
    signals: dict[str, float] = field(default_factory=dict)  # for the risk model; empty for rows of tables

    def best(self, name: str) -> Field | None:
        """The field with that name, or None."""
        return next((f for f in self.fields if f.name == name), None)


@dataclass(frozen=True, slots=True)
class Note:
    """A remark about a document that stops nothing: a skipped row, a mapping, a hidden text."""

    code: str
    sentence: str
    row: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page as it was read: the reference for its boxes.

    width, height   points, after turning
    turn            quarter turns clockwise added to the page's own rotation, so that its lines run from left to right
    """

    number: int
    width: float
    height: float
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Origin:
    """What a PDF says about how it was made. A file says what it likes: nothing is decided by it.

    program         that made it ("Microsoft Word for Microsoft 365"), personal like the rest of the document
    made, changed   ISO dates ("2024-05-01")
    restricted      it opens without a password, but its maker forbade copying or changing it
    """

    program: str | None = None
    made: str | None = None
    changed: str | None = None
    restricted: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The result of reading one document. Its profiles went to the sink one by one; this has their number.

    status   "success" or "failed"; failed has a code and a sentence (code None on success unless noteworthy)
    mapping  tables: header as printed -> field name, or None where unmapped
    sheets   PDFs: the pages that were read, in order
    origin   PDFs: what the file says about its making
    """

    status: str
    media_type: str
    code: str | None = None
    error: str | None = None
    profiles: int = 0
    pages: int | None = None
    rows: int | None = None
    language: str | None = None
    text_quality: float | None = None  # worst tenth of its pages, 0..1
    ocr_pages: int = 0
    notes: tuple[Note, ...] = ()
    mapping: dict[str, str | None] = field(default_factory=dict)
    layout: str | None = None  # "one_column", "sidebar", "table", ... for analytics
    family: str | None = None  # what documents of one template share (extract/resume/family.py)
    photo: bool | None = None  # a picture of a portrait's size on the first page; None = not looked for
    cpu_s: dict[str, float] = field(default_factory=dict)  # by step: read, layout, fields, ocr
    sheets: tuple[Sheet, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """The agent's hints for reading.

    country   ISO 3166 alpha-2, used for national phone numbers when the document names none
    mapping   header -> field name, overriding what would be recognised (per-agent override)
    name      the sender's file name, or its ending: it decides which text format ".csv" or ".txt" is; None = the
              name of the path that is read
    as_resume   a person says it is a résumé: it is read whatever it looks like, and held (RESUME_DOUBTFUL)
    """

    country: str | None = None
    mapping: dict[str, str | None] = field(default_factory=dict)
    name: str | None = None
    as_resume: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate's outcome on one profile that is worth storing: a failed gate of any severity.

    measured, threshold   as text, never a person's data: "0.61", "missing", "2 of 3"
    remedy                what would have changed the outcome, in one sentence
    """

    code: str
    severity: Severity
    field: str | None
    expectation: str
    measured: str | None = None
    threshold: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict on one profile by one version of an agent's suite."""

    profile_id: str
    outcome: str  # "pass" | "hold"
    quality: float
    completeness: float
    findings: tuple[Finding, ...] = ()
    parts: dict[str, float] = field(default_factory=dict)  # of the two scores, for the explanation


def as_json(value: Any) -> dict[str, Any]:
    """A dataclass of this module as JSON-ready data; tuples become lists on the way out."""
    return asdict(value)
