"""The totals that a finished batch leaves for analytics. No personal data.

How well documents were *read* is counted by layout and kind of file. Every profile counts with its first verdict, so a
later correction or decision changes nothing there. Decisions, states and links are those when the batch finished;
readers compare `states` with the current rows, and count a batch that has changed since from its rows.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Text, and_, cast, exists, func, select
from sqlalchemy.orm import Session, aliased

from gateway.extract import media_types
from gateway.model import BatchState, DeliveryState
from gateway.model import DocumentState as D
from gateway.model import ProfileState as P
from gateway.pipeline.review.decided import reviews, standing
from gateway.store.tables import Batch, Delivery, Document, Profile, Review, Verdict, now

KEY = "analytics"  # in batch.statistics
SUMS = ("documents", "failed", "profiles", "judged", "quality", "held")  # the places of a list of sums
OUTCOMES = {
    "approve": "unchanged",
    "correct": "corrected",
    "discard": "discarded",
    "duplicate": "same_person",
    "merge": "same_person",
}
LINKS_FROM = ("heymilo",)  # targets that answer with an interview link
SLICE = 500  # ids in one statement


@dataclass(frozen=True, slots=True)
class Decided:
    """Reasons for holds and the decisions about them. As a key of a dictionary: "CODE,CODE outcome 0|1".

    outcome   open (still held) | unchanged | corrected | discarded | same_person | in_bulk
    """

    codes: tuple[str, ...]
    outcome: str
    delivered: bool

    @property
    def key(self) -> str:
        return f"{','.join(self.codes)} {self.outcome} {self.delivered:d}"


@lru_cache(maxsize=4096)
def decided_of(key: str) -> Decided:
    """The reverse of Decided.key."""
    codes, outcome, delivered = key.split(" ")
    return Decided(tuple(codes.split(",")) if codes else (), outcome, delivered == "1")


def remember(session: Session, batch: Batch) -> None:
    """Writes the batch's totals into its statistics; called each time its state settles.

    settled_s   seconds from receipt until the batch first finished: machine time, without the time of reviewers
    """
    took = batch.statistics.get(KEY, {}).get("settled_s")
    if took is None and batch.state != BatchState.FAILED:
        took = round(_seconds(batch.created_at), 1)
    batch.statistics = {**batch.statistics, KEY: {**batch_statistics(session, batch.id), "settled_s": took}}


def batch_statistics(session: Session, batch_id: str) -> dict[str, Any]:
    """The totals of one batch, JSON-ready.

    returns   {"documents", "known", "scans": numbers of documents: read or failed; received before; read by OCR,
               "failed": {code: documents}, "layout": {layout: sums}, "kind": {kind of file: sums},
               "received": {state: documents}, "states": {state: profiles}, "linked", "asked": see `links`,
               "decided": {Decided.key: number}}
              sums = [documents, failed, profiles, judged, quality (sum of 0..1 over the judged), held]
    Documents known before count in none of the sums, nor do those still being read.
    """
    linked, asked = links(session, [batch_id]).get(batch_id, (0, 0))
    return {
        **_read(session, batch_id),
        "received": by_state(session, Document, [batch_id]).get(batch_id, {}),
        "states": by_state(session, Profile, [batch_id]).get(batch_id, {}),
        "linked": linked,
        "asked": asked,
        "decided": dict(decisions(session, [batch_id]).get(batch_id, {})),
    }


def by_state(session: Session, table: Any, batch_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """batch -> {state: number of documents or profiles}, read from the index (batch_id, state) alone."""
    found: dict[str, dict[str, int]] = {}
    for part in _slices(batch_ids):
        rows = session.execute(
            select(table.batch_id, table.state, func.count())
            .where(table.batch_id.in_(part))
            .group_by(table.batch_id, table.state)
        )
        for batch_id, state, number in rows:
            found.setdefault(batch_id, {})[state] = number
    return found


def links(session: Session, batch_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """batch -> (number with an interview link, total) of deliveries confirmed by targets that give such links."""
    found: dict[str, tuple[int, int]] = {}
    if session.scalar(select(Delivery.id).where(Delivery.target.in_(LINKS_FROM)).limit(1)) is None:
        return found  # said by an index at once; looking at each delivery of many batches takes a while
    linked = func.count().filter(Delivery.receipt["url"].as_string().is_not(None))
    for part in _slices(batch_ids):
        rows = session.execute(
            select(Delivery.batch_id, linked, func.count())
            .where(
                Delivery.batch_id.in_(part), Delivery.state == DeliveryState.CONFIRMED, Delivery.target.in_(LINKS_FROM)
            )
            .group_by(Delivery.batch_id)
        )
        found.update({batch_id: (with_link, number) for batch_id, with_link, number in rows})
    return found


def decisions(session: Session, batch_ids: Sequence[str]) -> dict[str, Counter[str]]:
    """batch -> Decided.key -> everybody in it who is held or was decided about, each counted once.

    A held profile is open. Otherwise the newest decision that was not undone counts; an approval of values that a
    person changed (the profile's version counts that) is a correction. One click for many is counted apart, whatever it
    decided: nobody looked at each one.
    """
    found: dict[str, Counter[str]] = {}

    def count(
        batch_id: str, codes: str | None, decision: str, in_bulk: bool, version: int, state: str, number: int
    ) -> None:
        outcome = "corrected" if decision == "approve" and version > 1 else OUTCOMES[decision]
        outcome = "in_bulk" if in_bulk else outcome
        key = Decided(listed(codes), outcome, state == P.DELIVERED).key
        found.setdefault(batch_id, Counter())[key] += number

    later = aliased(Review)
    superseded = exists().where(and_(later.profile_id == Review.profile_id, later.sequence > Review.sequence))
    for part in _slices(batch_ids):
        in_bulk = Review.bulk_of.is_not(None)
        keys = (Profile.batch_id, cast(Review.codes, Text), Review.decision, in_bulk, Profile.version, Profile.state)
        rows = session.execute(
            select(*keys, func.count())
            .join(Review, Review.profile_id == Profile.id)
            .where(Profile.batch_id.in_(part), Profile.state != P.HELD, ~superseded)
            .group_by(*keys)
        ).all()
        for batch_id, codes, decision, by_many, version, state, number in rows:
            if decision in OUTCOMES:
                count(batch_id, codes, decision, by_many, version, state, number)
        if any(row[2] == "undo" for row in rows):  # a link taken back leaves the decision before it standing: rare
            for profile, last in _before_undo(session, part, superseded):
                codes, by_many = json.dumps(last.codes), last.bulk_of is not None
                count(profile.batch_id, codes, last.decision, by_many, profile.version, profile.state, 1)
        codes_now = cast(Profile.codes, Text)
        held = session.execute(
            select(Profile.batch_id, codes_now, func.count())
            .where(Profile.batch_id.in_(part), Profile.state == P.HELD)
            .group_by(Profile.batch_id, codes_now)
        )
        for batch_id, codes, number in held:
            found.setdefault(batch_id, Counter())[Decided(listed(codes), "open", False).key] += number
    return found


def _before_undo(session: Session, batch_ids: Sequence[str], superseded: Any) -> Iterator[tuple[Profile, Review]]:
    """Profiles whose newest review is an undo although they are not held, with the decision that applies."""
    undone = (
        select(Profile)
        .join(Review, Review.profile_id == Profile.id)
        .where(Profile.batch_id.in_(batch_ids), Profile.state != P.HELD, Review.decision == "undo", ~superseded)
    )
    for profile in session.scalars(undone):
        last = standing(reviews(session, profile.id))
        if last is not None and last.decision in OUTCOMES:
            yield profile, last


@lru_cache(maxsize=4096)
def listed(text: str | None) -> tuple[str, ...]:
    """The strings of a JSON list; there are few different ones, so each is parsed once."""
    return tuple(json.loads(text)) if text else ()


def _slices(batch_ids: Sequence[str]) -> list[Sequence[str]]:
    return [batch_ids[start : start + SLICE] for start in range(0, len(batch_ids), SLICE)]


def _read(session: Session, batch_id: str) -> dict[str, Any]:
    """How well the documents of a batch were read."""
    documents = session.execute(
        select(Document.id, Document.state, Document.code, Document.media_type, Document.duplicate_of, Document.facts)
        .where(Document.batch_id == batch_id, Document.state.in_([D.SUCCESS, D.FAILED]))
        .order_by(Document.id)
    ).all()
    made: dict[str, Any] = {"documents": 0, "known": 0, "scans": 0, "failed": {}, "layout": {}, "kind": {}}
    places: dict[str, list[list[float]]] = {}
    for document in documents:
        if document.duplicate_of:
            made["known"] += 1
            continue
        kind = kind_of(document.media_type, document.facts)
        layout = layout_of(kind, document.facts)
        places[document.id] = [
            made[by].setdefault(name, [0] * len(SUMS)) for by, name in (("layout", layout), ("kind", kind))
        ]
        failed = document.state == D.FAILED
        made["documents"] += 1
        made["scans"] += kind == "scan"
        if failed:
            made["failed"][document.code or "UNKNOWN"] = made["failed"].get(document.code or "UNKNOWN", 0) + 1
        _add(places[document.id], documents=1, failed=failed)
    for document_id, outcome, quality in _first_verdicts(session, batch_id):
        judged = outcome is not None
        _add(places.get(document_id, []), profiles=1, judged=judged, quality=quality, held=outcome == "hold")
    for sums in (*made["layout"].values(), *made["kind"].values()):
        sums[SUMS.index("quality")] = round(sums[SUMS.index("quality")], 4)
    return made


def _add(places: list[list[float]], **numbers: float) -> None:
    for sums in places:
        for name, number in numbers.items():
            sums[SUMS.index(name)] += number


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
    """scan | pdf | word | csv | sheet | text | other: the everyday name of a kind of file."""
    group = media_types.about(media_type).group
    return "scan" if group == "pdf" and facts.get("ocr_pages") else group


def layout_of(kind: str, facts: dict[str, Any]) -> str:
    """one_column | two_columns | many_regions | table | unknown; a table's own description stays in the document."""
    layout = str(facts.get("layout") or "unknown")
    if kind in ("csv", "sheet") or layout.startswith("table"):
        return "table"
    return layout if layout in ("one_column", "two_columns", "many_regions") else "unknown"


def family_of(kind: str, facts: dict[str, Any]) -> str:
    """The layout family that the reader found; of a table: the fields that its columns were taken for."""
    if kind in ("csv", "sheet"):
        fields = sorted({str(name) for name in (facts.get("mapping") or {}).values() if name})
        return f"table {' '.join(fields) or 'without a header'}"[:80]
    return str(facts.get("family") or layout_of(kind, facts))[:80]


@lru_cache(maxsize=256)
def sender_of(given: str | None) -> str:
    """The source of a batch. A sender may write anything there, so text that looks like personal data is not shown."""
    said = (given or "not stated").strip()
    return "other" if "@" in said or sum(letter.isdigit() for letter in said) > 6 else said[:60]


def _seconds(since: datetime) -> float:
    return max(0.0, (now() - since).total_seconds())
