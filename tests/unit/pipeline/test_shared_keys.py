"""Earlier profiles are found by what they share with new ones, in the whole history, and without reading it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, event, select

from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.judging import shared
from gateway.pipeline.judging.compare import neighbour_facts
from gateway.quality.duplicates import LARGEST_BLOCK, Person
from gateway.store.engine import engine, reading, writing
from gateway.store.profiles import profile_rows
from gateway.store.tables import Bookmark, Profile, ProfileKey
from support import stored


def facts(*profile_ids: str) -> dict[str, dict[str, Any]]:
    with reading() as session:
        loaded = {row.id: (row, value) for row, value in profile_rows(session, profile_ids)}
        return neighbour_facts(session, agent_of(stored.AGENT), loaded)


def test_a_match_is_found_however_old_it_is(store: str) -> None:
    """Only the newest 20,000 were looked at, except for equal addresses."""
    stored.batch("b0")
    stored.batch("b1")
    stored.person("old", of="b0", age=3000, email="mira@harbour.example", work=[{"company": "Quayside Surveys"}])
    stored.person("new", email="mira@quayside.example", work=[{"company": "Quayside Surveys"}])
    found = facts("new")["new"]
    assert (found["alike"], found["likely_duplicates"]) == (("old",), 1)


@pytest.mark.parametrize(
    ("state", "mode", "agent"),
    [("discarded", "ingest", None), ("held", "dry_run", None), ("held", "ingest", "regional-nurse")],
)
def test_who_does_not_count_is_not_found(store: str, state: str, mode: str, agent: str | None) -> None:
    agent = agent or stored.AGENT
    stored.batch("b0", mode=mode, agent=agent)
    stored.batch("b1")
    stored.person("old", of="b0", state=state, email="mira@quayside.org", agent=agent)
    stored.person("new", email="mira@quayside.org")
    assert facts("new")["new"]["alike"] == ()


def test_a_common_name_says_nothing_and_an_address_still_does(store: str) -> None:
    stored.batch("b0")
    stored.batch("b1")
    with writing() as session:
        crowd = [
            Profile(
                id=f"c{number:03}",
                document_id="d-b0",
                batch_id="b0",
                agent_id=stored.AGENT,
                ordinal=number,
                state="delivered",
                name="Mira Okonjo",
                data={"work": [{"company": "Quayside Surveys"}]},
                codes=[],
            )
            for number in range(LARGEST_BLOCK + 1)
        ]
        session.add_all(crowd)
        session.flush()
        shared.add(session, stored.AGENT, {row.id: shared.person_of(row) for row in crowd})
    stored.person("same", of="b0", email="mira@quayside.org")
    stored.person("new", email="mira@quayside.org", work=[{"company": "Quayside Surveys"}])
    found = facts("new")["new"]
    assert (found["alike"], found["likely_duplicates"]) == (("same",), 0)


def test_what_one_batch_reads_does_not_grow_with_the_history(store: str) -> None:
    """Statements and rows are the same with ten strangers in the store and with sixty."""
    stored.batch("b0")
    stored.batch("b1")
    stored.person("new", email="mira@quayside.org")

    def cost() -> int:
        statements = []
        with reading() as session:
            loaded = {row.id: (row, value) for row, value in profile_rows(session, ["new"])}
            people = [Person.of(value) for _, value in loaded.values()]
            listener = lambda *_: statements.append(1)  # noqa: E731
            event.listen(engine(), "before_cursor_execute", listener)
            found, _ = shared.profiles_sharing(session, stored.AGENT, people)
            event.remove(engine(), "before_cursor_execute", listener)
        assert found == {"new"}
        return len(statements)

    for number in range(10):
        stored.person(
            f"s{number}", of="b0", name=f"Person {chr(97 + number) * 5}", email=f"someone{number}@example.org"
        )
    few = cost()
    for number in range(10, 60):
        stored.person(f"s{number}", of="b0", name=f"Stranger Numbered{number}", email=f"someone{number}@example.org")
    assert cost() == few <= 2


def test_a_store_of_an_earlier_version_gets_its_keys_once(store: str) -> None:
    stored.batch("b0")
    stored.batch("b1")
    stored.person("old", of="b0", email="mira@quayside.org")
    stored.person("new", email="mira@quayside.org")
    with writing() as session:
        session.execute(delete(ProfileKey))
    shared.ensure()
    assert facts("new")["new"]["alike"] == ("old",)
    with writing() as session:
        session.execute(delete(ProfileKey))
    shared.ensure()
    with reading() as session:
        assert session.scalars(select(ProfileKey)).all() == [], "done once, and marked as done"
        mark = session.get_one(Bookmark, shared.MARK)
    with writing() as session:
        session.get_one(Bookmark, mark.name).value = "0"
    shared.ensure()
    with reading() as session:
        assert len(session.scalars(select(ProfileKey.profile_id).distinct()).all()) == 2


def test_keys_hold_no_text(store: str) -> None:
    stored.batch()
    stored.person("p1", email="mira@quayside.org")
    with reading() as session:
        keys = session.scalars(select(ProfileKey.key)).all()
    assert len(keys) >= 3
    assert all(isinstance(key, int) and -(2**63) <= key < 2**63 for key in keys)
