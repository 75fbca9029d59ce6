"""The sender's receipt: what became of a batch, why, and how to send better, without anybody else's data.

A sender is told about its own files and the people in them. Whether somebody is known from elsewhere is not its business:
such a candidate is "closed" as one that was decided against is, and no code says more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.codes import CODES
from gateway.errors import Misconfigured
from gateway.model import BatchState, DocumentState
from gateway.model import ProfileState as P
from gateway.store.engine import reading
from gateway.store.tables import Agent, Batch, Document, Field, Profile

AT_REST = (BatchState.DONE, BatchState.WAITING_REVIEW, BatchState.FAILED)
# Outcomes of candidates, in the order they are shown.
OUTCOMES = {
    "accepted": "Taken into the interview agent's pool.",
    "held": "Waits for a person, or is still being worked on.",
    "refused": "Not taken.",
    "repeated": "You sent this person before; nothing was added.",
    "closed": "Decided; nothing is left to do.",
}
_OF_STATE = {
    P.DELIVERED: "accepted",
    P.HELD: "held",
    P.EXTRACTED: "held",
    P.PASSED: "held",
    P.APPROVED: "held",
    P.UNKNOWN: "held",
    P.REFUSED: "refused",
    P.DISCARDED: "closed",
}
# Codes that say something of other people, of other batches or of our own work.
_NOT_TOLD = frozenset({"DUPLICATE_FILE", "DUPLICATE_IN_BATCH", "SHARED_CONTACT", "SHARED_PHONE", "LIKELY_DUPLICATE"})
HISTORY = 5


@dataclass(frozen=True, slots=True)
class Reason:
    """One code with its meaning, and what helps."""

    code: str
    means: str
    fix: str

    def as_dict(self) -> dict[str, str]:
        return {"code": self.code, "means": self.means, "fix": self.fix}


@dataclass(frozen=True, slots=True)
class CandidateLine:
    """One candidate by number, not by name. row: of a list, from 1; None in other files."""

    number: int
    row: int | None
    outcome: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file as the sender called it. status: read | refused | processing | repeated | closed."""

    file: str
    status: str
    reasons: tuple[Reason, ...]
    candidates: tuple[CandidateLine, ...]


@dataclass(frozen=True, slots=True)
class Advice:
    """One reason, and in how many files and candidates it was met."""

    reason: Reason
    count: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A batch as its sender may see it. history: share of candidates accepted in the sender's last batches, oldest first."""

    batch_id: str
    agent_id: str
    agent_title: str
    state: str
    received_at: str
    files: tuple[FileLine, ...]
    history: tuple[tuple[str, float | None], ...]

    @property
    def final(self) -> bool:
        return self.state in (BatchState.DONE, BatchState.FAILED)

    @property
    def totals(self) -> dict[str, int]:
        found = Counter(candidate.outcome for file in self.files for candidate in file.candidates)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    @property
    def file_totals(self) -> dict[str, int]:
        found = Counter(file.status for file in self.files)
        return {status: found[status] for status in ("read", "refused", "processing", "repeated", "closed")}

    @property
    def advice(self) -> tuple[Advice, ...]:
        """The reasons by how often they were met: what to change first."""
        met: Counter[str] = Counter()
        by_code: dict[str, Reason] = {}
        for file in self.files:
            for reason in (*file.reasons, *(one for each in file.candidates for one in each.reasons)):
                met[reason.code] += 1
                by_code[reason.code] = reason
        return tuple(Advice(by_code[code], number) for code, number in met.most_common())

    def as_dict(self) -> dict[str, Any]:
        """The shape that docs/api.md describes."""
        return {
            "batch_id": self.batch_id,
            "agent": {"id": self.agent_id, "title": self.agent_title},
            "state": self.state,
            "final": self.final,
            "received_at": self.received_at,
            "files_total": self.file_totals,
            "candidates_total": self.totals,
            "files": [
                {
                    "file": file.file,
                    "status": file.status,
                    "reasons": [one.as_dict() for one in file.reasons],
                    "candidates": [
                        {
                            "number": one.number,
                            "row": one.row,
                            "outcome": one.outcome,
                            "reasons": [reason.as_dict() for reason in one.reasons],
                        }
                        for one in file.candidates
                    ],
                }
                for file in self.files
            ],
            "advice": [{**one.reason.as_dict(), "count": one.count} for one in self.advice],
            "history": [{"batch_id": batch_id, "accepted_share": share} for batch_id, share in self.history],
        }


def receipt(batch_id: str) -> Receipt:
    """The receipt of a batch as it stands now. Raises Misconfigured(UNKNOWN_BATCH)."""
    with reading() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}.")
        return receipt_of(session, batch)


def receipt_of(session: Session, batch: Batch) -> Receipt:
    """The same in a transaction of the caller's."""
    documents = session.execute(
        select(Document.id, Document.path, Document.state, Document.code, Document.duplicate_of)
        .where(Document.batch_id == batch.id)
        .order_by(Document.path)
    ).all()
    profiles = session.execute(
        select(Profile.id, Profile.document_id, Profile.ordinal, Profile.state, Profile.codes, Profile.duplicate_of)
        .where(Profile.batch_id == batch.id)
        .order_by(Profile.document_id, Profile.ordinal)
    ).all()
    numbered = session.execute(
        select(Field.profile_id, func.min(Field.row))
        .join(Profile, Profile.id == Field.profile_id)
        .where(Profile.batch_id == batch.id, Field.row.is_not(None))
        .group_by(Field.profile_id)
    )
    rows: dict[str, int | None] = {row[0]: row[1] for row in numbered}
    own_documents = _own(session, batch, Document, {one.duplicate_of for one in documents if one.duplicate_of})
    own_profiles = _own(session, batch, Profile, {one.duplicate_of for one in profiles if one.duplicate_of})
    by_document: dict[str, list[CandidateLine]] = {}
    for one in profiles:
        outcome = _OF_STATE.get(one.state) or ("repeated" if one.duplicate_of in own_profiles else "closed")
        reasons = _told(one.codes) if outcome in ("held", "refused") else ()
        line = CandidateLine(one.ordinal + 1, rows.get(one.id), outcome, reasons)
        by_document.setdefault(one.document_id, []).append(line)
    files = []
    for one in documents:
        if one.duplicate_of:
            status = "repeated" if one.duplicate_of in own_documents else "closed"
        else:
            status = {DocumentState.SUCCESS: "read", DocumentState.FAILED: "refused"}.get(one.state, "processing")
        reasons = _told([one.code] if one.code else ()) if status in ("read", "refused") else ()
        files.append(FileLine(one.path, status, reasons, tuple(by_document.get(one.id, ()))))
    agent = session.get_one(Agent, batch.agent_id)
    return Receipt(
        batch.id,
        batch.agent_id,
        agent.title,
        str(batch.state),
        batch.created_at.isoformat(timespec="seconds"),
        tuple(files),
        _history(session, batch),
    )


def _own(session: Session, batch: Batch, table: Any, ids: set[str]) -> set[str]:
    """Those that are in batches of the same sender."""
    if not ids:
        return set()
    return set(
        session.scalars(
            select(table.id)
            .join(Batch, Batch.id == table.batch_id)
            .where(table.id.in_(ids), Batch.source == batch.source, Batch.uploaded_by == batch.uploaded_by)
        )
    )


def _history(session: Session, batch: Batch) -> tuple[tuple[str, float | None], ...]:
    """From the totals that finished batches keep: nothing is counted again."""
    rows = session.execute(
        select(Batch.id, Batch.statistics)
        .where(
            Batch.agent_id == batch.agent_id,
            Batch.source == batch.source,
            Batch.uploaded_by == batch.uploaded_by,
            Batch.created_at <= batch.created_at,
            Batch.state.in_(AT_REST),
        )
        .order_by(Batch.created_at.desc(), Batch.id.desc())
        .limit(HISTORY)
    ).all()
    return tuple((row.id, _share(row.statistics)) for row in reversed(rows))


def _share(statistics: dict[str, Any]) -> float | None:
    states = ((statistics or {}).get("analytics") or {}).get("states") or {}
    total = sum(states.values())
    return round(states.get(str(P.DELIVERED), 0) / total, 4) if total else None


def _told(codes: Iterable[str]) -> tuple[Reason, ...]:
    """What helps a sender: about its own documents, and not what our operator has to do."""
    found = []
    for code in dict.fromkeys(codes):
        entry = CODES.get(code)
        if entry is None or code in _NOT_TOLD or code.startswith("BATCH_"):
            continue
        if entry.stage in ("intake", "extract", "quality") and entry.who != "operator":
            fix = SEND_BETTER.get(code) or (entry.fix if entry.who == "sender" else DEFAULT_ADVICE)
            found.append(Reason(code, entry.means, fix))
    return tuple(found)


# What the sender can do where the fix in docs/codes.md speaks to those who review.
DEFAULT_ADVICE = "Nothing is needed: a person looks at it. A cleaner original (a PDF with text, one person per file) passes by itself."
SEND_BETTER = {
    "MANIFEST_INVALID": "Correct batch.yaml for the next batch.",
    "ENCRYPTED_PDF": "Send a copy without a password.",
    "TRUNCATED_PDF": "Send the file again; it arrived without its end.",
    "UNREADABLE_PDF": "Export the document as PDF again and send that.",
    "NO_PAGES": "Export the document as PDF again and send that.",
    "POLYGLOT_FILE": "Print the document to PDF again and send that.",
    "EMAIL_MISSING": "Send the candidate's own e-mail address, in the document or as a column of the list.",
    "PHONE_MISSING": "Send the candidate's own phone number, in the document or as a column of the list.",
    "NAME_MISSING": "Put the candidate's name at the top of the document, or into a column of the list.",
    "PHONE_NO_COUNTRY": "Write phone numbers with their country code, such as +49.",
    "PHONE_COUNTRY_GUESSED": "Write phone numbers with their country code, such as +49.",
    "EMAIL_TYPO_DOMAIN": "Check the spelling of the e-mail address and send the corrected document.",
    "NO_CANDIDATE_COLUMNS": "Name the columns in the first row: name, email, phone. The agent's page has a template.",
    "NOT_A_RESUME": "Send résumés and candidate lists only; leave invoices, letters and terms out.",
    "READ_BY_OCR": "Send the original PDF instead of a scan or a photograph.",
    "TEXT_LAYER_POOR": "Send the original PDF instead of one that was scanned or printed to an image.",
    "PEOPLE_MIXED": "Send one person per file.",
    "SPLIT_DOUBTFUL": "Send one person per file.",
}
