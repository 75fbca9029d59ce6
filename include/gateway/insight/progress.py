"""From ingested to interviewed: how many of the ingested began, completed and were scored, by agent, batch or source.

Numbers of people, without anybody's data and without anybody's score. Only targets that tell progress are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from gateway.model import InterviewState, InvitationState
from gateway.pipeline.statistics import LINKS_FROM
from gateway.store.tables import Batch, Bookmark, Delivery, Interview, Invitation

ROWS = 20


@dataclass(frozen=True, slots=True)
class Engaged:
    """One agent, batch, source, or all. invited >= started >= completed >= scored; knocked_out had begun."""

    name: str
    ingested: int
    invited: int
    started: int
    completed: int
    scored: int
    knocked_out: int

    @property
    def started_share(self) -> float | None:
        return self.started / self.invited if self.invited else None

    @property
    def completed_share(self) -> float | None:
        return self.completed / self.invited if self.invited else None


@dataclass(frozen=True, slots=True)
class Progress:
    """asked: False when no target was asked yet, so that nothing is known; written_to: candidates whom we invited."""

    asked: bool
    total: Engaged
    agents: list[Engaged]
    batches: list[Engaged]
    sources: list[Engaged]
    written_to: int


def progress(session: Session, chosen: Sequence[ColumnElement[bool]], source_of: Any) -> Progress:
    """Of the batches that `chosen` (conditions on Batch) means. source_of: a batch's source as it may be shown."""
    knocked = Interview.state == InterviewState.KNOCKED_OUT
    begun = (Interview.started_at.is_not(None)) | knocked
    rows = session.execute(
        select(
            Batch.agent_id,
            Batch.id,
            Batch.source,
            func.count(Delivery.id),
            func.count(Interview.id),
            func.sum(case((begun, 1), else_=0)),
            func.count(Interview.completed_at),
            func.count(Interview.score),
            func.sum(case((knocked, 1), else_=0)),
        )
        .join(Delivery, Delivery.batch_id == Batch.id)
        .outerjoin(Interview, Interview.delivery_id == Delivery.id)
        .where(Delivery.target.in_(LINKS_FROM), Delivery.state == "confirmed", *chosen)
        .group_by(Batch.agent_id, Batch.id, Batch.source)
        .order_by(Batch.id.desc())
    ).all()
    numbers = [(agent, batch, source_of(source), [int(n) for n in rest]) for agent, batch, source, *rest in rows]
    asked = session.scalar(select(Bookmark.name).where(Bookmark.name.like("progress:%")).limit(1)) is not None
    written = session.scalar(
        select(func.count(Invitation.id))
        .join(Batch, Batch.id == Invitation.batch_id)
        .where(Invitation.kind == "invitation", Invitation.state == InvitationState.SENT, *chosen)
    )
    return Progress(
        asked=asked,
        total=_sum("all", [rest for *_, rest in numbers]),
        agents=_by((agent, rest) for agent, _, _, rest in numbers),
        batches=[Engaged(batch, *rest) for _, batch, _, rest in numbers[:ROWS]],
        sources=_by((source, rest) for _, _, source, rest in numbers),
        written_to=written or 0,
    )


def _by(parts: Any) -> list[Engaged]:
    """Added up by name, the most ingested first."""
    groups: dict[str, list[list[int]]] = {}
    for name, rest in parts:
        groups.setdefault(name, []).append(rest)
    return sorted((_sum(name, rests) for name, rests in groups.items()), key=lambda one: (-one.ingested, one.name))


def _sum(name: str, rests: list[list[int]]) -> Engaged:
    return Engaged(name, *(sum(column) for column in zip(*rests, strict=True))) if rests else Engaged(name, *[0] * 6)
