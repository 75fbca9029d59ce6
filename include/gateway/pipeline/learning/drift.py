"""The watch over sources, layout families and languages: each document of a finished batch counts once, in the order it came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.model import DocumentState as D
from gateway.pipeline.learning.alarms import raise_alarm
from gateway.pipeline.statistics import family_of, kind_of, sender_of
from gateway.quality.sequential import GroupWatch, lot_of
from gateway.store import change
from gateway.store.tables import Agent, Batch, Document, Profile, Verdict, Watch

FAILED, INCOMPLETE = (
    3.0,
    2.0,
)  # scores of documents that were not read, and of profiles without name or e-mail; others are 0..1
HISTORY = 400  # documents before a change that say which layouts a sender used
RECENT = 100
FAMILIAR = 0.02  # a layout is a sender's own if that share of its documents had it
GROUPS = 60  # groups watched a dimension and agent; what comes later is watched together
OTHERS = "all others"
READER, TEMPLATE = "READER_WORSE", "TEMPLATE_CHANGED"


@dataclass(frozen=True, slots=True)
class Seen:
    """One document as the watch sees it."""

    id: str
    source: str
    family: str
    language: str
    score: float


def watch_batch(session: Session, batch: Batch) -> list[str]:
    """Counts the documents of a settled batch, once; returns the codes of the alarms it raised.

    Called within the transaction that settles it, so that a batch is counted wholly or not at all.
    """
    if not change.first_time(session, f"watched:{batch.id}", kind="watched", batch_id=batch.id, actor="watch"):
        return []
    documents = seen_of(session, batch)
    if not documents:
        return []
    session.get_one(
        Agent, batch.agent_id, with_for_update={"key_share": True}
    )  # batches of one agent count one after the other
    rows = {
        (row.dimension, row.name): row
        for row in session.scalars(select(Watch).where(Watch.agent_id == batch.agent_id).with_for_update())
    }
    watches = {key: GroupWatch.of(row.counted) for key, row in rows.items()}
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for at, one in enumerate(documents):
        for dimension in ("source", "family", "language"):
            key = _key(watches, dimension, getattr(one, dimension))
            since = watches.setdefault(key, GroupWatch()).add(one.score, lot_of(f"{one.id}|{dimension}"))
            if since:
                found.setdefault(key, (at + 1, since))
    for key, watch in watches.items():
        row = rows.get(key)
        if row is None:
            session.add(Watch(agent_id=batch.agent_id, dimension=key[0], name=key[1], counted=watch.state()))
        elif row.counted.get("seen") != watch.seen:
            row.counted = watch.state()
    if not found:
        return []
    before = _before(session, batch)
    codes = []
    for key, (number, since) in found.items():
        story = [*before, *documents[:number]]
        told = cause_of(story, key, since)
        if raise_alarm(session, batch.agent_id, told.code, told.about, told.sentence, told.data):
            codes.append(told.code)
    return codes


def _key(watches: dict[tuple[str, str], Any], dimension: str, name: str) -> tuple[str, str]:
    known = (dimension, name[:80])
    if known in watches or sum(key[0] == dimension for key in watches) < GROUPS:
        return known
    return dimension, OTHERS


@dataclass(frozen=True, slots=True)
class Cause:
    """What an alarm says. about: the same for the groups that one change shows in, so that it is raised once."""

    code: str
    about: str
    sentence: str
    data: dict[str, Any]


def cause_of(story: Sequence[Seen], key: tuple[str, str], since: int) -> Cause:
    """Tells a sender's new template from a reader that became worse.

    story   the agent's documents, oldest first, up to the one that raised the alarm
    since   how many of the group's documents the change goes back
    A template changed where most of the worse documents have layouts that are new for their sender, and only one sender's are.
    Where several senders' layouts look new at once, it is the reader that sees them differently; where the layouts are those that
    were read well before, too.
    """
    dimension, name = key
    group = [one for one in story if name in (getattr(one, dimension)[:80], OTHERS)]
    changed = group[-since:]
    # What came shortly before may be of the new kind already: half of the story, or all but RECENT, says what was usual.
    before = story[: min(story.index(changed[0]), max(len(story) - RECENT, len(story) // 2))]
    used: dict[str, Counter[str]] = {}
    for one in before:
        used.setdefault(one.source, Counter())[one.family] += 1
    middle = sorted(one.score for one in changed)[len(changed) // 2]
    worse = [one for one in changed if one.score >= middle]
    new = Counter(one.source for one in worse if not _familiar(used.get(one.source), one.family))
    senders = [source for source, number in new.items() if number >= 2 and source in used]
    said = {"source": f"source {name}", "family": f"the layout {name}", "language": f"the language {name}"}[dimension]
    data = {"dimension": dimension, "name": name, "since": since, "new_layout": new.total(), "worse": len(worse)}
    if 2 * new.total() >= len(worse) and len(senders) <= 1:
        sender = new.most_common(1)[0][0]
        families = Counter(one.family for one in worse if one.source == sender)
        layout = families.most_common(1)[0][0]
        sentence = (
            f"Since {since} documents, documents of source {sender} are harder to read, in layouts it did not use before "
            f"(mostly {layout}). Open the newest, and ask the sender for the earlier form."
        )
        return Cause(TEMPLATE, f"source {sender}", sentence, {**data, "source": sender, "layout": layout})
    how = (
        "and several senders' layouts look new at once" if len(senders) > 1 else "in layouts that were read well before"
    )
    sentence = (
        f"Since {since} documents, documents of {said} are harder to read, {how}. Check what was updated last, and read one of "
        "them with the earlier version."
    )
    return Cause(READER, "reader", sentence, data)


def _familiar(used: Counter[str] | None, family: str) -> bool:
    return used is not None and used[family] >= max(2, FAMILIAR * used.total())


def _before(session: Session, batch: Batch) -> list[Seen]:
    """Up to about HISTORY documents of the agent's earlier batches, oldest first."""
    found: list[list[Seen]] = []
    earlier = session.scalars(
        select(Batch)
        .where(Batch.agent_id == batch.agent_id, Batch.created_at <= batch.created_at, Batch.id != batch.id)
        .order_by(Batch.created_at.desc())
        .limit(HISTORY)
    )
    for one in earlier:
        found.append(seen_of(session, one))
        if sum(map(len, found)) >= HISTORY:
            break
    return [one for part in reversed(found) for one in part]


def seen_of(session: Session, batch: Batch) -> list[Seen]:
    """The documents of a batch that were read or could not be, without those known before, in the order of their paths."""
    documents = session.execute(
        select(Document.id, Document.state, Document.media_type, Document.facts)
        .where(
            Document.batch_id == batch.id, Document.state.in_([D.SUCCESS, D.FAILED]), Document.duplicate_of.is_(None)
        )
        .order_by(Document.path)
    ).all()
    scores: dict[str, list[float]] = {}
    first: set[str] = set()
    rows = session.execute(
        select(Profile.id, Profile.document_id, Profile.name, Profile.email, Verdict.quality, Verdict.parts)
        .join(Verdict, Verdict.profile_id == Profile.id)
        .where(Profile.batch_id == batch.id, Verdict.profile_version == 1)
        .order_by(Profile.id, Verdict.created_at)
    )
    for identity, document_id, name, email, quality, parts in rows:
        if identity not in first:
            first.add(identity)
            risk = float(parts.get("risk", 1 - quality))
            scores.setdefault(document_id, []).append(risk if name and email else INCOMPLETE)
    made = []
    for row in documents:
        mine = scores.get(row.id, [])
        if row.state == D.SUCCESS and not mine:
            continue
        kind = kind_of(row.media_type, row.facts)
        made.append(
            Seen(
                row.id,
                sender_of(batch.source),
                family_of(kind, row.facts),
                str(row.facts.get("language") or "unknown"),
                FAILED if row.state == D.FAILED else sum(mine) / len(mine),
            )
        )
    return made
