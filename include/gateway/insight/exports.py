"""A batch's candidates as rows of a file, documents without any included: nothing goes missing in an export."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, or_, select

from gateway.codes import CODES
from gateway.insight.documents import STOPPED, web_link
from gateway.insight.listing import literal
from gateway.model import DocumentState
from gateway.store.engine import reading
from gateway.store.tables import Delivery, Document, Profile

SLICE = 500
COLUMNS = (
    "file",
    "document_status",
    "candidate_number",
    "name",
    "email",
    "phone",
    "location",
    "headline",
    "links",
    "skills",
    "languages",
    "company",
    "position",
    "institution",
    "status",
    "codes",
    "quality",
    "completeness",
    "target_id",
    "target_link",
    "document_id",
    "profile_id",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filter of the exported list; "" means no filter.

    state    of a document: all its candidates; of a candidate: those candidates alone
    code     of the document, or of a candidate that was held, refused or linked
    search   part of a path, name or address: may name a person
    """

    state: str = ""
    code: str = ""
    search: str = ""

    def __bool__(self) -> bool:
        return bool(self.state or self.code or self.search.strip())

    @property
    def told(self) -> str:
        """The filter without the search text, as stored in the audit trail."""
        said = [self.state and f"state={self.state}", self.code and f"code={self.code}", "search" * bool(self.search)]
        return " ".join(one for one in said if one)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The filter on rows of Document outer joined with Profile."""
        where: list[ColumnElement[bool]] = []
        if self.state in list(DocumentState):
            where.append(Document.state == self.state)
        elif self.state:
            where.append(Profile.state == self.state)
        if self.code in CODES:
            has = cast(Profile.codes, Text).like(literal(f'"{self.code}"'), escape="\\")
            where.append(or_(Document.code == self.code, and_(Profile.state.in_(STOPPED), has)))
        if self.search.strip():
            like = literal(self.search.strip())
            found = (Document.path, Profile.name, Profile.email_norm)
            where.append(or_(*(column.ilike(like, escape="\\") for column in found)))
        return where


EVERYTHING = Wanted()


def export_rows(batch_id: str, wanted: Wanted = EVERYTHING) -> Iterator[dict[str, Any]]:
    """A dictionary with every key of COLUMNS for each candidate; memory is bounded whatever the batch's size.

    Ordered by document id, not by name: a page of rows then begins where the last one ended.
    """
    after: tuple[str, int] = ("", -1)
    where = wanted.conditions()
    while True:
        with reading() as session:
            ordinal = Profile.ordinal
            rows = session.execute(
                select(Document, Profile)
                .outerjoin(Profile, Profile.document_id == Document.id)
                .where(
                    Document.batch_id == batch_id,
                    or_(Document.id > after[0], and_(Document.id == after[0], ordinal > after[1])),
                    *where,
                )
                .order_by(Document.id, ordinal)
                .limit(SLICE)
            ).all()
            ids = [profile.id for _, profile in rows if profile is not None]
            receipts = {
                row.profile_id: row.receipt
                for row in session.execute(
                    select(Delivery.profile_id, Delivery.receipt).where(Delivery.profile_id.in_(ids))
                )
            }
        for document, profile in rows:
            yield _row(document, profile, receipts.get(profile.id, {}) if profile else {})
        if len(rows) < SLICE:
            return
        document, profile = rows[-1]
        after = (document.id, profile.ordinal if profile is not None else -1)


def _row(document: Document, profile: Profile | None, receipt: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(COLUMNS)
    row |= {"file": document.path, "document_status": document.state, "document_id": document.id}
    if profile is None:
        row["codes"] = [document.code] if document.code else []
        return row
    data = profile.data
    job = (data.get("work") or [{}])[0]
    school = (data.get("education") or [{}])[0]
    return row | {
        "candidate_number": profile.ordinal + 1,
        "name": profile.name,
        "email": profile.email,
        "phone": profile.phone,
        "location": profile.location,
        "headline": data.get("headline"),
        "links": list(data.get("links", ())),
        "skills": list(data.get("skills", ())),
        "languages": list(data.get("languages", ())),
        "company": job.get("company"),
        "position": job.get("position"),
        "institution": school.get("institution"),
        "status": profile.state,
        "codes": list(profile.codes),
        "quality": profile.quality,
        "completeness": profile.completeness,
        "target_id": receipt.get("target_id"),
        "target_link": web_link(receipt.get("url")),
        "profile_id": profile.id,
    }
