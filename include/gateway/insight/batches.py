"""Batches as the page shows them: lists with their counts, one batch in full, and which batch a run is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from gateway.errors import Misconfigured
from gateway.insight.listing import Listed, literal, page_within, window
from gateway.model import DocumentState, Mode
from gateway.pipeline.arrival.retry import AT_REST, may_help
from gateway.pipeline.arrival.runs import current_run, run_to_start
from gateway.pipeline.review.choices import WAITS
from gateway.store.counts import Counts, counts, counts_of
from gateway.store.engine import reading
from gateway.store.tables import Agent, Batch, Document, Event, Profile

PAGE = 50
_RUN = re.compile(r"^(?:retry|review)-(b\d{8}-\d{6}-[a-z2-9]{6})(?:-.*)?$")


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One batch in a list, with its counts (codes left out)."""

    id: str
    agent_id: str
    agent_title: str
    mode: str
    state: str
    code: str | None
    source: str | None
    uploaded_by: str | None
    created_at: datetime
    finished_at: datetime | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class BatchView:
    """One batch with all details.

    run_id      the Airflow run that processes it now, or did last; None outside Airflow
    to_start    the run it waits for and anybody may start; None when it waits for none
    retryable   failed documents that reading again can help; `lost` the others: a file has to be sent again
    version     changes whenever anything of the batch does
    findings    problems of the batch as a whole: {"code", "measured", "threshold", "remedy"}
    """

    id: str
    agent_id: str
    agent_title: str
    mode: str
    state: str
    code: str | None
    error: str | None
    source: str | None
    consent: str | None
    uploaded_by: str | None
    canary: int | None
    created_at: datetime
    finished_at: datetime | None
    run_id: str | None
    to_start: str | None
    data_docs: bool
    findings: tuple[dict[str, Any], ...]
    counts: Counts
    retryable: int
    lost: int
    unfinished: int
    version: str

    @property
    def at_rest(self) -> bool:
        return self.state in AT_REST

    @property
    def settled(self) -> bool:
        """True if the batch is finished and nobody in it waits for a decision or delivery: only new work changes it."""
        on_its_way = self.counts.in_flight and self.mode != Mode.DRY_RUN
        return self.at_rest and not (self.counts.held or self.counts.unknown or on_its_way)

    @property
    def waiting(self) -> tuple[str, int] | None:
        """(code, number) of candidates who passed every gate and only wait for an approval: the canary, or the mode."""
        return next(((one, number) for one in sorted(WAITS) if (number := self.counts.codes.get(one, 0))), None)


def batch_page(
    *,
    agent_id: str | None = None,
    state: str | None = None,
    search: str | None = None,
    page: int = 1,
    size: int = PAGE,
    after: str | None = None,
    before: str | None = None,
) -> Listed[BatchLine]:
    """Batches, newest first.

    search          part of an id, a source or a sender
    after, before   the batch that the page before ended with, or the page after begins with: then only these rows are read
    """
    where: list[Any] = []
    if agent_id:
        where.append(Batch.agent_id == agent_id)
    if state:
        where.append(Batch.state == state)
    if search:
        like = literal(search.strip())
        where.append(or_(*(part.ilike(like, escape="\\") for part in (Batch.id, Batch.source, Batch.uploaded_by))))
    with reading() as session:
        total = session.scalar(select(func.count(Batch.id)).where(*where)) or 0
        page = page_within(page, size, total)
        view = window(page, size, total, after, before)
        at = session.get(Batch, view.after) if view.after else None
        if view.after and at is None:
            view = window(page, size, total)
        newer, older = (Batch.created_at, Batch.id), (Batch.created_at.desc(), Batch.id.desc())
        if at is not None:
            # The first half alone lets the index be used.
            if view.back:
                beyond = or_(Batch.created_at > at.created_at, Batch.id > at.id)
                where.append(and_(Batch.created_at >= at.created_at, beyond))
            else:
                beyond = or_(Batch.created_at < at.created_at, Batch.id < at.id)
                where.append(and_(Batch.created_at <= at.created_at, beyond))
        rows = session.execute(
            select(Batch, Agent.title)
            .join(Agent, Agent.id == Batch.agent_id)
            .where(*where)
            .order_by(*(newer if view.back else older))
            .limit(view.limit)
            .offset(view.offset)
        ).all()[:: -1 if view.back else 1]
        numbers = _counts(session, [batch.id for batch, _ in rows])
    lines = tuple(
        BatchLine(
            b.id,
            b.agent_id,
            title,
            b.mode,
            b.state,
            b.code,
            b.source,
            b.uploaded_by,
            b.created_at,
            b.finished_at,
            numbers[b.id],
        )
        for b, title in rows
    )
    ends = (lines[0].id, lines[-1].id) if lines else (None, None)
    return Listed(lines, page, size, total, *ends)


def _counts(session: Session, batch_ids: Sequence[str]) -> dict[str, Counts]:
    """Counts of these batches, with two queries however many they are."""
    by_state: dict[str, tuple[dict[str, int], dict[str, int]]] = {batch_id: ({}, {}) for batch_id in batch_ids}
    tables: tuple[type[Document] | type[Profile], ...] = (Document, Profile)
    for at, table in enumerate(tables):
        rows = session.execute(
            select(table.batch_id, table.state, func.count())
            .where(table.batch_id.in_(batch_ids))
            .group_by(table.batch_id, table.state)
        )
        for batch_id, state, number in rows:
            by_state[batch_id][at][state] = number
    return {batch_id: counts_of(*both) for batch_id, both in by_state.items()}


def batch_view(batch_id: str) -> BatchView:
    """One batch; raises Misconfigured(UNKNOWN_BATCH)."""
    with reading() as session:
        found = session.execute(
            select(Batch, Agent.title).join(Agent, Agent.id == Batch.agent_id).where(Batch.id == batch_id)
        ).first()
        if found is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}: look for it in the list of batches.")
        batch, title = found
        numbers = counts(session, batch_id)
        retryable = session.scalar(
            select(func.count(Document.id)).where(
                Document.batch_id == batch_id, Document.state == DocumentState.FAILED, may_help()
            )
        )
        version = _version(session, batch)
    return BatchView(
        batch.id,
        batch.agent_id,
        title,
        batch.mode,
        batch.state,
        batch.code,
        batch.error,
        batch.source,
        batch.consent,
        batch.uploaded_by,
        batch.canary,
        batch.created_at,
        batch.finished_at,
        run_id=current_run(batch),
        to_start=run_to_start(batch) if batch.state == "receiving" else None,
        data_docs=bool(batch.statistics.get("data_docs")),
        findings=tuple(batch.statistics.get("findings", ())),
        counts=numbers,
        retryable=retryable or 0,
        lost=numbers.failed - (retryable or 0),
        unfinished=numbers.processing if batch.state in AT_REST else 0,
        version=version,
    )


def batch_version(batch_id: str) -> str | None:
    """The version of BatchView without its counting, checked first by a poll. None for an unknown batch."""
    with reading() as session:
        batch = session.get(Batch, batch_id)
        return None if batch is None else _version(session, batch)


def _version(session: Session, batch: Batch) -> str:
    """The batch's latest event: every change of state appends one. Other changes are in the batch's own row."""
    latest = session.scalar(select(func.max(Event.id)).where(Event.batch_id == batch.id)) or 0
    return f"{latest}.{batch.state}.{batch.code or ''}"


def batch_of_run(run_id: str) -> str | None:
    """The batch of an Airflow run: its first run, a retry, or the question about its held profiles."""
    named = _RUN.match(run_id)
    with reading() as session:
        for identity in (run_id, named.group(1) if named else None):
            if identity is not None and len(identity) <= 40 and session.get(Batch, identity) is not None:
                return identity
        return session.scalar(select(Batch.id).where(Batch.run_id == run_id).order_by(Batch.created_at.desc()).limit(1))
