"""States change only through store.change, and every change leaves an event."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from gateway.errors import Conflict
from gateway.model import BatchState, DocumentState, ProfileState
from gateway.store import change
from gateway.store.counts import counts
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Batch, Document, Event, Profile

PROJECT = Path(__file__).resolve().parents[3]


def seed(documents: int, profiles_each: int) -> list[str]:
    """A batch with documents and profiles; returns the profiles' ids."""
    made = []
    with writing() as session:
        agent = Agent(id="a", title="A", state="open", target_kind="own_pool", posting="p", config={})
        change.create(session, agent, actor="test")
        batch = Batch(id="b1", agent_id="a", mode="ingest", state="receiving", manifest={}, statistics={})
        change.create(session, batch, actor="test")
        session.flush()
        for d in range(documents):
            document = Document(
                id=f"d{d}",
                batch_id="b1",
                agent_id="a",
                path=f"{d}.pdf",
                sha256="0" * 64,
                size_bytes=1,
                media_type="application/pdf",
                state="processing",
                facts={},
            )
            change.create(session, document, actor="test")
            session.flush()
            for ordinal in range(profiles_each):
                profile = Profile(
                    id=f"p{d}-{ordinal}",
                    document_id=f"d{d}",
                    batch_id="b1",
                    agent_id="a",
                    ordinal=ordinal,
                    state="extracted",
                    data={},
                    codes=[],
                )
                change.create(session, profile, actor="test")
                made.append(profile.id)
    return made


def test_every_state_change_appends_an_event(store: str) -> None:
    (profile_id,) = seed(1, 1)
    with writing() as session:
        profile = session.get_one(Profile, profile_id)
        assert change.move(session, profile, ProfileState.HELD, actor="judge", code="EMAIL_MISSING", rule="suite-1")
        assert not change.move(session, profile, ProfileState.HELD, actor="judge")
    with reading() as session:
        events = session.scalars(select(Event).where(Event.subject_id == profile_id).order_by(Event.id)).all()
    assert [(e.before, e.after, e.code, e.actor) for e in events] == [
        (None, "extracted", None, "test"),
        ("extracted", "held", "EMAIL_MISSING", "judge"),
    ]
    assert events[0].at.tzinfo is not None


def test_a_step_that_is_not_allowed_changes_nothing(store: str) -> None:
    (profile_id,) = seed(1, 1)
    with pytest.raises(Conflict) as raised, writing() as session:
        change.move(session, session.get_one(Profile, profile_id), ProfileState.DELIVERED, actor="test")
    assert raised.value.code == "STATE_CONFLICT"
    with reading() as session:
        assert session.get_one(Profile, profile_id).state == "extracted"
        assert session.scalar(select(Event).where(Event.after == "delivered")) is None


def test_once_is_once(store: str) -> None:
    seed(0, 0)
    with writing() as session:
        assert change.first_time(session, "resumed:b1:1", kind="resumed", batch_id="b1", actor="test")
    with writing() as session:
        assert not change.first_time(session, "resumed:b1:1", kind="resumed", batch_id="b1", actor="test")


# One store for all examples of a property: rows are removed before each.
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.tuples(st.integers(0, 5), st.integers(0, 4)),
    steps=st.lists(
        st.tuples(st.sampled_from(["document", "profile"]), st.integers(0, 19), st.integers(0, 8)), max_size=60
    ),
)
def test_counts_add_up_after_any_steps(store: str, shape: tuple[int, int], steps: list[tuple[str, int, int]]) -> None:
    with writing() as session:
        for table in (Event, Profile, Document, Batch, Agent):
            session.query(table).delete()
    profile_ids = seed(*shape)
    states = {"document": list(DocumentState), "profile": list(ProfileState)}
    for kind, which, to in steps:
        rows = [f"d{n}" for n in range(shape[0])] if kind == "document" else profile_ids
        if not rows:
            continue
        try:
            with writing() as session:
                table = Document if kind == "document" else Profile
                row = session.get_one(table, rows[which % len(rows)])
                change.move(session, row, states[kind][to % len(states[kind])], actor="property")
        except Conflict:
            pass
    with reading() as session:
        numbers, everything = counts(session, "b1"), counts(session)
        events = session.query(Event).filter(Event.subject == "profile").order_by(Event.id).all()
        last = {event.subject_id: event.after for event in events}
        assert last == dict(session.execute(select(Profile.id, Profile.state)).all())
    assert numbers.add_up()
    assert numbers == everything
    assert (numbers.received, numbers.profiles) == (shape[0], shape[0] * shape[1])


def test_add_up_notices_a_missing_profile() -> None:
    from gateway.store.counts import Counts

    assert not Counts(received=1, success=1, profiles=2, delivered=1).add_up()
    assert not Counts(received=2, success=1).add_up()


def test_no_source_assigns_a_state_but_store_change() -> None:
    """`x.state = ...` anywhere else would change a state without an event; building a row with one is creation."""
    found = []
    for path in sorted((PROJECT / "include" / "gateway").rglob("*.py")):
        if path == PROJECT / "include/gateway/store/change.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            targets = (
                node.targets
                if isinstance(node, ast.Assign)
                else [node.target]
                if isinstance(node, ast.AugAssign)
                else []
            )
            found += [f"{path.name}:{t.lineno}" for t in targets if isinstance(t, ast.Attribute) and t.attr == "state"]
    allowed = {"register.py"}  # the first state of a row that is not in the store yet
    assert [place for place in found if place.split(":")[0] not in allowed] == []


def test_batch_states_reach_an_end_from_anywhere() -> None:
    """Nothing can get stuck: each state of a batch leads to done or failed."""
    table = change.ALLOWED["batch"]
    for state in BatchState:
        reached, todo = set(), [str(state)]
        while todo:
            here = todo.pop()
            if here not in reached:
                reached.add(here)
                todo += [str(s) for s in table.get(here, set())]
        assert reached & {"done", "failed"}


def test_migrations_make_exactly_the_models(store: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from gateway.store.engine import engine
    from gateway.store.tables import Base

    with engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
