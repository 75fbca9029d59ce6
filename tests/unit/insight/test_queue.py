"""The queue's order, filters and neighbours, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import update

from gateway.insight import queue
from gateway.insight.listing import Listed
from gateway.insight.queue import (
    AUDIT,
    OLDEST,
    PAGE,
    WORTH,
    Filter,
    choices,
    held_of,
    matching,
    neighbour,
    page,
    position,
    total,
)
from gateway.pipeline.learning.minutes import cost_of
from gateway.pipeline.review import claims
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Audit, Batch, Document, Profile, Review, now

START = datetime(2026, 5, 1, 8, tzinfo=UTC)
HELD = 7


@pytest.fixture(autouse=True)
def queued(store: str) -> None:
    """p0..p6 held, the odd ones of agent b; two of them at the same instant; p9 delivered and drawn for an audit."""
    with writing() as session:
        for agent in ("a", "b"):
            session.add(
                Agent(id=agent, title=agent.upper(), state="open", target_kind="own_pool", posting="x", config={})
            )
        session.flush()
        for agent in ("a", "b"):
            session.add(Batch(id=f"batch-{agent}", agent_id=agent, mode="ingest", state="waiting_review"))
        session.flush()
        for agent in ("a", "b"):
            session.add(
                Document(
                    id=f"d{agent}",
                    batch_id=f"batch-{agent}",
                    agent_id=agent,
                    path="list.csv",
                    sha256="0" * 64,
                    size_bytes=1,
                    media_type="text/csv",
                    state="success",
                )
            )
        session.flush()
        for number in range(10):
            agent = "b" if number % 2 else "a"
            is_held = number < HELD
            session.add(
                Profile(
                    id=f"p{number}",
                    document_id=f"d{agent}",
                    batch_id=f"batch-{agent}",
                    agent_id=agent,
                    ordinal=number,
                    state="held" if is_held else "delivered",
                    name=f"N {number}",
                    email_norm=None if number == 3 else "x",
                    codes=(["EMAIL_MISSING", "NAME_MISSING"] if number == 3 else ["EMAIL_MISSING"]) if is_held else [],
                    created_at=START + timedelta(minutes=4 if number == 5 else number),
                )
            )
        session.flush()
        session.add(Audit(profile_id="p9", batch_id="batch-b", agent_id="b", wrong_fields=[], sampled_at=START))


def walk(part: Filter, start: str | None = None, back: bool = False) -> list[str]:
    found: list[str] = []
    at = start
    while (at := neighbour(part, at, reviewer="rita", back=back)) is not None and at not in found:
        found.append(at)
    return found


def test_oldest_first_and_every_one_once() -> None:
    expected = [f"p{number}" for number in range(HELD)]
    assert matching(Filter(), 100) == expected
    assert [line.profile_id for line in page(Filter(), 1, reviewer="rita").rows] == expected
    assert walk(Filter()) == expected
    assert walk(Filter(), "p6", back=True) == expected[-2::-1]


def test_past_the_end_it_starts_anew_but_not_before_the_beginning() -> None:
    assert neighbour(Filter(), "p6", reviewer="rita") == "p0"
    assert neighbour(Filter(), "p0", reviewer="rita", back=True) is None


def test_filters() -> None:
    assert matching(Filter(agent="b"), 100) == ["p1", "p3", "p5"]
    assert matching(Filter(batch="batch-a"), 100) == ["p0", "p2", "p4", "p6"]
    assert matching(Filter(code="NAME_MISSING"), 100) == ["p3"]
    assert matching(Filter(code="EMAIL%MISSING"), 100) == []
    assert matching(Filter(kind="audit"), 100) == ["p9"]
    assert total(Filter(agent="b", code="EMAIL_MISSING")) == 3
    assert neighbour(Filter(agent="b"), "p2", reviewer="rita") == "p3"
    assert neighbour(Filter(code="NAME_MISSING"), "p3", reviewer="rita") is None


def test_one_that_is_decided_still_says_what_comes_after() -> None:
    with writing() as session:
        change.move(session, session.get_one(Profile, "p2"), "discarded", actor="rita")
    assert neighbour(Filter(), "p2", reviewer="rita") == "p3"
    assert position(Filter(), "p2") == (0, HELD - 1)


def test_place_in_the_queue() -> None:
    assert position(Filter(), "p0") == (1, HELD)
    assert position(Filter(), "p5") == (6, HELD)  # the same instant as p4: the id decides
    assert position(Filter(agent="b"), "p5") == (3, 3)
    assert position(Filter(kind="audit"), "p9") == (1, 1)


def test_what_others_look_at_is_passed_over_and_shown() -> None:
    claims.claim("p1", "sam")
    assert neighbour(Filter(), "p0", reviewer="rita") == "p2"
    assert neighbour(Filter(), "p0", reviewer="sam") == "p1"
    claimed = {line.profile_id: line.claimed_by for line in page(Filter(), 1, reviewer="rita").rows}
    assert claimed["p1"] == "sam"
    assert claimed["p2"] is None
    for number in range(HELD):
        claims.claim(f"p{number}", "sam")
    assert neighbour(Filter(), "p0", reviewer="rita") == "p1"  # better one of somebody else's than none


def test_choices_say_how_many() -> None:
    found = choices(Filter())
    assert found.agents == (("a", "A", 4), ("b", "B", 3))
    assert found.codes == (("EMAIL_MISSING", 7), ("NAME_MISSING", 1))
    assert (found.held, found.audits) == (HELD, 1)
    assert choices(Filter(agent="a")).codes == (("EMAIL_MISSING", 4),)


def test_in_a_large_queue_codes_are_counted_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "LARGE", 3)
    monkeypatch.setattr(queue, "_recent", {})
    before = choices(Filter()).codes
    with writing() as session:
        change.move(session, session.get_one(Profile, "p3"), "discarded", actor="rita")
    assert choices(Filter()).codes == before
    assert choices(Filter()).held == HELD - 1
    monkeypatch.setattr(queue, "RECENT_S", 0.0)
    assert choices(Filter()).codes == (("EMAIL_MISSING", HELD - 1),)


def test_bulk_sees_what_is_held_now() -> None:
    assert held_of(["p9", "p3", "p0", "nobody"]) == [("p0", True), ("p3", False)]


def test_a_page_beyond_the_last_is_the_last() -> None:
    found = page(Filter(), 99, reviewer="rita")
    assert (found.page, found.pages, found.total, len(found.rows)) == (1, 1, HELD, HELD)
    assert PAGE >= HELD


def decided(code: str, decision: str, number: int, gap_s: int) -> None:
    """That many single decisions about candidates held by a code, one after the other; they wait no more."""
    with writing() as session:
        for n in range(number):
            identity = f"{code}-{decision}-{n}"
            session.add(
                Profile(
                    id=identity,
                    document_id="da",
                    batch_id="batch-a",
                    agent_id="a",
                    ordinal=100 + n + 20 * (code[0] == "N"),
                    state="approved",
                    codes=[],
                    created_at=START,
                )
            )
            session.flush()
            session.add(
                Review(
                    id=f"r-{identity}",
                    profile_id=identity,
                    sequence=1,
                    decision=decision,
                    codes=[code],
                    reviewer=f"rita-{code}",
                    created_at=now() - timedelta(hours=1) + timedelta(seconds=n * gap_s),
                )
            )


def test_what_is_put_right_soonest_comes_first_where_that_is_asked_for() -> None:
    """A missing name is always put right, in seconds; a missing address takes minutes and is mostly accepted as it is."""
    decided("NAME_MISSING", "correct", 12, 20)
    decided("EMAIL_MISSING", "approve", 12, 300)
    wanted = Filter(order=WORTH)
    with reading() as session:
        cost = cost_of(session)
    assert cost.minutes["NAME_MISSING"] < 1.5 < 3 < cost.minutes["EMAIL_MISSING"]
    assert cost.fix["NAME_MISSING"] > 0.8 > 0.2 > cost.fix["EMAIL_MISSING"]
    expected = ["p3", *(one for one in matching(Filter(), 100) if one != "p3")]
    assert matching(wanted, 100) == expected
    assert [line.profile_id for line in page(wanted, 1, reviewer="rita").rows] == expected
    assert walk(wanted) == expected
    assert walk(wanted, expected[-1], back=True) == expected[-2::-1]
    assert [position(wanted, one) for one in expected] == [(n + 1, HELD) for n in range(HELD)]
    assert matching(Filter(kind=AUDIT, order=WORTH), 100) == matching(Filter(kind=AUDIT), 100)


def ids(found: Listed[queue.Waiting]) -> list[str]:
    return [line.profile_id for line in found.rows]


@pytest.mark.parametrize("order", [OLDEST, WORTH])
def test_reading_on_from_a_row_shows_what_counting_pages_shows(order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decided("NAME_MISSING", "correct", 12, 20)
    decided("EMAIL_MISSING", "approve", 12, 300)
    monkeypatch.setattr(queue, "PAGE", 2)
    wanted = Filter(order=order)
    pages = [page(wanted, number, reviewer="rita") for number in range(1, 5)]
    assert [one for found in pages for one in ids(found)] == matching(wanted, 100)
    for number, (found, following) in enumerate(pairwise(pages), 1):
        on = page(wanted, number + 1, reviewer="rita", after=found.last)
        back = page(wanted, number, reviewer="rita", before=following.first)
        assert (ids(on), on.page, on.pages) == (ids(following), number + 1, 4)
        assert (ids(back), back.page, back.pages) == (ids(found), number, 4)
    assert page(wanted, 2, reviewer="rita", after="gone") == pages[1], "whoever was erased in between is counted round"


def test_nobody_is_skipped_when_others_are_decided_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "PAGE", 3)
    whole = matching(Filter(), 100)
    first = page(Filter(), 1, reviewer="rita")
    with writing() as session:  # the last of the page, from which is read on, is one of the two
        session.execute(update(Profile).where(Profile.id.in_(whole[1:3])).values(state="delivered"))
    second = page(Filter(), 2, reviewer="rita", after=first.last)
    assert (ids(second), second.page, second.pages) == (whole[3:6], 2, 3), "one before, three here, one more"
    third = page(Filter(), 3, reviewer="rita", after=second.last)
    assert (ids(third), third.page, third.pages) == (whole[6:], 3, 3)
    assert ids(page(Filter(), 2, reviewer="rita", before=third.first)) == whole[3:6]
    with writing() as session:
        session.execute(update(Profile).where(Profile.id == whole[6]).values(state="delivered"))
    late = page(Filter(), 3, reviewer="rita", after=second.last)
    assert (ids(late), late.page, late.pages) == ([whole[5]], 2, 2), "nobody is left behind: the last page"
