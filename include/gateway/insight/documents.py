"""Documents of a batch with what became of them, and the candidates read from one document.

Personal: paths, names and values are only for roles that may see them; the page masks them for everybody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, and_, cast, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from gateway.codes import CODES
from gateway.extract import media_types
from gateway.insight.labels import where_of
from gateway.insight.listing import Listed, literal, page_within
from gateway.insight.words import PART_WORDS, field_word, path_word
from gateway.model import DocumentState
from gateway.model import ProfileState as P
from gateway.store.engine import reading
from gateway.store.tables import Delivery, Document, Field, Profile, Verdict

PAGE = 50
PROFILES = 20
CODES_UP_TO = 200  # profiles of one document whose codes its line names; a list of thousands is opened instead
SORTS = {"path": "Name", "state": "Status", "size": "Size", "type": "Type"}
STOPPED = (P.HELD, P.DUPLICATE, P.REFUSED)


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document in the list.

    outcomes   (profile state, how many), as far as there are any
    codes      of its held, duplicate and refused candidates: (code, how many)
    kept       its bytes are there: it can be shown, and read again
    version    changes whenever the line would look otherwise
    """

    id: str
    path: str
    type: str
    size_bytes: int
    state: str
    code: str | None
    error: str | None
    first: tuple[str, str] | None  # (batch id, document id) that had the same bytes first
    kept: bool
    outcomes: tuple[tuple[str, int], ...]
    codes: tuple[tuple[str, int], ...]

    @property
    def profiles(self) -> int:
        return sum(number for _, number in self.outcomes)

    @property
    def version(self) -> str:
        shown = (self.state, self.code, self.outcomes, self.codes)
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class FieldView:
    """One value: its path in words, its confidence, and where it was read in words ("" = no evidence).

    column   heading of the column it was read from, personal like the rest of the list
    """

    name: str
    label: str
    value: str
    raw: str
    confidence: float
    where: str
    column: str | None


@dataclass(frozen=True, slots=True)
class FindingView:
    """One failed check, with what would have changed the outcome. `field` is in words."""

    code: str
    severity: str
    field: str | None
    measured: str | None
    threshold: str | None
    remedy: str | None


@dataclass(frozen=True, slots=True)
class ProfileView:
    """One candidate.

    kept       (document id, profile id) of the profile that stands for the person, if this one is its duplicate
    delivery   (state, target's id, link or None, sentence or None) of the ledger's row
    """

    id: str
    ordinal: int
    state: str
    name: str | None
    email: str | None
    phone: str | None
    codes: tuple[str, ...]
    quality: float | None
    completeness: float | None
    parts: tuple[tuple[str, float], ...]
    findings: tuple[FindingView, ...]
    fields: tuple[FieldView, ...]
    kept: tuple[str, str] | None
    delivery: tuple[str, str | None, str | None, str | None] | None


def document_page(
    batch_id: str,
    *,
    state: str | None = None,
    code: str | None = None,
    search: str | None = None,
    by_people: bool = True,
    sort: str = "path",
    descending: bool = False,
    page: int = 1,
    size: int = PAGE,
) -> Listed[DocumentLine]:
    """Documents of a batch.

    state       a document's, or a candidate's: documents with such a candidate
    code        of the document or of one of its candidates
    search      part of a path, name or address; with by_people False only of an id, so that names cannot be guessed
    """
    where = _filters(batch_id, state, code, search, by_people)
    order: dict[str, Any] = {
        "path": Document.path,
        "state": Document.state,
        "size": Document.size_bytes,
        "type": Document.media_type,
    }
    by = order.get(sort, Document.path)
    with reading() as session:
        total = session.scalar(select(func.count(Document.id)).where(*where)) or 0
        page = page_within(page, size, total)
        ids = session.scalars(
            select(Document.id)
            .where(*where)
            .order_by(by.desc() if descending else by, Document.path, Document.id)
            .limit(size)
            .offset((page - 1) * size)
        ).all()
        return Listed(tuple(_lines(session, ids)), page, size, total)


def _filters(
    batch_id: str, state: str | None, code: str | None, search: str | None, by_people: bool
) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [Document.batch_id == batch_id]
    if state in list(DocumentState):
        where.append(Document.state == state)
    elif state:
        where.append(_with_profile(batch_id, Profile.state == state))
    if code in CODES:
        has = cast(Profile.codes, Text).like(literal(f'"{code}"'), escape="\\")
        where.append(or_(Document.code == code, _with_profile(batch_id, Profile.state.in_(STOPPED), has)))
    if search and search.strip():
        like = literal(search.strip())
        if by_people:
            person = or_(Profile.name.ilike(like, escape="\\"), Profile.email_norm.ilike(like, escape="\\"))
            where.append(or_(Document.path.ilike(like, escape="\\"), _with_profile(batch_id, person)))
        else:
            where.append(Document.id == search.strip())
    return where


def _with_profile(batch_id: str, *condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the document has such a profile. Asked for the whole batch, so the database reads its profiles once."""
    return Document.id.in_(select(Profile.document_id).where(and_(Profile.batch_id == batch_id, *condition)))


def documents_by_id(document_ids: Sequence[str]) -> list[DocumentLine]:
    """These documents as lines, in the order given; unknown ones are left out."""
    with reading() as session:
        return list(_lines(session, document_ids))


def _lines(session: Session, ids: Sequence[str]) -> list[DocumentLine]:
    if not ids:
        return []
    columns = (
        Document.id,
        Document.path,
        Document.media_type,
        Document.size_bytes,
        Document.state,
        Document.code,
        Document.error,
        Document.duplicate_of,
        Document.file_key,
    )
    rows = {row.id: row for row in session.execute(select(*columns).where(Document.id.in_(ids)))}
    outcomes: dict[str, list[tuple[str, int]]] = {}
    for document_id, state, number in session.execute(
        select(Profile.document_id, Profile.state, func.count())
        .where(Profile.document_id.in_(ids))
        .group_by(Profile.document_id, Profile.state)
        .order_by(func.count().desc(), Profile.state)
    ):
        outcomes.setdefault(document_id, []).append((state, number))
    few = [key for key, found in outcomes.items() if sum(number for _, number in found) <= CODES_UP_TO]
    codes: dict[str, dict[str, int]] = {}
    for document_id, listed in session.execute(
        select(Profile.document_id, Profile.codes).where(Profile.document_id.in_(few), Profile.state.in_(STOPPED))
    ):
        for code in listed:
            of = codes.setdefault(document_id, {})
            of[code] = of.get(code, 0) + 1
    firsts = [row.duplicate_of for row in rows.values() if row.duplicate_of]
    batch_of: dict[str, str] = dict(
        session.execute(select(Document.id, Document.batch_id).where(Document.id.in_(firsts))).all()
    )
    return [
        DocumentLine(
            row.id,
            row.path,
            media_types.about(row.media_type).label,
            row.size_bytes,
            row.state,
            row.code,
            row.error,
            (batch_of[row.duplicate_of], row.duplicate_of) if row.duplicate_of in batch_of else None,
            row.file_key is not None,
            tuple(outcomes.get(row.id, ())),
            tuple(sorted(codes.get(row.id, {}).items(), key=lambda item: (-item[1], item[0]))),
        )
        for row in (rows[identity] for identity in ids if identity in rows)
    ]


def profiles_of(document_id: str, *, page: int = 1, size: int = PROFILES) -> Listed[ProfileView]:
    """The candidates read from one document, in their order."""
    with reading() as session:
        of_document = Profile.document_id == document_id
        total = session.scalar(select(func.count(Profile.id)).where(of_document)) or 0
        page = page_within(page, size, total)
        rows = session.scalars(
            select(Profile).where(of_document).order_by(Profile.ordinal).limit(size).offset((page - 1) * size)
        ).all()
        return Listed(tuple(_views(session, rows)), page, size, total)


def _views(session: Session, rows: Sequence[Profile]) -> list[ProfileView]:
    ids = [row.id for row in rows]
    fields: dict[str, list[Field]] = {}
    for field in session.scalars(select(Field).where(Field.profile_id.in_(ids)).order_by(Field.id)):
        fields.setdefault(field.profile_id, []).append(field)
    verdicts: dict[str, Verdict] = {}
    judged = select(Verdict).where(Verdict.profile_id.in_(ids)).order_by(Verdict.profile_version, Verdict.created_at)
    for verdict in session.scalars(judged):
        verdicts[verdict.profile_id] = verdict  # the last one stands
    deliveries = {
        row.profile_id: row
        for row in session.scalars(select(Delivery).where(Delivery.profile_id.in_(ids)).order_by(Delivery.updated_at))
    }
    first = [row.duplicate_of for row in rows if row.duplicate_of]
    kept: dict[str, str] = dict(
        session.execute(select(Profile.id, Profile.document_id).where(Profile.id.in_(first))).all()
    )
    return [
        _view(
            row,
            fields.get(row.id, []),
            verdicts.get(row.id),
            deliveries.get(row.id),
            (kept[row.duplicate_of], row.duplicate_of) if row.duplicate_of in kept else None,
        )
        for row in rows
    ]


def _view(
    row: Profile,
    fields: Sequence[Field],
    verdict: Verdict | None,
    delivery: Delivery | None,
    kept: tuple[str, str] | None,
) -> ProfileView:
    parts = verdict.parts if verdict else {}
    return ProfileView(
        row.id,
        row.ordinal,
        row.state,
        row.name,
        row.email,
        row.phone,
        tuple(row.codes),
        row.quality,
        row.completeness,
        tuple((PART_WORDS[key], value) for key, value in parts.items() if key in PART_WORDS),
        tuple(
            FindingView(
                f["code"],
                f["severity"],
                field_word(f["field"]) if f.get("field") else None,
                f.get("measured"),
                f.get("threshold"),
                f.get("remedy"),
            )
            for f in (verdict.findings if verdict else ())
        ),
        tuple(
            FieldView(
                f.name,
                path_word(f.name),
                f.value,
                f.raw,
                f.confidence,
                where_of(f.source, f.rule, f.page, f.row, f.column),
                f.column,
            )
            for f in fields
            if f.value
        ),
        kept,
        (delivery.state, delivery.receipt.get("target_id"), web_link(delivery.receipt.get("url")), delivery.error)
        if delivery
        else None,
    )


def web_link(url: Any) -> str | None:
    """The target's link if a browser may follow it: links from other systems are trusted no further than that."""
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) else None
