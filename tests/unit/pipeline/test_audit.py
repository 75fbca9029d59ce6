"""The audit sample: drawn once, answered once, counted as an error rate; on both databases."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.errors import Conflict, Misconfigured
from gateway.pipeline.review.audit import audit_error_rate, audit_queue, decide_audit, draw_audit
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Delivery, Event, Profile, now
from support.stored import batch, person


@pytest.fixture
def delivered(store: str) -> list[str]:
    """Forty automatic passes of an agent with a share of 5 %: two are drawn."""
    batch()
    return [person(f"p{n:02}", state="delivered", codes=(), email=f"p{n}@example.org") for n in range(40)]


def test_the_sample_is_the_agents_share_and_drawn_once(delivered: list[str]) -> None:
    assert draw_audit("b1") == 2
    drawn = [item.profile_id for item in audit_queue()]
    assert draw_audit("b1") == 0
    assert [item.profile_id for item in audit_queue()] == drawn
    assert set(drawn) <= set(delivered)
    item = audit_queue("backend-engineer", limit=1)[0]
    assert (item.batch_id, item.path, item.email) == ("b1", "a.pdf", f"p{int(drawn[0][1:])}@example.org")
    assert audit_queue("regional-nurse") == []


def test_late_deliveries_only_add_what_keeps_the_share(delivered: list[str]) -> None:
    draw_audit("b1")
    for n in range(40, 60):
        person(f"p{n}", state="delivered", codes=())
    assert draw_audit("b1") == 1
    assert len(audit_queue()) == 3


def test_what_a_person_approved_is_not_sampled(store: str) -> None:
    batch()
    for n in range(40):
        person(f"p{n:02}")
        decide(f"p{n:02}", "approve", reviewer="rita")
        with writing() as session:
            change.move(session, session.get_one(Profile, f"p{n:02}"), "delivered", actor="test")
    assert draw_audit("b1") == 0


def test_the_first_answer_stands_and_is_audited_itself(delivered: list[str]) -> None:
    draw_audit("b1")
    first, second = (item.profile_id for item in audit_queue())
    assert decide_audit(first, False, reviewer="rita", wrong_fields=("phone", "name"))
    assert not decide_audit(first, False, reviewer="sam", wrong_fields=("name", "phone")), "the same answer again"
    with pytest.raises(Conflict) as raised:
        decide_audit(first, True, reviewer="sam")
    assert raised.value.code == "STATE_CONFLICT"
    assert decide_audit(second, True, reviewer="sam")
    assert audit_queue() == []
    with reading() as session:
        row = session.get_one(Audit, first)
        assert (row.outcome, row.wrong_fields, row.reviewer) == ("wrong", ["name", "phone"], "rita")
        events = session.scalars(select(Event).where(Event.kind == "audited").order_by(Event.id)).all()
        assert [(e.subject_id, e.actor, e.rule) for e in events] == [(first, "rita", "wrong"), (second, "sam", "right")]
    rate = audit_error_rate("backend-engineer")
    assert (rate.looked_at, rate.wrong, rate.rate) == (2, 1, 0.5)
    assert audit_error_rate(since=now()).looked_at == 0
    assert audit_error_rate("regional-nurse").rate is None


def test_answers_that_mean_nothing_are_refused(delivered: list[str]) -> None:
    draw_audit("b1")
    (drawn, _) = (item.profile_id for item in audit_queue())
    stranger = next(identity for identity in delivered if identity not in {i.profile_id for i in audit_queue()})
    for profile_id, right, fields, code in (
        (stranger, True, (), "UNKNOWN_PROFILE"),
        (drawn, True, ("name",), "DECISION_INVALID"),
        (drawn, False, ("salary",), "DECISION_INVALID"),
    ):
        with pytest.raises(Misconfigured) as raised:
            decide_audit(profile_id, right, reviewer="rita", wrong_fields=fields)
        assert raised.value.code == code


def test_a_candidate_delivered_late_joins_the_sample(
    store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All passes of this agent are drawn; the one whose batch ended before its delivery is drawn by the sweep."""
    from gateway.pipeline import run
    from gateway.settings import settings

    agents = tmp_path / "agents"
    agents.mkdir()
    text = (settings().agents_dir / "backend-engineer.yaml").read_text("utf-8")
    (agents / "backend-engineer.yaml").write_text(text.replace("audit_share: 0.05", "audit_share: 1"), "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(agents))
    settings.cache_clear()
    (tmp_path / "a.csv").write_text("Name,Email,Phone\nMira Okonjo,mira.okonjo@example.org,+14155550134\n", "utf-8")
    first = run.run_batch("backend-engineer", [tmp_path / "a.csv"], actor="test")
    assert [item.batch_id for item in audit_queue()] == [first]
    monkeypatch.setattr(run, "draw_audit", lambda batch_id: 0)
    (tmp_path / "b.csv").write_text("Name,Email,Phone\nIda Fenwick,ida.fenwick@example.org,+14155550135\n", "utf-8")
    second = run.run_batch("backend-engineer", [tmp_path / "b.csv"], actor="test")
    with writing() as session:  # as if its answer had come after the run
        row = session.scalars(select(Delivery).where(Delivery.batch_id == second)).one()
        row.finished_at = None
        row.updated_at = now() + timedelta(seconds=5)
    deliver_reviewed()
    assert [item.batch_id for item in audit_queue()] == [first, second]
