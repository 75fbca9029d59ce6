"""Every count of agents, batches, queue and analytics equals a slow, direct count, whatever people did; both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.insight import queue
from gateway.insight.agents import agent_counts, agent_lines
from gateway.insight.batches import batch_page, batch_view
from gateway.insight.documents import document_page
from gateway.model import ExtractedProfile, Mode, Reading
from gateway.pipeline import read
from gateway.pipeline.arrival.retry import retry_documents
from gateway.pipeline.read import store_reading
from gateway.pipeline.review import persons
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.pipeline.run import run_batch
from gateway.store.counts import Counts
from gateway.store.engine import reading
from gateway.store.tables import Audit, Batch, Document, Profile
from support.direct_count import check as check_analytics
from support.stages import process

AGENT, OTHER = "backend-engineer", "regional-nurse"
STATES = ("delivered", "held", "discarded", "duplicate", "refused", "unknown")


def people(first: int, number: int) -> str:
    rows = [
        f"Wanda Norfel{'abcdefghijklmnop'[n % 16]},wanda.norfel{n}@example.com,+49 30 55501{n:02d},Berlin"
        for n in range(first, first + number)
    ]
    return "\n".join(["Name,Email,Phone,Location", *rows, ""])


def check() -> None:
    """All read models against objects loaded one by one."""
    with reading() as session:
        batches = session.scalars(select(Batch)).all()
        documents = session.scalars(select(Document)).all()
        profiles = session.scalars(select(Profile).order_by(Profile.id)).all()
        audits = session.scalars(select(Audit)).all()
    for line in agent_lines():
        of_agent = [p.state for p in profiles if p.agent_id == line.id]
        assert line.documents == sum(d.agent_id == line.id for d in documents)
        assert (line.delivered, line.held) == (of_agent.count("delivered"), of_agent.count("held"))
        same(agent_counts(line.id), [d for d in documents if d.agent_id == line.id], of_agent)
    shown = {row.id: row for row in batch_page(size=100).rows}
    assert shown.keys() == {batch.id for batch in batches}
    for batch in batches:
        mine = [d for d in documents if d.batch_id == batch.id]
        inside = [p for p in profiles if p.batch_id == batch.id]
        for found in (shown[batch.id].counts, batch_view(batch.id).counts):
            same(found, mine, [p.state for p in inside])
        codes = Counter(d.code for d in mine if d.code)
        codes.update(code for p in inside if p.state in ("held", "duplicate", "refused") for code in p.codes)
        assert batch_view(batch.id).counts.codes == codes
        listed = document_page(batch.id).rows
        assert len(listed) == len(mine)
        for row in listed:
            assert Counter(dict(row.outcomes)) == Counter(p.state for p in inside if p.document_id == row.id)
    for part in (
        queue.Filter(),
        *(queue.Filter(agent=a) for a in (AGENT, OTHER)),
        *(queue.Filter(batch=b.id) for b in batches),
    ):
        held = [
            p
            for p in profiles
            if p.state == "held" and part.agent in (None, p.agent_id) and part.batch in (None, p.batch_id)
        ]
        assert queue.page(part, 1, reviewer="rita").total == len(held)
        for code, number in Counter(code for p in held for code in p.codes).items():
            narrowed = queue.Filter(agent=part.agent, batch=part.batch, code=code)
            assert queue.page(narrowed, 1, reviewer="rita").total == number
    offered = {agent: number for agent, _, number in queue.choices(queue.Filter()).agents}
    assert {agent: number for agent, number in offered.items() if number} == Counter(
        p.agent_id for p in profiles if p.state == "held"
    )
    assert queue.page(queue.Filter(kind=queue.AUDIT), 1, reviewer="rita").total == sum(
        a.outcome is None for a in audits
    )
    for agent in (None, AGENT, OTHER):
        check_analytics(agent, 30)


def same(found: Counts, documents: list[Document], states: list[str]) -> None:
    assert found.add_up()
    assert found.received == len(documents)
    for name in ("success", "failed", "processing"):
        assert getattr(found, name) == sum(d.state == name for d in documents), name
    assert found.profiles == len(states)
    for name in STATES:
        assert getattr(found, name) == states.count(name), name


def test_counts_hold_after_everything_people_do(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(name: str, agent: str, texts: list[str], mode: Mode = Mode.INGEST) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for number, text in enumerate(texts):
            (folder / f"{number}.csv").write_text(text, "utf-8")
        return run_batch(agent, [folder], actor="tester", mode=mode)

    def timed_out(document_id: str, outcome: Reading, profiles: Iterator[ExtractedProfile]) -> int:
        with reading() as session:
            if session.get_one(Document, document_id).path == "1.csv":
                outcome = Reading("failed", "text/csv", code="TIMED_OUT", error="It took too long.")
        return store_reading(document_id, outcome, profiles)

    with monkeypatch.context() as patched:
        patched.setattr(read, "store_reading", timed_out)
        first = run("first", AGENT, [people(0, 3) + ",,+49 30 5550190,Bonn\n", people(20, 2)])
    reviewed = run("reviewed", AGENT, [people(40, 6)], Mode.REVIEW)
    run("dry", AGENT, [people(50, 2)], Mode.DRY_RUN)
    run("nurses", OTHER, [people(60, 2)], Mode.REVIEW)
    check()
    ids = [row.profile_id for row in queue.page(queue.Filter(batch=reviewed), 1, reviewer="rita").rows]
    one, two, three, four, five, six = ids
    decide(one, "approve", reviewer="rita")
    decide(two, "correct", reviewer="rita", corrections={"location": "Bremen"})
    decide(three, "discard", reviewer="rita")
    persons.merge(four, five, reviewer="rita", take=["phone"])
    persons.mark_duplicate(six, five, reviewer="rita")
    check()
    persons.undo(six, reviewer="rita")
    decide(three, "undo", reviewer="rita")
    check()
    retry_documents(first, None, actor="rita")
    check_but_analytics_of_running(first)
    process(first)
    check()
    deliver_reviewed()
    persons.undo(four, reviewer="rita")
    check()


def check_but_analytics_of_running(batch_id: str) -> None:
    with reading() as session:
        documents = session.scalars(select(Document).where(Document.batch_id == batch_id)).all()
        states = session.scalars(select(Profile.state).where(Profile.batch_id == batch_id)).all()
    same(batch_view(batch_id).counts, list(documents), list(states))
