"""What a batch leaves for analytics when it comes to rest: sums by layout and by kind of file. No personal data.

The sums say how well documents were *read*: every profile counts with its first verdict, so what a person corrects or
decides later changes nothing here. What does change afterwards (who is held, delivered) is counted from the rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.model import BatchState
from gateway.model import DocumentState as D
from gateway.store.tables import Batch, Document, Profile, Verdict, now

KEY = "analytics"  # in batch.statistics
SUMS = ("documents", "failed", "profiles", "judged", "quality", "held")
_WORD = ("wordprocessingml", "opendocument.text", "rtf", "msword", "encrypted-office", "ole-storage")
_SHEET = ("spreadsheetml", "opendocument.spreadsheet", "ms-excel")


def remember(session: Session, batch: Batch) -> None:
    """Writes the batch's sums into its statistics; called whenever its state has settled, again if it settles again.

    settled_s   seconds from receiving to the first rest: what the machine took, without the people who review
    """
    before = batch.statistics.get(KEY, {})
    took = before.get("settled_s")
    if took is None and batch.state != BatchState.FAILED:
        took = round(_seconds(batch.created_at), 1)
    batch.statistics = {**batch.statistics, KEY: {**batch_statistics(session, batch.id), "settled_s": took}}


def batch_statistics(session: Session, batch_id: str) -> dict[str, Any]:
    """The sums of one batch, JSON-ready.

    returns   {"documents", "known", "scans": numbers of documents: read or failed; received before; read by OCR,
               "failed": {code: documents}, "layout": {layout: sums}, "kind": {kind of file: sums}}
              sums = {"documents", "failed", "profiles", "judged", "quality" (sum of 0..1 over the judged), "held"}
    Documents known before count nowhere but in "known", and those still being read do not count at all.
    """
    documents = session.execute(
        select(Document.id, Document.state, Document.code, Document.media_type, Document.duplicate_of, Document.facts)
        .where(Document.batch_id == batch_id, Document.state.in_([D.SUCCESS, D.FAILED]))
        .order_by(Document.id)
    ).all()
    made: dict[str, Any] = {"documents": 0, "known": 0, "scans": 0, "failed": {}, "layout": {}, "kind": {}}
    places: dict[str, tuple[dict[str, float], dict[str, float]]] = {}
    for document in documents:
        if document.duplicate_of:
            made["known"] += 1
            continue
        kind = kind_of(document.media_type, document.facts)
        layout = layout_of(kind, document.facts)
        sums = tuple(
            made[by].setdefault(name, dict.fromkeys(SUMS, 0)) for by, name in (("layout", layout), ("kind", kind))
        )
        places[document.id] = (sums[0], sums[1])
        failed = document.state == D.FAILED
        made["documents"] += 1
        made["scans"] += kind == "scan"
        if failed:
            made["failed"][document.code or "UNKNOWN"] = made["failed"].get(document.code or "UNKNOWN", 0) + 1
        for one in sums:
            one["documents"] += 1
            one["failed"] += failed
    for document_id, outcome, quality in _first_verdicts(session, batch_id):
        for one in places.get(document_id, ()):
            one["profiles"] += 1
            if outcome is not None:
                one["judged"] += 1
                one["quality"] = round(one["quality"] + quality, 4)
                one["held"] += outcome == "hold"
    return made


def _first_verdicts(session: Session, batch_id: str) -> list[tuple[str, str | None, float]]:
    """(document, outcome or None, quality) of every profile of the batch, by its first verdict."""
    first: dict[str, tuple[str, str | None, float]] = {}
    rows = session.execute(
        select(Profile.id, Profile.document_id, Verdict.outcome, Verdict.quality)
        .outerjoin(Verdict, Verdict.profile_id == Profile.id)
        .where(Profile.batch_id == batch_id)
        .order_by(Profile.id, Verdict.profile_version, Verdict.created_at)
    )
    for profile_id, document_id, outcome, quality in rows:
        first.setdefault(profile_id, (document_id, outcome, quality or 0.0))
    return list(first.values())


def kind_of(media_type: str, facts: dict[str, Any]) -> str:
    """scan | pdf | word | csv | sheet | text | other: a kind of file as people would name it."""
    if media_type == "application/pdf":
        return "scan" if facts.get("ocr_pages") else "pdf"
    if any(part in media_type for part in _SHEET):
        return "sheet"
    if any(part in media_type for part in _WORD):
        return "word"
    if media_type in ("text/csv", "text/tab-separated-values"):
        return "csv"
    return "text" if media_type.startswith("text/") else "other"


def layout_of(kind: str, facts: dict[str, Any]) -> str:
    """one_column | two_columns | many_regions | table | unknown; a table's own description stays in the document."""
    layout = str(facts.get("layout") or "unknown")
    if kind in ("csv", "sheet") or layout.startswith("table"):
        return "table"
    return layout if layout in ("one_column", "two_columns", "many_regions") else "unknown"


def _seconds(since: datetime) -> float:
    return max(0.0, (now() - since).total_seconds())
