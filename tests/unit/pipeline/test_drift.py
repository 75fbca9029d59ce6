"""Drift in a stream of batches: found soon, told apart, told once; every document counts once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import chain

import pytest
from sqlalchemy import select

from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.pipeline.learning.drift import READER, TEMPLATE, Seen, cause_of, watch_batch
from gateway.store.engine import reading, writing
from gateway.store.tables import Alarm, Batch, Document, Profile, Verdict, Watch
from support.stored import AGENT, BORN

OLD, NEW = "one_column a4 10pt capitals large", "two_columns a4 9pt words huge"


def stream(
    name: str, number: int, *, source: str, family: str, risk: Iterator[float], language: str = "en"
) -> list[str]:
    """One settled batch of that many documents with a verdict each; returns the alarms it raised."""
    with writing() as session:
        made = Batch(id=name, agent_id=AGENT, mode="ingest", state="done", source=source, manifest={}, statistics={})
        made.created_at = BORN
        session.add(made)
        session.flush()
        for n in range(number):
            key = f"{name}-{n:03}"
            facts = {"family": family, "language": language}
            row = Document(
                id=f"d{key}", batch_id=name, agent_id=AGENT, path=f"{n:03}.pdf", sha256="0" * 64, size_bytes=1
            )
            row.media_type, row.state, row.facts = "application/pdf", "success", facts
            session.add(row)
            session.flush()
            profile = Profile(
                id=f"p{key}", document_id=row.id, batch_id=name, agent_id=AGENT, ordinal=0, state="passed"
            )
            profile.name, profile.email = "Mira Okonjo", "mira@quayside.org"
            session.add(profile)
            session.flush()
            verdict = Verdict(id=f"v{key}", profile_id=profile.id, profile_version=1, suite_version="a.r.e")
            verdict.outcome, verdict.quality, verdict.completeness = "pass", 0.9, 0.9
            verdict.parts, verdict.findings = {"risk": next(risk)}, []
            session.add(verdict)
        session.flush()
        return watch_batch(session, made)


def risks(seed: int, a: float, b: float) -> Iterator[float]:
    dice = random.Random(seed)
    while True:
        yield dice.betavariate(a, b)


def test_a_new_template_is_found_within_thirty_documents_and_told_once(store: str) -> None:
    sync_agent(agent_of(AGENT))
    usual, hard = risks(1, 0.6, 8), risks(2, 3, 4)
    assert stream("b0", 150, source="agency", family=OLD, risk=usual) == []
    assert stream("b1", 150, source="careers page", family=OLD, risk=usual) == []
    raised = [stream(f"b2{n}", 10, source="agency", family=NEW, risk=hard) for n in range(4)]
    assert [*chain(*raised)] == [TEMPLATE]
    assert TEMPLATE in [*chain(*raised[:3])], "within 30 documents"
    with reading() as session:
        (alarm,) = session.scalars(select(Alarm)).all()
        seen = {(row.dimension, row.name): row.counted["seen"] for row in session.scalars(select(Watch))}
        settled = session.get_one(Batch, "b20")
    assert alarm.code == "TEMPLATE_CHANGED"
    assert "source agency" in alarm.sentence
    assert NEW in alarm.sentence
    assert seen["source", "agency"] == 190
    assert seen["family", OLD] == 300
    with writing() as session:
        assert watch_batch(session, settled) == []
    with reading() as session:
        again = {(row.dimension, row.name): row.counted["seen"] for row in session.scalars(select(Watch))}
    assert again == seen, "a batch that settles again is not counted again"


def test_a_reader_that_became_worse_is_told_as_one(store: str) -> None:
    sync_agent(agent_of(AGENT))
    usual, hard = risks(3, 0.6, 8), risks(4, 3, 4)
    stream("b0", 150, source="agency", family=OLD, risk=usual)
    stream("b1", 150, source="careers page", family=OLD, risk=usual)
    raised = [stream(f"b2{n}", 5, source=("agency", "careers page")[n % 2], family=OLD, risk=hard) for n in range(6)]
    assert [*chain(*raised)] == [READER]
    with reading() as session:
        assert session.scalars(select(Alarm.code)).all() == ["READER_WORSE"]


def seen(number: int, source: str, family: str, score: float) -> list[Seen]:
    return [Seen(f"{source}{family}{n}", source, family, "en", score) for n in range(number)]


def test_a_template_that_was_sent_for_a_while_before_the_alarm_is_still_new() -> None:
    """Another group of the same documents notices later, when the layout has been seen some times."""
    story = seen(200, "agency", OLD, 0.05) + seen(30, "agency", NEW, 0.6)
    assert cause_of(story, ("language", "en"), 5).code == TEMPLATE


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (seen(20, "agency", NEW, 0.6), TEMPLATE),
        (seen(20, "agency", OLD, 0.6), READER),
        (seen(10, "agency", NEW, 0.6) + seen(10, "careers page", NEW, 0.6), READER),
        (seen(12, "agency", NEW, 0.6) + seen(8, "careers page", OLD, 0.01), TEMPLATE),
    ],
)
def test_the_reader_and_the_sender_are_told_apart(changed: list[Seen], code: str) -> None:
    story = seen(100, "agency", OLD, 0.05) + seen(100, "careers page", OLD, 0.05) + changed
    found = cause_of(story, ("language", "en"), 20)
    assert found.code == code
    assert found.data["since"] == 20
