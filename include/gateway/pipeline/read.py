"""Documents are read, in chunks, each document in a child process; their profiles become rows."""

from __future__ import annotations

import logging
import math
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.errors import Transient, Unreadable
from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.extract.media_types import about
from gateway.intake import files
from gateway.model import DocumentState, ExtractedProfile, Hints, ProfileState, Reading, as_json
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.erasure.kept import clean, sweep
from gateway.pipeline.erasure.suppression import Forgetting
from gateway.pipeline.forecast import enough, forecast
from gateway.pipeline.judging import shared
from gateway.quality.duplicates import Person
from gateway.settings import settings
from gateway.store import change, ids
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Event, Field, Profile, ProfileKey, now

log = logging.getLogger(__name__)
ACTOR = "extract"
# The expected reading cost of one document: low for a small text, growing with size. Scans are large and slow.
SMALL_S, MEGABYTE_S = 0.15, 1.0
ROOM_BYTES = 10_000_000  # of temporary space; with less, a reader that failed may have failed for that
NO_ROOM = (
    "The machine that reads has no temporary space left. Free some; the documents are read again, nothing is lost."
)
SLICE = 500  # profiles whose rows are written together, so that no other writer waits long

Chunk = dict[str, Any]


def plan_chunks(batch_id: str) -> list[Chunk]:
    """What to read, as mapped tasks take it: ranges of documents that are expected to take about as long as each other.

    A task costs seconds before it reads anything, so a small batch is one task, and a large one has as many as keep every
    slot at work.
    returns   [{"batch_id", "first", "last", "label"}], sorted by document id; first and last are document ids, so a
              chunk means the same documents however often it is run. The label names no person: it is shown in grids.
    """
    with reading() as session:
        rows = session.execute(
            select(Document.id, Document.media_type, Document.size_bytes)
            .where(Document.batch_id == batch_id, Document.state == DocumentState.PROCESSING)
            .order_by(Document.id)
        ).all()
    if not rows:  # everything is known already or was refused: one task that has nothing to do, instead of a skip
        return [{"batch_id": batch_id, "first": "", "last": "", "label": "nothing to read"}]
    expected = [_expected_s(row.size_bytes) for row in rows]
    parts = split_evenly(expected, chunks_for(sum(expected)))
    return [
        {
            "batch_id": batch_id,
            "first": rows[part.start].id,
            "last": rows[part.stop - 1].id,
            "label": _label(number, len(parts), rows[part.start : part.stop]),
        }
        for number, part in enumerate(parts, 1)
    ]


def _expected_s(size_bytes: int) -> float:
    return SMALL_S + size_bytes / 1e6 * MEGABYTE_S


def chunks_for(expected_s: float) -> int:
    """How many chunks so much reading is cut into.

    A task costs about as much as ten documents, so chunks take GATEWAY_CHUNK_S if they can. Yet no slot should idle while
    another has two chunks before it: few chunks are halved until every slot has one, and many fill their last round.
    """
    limits = settings()
    slots, number = limits.read_slots, math.ceil(expected_s / limits.chunk_s)
    if number < slots:
        number = min(slots, max(number, int(expected_s // (limits.chunk_s / 2))))
    else:
        number = math.ceil(number / slots) * slots
    return min(limits.max_chunks, number)


def split_evenly(weights: Sequence[float], number: int) -> list[range]:
    """At most `number` runs of neighbours, none empty, whose weights add up to about the same.

    weights   one positive number an item, in the items' order
    """
    number = max(1, min(number, len(weights)))
    total, done, start = sum(weights), 0.0, 0
    parts: list[range] = []
    for index, weight in enumerate(weights):
        done += weight
        left = len(weights) - index - 1
        # A part ends where its share is reached, or where each later part would else be left without an item.
        if done >= total * (len(parts) + 1) / number or left < number - len(parts):
            parts.append(range(start, index + 1))
            start = index + 1
            if len(parts) == number - 1:
                break
    if start < len(weights):
        parts.append(range(start, len(weights)))
    return parts


def _label(number: int, of: int, rows: Sequence[Any]) -> str:
    if len(rows) == 1:
        kind = about(rows[0].media_type).label
        return f"chunk {number} of {of} · one document · {kind} · {rows[0].id[:8]}"
    return f"chunk {number} of {of} · {len(rows)} documents"


def read_chunk(chunk: Chunk, *, jobs: int | None = None) -> dict[str, int]:
    """Reads the documents of a chunk that are still processing; returns {"success", "failed", "profiles"}.

    A document that cannot be read is a failed document with a code; only a broken store or disk raises.
    raises   Transient(DISK_FULL | FILES_MISSING | READER_START)
    """
    with reading() as session:
        batch = session.get_one(Batch, chunk["batch_id"])
        documents = session.execute(
            select(
                Document.id, Document.file_key, Document.media_type, Document.path, Document.facts, Document.size_bytes
            )
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
    weights, told = {row.id: _expected_s(row.size_bytes) for row in documents}, False
    hints = {row.id: _hints(agent, row.path, row.facts) for row in documents}
    workers = min(jobs or settings().extract_jobs, len(documents))
    copies: dict[str, ExitStack] = {}
    with ExitStack() as stack:
        pool = stack.enter_context(ReaderPool(workers))
        for result in pool.read(_local(documents, stack, copies, done), hints.__getitem__):
            if result.reading.status == DocumentState.FAILED and not has_room():
                raise Transient("DISK_FULL", NO_ROOM, 60)  # whatever the reader says, the disk is to blame
            number = store_reading(result.key, result.reading, iter_profiles(result.spool))
            done[result.reading.status] += 1
            done["profiles"] += number
            if not told and done["success"] + done["failed"] >= enough(len(documents)):
                told = True
                forecast(batch.id, weights)
            result.spool.unlink(missing_ok=True)  # a chunk of a thousand lists must not fill the disk
            copies.pop(result.key).close()
            log.info("%s %s %s profiles=%d", result.key, result.reading.status, result.reading.code or "", number)
    return done


def _local(
    documents: Iterable[Any], stack: ExitStack, copies: dict[str, ExitStack], done: dict[str, int]
) -> Iterator[tuple[str, Path]]:
    """(document id, path) of documents whose bytes are there; a document whose bytes are gone fails on its own.

    copies   document id -> what removes its copy, for a document that was read; the rest goes with `stack`
    """
    for row in documents:
        try:
            copies[row.id] = stack.enter_context(ExitStack())
            yield row.id, copies[row.id].enter_context(files.local(row.file_key))
        except Unreadable as gone:
            store_reading(row.id, Reading("failed", row.media_type, code=gone.code, error=gone.sentence), iter(()))
            done["failed"] += 1


def has_room() -> bool:
    """Whether the temporary folder, into which readers write their results, has space left."""
    return shutil.disk_usage(tempfile.gettempdir()).free >= ROOM_BYTES


def _hints(agent: Agent, path: str, facts: dict[str, Any]) -> Hints:
    """Bytes are kept under their hash: the file's name goes with them, so that every door reads a file alike."""
    return Hints(
        country=agent.country,
        mapping=dict(agent.mapping),
        name=path.rpartition("/")[2],
        as_resume=bool(facts.get("as_resume")),
    )


def store_reading(document_id: str, outcome: Reading, profiles: Iterator[ExtractedProfile]) -> int:
    """Writes the result of one document: profiles and fields in slices, then the document's state, last.

    Until the state is written the document counts as processing, and rows that an earlier, killed attempt left are
    replaced. Returns the number of profiles.
    """
    with writing() as session:
        document = session.get_one(Document, document_id)
        if document.state != DocumentState.PROCESSING:
            return 0
        forgetting = Forgetting(document.sha256, profiles)
        owner = {"document_id": document_id, "batch_id": document.batch_id, "agent_id": document.agent_id}
        stale = select(Profile.id).where(Profile.document_id == document_id)
        session.execute(delete(Field).where(Field.profile_id.in_(stale)))
        session.execute(delete(ProfileKey).where(ProfileKey.profile_id.in_(stale)))
        session.execute(delete(Profile).where(Profile.document_id == document_id))
    number = 0
    if outcome.status == DocumentState.SUCCESS:
        wanted = iter(forgetting)
        while piece := list(islice(wanted, SLICE)):
            with writing() as session:
                _insert(session, owner, number, piece)
            number += len(piece)
    with writing() as session:
        document = session.get_one(Document, document_id)
        kept = {"as_resume": True} if document.facts.get("as_resume") else {}
        document.code, document.error, document.facts = outcome.code, outcome.error, {**_facts(outcome), **kept}
        if forgetting.any:
            document.code = "PERSON_ERASED"
            clean(session, document, forgetting.parts)
        change.move(session, document, outcome.status, actor=ACTOR, code=document.code)
    if forgetting.any:
        sweep([document_id])
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
    people = {row["id"]: Person.of(profile) for row, profile in zip(profiles, piece, strict=True)}
    shared.add(session, owner["agent_id"], people)


def email_key(email: str | None) -> str | None:
    """How two spellings of one address are one person: case and surrounding space do not count, anything else does."""
    return email.strip().casefold() or None if email else None


def profile_data(profile: ExtractedProfile) -> dict[str, Any]:
    """The parts of a profile that have no column of their own."""
    whole = as_json(profile)
    for column in ("name", "email", "phone", "location", "fields"):
        whole.pop(column)
    return {key: value for key, value in whole.items() if value not in (None, (), [], {})}
