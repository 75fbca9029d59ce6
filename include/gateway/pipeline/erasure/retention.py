"""Periods: what each agent's file says how long people are kept, and what is due by it. Removing is erase.remove's.

A class is counted from the last change of the candidate's state (a correction counts too); documents from their arrival.
What no period is given for is kept. Who is on legal hold, and who is just being sent, stays until that has passed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from gateway.agents import load_agents_lenient
from gateway.agents.retention import Retention
from gateway.errors import GatewayError
from gateway.model import DeliveryState as L
from gateway.model import DocumentState
from gateway.model import ProfileState as P
from gateway.pipeline.erasure import holds, kept
from gateway.pipeline.erasure.erase import PERIOD, Place, remove
from gateway.settings import settings
from gateway.store import change, keys, outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent as AgentRow
from gateway.store.tables import Delivery, Document, Profile, now

CLASSES: dict[str, tuple[P, ...]] = {
    "held": (P.HELD, P.APPROVED, P.PASSED, P.EXTRACTED),
    "ingested": (P.DELIVERED,),
    "refused": (P.REFUSED,),
    "discarded": (P.DISCARDED, P.DUPLICATE),
}
FILES = "files"
SOON = timedelta(days=30)
LIMIT = 1_000  # people, and documents, that one run removes of an agent


@dataclass(frozen=True, slots=True)
class Period:
    """One class of an agent. days None = kept. due: what could be removed now; soon: what is due within 30 days, besides."""

    name: str
    days: int | None
    due: int = 0
    soon: int = 0


@dataclass(slots=True)
class Applied:
    """What one run did, or would do, for one agent. held_back: due, and kept for a legal hold or a call without an answer."""

    agent_id: str
    dry_run: bool
    erased: dict[str, int] = field(default_factory=dict)  # by class, documents as "files"
    held_back: int = 0
    later: int = 0  # due, and left for the next run by the limit
    receipt: str | None = None
    complete: bool = True

    @property
    def numbers(self) -> dict[str, int]:
        told = {f"{name} erased": number for name, number in self.erased.items() if number}
        told |= {"kept for a hold or an open call": self.held_back, "left for the next run": self.later}
        told["places with something left"] = int(not self.complete)
        return {name: number for name, number in told.items() if number}

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def periods_of(session: Session, agent_id: str, at: datetime | None = None) -> tuple[Period, ...]:
    """Every class of an agent with what is due; where its file is wrong nothing is due."""
    at = at or now()
    rules = rules_of(session).get(agent_id, Retention())
    found = []
    for name in (*CLASSES, FILES):
        days = getattr(rules, f"{name}_days")
        if days is None:
            found.append(Period(name, None))
            continue
        due = _count(session, agent_id, name, at - timedelta(days=days))
        found.append(Period(name, days, due, _count(session, agent_id, name, at + SOON - timedelta(days=days)) - due))
    return tuple(found)


def rules_of(session: Session) -> dict[str, Retention]:
    """Agent -> its periods: its file's, or, where the file is gone, as it was last read. An agent with a wrong file is left out."""
    agents, wrong = load_agents_lenient(settings().agents_dir)
    broken = {one.subject for one in wrong}
    rules = {agent_id: agent.retention for agent_id, agent in agents.items()}
    for row in session.scalars(select(AgentRow)):
        if row.id not in rules and row.id not in broken:
            try:
                rules[row.id] = Retention.model_validate((row.config or {}).get("retention", {}))
            except ValidationError:
                rules[row.id] = Retention()  # a copy of an older shape named no period
    return rules


def apply_retention(
    *, agent_id: str | None = None, dry_run: bool = False, limit: int = LIMIT, actor: str, at: datetime | None = None
) -> list[Applied]:
    """Removes what is due, oldest first, at most `limit` people and `limit` documents an agent; a dry run only counts.

    returns   one entry an agent of which something is due; each is an event, and a notice when something was removed or stays
    raises    Misconfigured(KEY_INVALID) at once; Misconfigured(AGENT_FILE_INVALID) naming the first wrong agent file, after all others were done
    """
    at = at or now()
    keys.check_suppression_key()
    kept.sweep()  # what a killed reading or erasure left
    wrong: Sequence[GatewayError] = load_agents_lenient(settings().agents_dir)[1]
    with reading() as session:
        rules = {agent: rule for agent, rule in rules_of(session).items() if rule.any and agent_id in (None, agent)}
        known = set(session.scalars(select(AgentRow.id)))
    done = [
        made
        for agent in sorted(rules.keys() & known)
        if (made := _of_agent(agent, rules[agent], dry_run, limit, actor, at)).numbers
    ]
    if wrong:
        raise wrong[0]
    return done


def _of_agent(agent_id: str, rules: Retention, dry_run: bool, limit: int, actor: str, at: datetime) -> Applied:
    made = Applied(agent_id, dry_run)
    people: list[Profile] = []
    with reading() as session:
        for name, states in CLASSES.items():
            days = getattr(rules, f"{name}_days")
            if days is None:
                continue
            cutoff = at - timedelta(days=days)
            rows = session.scalars(
                select(Profile)
                .where(*_due(agent_id, states, cutoff))
                .order_by(Profile.updated_at, Profile.id)
                .limit(limit - len(people))
                .options(selectinload(Profile.fields))
            ).all()
            stay = holds.of(session, rows) | dict.fromkeys(_open(session, [row.id for row in rows]), "")
            mine = [row for row in rows if row.id not in stay]
            people += mine
            made.erased[name] = len(mine)
            made.held_back += len(stay)
            made.later += _count(session, agent_id, name, cutoff) - len(rows)
    places = list(_files(agent_id, rules, dry_run, limit, at, made))
    if not dry_run and (people or made.erased.get(FILES)):
        subject = {"agent": agent_id, "periods": rules.model_dump(exclude_none=True)}
        receipt = remove(people, PERIOD, actor=actor, subject=subject, more=places)
        made.receipt, made.complete = receipt["receipt"], receipt["complete"]
    if made.numbers:
        _report(made, actor)
    return made


def _files(agent_id: str, rules: Retention, dry_run: bool, limit: int, at: datetime, made: Applied) -> Iterator[Place]:
    """Documents whose own period has ended."""
    if rules.files_days is None:
        return
    cutoff = at - timedelta(days=rules.files_days)
    with reading() as session:
        rows = session.scalars(
            select(Document)
            .where(*_due_files(agent_id, cutoff))
            .order_by(Document.created_at, Document.id)
            .limit(limit)
        ).all()
        people = session.scalars(select(Profile).where(Profile.document_id.in_([row.id for row in rows]))).all()
        held = holds.of(session, people)
        stay = {person.document_id for person in people if person.id in held}
        batches = holds.batches(session)
        made.later += _count(session, agent_id, FILES, cutoff) - len(rows)
    going = [row.id for row in rows if row.id not in stay and row.batch_id not in batches]
    made.erased[FILES] = len(going)
    made.held_back += len(rows) - len(going)
    if dry_run:
        return
    for identity in going:
        with writing() as session:
            kept.drop_file(session, session.get_one(Document, identity))
        kept.sweep([identity])
    if going:
        yield Place("documents by age", len(going), "erased", "what was read of them stays until its own period ends")


def _due(agent_id: str, states: Collection[P], cutoff: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        Profile.agent_id == agent_id,
        Profile.state.in_(states),
        Profile.updated_at < cutoff,
        Profile.data["erased"].as_string().is_(None),
    )


def _due_files(agent_id: str, cutoff: datetime) -> tuple[ColumnElement[bool], ...]:
    """Of bytes that came again, only when the newest has its age: all share one file."""
    again = aliased(Document)
    younger = exists().where(
        again.agent_id == Document.agent_id,
        again.sha256 == Document.sha256,
        or_(again.created_at >= cutoff, again.state == DocumentState.PROCESSING),
    )
    return (
        Document.agent_id == agent_id,
        Document.file_key.is_not(None),
        Document.created_at < cutoff,
        and_(Document.state != DocumentState.PROCESSING, ~younger),
    )


def _count(session: Session, agent_id: str, name: str, cutoff: datetime) -> int:
    if name == FILES:
        wanted = select(func.count()).select_from(Document).where(*_due_files(agent_id, cutoff))
    else:
        wanted = select(func.count()).select_from(Profile).where(*_due(agent_id, CLASSES[name], cutoff))
    return int(session.scalar(wanted) or 0)


def _open(session: Session, ids: Collection[str]) -> Sequence[str]:
    """Those about whom a call has no answer yet."""
    return session.scalars(
        select(Delivery.profile_id).where(Delivery.profile_id.in_(ids), Delivery.state.in_((L.SENT, L.UNKNOWN)))
    ).all()


def _report(made: Applied, actor: str) -> None:
    """An event in the trail, and the notice: counts, nobody's data."""
    told = ", ".join(f"{number} {name}" for name, number in made.numbers.items())
    page = settings().page(f"/agents/{made.agent_id}")
    with writing() as session:
        row = session.get_one(AgentRow, made.agent_id)
        rule = f"dry run: {told}" if made.dry_run else f"{made.receipt or ''} {told}".strip()
        change.record(session, "retention", row, actor=actor, code="RETENTION_ENDED", rule=rule[:100])
        if not made.dry_run:
            outbox.emit(session, "retention.applied", made.agent_id, {"numbers": made.numbers, "url": page or None})
