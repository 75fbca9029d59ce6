"""Forecasts after the first documents, and review that is shared out; on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import select, update

from gateway.insight import queue
from gateway.insight.planning import plan
from gateway.insight.queue import Filter
from gateway.pipeline.forecast import DECISION_S, enough, forecast, forecasts, history, seconds_between
from gateway.pipeline.review.assign import assign, give_back, open_of, share_out
from gateway.pipeline.review.review import decide
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Event, Forecast, Profile, Review, now
from support.pdf_maker import make, resume
from support.stored import batch, person

SECONDS = 2.0  # a document, in the recorded batches


def recorded(name: str, documents: int, *, done: int, at_s: float | None = None, seconds: float = SECONDS) -> datetime:
    """A batch as it is when `done` of its documents are read, each in so many seconds; returns when that is."""
    begun = now() - timedelta(seconds=done * seconds if at_s is None else at_s)
    with writing() as session:
        row = Batch(
            id=name, agent_id="nurses", mode="ingest", state="receiving", manifest={}, statistics={}, created_at=begun
        )
        change.create(session, row, actor="test")
        session.flush()
        change.move(session, row, "running", actor="test")
        session.flush()
        session.execute(update(Event).where(Event.subject_id == name).values(at=begun))
        for n in range(documents):
            document = Document(
                id=f"{name}-{n:03}", batch_id=name, agent_id="nurses", path=f"{n}.pdf", sha256=f"{n:064}", size_bytes=1000,
                media_type="application/pdf", state="success" if n < done else "processing", facts={},
            )  # fmt: skip
            session.add(document)
            session.flush()
            if n < done:
                session.add(Profile(id=f"p-{name}-{n:03}", document_id=document.id, batch_id=name, agent_id="nurses",
                                    ordinal=0, state="extracted", data={}, codes=[]))  # fmt: skip

    return begun + timedelta(seconds=done * seconds if at_s is None else at_s)


def ended(name: str, *, held: int, at: object = None) -> None:
    """The same batch at rest: all of its documents read, so many of its candidates held."""
    with writing() as session:
        session.execute(update(Document).where(Document.batch_id == name).values(state="success"))
        have = set(session.scalars(select(Profile.document_id).where(Profile.batch_id == name)))
        for row in session.scalars(select(Document).where(Document.batch_id == name)):
            if row.id not in have:
                session.add(Profile(id=f"p-{row.id}", document_id=row.id, batch_id=name, agent_id="nurses", ordinal=0,
                                    state="extracted", data={}, codes=[]))  # fmt: skip
        session.flush()
        for n, profile in enumerate(
            session.scalars(select(Profile).where(Profile.batch_id == name).order_by(Profile.id))
        ):
            change.move(session, profile, "held" if n < held else "passed", actor="test")
        change.move(session, session.get_one(Batch, name), "waiting_review" if held else "done", actor="test")
        session.flush()
        if at is not None:
            session.execute(
                update(Event)
                .where(Event.subject_id == name, Event.after == ("waiting_review" if held else "done"))
                .values(at=at)
            )


def test_a_forecast_is_made_once_after_the_first_documents(nurses: None) -> None:
    recorded("b1", 50, done=4)
    assert enough(50) == 5
    assert not forecast("b1", {}), "too early to say"
    with writing() as session:
        session.execute(update(Document).where(Document.id == "b1-004").values(state="success"))
    assert forecast("b1", {})
    assert not forecast("b1", {}), "what was said is not changed"
    (told,) = forecasts()
    assert (told.documents, told.of_documents, told.guessed) == (5, 50, True)
    assert told.came.rest_at is None
    assert told.finish_error is None
    recorded("b2", 3, done=3)
    assert not forecast("b2", {}), "everything is read: nothing is left to say"


def test_the_rate_is_weighed_by_what_documents_cost(nurses: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four small ones in eight seconds say that a scan of ten times their cost takes twenty."""
    at = recorded("b1", 5, done=4)
    monkeypatch.setattr("gateway.pipeline.forecast.now", lambda: at)  # however long writing those rows took
    weights = {f"b1-{n:03}": 1.0 for n in range(4)} | {"b1-004": 10.0}
    assert forecast("b1", weights)
    (told,) = forecasts()
    left = (told.rest_at - told.made_at).total_seconds()
    assert left == pytest.approx(20, rel=0.1)


def test_past_forecasts_stand_beside_what_came_true(nurses: None) -> None:
    """Recorded batches whose speed wavers by a tenth: half of the forecasts are closer than a fifth."""
    for number, wavers in enumerate((1.0, 1.1, 0.9, 1.05, 0.95)):
        name = f"b{number}"
        recorded(name, 40, done=6)
        assert forecast(name, {})
        (told,) = [one for one in forecasts() if one.batch_id == name]
        ended(name, held=8, at=told.made_at + timedelta(seconds=34 * SECONDS * wavers + 2))
    errors = [one.finish_error for one in forecasts() if one.finish_error is not None]
    assert len(errors) == 5
    assert median(errors) < 0.2
    newest = forecasts()[0]
    assert newest.held == 8, "learned from the batches before: a fifth is held"
    assert newest.held_error == 0
    shown = plan()
    assert shown.finish_error == median(errors)


def test_how_long_a_decision_takes_is_learned_from_people(nurses: None) -> None:
    at = now()
    assert seconds_between(
        [("rita", at), ("rita", at + timedelta(seconds=30)), ("sam", at + timedelta(seconds=31))]
    ) == [30]
    assert seconds_between([("rita", at), ("rita", at + timedelta(hours=1))]) == [], "a break is no decision"
    recorded("b1", 12, done=12)
    ended("b1", held=12)
    for n in range(12):
        decide(f"p-b1-{n:03}", "discard", reviewer="rita")
    with writing() as session:
        for n, row in enumerate(session.scalars(select(Review).order_by(Review.profile_id))):
            row.created_at = at + timedelta(seconds=20 * n)
    with reading() as session:
        known = history(session, "nurses")
        assert (known.decision_s, known.held_share, known.guessed) == (20, 1.0, False)
        assert history(session, "others").decision_s == DECISION_S
    (load,) = plan().loads
    assert (load.reviewer, load.week, load.decision_s) == ("rita", 12, 20)


def test_reading_a_batch_makes_its_forecast(home: Path) -> None:
    folder = home / "drop"
    folder.mkdir()
    for n in range(8):
        make(folder / f"{n}.pdf", resume(f"Person Number{n}", f"person.{n}@example.org", f"+49 30 55501{n:02}"))
    batch_id = run_batch("backend-engineer", [folder], actor="tester")
    with reading() as session:
        row = session.get_one(Forecast, batch_id)
    assert 3 <= row.documents < 8
    assert row.of_documents == 8


def test_held_candidates_are_shared_out_up_to_a_limit(store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_REVIEW_LIMIT", "3")
    settings.cache_clear()
    batch()
    held = [person(f"p{n}") for n in range(8)]
    assert queue.unassigned(Filter(), 100) == held
    assert share_out(held, ["rita", "sam", "rita", " "], actor="lead") == {"rita": 3, "sam": 3}
    assert (open_of("rita"), open_of("sam")) == (3, 3)
    assert len(queue.unassigned(Filter(), 100)) == 2, "nobody gets more than the limit; the rest is open to all"
    assert assign(held, "rita", actor="lead") == 0
    assert plan().nobodys == 2
    mine = queue.assigned_to("rita")
    decide(mine[0], "discard", reviewer="sam")
    assert open_of("rita") == 2, "whoever may review may decide"
    assert assign(held, "rita", actor="lead") == 1
    assert give_back(queue.assigned_to("rita"), actor="lead") == 3
    assert open_of("rita") == 0
    with reading() as session:
        kinds = session.scalars(select(Event.kind).where(Event.actor == "lead")).all()
    assert (kinds.count("assigned"), kinds.count("given_back")) == (7, 3)


def test_who_comes_next_is_mine_or_nobody_s_first(store: str) -> None:
    batch()
    held = [person(f"p{n}") for n in range(3)]
    assign([held[0]], "sam", actor="lead")
    assert queue.neighbour(Filter(), None, reviewer="rita") == held[1]
    assert queue.neighbour(Filter(), None, reviewer="sam") == held[0]
    assign(held[1:], "sam", actor="lead")
    assert queue.neighbour(Filter(), None, reviewer="rita") == held[0], "rather somebody else's than nothing"
