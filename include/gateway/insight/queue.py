"""The review queue: what waits for a person, and which comes next. Made for 100,000 profiles.

Oldest first, or those first of whom a person is likeliest to put something right in the least time (learning/minutes.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, false, func, or_, select, true
from sqlalchemy.orm import Session

from gateway.codes import CODES
from gateway.insight.listing import Listed, Window, page_within, window
from gateway.model import ProfileState as P
from gateway.pipeline.learning.minutes import cost_of
from gateway.pipeline.statistics import listed
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Agent, Assignment, Audit, Claim, Document, Profile, now

PAGE = 50
HELD, AUDIT = "held", "audit"
OLDEST, WORTH = "oldest", "worth"
RANKED = 150  # sets of codes that are told apart by what they are worth; rarer ones come last
LARGE = 2_000  # held profiles from which counting codes is felt
RECENT_S = 20.0


@dataclass(frozen=True, slots=True)
class Filter:
    """A part of the queue, in an order.

    kind    held (waits for a decision) | audit (passed automatically, drawn for a check)
    order   oldest | worth (fixes an hour of review, then oldest); audits are always oldest first
    """

    agent: str | None = None
    batch: str | None = None
    code: str | None = None
    kind: str = HELD
    order: str = OLDEST


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the queue. name and path are personal. claimed_by: somebody else looking at it now."""

    profile_id: str
    document_id: str
    batch_id: str
    agent_id: str
    path: str
    name: str | None
    codes: tuple[str, ...]
    quality: float | None
    completeness: float | None
    version: int
    since: datetime
    claimed_by: str | None


@dataclass(frozen=True, slots=True)
class Choices:
    """The available filters, with the number waiting: agents as (id, title, number), codes as (code, number).

    In a large queue the codes' numbers may be some seconds old; every other number is exact.
    """

    agents: tuple[tuple[str, str, int], ...]
    codes: tuple[tuple[str, int], ...]
    held: int
    audits: int


_recent: dict[tuple[str, Filter], tuple[float, tuple[tuple[str, int], ...]]] = {}


def page(
    wanted: Filter, number: int, *, reviewer: str, after: str | None = None, before: str | None = None
) -> Listed[Waiting]:
    """One page of the queue; a number beyond the last page gives the last.

    after, before   the profile that the page before ended with, or the page after begins with: nobody is skipped when
                    others were decided since, the two themselves included; the page's number then follows from its place
    """
    above: int | None = None
    with reading() as session:
        total = session.scalar(_matching(select(func.count()), wanted)) or 0
        number = page_within(number, PAGE, total)
        keys = _keys(session, wanted)
        view = window(number, PAGE, total, after, before)
        at = _place(session, wanted, keys, view.after) if view.after else None
        rows = _rows(session, wanted, keys, view, at) if at is not None else []
        if rows:
            ahead = _matching(select(func.count()), wanted).where(_beyond(keys, rows[0][3:], back=True))
            above = session.scalar(ahead) or 0
            number = -(-above // PAGE) + 1
        else:
            rows = _rows(session, wanted, keys, window(number, PAGE, total), None)
        claims = _claims(session, [row[0].id for row in rows], reviewer)
    lines = tuple(
        Waiting(
            p.id,
            p.document_id,
            p.batch_id,
            p.agent_id,
            path,
            p.name,
            tuple(p.codes),
            p.quality,
            p.completeness,
            p.version,
            when,
            claims.get(p.id),
        )
        for p, path, when, *_ in rows
    )
    first_id, last_id = (lines[0].profile_id, lines[-1].profile_id) if lines else (None, None)
    return Listed(lines, number, PAGE, total, first_id, last_id, above)


def _rows(session: Session, wanted: Filter, keys: list[Any], view: Window, at: Sequence[Any] | None) -> list[Any]:
    """(profile, path, since, its place: a value for each key) of a page, in the queue's order."""
    query = _matching(select(Profile, Document.path, _since(wanted), *keys), wanted)
    if at is not None:
        query = query.where(_beyond(keys, at, view.back))
    query = query.join(Document, Document.id == Profile.document_id)
    query = query.order_by(*(key.desc() for key in keys) if view.back else keys).limit(view.limit).offset(view.offset)
    return list(session.execute(query).all()[:: -1 if view.back else 1])


def choices(wanted: Filter) -> Choices:
    """The useful filters. Codes are those of the profiles left by the other filters."""
    with reading() as session:
        titles = dict(session.execute(select(Agent.id, Agent.title)).all())
        by_agent = session.execute(
            _matching(select(Profile.agent_id, func.count()), Filter(kind=wanted.kind)).group_by(Profile.agent_id)
        ).all()
        held = session.scalar(_matching(select(func.count()), Filter())) or 0
        audits = session.scalar(_matching(select(func.count()), Filter(kind=AUDIT))) or 0
        others = Filter(agent=wanted.agent, batch=wanted.batch, kind=wanted.kind)
        by_code = _codes(session, others, large=held > LARGE)
    agents = sorted((str(agent), str(titles.get(agent, agent)), int(number)) for agent, number in by_agent)
    return Choices(tuple(agents), by_code, held, audits)


def _codes(session: Session, part: Filter, *, large: bool) -> tuple[tuple[str, int], ...]:
    """Number waiting for each code. In a large queue, where every row must be read, up to RECENT_S old."""
    key, at = (settings().store_url, part), monotonic()
    if large and (known := _recent.get(key)) and at - known[0] < RECENT_S:
        return known[1]
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    each = func.jsonb_array_elements_text if is_postgresql else func.json_each
    code = each(Profile.codes).table_valued("value", name="code")
    rows = session.execute(
        _matching(select(code.c.value, func.count()), part).join(code, true()).group_by(code.c.value)
    ).all()
    found = tuple(sorted((str(value), int(number)) for value, number in rows))
    if large:
        if len(_recent) >= 64:
            _recent.clear()
        _recent[key] = (at, found)
    return found


def neighbour(wanted: Filter, profile_id: str | None, *, reviewer: str, back: bool = False) -> str | None:
    """The profile to check after this one (or before it); None if nothing else waits.

    profile_id   need not wait any more; None = start at the beginning
    What somebody else is looking at or was given is passed over while there is something else. Past the end it starts anew.
    """
    found: str | None
    with reading() as session:
        keys = _keys(session, wanted)
        at = _place(session, wanted, keys, profile_id) if profile_id else None
        free = (
            ~select(Claim.profile_id)
            .where(Claim.profile_id == Profile.id, Claim.reviewer != reviewer, Claim.until > now())
            .exists()
        )
        theirs = select(Assignment.profile_id).where(Assignment.profile_id == Profile.id)
        open_ = ~theirs.where(Assignment.reviewer != reviewer).exists()
        others = [Profile.id != profile_id] if profile_id else []
        for conditions in ([free, open_], [free], []):
            if at is not None:
                found = session.scalar(
                    _ordered(wanted, keys, back).where(_beyond(keys, at, back), *others, *conditions)
                )
                if found or back:
                    return found
            found = session.scalar(_ordered(wanted, keys, back).where(*others, *conditions))
            if found:
                return found
    return None


def position(wanted: Filter, profile_id: str) -> tuple[int, int]:
    """(position from 1, number waiting); position 0 if the profile does not wait here."""
    with reading() as session:
        total = session.scalar(_matching(select(func.count()), wanted)) or 0
        keys = _keys(session, wanted)
        at = _place(session, wanted, keys, profile_id)
        waits = session.scalar(_matching(select(func.count()), wanted).where(Profile.id == profile_id))
        if at is None or not waits:
            return 0, total
        before = session.scalar(_matching(select(func.count()), wanted).where(_beyond(keys, at, back=True))) or 0
        return before + 1, total


def is_open_audit(profile_id: str) -> bool:
    """True while the profile is drawn for an audit that nobody has answered."""
    with reading() as session:
        found = select(Audit.profile_id).where(Audit.profile_id == profile_id, Audit.outcome.is_(None))
        return session.scalar(found) is not None


def matching(wanted: Filter, limit: int) -> list[str]:
    """Ids of the waiting profiles, in the order of the queue."""
    with reading() as session:
        query = _matching(select(Profile.id), wanted).order_by(*_keys(session, wanted)).limit(limit)
        return list(session.scalars(query))


def unassigned(wanted: Filter, limit: int) -> list[str]:
    """Ids of waiting profiles that were given to nobody, oldest first."""
    query = _matching(select(Profile.id), wanted).outerjoin(Assignment, Assignment.profile_id == Profile.id)
    query = query.where(Assignment.profile_id.is_(None)).order_by(_since(wanted), Profile.id).limit(limit)
    with reading() as session:
        return list(session.scalars(query))


def assigned_to(reviewer: str) -> list[str]:
    """Ids of the profiles that were given to a person and are held still."""
    query = select(Assignment.profile_id).join(Profile, Profile.id == Assignment.profile_id)
    with reading() as session:
        return list(session.scalars(query.where(Assignment.reviewer == reviewer, Profile.state == P.HELD)))


def total(wanted: Filter) -> int:
    with reading() as session:
        return session.scalar(_matching(select(func.count()), wanted)) or 0


def held_of(profile_ids: list[str]) -> list[tuple[str, bool]]:
    """(id, whether it has a name and an address) of the given profiles that are held now, oldest first."""
    found: list[tuple[datetime, str, bool]] = []
    with reading() as session:
        for start in range(0, len(profile_ids), 500):
            rows = session.execute(
                select(Profile.created_at, Profile.id, Profile.name, Profile.email_norm).where(
                    Profile.id.in_(profile_ids[start : start + 500]), Profile.state == P.HELD
                )
            )
            found += [(row.created_at, row.id, bool(row.name and row.email_norm)) for row in rows]
    return [(identity, whole) for _, identity, whole in sorted(found)]


def _since(wanted: Filter) -> Any:
    return Audit.sampled_at if wanted.kind == AUDIT else Profile.created_at


def _matching(query: Any, wanted: Filter) -> Any:
    """The query over profiles, narrowed to the waiting ones."""
    if wanted.kind == AUDIT:
        query = query.select_from(Profile).join(Audit, Audit.profile_id == Profile.id)
    else:
        query = query.select_from(Profile)
    return query.where(*_conditions(wanted))


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Audit.outcome.is_(None)] if wanted.kind == AUDIT else [Profile.state == P.HELD]
    if wanted.agent:
        found.append(Profile.agent_id == wanted.agent)
    if wanted.batch:
        found.append(Profile.batch_id == wanted.batch)
    if wanted.code:
        # an unknown code holds nobody
        quoted = f'"{wanted.code}"'
        found.append(cast(Profile.codes, String).contains(quoted, autoescape=True) if wanted.code in CODES else false())
    return found


def _keys(session: Session, wanted: Filter) -> list[Any]:
    """What the queue is sorted by, ascending."""
    oldest = [_since(wanted), Profile.id]
    if wanted.order != WORTH or wanted.kind == AUDIT:
        return oldest
    ranks = _ranks(session, wanted)
    if not ranks:
        return oldest
    return [case(ranks, value=cast(Profile.codes, String), else_=len(ranks)), *oldest]


_ranked: dict[tuple[str, Filter], tuple[float, dict[str, int]]] = {}


def _ranks(session: Session, wanted: Filter) -> dict[str, int]:
    """Set of codes, as the store writes it -> its turn. Up to RECENT_S old, so that paging does not change the order."""
    key, at = (settings().store_url, wanted), monotonic()
    if (known := _ranked.get(key)) and at - known[0] < RECENT_S:
        return known[1]
    codes = cast(Profile.codes, String)
    sets = session.execute(
        _matching(select(codes, func.count()), wanted).group_by(codes).order_by(func.count().desc()).limit(RANKED)
    ).all()
    cost = cost_of(session, wanted.agent)
    best = sorted((text for text, _ in sets), key=lambda text: (-cost.worth(listed(text)), text))
    if len(_ranked) >= 64:
        _ranked.clear()
    _ranked[key] = (at, {text: turn for turn, text in enumerate(best)})
    return _ranked[key][1]


def _ordered(wanted: Filter, keys: list[Any], back: bool) -> Any:
    query = _matching(select(Profile.id), wanted)
    return query.order_by(*(key.desc() for key in keys) if back else keys).limit(1)


def _beyond(keys: list[Any], at: Sequence[Any], back: bool) -> ColumnElement[bool]:
    """What stands behind a place of the queue, or before it."""

    def further(key: Any, value: Any) -> ColumnElement[bool]:
        beyond: ColumnElement[bool] = key < value if back else key > value
        return beyond

    found = further(keys[-1], at[-1])
    for key, value in reversed(list(zip(keys[:-1], at[:-1], strict=True))):
        found = or_(further(key, value), and_(key == value, found))
    # said by the first key alone too, which lets an index be used
    return and_(keys[0] <= at[0] if back else keys[0] >= at[0], found)


def _place(session: Session, wanted: Filter, keys: list[Any], profile_id: str) -> Sequence[Any] | None:
    query = select(*keys).select_from(Profile)
    if wanted.kind == AUDIT:
        query = query.join(Audit, Audit.profile_id == Profile.id)
    row = session.execute(query.where(Profile.id == profile_id)).first()
    return None if row is None else tuple(row)


def _claims(session: Session, profile_ids: list[str], reviewer: str) -> dict[str, str]:
    rows = session.execute(
        select(Claim.profile_id, Claim.reviewer).where(
            Claim.profile_id.in_(profile_ids), Claim.reviewer != reviewer, Claim.until > now()
        )
    )
    return dict(rows.all())
