"""What people and scripts are shown: one dictionary a line. Personal: for eyes that may see candidates."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from gateway.model import ProfileState as P
from gateway.store.counts import counts
from gateway.store.engine import reading
from gateway.store.tables import Batch, Delivery, Document, Event, Profile


def document_lines(batch_id: str) -> list[dict[str, Any]]:
    """A line a document: path, status, code, error, profiles, and what became of them in words."""
    lines = []
    with reading() as session:
        documents = session.scalars(select(Document).where(Document.batch_id == batch_id).order_by(Document.path)).all()
        profiles = session.execute(
            select(Profile.document_id, Profile.state, Profile.codes)
            .where(Profile.batch_id == batch_id)
            .order_by(Profile.document_id, Profile.ordinal)
        ).all()
    outcome: dict[str, dict[str, int]] = {}
    for document_id, state, codes in profiles:
        words = str(state).replace("delivered", "ingested")
        if codes and state != P.DELIVERED:
            words += f" ({', '.join(codes)})"
        of_document = outcome.setdefault(document_id, {})
        of_document[words] = of_document.get(words, 0) + 1
    for document in documents:
        found = outcome.get(document.id, {})
        lines.append(
            {
                "path": document.path,
                "status": document.state,
                "code": document.code,
                "error": document.error,
                "profiles": sum(found.values()),
                "outcome": "; ".join(words if number == 1 else f"{number} {words}" for words, number in found.items()),
            }
        )
    return lines


def profile_lines(batch_id: str) -> list[dict[str, Any]]:
    """A line a profile, documents that gave none included with state "failed" or "none": nothing goes missing."""
    lines: list[dict[str, Any]] = []
    with reading() as session:
        rows = session.execute(
            select(Document, Profile)
            .outerjoin(Profile, Profile.document_id == Document.id)
            .where(Document.batch_id == batch_id)
            .order_by(Document.path, Profile.ordinal)
        ).all()
        for document, profile in rows:
            if profile is None:
                state = "failed" if document.state == "failed" else "none"
                lines.append(
                    {
                        "file": document.path,
                        "ordinal": None,
                        "name": None,
                        "email": None,
                        "phone": None,
                        "state": state,
                        "codes": [document.code] if document.code else [],
                        "quality": None,
                        "completeness": None,
                    }
                )
                continue
            lines.append(
                {
                    "file": document.path,
                    "ordinal": profile.ordinal,
                    "name": profile.name,
                    "email": profile.email,
                    "phone": profile.phone,
                    "state": profile.state,
                    "codes": profile.codes,
                    "quality": profile.quality,
                    "completeness": profile.completeness,
                }
            )
    return lines


def batch_lines(limit: int) -> list[dict[str, Any]]:
    """The newest batches, with their counts in a sentence."""
    with reading() as session:
        rows = session.scalars(select(Batch).order_by(Batch.id.desc()).limit(limit)).all()
        return [
            {
                "batch": row.id,
                "agent": row.agent_id,
                "mode": row.mode,
                "state": row.state,
                "code": row.code,
                "counts": counts(session, row.id).sentence(short=True),
            }
            for row in rows
        ]


def trouble_lines(limit: int = 20) -> list[dict[str, Any]]:
    """The latest problems of the inbox."""
    with reading() as session:
        rows = session.scalars(
            select(Event).where(Event.kind == "trouble").order_by(Event.id.desc()).limit(limit)
        ).all()
        return [{"trouble": row.code, "where": row.subject_id, "at": f"{row.at:%Y-%m-%d %H:%M}"} for row in rows]


def delivery_lines(batch_id: str | None) -> list[dict[str, Any]]:
    """The ledger without names: ids, states, attempts, the target's own id."""
    query = select(Delivery).order_by(Delivery.id)
    if batch_id:
        query = query.where(Delivery.batch_id == batch_id)
    with reading() as session:
        return [
            {
                "delivery": row.id,
                "batch": row.batch_id,
                "profile": row.profile_id,
                "target": f"{row.target}/{row.posting}",
                "state": row.state,
                "attempts": row.attempts,
                "target_id": row.receipt.get("target_id"),
                "code": row.code,
            }
            for row in session.scalars(query)
        ]
