"""From ingested to interviewed: how many of the ingested began, completed and were scored, by agent, batch or source.

Numbers of people, without anybody's data and without anybody's score. Only targets that tell progress are counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from gateway.model import InterviewState as I
from gateway.model import InvitationState
from gateway.pipeline.statistics import by_state
from gateway.store.tables import Batch, Bookmark, Interview, Invitation

ROWS = 20


@dataclass(frozen=True, slots=True)
class Engaged:
    """One agent, batch, source, or all. invited >= started >= completed >= scored; knocked_out had started."""

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
    """asked: False if no target was asked yet, so that nothing is known; written_to: candidates whom we invited."""

    asked: bool
    total: Engaged
    agents: list[Engaged]
    batches: list[Engaged]
    sources: list[Engaged]
    written_to: int


def progress(
    session: Session, batches: Sequence[Any], ingested: Mapping[str, int], chosen: Sequence[ColumnElement[bool]]
) -> Progress:
    """Of these batches: rows with id, agent_id and source as it may be shown.

    ingested   batch -> how many of it went to targets that tell progress; the others are not counted
    chosen     the same batches as conditions, for whom we wrote to ourselves
    """
    told = sorted((row for row in batches if ingested.get(row.id)), key=lambda row: str(row.id), reverse=True)
    states = by_state(session, Interview, [row.id for row in told])  # from the index alone: a year takes milliseconds
    numbers = [(row, _numbers(ingested[row.id], states.get(row.id, {}))) for row in told]
    asked = session.scalar(select(Bookmark.name).where(Bookmark.name.like("progress:%")).limit(1)) is not None
    written = session.scalar(
        select(func.count(Invitation.id))
        .join(Batch, Batch.id == Invitation.batch_id)
        .where(Invitation.kind == "invitation", Invitation.state == InvitationState.SENT, *chosen)
    )
    return Progress(
        asked=asked,
        total=_sum("all", [rest for _, rest in numbers]),
        agents=_by((row.agent_id, rest) for row, rest in numbers),
        batches=[Engaged(row.id, *rest) for row, rest in numbers[:ROWS]],
        sources=_by((row.source, rest) for row, rest in numbers),
        written_to=written or 0,
    )


def _numbers(ingested: int, states: Mapping[str, int]) -> list[int]:
    """The fields of Engaged: a later state includes the earlier ones; people knocked out had started."""
    scored, out = states.get(I.SCORED, 0), states.get(I.KNOCKED_OUT, 0)
    completed = states.get(I.COMPLETED, 0) + scored
    started = states.get(I.STARTED, 0) + completed + out
    return [ingested, states.get(I.INVITED, 0) + started, started, completed, scored, out]


def _by(parts: Any) -> list[Engaged]:
    """Adds up by name, most ingested first."""
    groups: dict[str, list[list[int]]] = {}
    for name, rest in parts:
        groups.setdefault(name, []).append(rest)
    return sorted((_sum(name, rests) for name, rests in groups.items()), key=lambda one: (-one.ingested, one.name))


def _sum(name: str, rests: list[list[int]]) -> Engaged:
    return Engaged(name, *(sum(column) for column in zip(*rests, strict=True))) if rests else Engaged(name, *[0] * 6)
