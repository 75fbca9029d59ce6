"""Legal hold: a person or a batch is kept whatever the period says and whoever asks, until it is released.

A document that a held person is in is kept with everybody in it: what is cut out of it could be needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from gateway.errors import Misconfigured
from gateway.pipeline.erasure.suppression import of_email, of_emails
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, LegalHold, Profile, now

PIECE = 500


def of(session: Session, profiles: Sequence[Profile]) -> dict[str, str]:
    """Profile id -> reference of the case, for those that must stay."""
    rows = session.scalars(select(LegalHold)).all()
    if not rows or not profiles:
        return {}
    held = {(row.subject, row.subject_id): row.reference for row in rows}
    documents = sorted({profile.document_id for profile in profiles})
    everybody: list[Any] = []
    for start in range(0, len(documents), PIECE):
        everybody += session.execute(
            select(Profile.id, Profile.document_id, Profile.email_norm).where(
                Profile.document_id.in_(documents[start : start + PIECE])
            )
        ).all()
    hashes = of_emails(row.email_norm for row in everybody if row.email_norm)
    by_document: dict[str, str] = {}
    for row in everybody:
        reference = held.get(("profile", row.id)) or held.get(("email", hashes.get(row.email_norm or "", "")))
        if reference:
            by_document[row.document_id] = reference
    found = {one.id: held.get(("batch", one.batch_id)) or by_document.get(one.document_id) for one in profiles}
    return {identity: reference for identity, reference in found.items() if reference}


def hold(
    *,
    profiles: Sequence[Profile] = (),
    address: str | None = None,
    batch_id: str | None = None,
    reference: str,
    actor: str,
) -> int:
    """Puts a person (all versions, and whoever comes with their address) or a batch on hold; returns how many entries are new.

    raises   Misconfigured(FORM_INCOMPLETE | UNKNOWN_BATCH)
    """
    case = reference.strip()
    if not case or len(case) > 100 or "@" in case:
        raise Misconfigured("FORM_INCOMPLETE", "Give the case's reference: up to 100 characters, and nobody's address.")
    with writing() as session:
        wanted = _subjects(session, profiles, address, batch_id)
        new = 0
        for subject, identity in wanted:
            if session.get(LegalHold, (subject, identity)) is None:
                session.add(
                    LegalHold(subject=subject, subject_id=identity, reference=case, actor=actor, created_at=now())
                )
                new += 1
        _record(session, "legal_hold", wanted, actor, case)
    return new


def release(
    *, profiles: Sequence[Profile] = (), address: str | None = None, batch_id: str | None = None, actor: str
) -> int:
    """Takes the hold off; returns how many entries went."""
    with writing() as session:
        wanted = _subjects(session, profiles, address, batch_id)
        gone = session.execute(
            delete(LegalHold).where(
                or_(*((LegalHold.subject == subject) & (LegalHold.subject_id == one) for subject, one in wanted))
            )
        )
        number = int(gone.rowcount)  # type: ignore[attr-defined]
        if number:
            _record(session, "legal_hold_released", wanted, actor, None)
    return number


def listed() -> list[dict[str, Any]]:
    """Every hold, oldest first; nobody's data."""
    with reading() as session:
        rows = session.scalars(select(LegalHold).order_by(LegalHold.created_at, LegalHold.subject_id)).all()
    names = ("subject", "subject_id", "reference", "actor", "created_at")
    return [{name: getattr(row, name) for name in names} for row in rows]


def batches(session: Session) -> set[str]:
    return set(session.scalars(select(LegalHold.subject_id).where(LegalHold.subject == "batch")))


def _subjects(
    session: Session, profiles: Sequence[Profile], address: str | None, batch_id: str | None
) -> list[tuple[str, str]]:
    if batch_id is not None:
        if session.get(Batch, batch_id) is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}.")
        return [("batch", batch_id)]
    addresses = {profile.email_norm for profile in profiles if profile.email_norm} | ({address} if address else set())
    found = [("profile", profile.id) for profile in profiles]
    return [*found, *(("email", of_email(one)) for one in sorted(addresses))]


def _record(session: Session, kind: str, subjects: Sequence[tuple[str, str]], actor: str, case: str | None) -> None:
    for subject, identity in subjects:
        row: Batch | Profile | None = None
        if subject == "batch":
            row = session.get(Batch, identity)
        elif subject == "profile":
            row = session.get(Profile, identity)
        if row is not None:
            change.record(session, kind, row, actor=actor, rule=case)
