"""One person in several profiles: links, merges, undo to the letter, versions and proposals; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from gateway.errors import Conflict, GatewayError, Misconfigured
from gateway.pipeline.review.persons import mark_duplicate, merge, undo
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.versions import proposals_for, versions_of
from gateway.store.engine import reading
from gateway.store.tables import Event, Field, Profile, Review
from support.stored import batch, person

COLUMNS = ("state", "codes", "duplicate_of", "version", "name", "email", "email_norm", "phone", "location", "data")


@pytest.fixture(autouse=True)
def _batch(store: str) -> None:
    batch()


def whole(*profile_ids: str) -> list[dict[str, Any]]:
    """Everything of these profiles that a person can see, evidence included."""
    with reading() as session:
        seen = []
        for identity in profile_ids:
            row = session.get_one(Profile, identity)
            fields = session.scalars(select(Field).where(Field.profile_id == identity).order_by(Field.name))
            seen.append(
                {name: getattr(row, name) for name in COLUMNS}
                | {
                    f.name: (f.value, f.raw, f.confidence, f.source, f.rule, f.page, f.box, f.row, f.column)
                    for f in fields
                }
            )
        return seen


def refused(work: Any, code: str) -> str:
    with pytest.raises(GatewayError) as raised:
        work()
    assert raised.value.code == code, raised.value
    return raised.value.sentence


def test_a_marked_duplicate_points_at_the_person_and_leaves_a_review_row() -> None:
    person("old", state="delivered", codes=(), email="m@example.org", age=9)
    person("new", codes=("LIKELY_DUPLICATE",))
    assert mark_duplicate("new", "old", reviewer="rita", expected_version=1, note="same thesis")
    assert not mark_duplicate("new", "old", reviewer="sam"), "it stands already"
    with reading() as session:
        row = session.get_one(Profile, "new")
        assert (row.state, row.duplicate_of, row.codes) == ("duplicate", "old", ["DUPLICATE_MARKED"])
        review = session.scalars(select(Review)).one()
        event = session.scalars(select(Event).where(Event.subject_id == "new", Event.actor == "rita")).one()
    assert (review.decision, review.other_id, review.codes) == ("duplicate", "old", ["LIKELY_DUPLICATE"])
    assert (review.reviewer, review.note, review.before["state"]) == ("rita", "same thesis", "held")
    assert (event.after, event.code) == ("duplicate", "DUPLICATE_MARKED")


def test_undo_restores_exactly_and_only_once() -> None:
    person("old", email="m@example.org")
    person("new", state="approved", codes=("LIKELY_DUPLICATE",))
    before = whole("old", "new")
    mark_duplicate("new", "old", reviewer="rita")
    assert undo("new", reviewer="sam")
    assert whole("old", "new") == before
    refused(lambda: undo("new", reviewer="sam"), "STATE_CONFLICT")
    with reading() as session:
        decisions = session.scalars(select(Review).order_by(Review.sequence)).all()
    assert [(row.decision, row.other_id, row.reviewer) for row in decisions] == [
        ("duplicate", "old", "rita"),
        ("undo", "old", "sam"),
    ]


def test_a_merge_gives_the_kept_profile_the_values_chosen_and_undo_takes_them_back() -> None:
    person("old", name="Mira Okonjo", phone="+14155550134", work=[{"company": "Quayside"}])
    person("new", name="Mira A. Okonjo", email="mira@example.org", work=[{"company": "Tidewater"}])
    before = whole("old", "new")
    assert merge("new", "old", reviewer="rita", take=("email", "work"), expected_version=1, into_version=1)
    kept, merged = whole("old", "new")
    assert (kept["state"], kept["version"], kept["name"][0]) == ("held", 2, "Mira Okonjo")
    assert kept["data"]["work"] == [{"company": "Tidewater"}]
    assert kept["email_norm"] == "mira@example.org"
    assert kept["email"] == (
        "mira@example.org",
        "as printed: mira@example.org",
        1.0,
        "person",
        "merge:new",
        None,
        None,
        None,
        None,
    )
    assert (merged["state"], merged["duplicate_of"]) == ("duplicate", "old")
    assert not merge("new", "old", reviewer="sam", take=("email",)), "all of it stands already"
    assert undo("new", reviewer="rita")
    assert whole("old", "new") == before
    assert not undo("new", reviewer="sam")


def test_a_version_linked_already_may_still_give_values() -> None:
    person("old")
    person("new", email="mira@example.org")
    mark_duplicate("new", "old", reviewer="rita")
    linked = whole("old", "new")
    assert merge("new", "old", reviewer="rita", take=("email",))
    assert whole("old")[0]["version"] == 2
    assert undo("new", reviewer="rita")
    assert whole("old", "new") == linked, "the merge only: the link is an earlier decision"
    assert undo("new", reviewer="rita")
    assert whole("new")[0]["state"] == "held"


def test_nothing_goes_into_a_delivered_profile_but_the_link() -> None:
    person("old", state="delivered", codes=(), email="mira@example.org", age=30)
    person("new", phone="+14155550134", codes=("LIKELY_DUPLICATE",))
    before = whole("old")
    told = refused(lambda: merge("new", "old", reviewer="rita", take=("phone",)), "ALREADY_DELIVERED")
    assert "old" in told
    assert merge("new", "old", reviewer="rita")
    assert whole("old") == before
    first, second = versions_of("new")
    assert [(v.profile_id, v.kept, v.code) for v in (first, second)] == [
        ("old", True, None),
        ("new", False, "DUPLICATE_MARKED"),
    ]
    assert {(c.field, c.before, c.after) for c in second.changes} == {
        ("email", "mira@example.org", None),
        ("phone", None, "+14155550134"),
    }


def test_a_merge_that_was_delivered_or_corrected_since_is_not_undone() -> None:
    person("old", email="mira@example.org")
    person("new", phone="+14155550134")
    merge("new", "old", reviewer="rita", take=("phone",))
    decide("old", "correct", reviewer="sam", corrections={"name": "Mira B. Okonjo"})
    refused(lambda: undo("new", reviewer="rita"), "VERSION_CONFLICT")
    decide("old", "undo", reviewer="sam")
    with_merge = whole("old")
    from gateway.store import change
    from gateway.store.engine import writing

    decide("old", "approve", reviewer="sam")
    with writing() as session:
        change.move(session, session.get_one(Profile, "old"), "delivered", actor="test")
    refused(lambda: undo("new", reviewer="rita"), "ALREADY_DELIVERED")
    assert whole("old")[0] | {"state": "held"} == with_merge[0]


def test_a_correction_below_a_merge_is_undone_after_it() -> None:
    person("old", email="mira@example.org")
    person("new", phone="+14155550134")
    before = whole("old")
    decide("old", "correct", reviewer="sam", corrections={"name": "Mira B. Okonjo"})
    merge("new", "old", reviewer="rita", take=("phone",))
    refused(lambda: decide("old", "undo", reviewer="sam"), "VERSION_CONFLICT")
    undo("new", reviewer="rita")
    decide("old", "undo", reviewer="sam")
    assert whole("old") == before


def test_chains_never_form_and_come_apart_as_they_were() -> None:
    person("a", age=3)
    person("b", age=2)
    person("c", age=1)
    person("d")
    mark_duplicate("b", "a", reviewer="rita")
    mark_duplicate("c", "b", reviewer="rita")  # b is a duplicate itself: the link goes to a
    assert [row["duplicate_of"] for row in whole("b", "c")] == ["a", "a"]
    mark_duplicate("a", "d", reviewer="rita")  # a has versions: they follow it
    assert [row["duplicate_of"] for row in whole("a", "b", "c")] == ["d", "d", "d"]
    assert [v.profile_id for v in versions_of("b")] == ["a", "b", "c", "d"]
    undo("a", reviewer="rita")
    assert [row["duplicate_of"] for row in whole("a", "b", "c")] == [None, "a", "a"]
    assert [v.profile_id for v in versions_of("c")] == ["a", "b", "c"]
    assert [v.profile_id for v in versions_of("d")] == ["d"]


def test_circles_strangers_and_dry_runs_are_refused() -> None:
    person("a")
    person("b")
    mark_duplicate("b", "a", reviewer="rita")
    refused(lambda: mark_duplicate("a", "a", reviewer="rita"), "DUPLICATE_INVALID")
    refused(lambda: mark_duplicate("a", "b", reviewer="rita"), "DUPLICATE_INVALID")
    batch("b2", agent="regional-nurse")
    person("nurse", of="b2", agent="regional-nurse")
    refused(lambda: mark_duplicate("a", "nurse", reviewer="rita"), "DUPLICATE_INVALID")
    batch("b3", mode="dry_run")
    person("planned", of="b3")
    refused(lambda: merge("a", "planned", reviewer="rita"), "DUPLICATE_INVALID")
    refused(lambda: mark_duplicate("a", "nobody", reviewer="rita"), "UNKNOWN_PROFILE")
    refused(lambda: mark_duplicate("nobody", "a", reviewer="rita"), "UNKNOWN_PROFILE")
    refused(lambda: merge("a", "planned", reviewer="rita", take=("salary",)), "CORRECTION_INVALID")
    for work in (versions_of, proposals_for):
        with pytest.raises(Misconfigured):
            work("nobody")


def test_the_first_decision_wins() -> None:
    person("a")
    person("b")
    person("c")
    decide("b", "discard", reviewer="sam")
    refused(lambda: mark_duplicate("b", "a", reviewer="rita"), "STATE_CONFLICT")
    decide("c", "correct", reviewer="sam", corrections={"email": "c@example.org"})
    refused(lambda: mark_duplicate("c", "a", reviewer="rita", expected_version=1), "VERSION_CONFLICT")
    refused(lambda: merge("c", "a", reviewer="rita", into_version=7), "VERSION_CONFLICT")
    with pytest.raises(Conflict):
        undo("a", reviewer="rita")


def test_an_automatic_link_is_undone_by_the_ordinary_undo() -> None:
    from gateway.store import change
    from gateway.store.engine import writing

    person("old", state="delivered", codes=(), email="m@example.org")
    person("new", email="m@example.org")
    with writing() as session:
        row = session.get_one(Profile, "new")
        row.duplicate_of, row.codes = "old", ["DUPLICATE_DELIVERED"]
        change.move(session, row, "duplicate", actor="judge")
    assert decide("new", "undo", reviewer="rita")
    (row_,) = whole("new")
    assert (row_["state"], row_["duplicate_of"], row_["codes"]) == ("held", None, ["DUPLICATE_DELIVERED"])


def test_proposals_say_what_speaks_for_and_against() -> None:
    work = [{"company": "Quayside Surveys"}]
    person("old", name="Mira Okonjo", email="mira@quayside.example", age=20, work=work)
    person("other", name="Per Holm", email="mira@tidewater.example", age=10)
    person("mira", name="Mira Okonjo", email="mira@tidewater.example", work=work, alike=["old", "erased", "stranger"])
    person("stranger", name="Ana Beltrao")
    likely, shared = proposals_for("mira")
    assert (likely.profile_id, likely.kind) == ("old", "likely")
    assert {"the same name", "an employer in common"} <= set(likely.reasons_for)
    assert "different e-mail addresses" in likely.reasons_against
    assert [change_.field for change_ in likely.changes] == ["email"]
    assert (shared.profile_id, shared.kind, shared.reasons_against) == ("other", "different", ("the names contradict",))
    mark_duplicate("mira", "old", reviewer="rita")
    assert [p.profile_id for p in proposals_for("mira")] == ["other"], "what is linked is proposed no more"


@pytest.mark.parametrize("works", ["the same", "a circle", "a chain", "undo"])
def test_two_reviewers_at_once_leave_one_person_and_no_chain(works: str) -> None:
    for identity in "abc":
        person(identity, email=f"{identity}@example.org")
    if works == "undo":
        merge("a", "b", reviewer="rita", take=("email",))
    pair: tuple[Callable[[], bool], Callable[[], bool]] = {
        "the same": (
            lambda: merge("a", "b", reviewer="rita", take=("email",)),
            lambda: mark_duplicate("a", "c", reviewer="sam"),
        ),
        "a circle": (
            lambda: mark_duplicate("a", "b", reviewer="rita"),
            lambda: mark_duplicate("b", "a", reviewer="sam"),
        ),
        "a chain": (
            lambda: mark_duplicate("a", "b", reviewer="rita"),
            lambda: mark_duplicate("b", "c", reviewer="sam"),
        ),
        "undo": (lambda: undo("a", reviewer="rita"), lambda: undo("a", reviewer="sam")),
    }[works]
    barrier = Barrier(2)

    def race(work: Callable[[], bool]) -> str:
        barrier.wait()
        try:
            return str(work())
        except GatewayError as wrong:
            return wrong.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(race, pair))
    told = {"False", "STATE_CONFLICT", "DUPLICATE_INVALID", "VERSION_CONFLICT"}
    assert "True" in outcomes
    if works != "a chain":
        assert sorted(outcome in told for outcome in outcomes) == [False, True], outcomes
    with reading() as session:
        rows = {row.id: row for row in session.scalars(select(Profile))}
        decisions = session.scalars(select(Review)).all()
    assert len(decisions) == outcomes.count("True") + (works == "undo")
    for row in rows.values():
        if row.state == "duplicate":
            assert rows[str(row.duplicate_of)].state != "duplicate", outcomes


def test_judging_again_never_links_the_kept_profile_back(store: str, tmp_path: Path) -> None:
    """The judge would have kept the other one of the two; a person chose, and no circle forms."""
    from gateway.model import Mode
    from gateway.pipeline.judging.judge import judge_batch
    from gateway.pipeline.run import run_batch

    (tmp_path / "a.csv").write_text("Name,Email,Phone\nMira Okonjo,mira@example.org,+14155550134\n", "utf-8")
    (tmp_path / "b.csv").write_text("Name,Email,Phone\nMira Okonjo,mira@example.org,\n", "utf-8")
    of = run_batch("backend-engineer", [tmp_path / "a.csv", tmp_path / "b.csv"], actor="test", mode=Mode.REVIEW)
    with reading() as session:
        better, other = session.scalars(
            select(Profile).where(Profile.batch_id == of).order_by(Profile.state.desc())
        ).all()
    assert (better.state, other.state, other.duplicate_of) == ("held", "duplicate", better.id)
    undo(other.id, reviewer="rita")
    mark_duplicate(better.id, other.id, reviewer="rita")
    judge_batch(of)
    with reading() as session:
        rows = {
            row.id: (row.state, row.duplicate_of)
            for row in session.scalars(select(Profile).where(Profile.batch_id == of))
        }
    assert rows == {better.id: ("duplicate", other.id), other.id: ("held", None)}
