"""Documents are read, in chunks, each document in a child process; their profiles become rows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.intake import files
from gateway.model import DocumentState, ExtractedProfile, Hints, ProfileState, Reading, as_json
from gateway.pipeline.arrival.receive import agent_of
from gateway.settings import settings
from gateway.store import change, ids
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Event, Field, Profile, now

log = logging.getLogger(__name__)
ACTOR = "extract"
SLICE = 500  # profiles whose rows are written together, so that no other writer waits long

Chunk = dict[str, Any]


def plan_chunks(batch_id: str) -> list[Chunk]:
    """What to read, as mapped tasks take it: one document each while they are few, ranges of ids above that.

    returns   [{"batch_id", "first", "last", "label"}], sorted by document id; first and last are document ids, so a
              chunk means the same documents however often it is run. The label names no person: it is shown in grids.
    """
    limits = settings()
    with reading() as session:
        rows = session.execute(
            select(Document.id, Document.media_type)
            .where(Document.batch_id == batch_id, Document.state == DocumentState.PROCESSING)
            .order_by(Document.id)
        ).all()
    if not rows:  # everything is known already or was refused: one task that has nothing to do, instead of a skip
        return [{"batch_id": batch_id, "first": "", "last": "", "label": "nothing to read"}]
    if len(rows) <= limits.fan_out_limit:
        return [
            {
                "batch_id": batch_id,
                "first": row.id,
                "last": row.id,
                "label": f"document {number} of {len(rows)} · {_short(row.media_type)} · {row.id[:8]}",
            }
            for number, row in enumerate(rows, 1)
        ]
    # A task costs seconds before it reads anything: a chunk is worth that many times over, and none is left small.
    number = min(limits.max_chunks, -(-len(rows) // limits.chunk_documents))
    size = -(-len(rows) // number)
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    return [
        {
            "batch_id": batch_id,
            "first": part[0].id,
            "last": part[-1].id,
            "label": f"chunk {number} of {len(parts)} · {len(part)} documents",
        }
        for number, part in enumerate(parts, 1)
    ]


def _short(media_type: str) -> str:
    return media_type.rsplit("/", 1)[-1].rsplit(".", 1)[-1].removeprefix("x-")[:12]


def read_chunk(chunk: Chunk, *, jobs: int | None = None) -> dict[str, int]:
    """Reads the documents of a chunk that are still processing; returns {"success", "failed", "profiles"}.

    A document that cannot be read is a failed document with a code; only a broken store or disk raises.
    """
    with reading() as session:
        batch = session.get_one(Batch, chunk["batch_id"])
        documents = session.execute(
            select(Document.id, Document.file_key, Document.path, Document.facts)
            .where(
                Document.batch_id == batch.id,
                Document.id.between(chunk["first"], chunk["last"]),
                Document.state == DocumentState.PROCESSING,
            )
            .order_by(Document.id)
        ).all()
        agent = agent_of(batch.agent_id)
    done = {"success": 0, "failed": 0, "profiles": 0}
    if not documents:
        return done
    hints = {row.id: _hints(agent, row.path, row.facts) for row in documents}
    workers = min(jobs or settings().extract_jobs, len(documents))
    with ExitStack() as stack:
        pool = stack.enter_context(ReaderPool(workers))
        items = ((row.id, stack.enter_context(files.local(row.file_key))) for row in documents)
        for result in pool.read(items, hints.__getitem__):
            number = store_reading(result.key, result.reading, iter_profiles(result.spool))
            done[result.reading.status] += 1
            done["profiles"] += number
            result.spool.unlink(missing_ok=True)  # a chunk of a thousand lists must not fill the disk
            log.info("%s %s %s profiles=%d", result.key, result.reading.status, result.reading.code or "", number)
    return done


def _hints(agent: Agent, path: str, facts: dict[str, Any]) -> Hints:
    """Bytes are kept under their hash: the file's name goes with them, so that every door reads a file alike."""
    return Hints(
        country=agent.country,
        mapping=dict(agent.mapping),
        name=path.rpartition("/")[2],
        as_resume=bool(facts.get("as_resume")),
    )


def store_reading(document_id: str, outcome: Reading, profiles: Iterator[ExtractedProfile]) -> int:
    """Writes what one document gave: profiles and fields in slices, then the document's state, last.

    Until the state is written the document counts as processing, and rows that an earlier, killed attempt left are
    replaced. Returns the number of profiles.
    """
    with writing() as session:
        document = session.get_one(Document, document_id)
        if document.state != DocumentState.PROCESSING:
            return 0
        owner = {"document_id": document_id, "batch_id": document.batch_id, "agent_id": document.agent_id}
        stale = select(Profile.id).where(Profile.document_id == document_id)
        session.execute(delete(Field).where(Field.profile_id.in_(stale)))
        session.execute(delete(Profile).where(Profile.document_id == document_id))
    number = 0
    if outcome.status == DocumentState.SUCCESS:
        while piece := list(islice(profiles, SLICE)):
            with writing() as session:
                _insert(session, owner, number, piece)
            number += len(piece)
    with writing() as session:
        document = session.get_one(Document, document_id)
        kept = {"as_resume": True} if document.facts.get("as_resume") else {}
        document.code, document.error, document.facts = outcome.code, outcome.error, {**_facts(outcome), **kept}
        change.move(session, document, outcome.status, actor=ACTOR, code=outcome.code)
    return number


def _facts(outcome: Reading) -> dict[str, Any]:
    facts = as_json(outcome)
    for known in ("status", "code", "error", "media_type"):
        facts.pop(known)
    facts["notes"] = facts["notes"][:200]  # a table may have a note a row; the count stays in the profiles
    facts["cpu_s"] = {step: round(seconds, 4) for step, seconds in outcome.cpu_s.items()}
    return facts


def _insert(session: Session, owner: dict[str, str], start: int, piece: list[ExtractedProfile]) -> None:
    profiles: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    for ordinal, profile in enumerate(piece, start):
        identity = ids.profile_id(owner["document_id"], ordinal)
        profiles.append(
            {
                **owner,
                "id": identity,
                "ordinal": ordinal,
                "state": ProfileState.EXTRACTED,
                "name": profile.name,
                "email": profile.email,
                "email_norm": email_key(profile.email),
                "phone": profile.phone,
                "location": profile.location,
                "data": profile_data(profile),
                "codes": [],
            }
        )
        events.append(
            {
                "kind": "state",
                "subject": "profile",
                "subject_id": identity,
                "batch_id": owner["batch_id"],
                "after": ProfileState.EXTRACTED,
                "actor": ACTOR,
                "at": now(),
            }
        )
        seen: set[str] = set()
        for field in profile.fields:
            if field.name in seen:
                continue
            seen.add(field.name)
            where = field.evidence
            fields.append(
                {
                    "profile_id": identity,
                    "name": field.name,
                    "value": field.value,
                    "raw": field.raw,
                    "confidence": field.confidence,
                    "source": where.source if where else None,
                    "rule": where.rule if where else None,
                    "page": where.page if where else None,
                    "box": list(where.box) if where and where.box else None,
                    "row": where.row if where else None,
                    "column": where.column if where else None,
                }
            )
    session.execute(insert(Profile), profiles)
    if fields:
        session.execute(insert(Field), fields)
    session.execute(insert(Event), events)


def email_key(email: str | None) -> str | None:
    """How two spellings of one address are one person: case and surrounding space do not count, anything else does."""
    return email.strip().casefold() or None if email else None


def profile_data(profile: ExtractedProfile) -> dict[str, Any]:
    """Everything of a profile that has no column of its own."""
    whole = as_json(profile)
    for column in ("name", "email", "phone", "location", "fields"):
        whole.pop(column)
    return {key: value for key, value in whole.items() if value not in (None, (), [], {})}
