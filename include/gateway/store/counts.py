"""The numbers shown everywhere, and the promise that they add up."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.model import DocumentState as D
from gateway.model import ProfileState as P
from gateway.store.tables import Document, Profile

IN_FLIGHT = (P.EXTRACTED, P.PASSED, P.APPROVED)  # not finished: still to be judged or sent


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents and profiles of one batch (or of all), by state."""

    received: int = 0
    success: int = 0
    failed: int = 0
    processing: int = 0
    profiles: int = 0
    delivered: int = 0
    held: int = 0
    discarded: int = 0
    duplicate: int = 0
    refused: int = 0
    unknown: int = 0
    in_flight: int = 0
    codes: dict[str, int] = field(default_factory=dict)

    def add_up(self) -> bool:
        """received = success + failed + processing, and profiles = the sum over their states."""
        at_rest = self.delivered + self.held + self.discarded + self.duplicate + self.refused + self.unknown
        return (
            self.received == self.success + self.failed + self.processing and self.profiles == at_rest + self.in_flight
        )

    def sentence(self, *, short: bool = False) -> str:
        """The two sums in words; the short form leaves out zeros."""
        documents = [(self.success, "read"), (self.failed, "failed"), (self.processing, "processing")]
        profiles = [
            (self.delivered, "ingested"),
            (self.held, "held"),
            (self.duplicate, "duplicate"),
            (self.discarded, "discarded"),
            (self.refused, "refused"),
            (self.unknown, "unknown"),
            (self.in_flight, "in flight"),
        ]
        if short:
            documents, profiles = ([part for part in parts if part[0]] for parts in (documents, profiles))
        said = [
            f"{total} {noun}" + (" = " + " + ".join(f"{number} {word}" for number, word in parts) if parts else "")
            for total, noun, parts in ((self.received, "documents", documents), (self.profiles, "profiles", profiles))
        ]
        return "; ".join(said) if short else "\n".join(said)

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def counts(session: Session, batch_id: str | None = None) -> Counts:
    """Counts the rows themselves, with one query per table; `codes` are those of documents and held profiles."""
    of_batch = [] if batch_id is None else [Document.batch_id == batch_id]
    profiles_of_batch = [] if batch_id is None else [Profile.batch_id == batch_id]
    by_document: dict[str, int] = dict(
        session.execute(select(Document.state, func.count()).where(*of_batch).group_by(Document.state)).all()
    )
    by_profile: dict[str, int] = dict(
        session.execute(select(Profile.state, func.count()).where(*profiles_of_batch).group_by(Profile.state)).all()
    )
    of_documents = (
        select(Document.code, func.count()).where(Document.code.is_not(None), *of_batch).group_by(Document.code)
    )
    codes: dict[str, int] = {str(code): number for code, number in session.execute(of_documents)}
    stopped = select(Profile.codes).where(Profile.state.in_([P.HELD, P.DUPLICATE, P.REFUSED]), *profiles_of_batch)
    for listed in session.scalars(stopped):
        for code in listed:
            codes[code] = codes.get(code, 0) + 1
    return counts_of(by_document, by_profile, codes)


def counts_of(documents: dict[str, int], profiles: dict[str, int], codes: dict[str, int] | None = None) -> Counts:
    """Counts from numbers by state. received and profiles sum all states, so a state unknown to Counts shows as a gap."""
    return Counts(
        received=sum(documents.values()),
        success=documents.get(D.SUCCESS, 0),
        failed=documents.get(D.FAILED, 0),
        processing=documents.get(D.PROCESSING, 0),
        profiles=sum(profiles.values()),
        delivered=profiles.get(P.DELIVERED, 0),
        held=profiles.get(P.HELD, 0),
        discarded=profiles.get(P.DISCARDED, 0),
        duplicate=profiles.get(P.DUPLICATE, 0),
        refused=profiles.get(P.REFUSED, 0),
        unknown=profiles.get(P.UNKNOWN, 0),
        in_flight=sum(profiles.get(state, 0) for state in IN_FLIGHT),
        codes=dict(sorted((codes or {}).items())),
    )
