"""Fetching what is new in a source: the same batches that the inbox makes, so that everything after is unchanged.

    look      lists what is there; what was claimed before is left out
    claim     rows in the store: of several that ask at once, one gets each item
    fetch     into a private folder of this machine
    hand over into the files store, whole or not at all; then the batch is opened
    settle    the originals are left, moved or deleted; never before the batch is open

Killed in between, the next look goes on: the claim keeps its batch id, a hand-over that was done is not done again, and
an original that is still there is settled.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from gateway.agents import Agent
from gateway.errors import GatewayError, Misconfigured, Transient
from gateway.intake import arrivals, inbox
from gateway.intake.manifest import Manifest, read_manifest
from gateway.pipeline.arrival.receive import batch_exists, open_claimed
from gateway.settings import settings
from gateway.sources import ledger, state
from gateway.sources.ledger import Claim, Known
from gateway.sources.port import Item, Lot, Reader, Round
from gateway.sources.registry import open_reader

log = logging.getLogger(__name__)
ACTOR = "pull_sources"
PULLING = ".pulling"
ABANDONED_S = 24 * 3600.0


@dataclass(slots=True)
class Pulled:
    """One look at one source.

    batches    opened now; waiting: lots that are not complete yet
    ignored    messages of senders that do not count
    problem    the first thing that went wrong; the rest was done
    """

    batches: list[str] = field(default_factory=list)
    waiting: int = 0
    ignored: int = 0
    problem: GatewayError | None = None
    here: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {"batches": self.batches, "waiting": self.waiting, "ignored": self.ignored}


def pull(agent_id: str, source_name: str, *, here: bool = False) -> Pulled:
    """Asks one source once. What goes wrong is kept with the source and returned; only an unusable store raises.

    here   the caller reads the batches in itself; otherwise each waits for its Airflow run
    """
    agent, source = state.source_of(agent_id, source_name)
    round_ = Round(state.begin(agent, source), time.time())
    done = Pulled(here=here)
    _clean_abandoned()
    try:
        with open_reader(source, round_) as reader:
            _look(agent, source, reader, done)
    except GatewayError as wrong:
        done.problem = done.problem or wrong
    except Exception as wrong:  # unforeseen: its text may quote a name
        log.error("source %s of %s failed: %s", source.name, agent.id, type(wrong).__name__)
        done.problem = Transient(
            "SOURCE_FAILED",
            f"Source {source.name}: it failed for an unexpected reason ({type(wrong).__name__}). It is asked again later.",
        )
    done.ignored = round_.heard
    if done.problem is not None:
        log.warning("%s: agent %s: %s", done.problem.code, agent.id, done.problem.sentence)
    waits_s = getattr(source, "quiet_s", None) if done.waiting else None
    state.ended(agent, source, round_.cursor, arrived=bool(done.batches), waits_s=waits_s, problem=done.problem)
    return done


def _look(agent: Agent, source: Any, reader: Reader, done: Pulled) -> None:
    orphans = ledger.open_claims(agent.id, source.name)
    unfinished: list[Item] = []
    for lot in reader.lots():
        before = ledger.known(agent.id, source.name, lot.items)
        for one in before.values():
            orphans.pop(one.batch_id, None)
        try:
            _settle_again(agent, source, reader, before)
            _continue(agent, source, reader, lot, before, done)
            fresh = lot.with_items(item for item in lot.items if item not in before)
            if not fresh.items:
                unfinished += [item for item, one in before.items() if not one.settled and not one.taken]
            elif lot.complete or (lot.complete is None and reader.is_complete(fresh)):
                for part in _parts(fresh.items):
                    got = ledger.claim(agent.id, source.name, part)
                    if got is not None:
                        _take(agent, source, reader, lot.with_items(got[1]), got[0], done)
            else:
                done.waiting += 1
                unfinished += fresh.items
        except GatewayError as wrong:  # one lot that fails does not stop the next
            done.problem = done.problem or wrong
            unfinished += lot.items
            if wrong.code == "SOURCE_UNREACHABLE":
                raise
    reader.advance(unfinished)
    for batch_id, is_open in orphans.items():
        _end(agent, source, reader, batch_id, is_open, done)


def _end(agent: Agent, source: Any, reader: Reader, batch_id: str, is_open: bool, done: Pulled) -> None:
    """A claim of which nothing is in the source any more: its process could not say that it was done, or never began."""
    if is_open:
        ledger.settled(agent.id, source.name, batch_id)
        return
    claim = ledger.take_over(batch_id)
    if claim is None:
        return
    if batch_exists(batch_id) or arrivals.is_there(agent.id, batch_id):
        _take(agent, source, reader, Lot("", ()), claim, done)
    else:
        ledger.drop(claim)


def _settle_again(agent: Agent, source: Any, reader: Reader, before: dict[Item, Known]) -> None:
    by_batch: dict[str, list[Item]] = {}
    for item, one in before.items():
        if one.taken and not one.settled:
            by_batch.setdefault(one.batch_id, []).append(item)
    for batch_id, items in by_batch.items():
        _settle(agent, source, reader, items, batch_id)


def _continue(agent: Agent, source: Any, reader: Reader, lot: Lot, before: dict[Item, Known], done: Pulled) -> None:
    """Claims of this lot whose owner is gone."""
    for batch_id in sorted({one.batch_id for one in before.values() if one.free}):
        claim = ledger.take_over(batch_id)
        if claim is not None:
            items = [item for item, one in before.items() if one.batch_id == batch_id]
            _take(agent, source, reader, lot.with_items(items), claim, done)


def _take(agent: Agent, source: Any, reader: Reader, lot: Lot, claim: Claim, done: Pulled) -> None:
    """Fetches a claimed lot and makes it a batch; a lot without any file (a mail that is only text) makes none."""
    try:
        opened = batch_exists(claim.batch_id)
        if not opened:
            with _folder(claim) as folder:
                opened = _fetch_and_open(
                    agent, source, reader, lot, claim, folder, None if done.here else claim.batch_id
                )
    except BaseException:
        ledger.give_back(claim)
        raise
    if opened and ledger.taken(claim):
        done.batches.append(claim.batch_id)
    elif not opened:
        ledger.taken(claim)
        ledger.settled(agent.id, source.name, claim.batch_id, stay=lot.items)
        return
    _settle(agent, source, reader, lot.items, claim.batch_id)


def _fetch_and_open(
    agent: Agent, source: Any, reader: Reader, lot: Lot, claim: Claim, folder: Path, run_id: str | None
) -> bool:
    there = arrivals.is_there(agent.id, claim.batch_id)
    if not there:
        for item in lot.items:
            if not ledger.keep(claim):
                raise _lost(source)
            try:
                reader.fetch(item, folder)
            except OSError as wrong:
                raise inbox.disk_problem(wrong, f"A file of source {source.name} could not be kept") from None
        if not any(folder.iterdir()):
            return False
        given = _manifest(source, folder, lot.sender)
        if not ledger.keep(claim):
            raise _lost(source)
        arrivals.hand_over(folder, agent.id, claim.batch_id)
    else:
        with arrivals.fetched(agent.id, claim.batch_id) as copy:
            given = _manifest(source, copy, lot.sender)
    open_claimed(
        agent, claim.batch_id, folder, actor=ACTOR, run_id=run_id, given=given[0], source=source.name, wrong=given[1]
    )
    return True


def _manifest(source: Any, folder: Path, sender: str | None) -> tuple[Manifest, Misconfigured | None]:
    """What the sender's batch.yaml says, with what the agent's file says about the source above it."""
    wrong = None
    try:
        manifest = read_manifest(folder) or Manifest()
    except Misconfigured as error:
        manifest, wrong = Manifest(), error
    said = {"mode": source.mode, "consent": source.consent, "uploaded_by": sender}
    return manifest.model_copy(update={name: value for name, value in said.items() if value}), wrong


def _settle(agent: Agent, source: Any, reader: Reader, items: Iterable[Item], batch_id: str) -> None:
    ledger.settled(agent.id, source.name, batch_id, stay=reader.settle(items, batch_id))


def _parts(items: Iterable[Item]) -> Iterator[list[Item]]:
    """A lot cut into batches that are not too large."""
    most, bytes_ = settings().max_batch_files, settings().max_batch_bytes
    rest = iter(items)
    while part := list(islice(rest, most)):
        chunk: list[Item] = []
        total = 0
        for item in part:
            size = min(item.size_bytes or 0, settings().max_file_bytes)
            if chunk and total + size > bytes_:
                yield chunk
                chunk, total = [], 0
            chunk.append(item)
            total += size
        yield chunk


def _lost(source: Any) -> Transient:
    return Transient(
        "SOURCE_UNREACHABLE", f"Source {source.name}: fetching took so long that another process goes on with it."
    )


@contextmanager
def _folder(claim: Claim) -> Iterator[Path]:
    """A private folder for one owner's download; gone afterwards."""
    place = settings().home / PULLING / claim.owner
    folder = place / claim.batch_id
    try:
        folder.mkdir(parents=True, mode=0o700)
        yield folder
    except OSError as wrong:
        raise inbox.disk_problem(wrong, "A batch could not be fetched") from None
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _clean_abandoned() -> None:
    """What killed processes left behind: their claims begin anew."""
    root = settings().home / PULLING
    for place in root.iterdir() if root.is_dir() else ():
        try:
            old = time.time() - place.stat().st_mtime > ABANDONED_S
        except FileNotFoundError:
            continue
        if old:
            shutil.rmtree(place, ignore_errors=True)
