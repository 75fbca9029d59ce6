"""When a batch will be read and how long its review will take, said after its first documents and kept beside what came true.

The rate is that of the documents read so far, weighed by their expected cost; what comes after reading (judging,
delivery) takes as long a candidate as in the agent's batches before. How many are held, and how long a decision takes,
are what this agent's people and batches have shown; without a history, plain guesses that the page calls so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from gateway.model import BatchState, Mode
from gateway.model import DocumentState as D
from gateway.model import ProfileState as P
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Batch, Document, Event, Forecast, Profile, Review, now

FIRST, SHARE = 3, 0.1  # a forecast is made after this many documents, and after this share of them
BEFORE = 10  # batches of the agent that are looked back at
DECISIONS = 200
BREAK_S = 600.0  # a longer pause between two decisions was spent on something else
HELD_SHARE, DECISION_S, AFTER_S = 0.3, 45.0, 0.05  # without a history
REST = (BatchState.DONE, BatchState.WAITING_REVIEW, BatchState.FAILED)


@dataclass(frozen=True, slots=True)
class History:
    """What an agent's batches and people have shown. guessed: there was nothing to learn from."""

    held_share: float
    decision_s: float
    after_s: float
    guessed: bool


def enough(documents: int) -> int:
    """How many documents of a batch, or of a part of it, are read before a forecast says anything."""
    return max(FIRST, round(SHARE * documents))


def forecast(batch_id: str, weights: dict[str, float]) -> bool:
    """Keeps the batch's forecast, if it is time for it and none is there yet; True if this call made it.

    weights   document id -> its expected seconds, of at least the documents this worker reads
    """
    with writing() as session:
        if session.get(Forecast, batch_id) is not None:
            return False
        rows = session.execute(
            select(Document.id, Document.state, Document.size_bytes).where(Document.batch_id == batch_id)
        ).all()
        done = [row.id for row in rows if row.state != D.PROCESSING]
        begun = session.scalar(
            select(func.max(Event.at)).where(
                Event.subject == "batch", Event.subject_id == batch_id, Event.after == BatchState.RUNNING
            )
        )
        if begun is None or len(done) < enough(len(rows)) or len(done) == len(rows):
            return False
        batch = session.get_one(Batch, batch_id)
        known = history(session, batch.agent_id, without=batch_id)
        usual = median(weights.values()) if weights else 1.0
        of_all = sum(weights.get(row.id, usual) for row in rows)
        of_done = sum(weights.get(identity, usual) for identity in done)
        found = session.scalar(select(func.count()).select_from(Profile).where(Profile.batch_id == batch_id)) or 0
        people = found * len(rows) / len(done)
        at = now()
        read_s = (at - begun).total_seconds() * of_all / of_done
        held = people if batch.mode == Mode.REVIEW else people * known.held_share
        values: dict[str, Any] = {
            "batch_id": batch_id,
            "agent_id": batch.agent_id,
            "made_at": at,
            "documents": len(done),
            "of_documents": len(rows),
            "rest_at": begun + timedelta(seconds=read_s + people * known.after_s),
            "held": round(held),
            "review_s": round(held * known.decision_s, 1),
            "guessed": known.guessed,
        }
        made = session.scalar(
            insert_into(session, Forecast).values(**values).on_conflict_do_nothing().returning(Forecast.batch_id)
        )
        return made is not None


def history(session: Session, agent_id: str, *, without: str = "") -> History:
    """Read from the agent's last batches and decisions."""
    batches = session.scalars(
        select(Batch.id)
        .where(Batch.agent_id == agent_id, Batch.id != without, Batch.mode == Mode.INGEST)
        .where(Batch.state.in_([BatchState.DONE, BatchState.WAITING_REVIEW]))
        .order_by(Batch.created_at.desc())
        .limit(BEFORE)
    ).all()
    held = [what_came(session, batch_id) for batch_id in batches]
    people = sum(one.profiles for one in held)
    after = [one.after_s / one.profiles for one in held if one.after_s is not None and one.profiles]
    spent = decision_seconds(session, agent_id)
    return History(
        held_share=sum(one.held for one in held) / people if people else HELD_SHARE,
        decision_s=median(spent) if spent else DECISION_S,
        after_s=median(after) if after else AFTER_S,
        guessed=not people or not spent,
    )


@dataclass(frozen=True, slots=True)
class Came:
    """What came true of a batch. held: candidates that a person had to decide about or still has to; None: not yet known."""

    profiles: int
    held: int
    rest_at: datetime | None
    after_s: float | None
    review_s: float
    undecided: int


def what_came(session: Session, batch_id: str) -> Came:
    """Counted from the rows."""
    decided = select(Review.id).where(Review.profile_id == Profile.id).exists()
    profiles, held, open_ = session.execute(
        select(
            func.count(),
            func.count().filter((Profile.state == P.HELD) | decided),
            func.count().filter(Profile.state == P.HELD),
        ).where(Profile.batch_id == batch_id)
    ).one()
    rest = session.scalar(
        select(func.min(Event.at)).where(
            Event.subject == "batch", Event.subject_id == batch_id, Event.after.in_([str(one) for one in REST])
        )
    )
    read = session.scalar(
        select(func.max(Event.at)).where(
            Event.batch_id == batch_id, Event.subject == "document", Event.after.in_([D.SUCCESS, D.FAILED])
        )
    )
    after = max(0.0, (rest - read).total_seconds()) if rest and read else None
    return Came(profiles, held, rest, after, sum(seconds_between(_decisions(session, batch_id=batch_id))), open_)


def decision_seconds(session: Session, agent_id: str) -> list[float]:
    """How long each of the agent's last single decisions took: the time since the same person's decision before."""
    return seconds_between(_decisions(session, agent_id=agent_id))


def _decisions(session: Session, *, agent_id: str = "", batch_id: str = "") -> list[tuple[str, datetime]]:
    query = select(Review.reviewer, Review.created_at).join(Profile, Profile.id == Review.profile_id)
    query = query.where(Profile.agent_id == agent_id) if agent_id else query.where(Profile.batch_id == batch_id)
    query = query.where(Review.bulk_of.is_(None)).order_by(Review.created_at.desc())
    return [(who, at) for who, at in session.execute(query.limit(DECISIONS if agent_id else 100_000))]


def seconds_between(decisions: Sequence[tuple[str, datetime]]) -> list[float]:
    """Seconds from each (reviewer, when) to the same person's next, without longer breaks."""
    last: dict[str, datetime] = {}
    found = []
    for who, at in sorted(decisions, key=lambda one: one[1]):
        if who in last and (pause := (at - last[who]).total_seconds()) <= BREAK_S:
            found.append(pause)
        last[who] = at
    return found


@dataclass(frozen=True, slots=True)
class Told:
    """One forecast, with what came true as far as that is known. Errors are shares of what came true."""

    batch_id: str
    agent_id: str
    made_at: datetime
    documents: int
    of_documents: int
    rest_at: datetime
    held: int
    review_s: float
    guessed: bool
    came: Came

    @property
    def finish_error(self) -> float | None:
        """Of the time from the forecast to the end."""
        if self.came.rest_at is None or self.came.rest_at <= self.made_at:
            return None
        took = (self.came.rest_at - self.made_at).total_seconds()
        return abs((self.rest_at - self.made_at).total_seconds() - took) / took

    @property
    def held_error(self) -> float | None:
        if self.came.rest_at is None or not self.came.held:
            return None
        return abs(self.held - self.came.held) / self.came.held


def forecasts(limit: int = 20) -> list[Told]:
    """The newest forecasts, newest first."""
    with reading() as session:
        rows = session.scalars(select(Forecast).order_by(Forecast.made_at.desc()).limit(limit)).all()
        return [
            Told(
                row.batch_id,
                row.agent_id,
                row.made_at,
                row.documents,
                row.of_documents,
                row.rest_at,
                row.held,
                row.review_s,
                row.guessed,
                what_came(session, row.batch_id),
            )
            for row in rows
        ]
