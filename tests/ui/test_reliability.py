"""The reliability page and what-if: without anybody's data, each change with its right and its event."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.learning import calibrate
from gateway.pipeline.learning.alarms import raise_alarm
from gateway.pipeline.learning.calibrate import Proposal
from gateway.pipeline.review.audit import decide_audit
from gateway.pipeline.review.held import queue
from gateway.pipeline.review.review import decide
from gateway.store.engine import reading, writing
from gateway.store.tables import Alarm, Audit, Event, Profile

Client = Callable[..., TestClient]
AGENT = "backend-engineer"
PAGE = f"/agents/{AGENT}/reliability"


def checked(batch_id: str) -> None:
    """One held candidate corrected, one pass audited."""
    first = queue(batch_id)[0]
    decide(first.profile_id, "correct", reviewer="rita", corrections={"name": "Somebody Else"})
    with writing() as session:
        passed = session.scalars(select(Profile).where(Profile.state == "delivered")).first()
        assert passed is not None
        if session.get(Audit, passed.id) is None:
            session.add(Audit(profile_id=passed.id, batch_id=batch_id, agent_id=AGENT, wrong_fields=[]))
        identity = passed.id
    decide_audit(identity, True, reviewer="rita")


def test_the_page_shows_what_was_said_and_what_was_true_and_nobodys_data(client: Client, filled: str) -> None:
    checked(filled)
    page = client("viewer").get(PAGE)
    assert page.status_code == 200
    for said in ("What was said, and what was true", "The stated error", "Watched for drift", "Who is held, by format"):
        assert said in page.text
    assert 'class="reliability"' in page.text
    assert "People checked 1 and found 0 wrong" in page.text
    assert "language: en" in page.text
    with reading() as session:
        people = [
            value for row in session.scalars(select(Profile)) for value in (row.name, row.email, row.phone) if value
        ]
    assert people
    assert not [value for value in people if value in page.text]
    assert "Compare also by" not in page.text, "a proxy may be made of people's data"
    assert client(None).get(PAGE).status_code == 401
    assert client("viewer").get("/agents/nobody/reliability").status_code == 404


def test_a_reviewer_compares_by_a_proxy_of_their_choice(client: Client, filled: str) -> None:
    page = client("user").get(f"{PAGE}?proxy=phone_country").text
    assert '<option value="phone_country" selected>' in page
    assert client("user").get(f"{PAGE}?proxy=column:nothing").status_code == 200
    assert "selected" not in client("viewer").get(f"{PAGE}?proxy=phone_country").text


def test_an_agent_without_anything_checked_says_so(client: Client, home: object) -> None:
    page = client("viewer").get("/agents/regional-nurse/reliability").text
    assert "Nobody has checked one yet" in page
    assert "The shipped calibration is in force." in page


def test_an_alarm_is_closed_by_those_who_configure(client: Client, filled: str) -> None:
    with writing() as session:
        assert raise_alarm(session, AGENT, "READER_WORSE", "reader", "Documents are harder to read.", {})
    with writing() as session:
        assert not raise_alarm(session, AGENT, "READER_WORSE", "reader", "Again.", {}), "it is open"
        alarm = session.scalars(select(Alarm)).one().id
    assert "Documents are harder to read." in client("viewer").get(PAGE).text
    path = f"/api/agents/{AGENT}/alarms/{alarm}/close"
    assert client("user").post(path).status_code == 403
    assert "closed" in client("op", "olga").post(path).json()["sentence"]
    assert "already" in client("op").post(path).json()["sentence"]
    unknown = client("op").post(f"/api/agents/{AGENT}/alarms/nothing/close")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UNKNOWN_ALARM")
    with reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "alarm_closed")).one()
    assert (event.actor, event.rule) == ("olga", alarm)
    assert "Closed alarms" in client("viewer").get(PAGE).text


def test_a_calibration_is_applied_with_one_click_and_undone_with_another(
    client: Client, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"looked_at": 40.0, "wrong": 6.0, "stated": 0.2, "would_pass": 30.0, "wrong_then": 0.0}
    asked = Proposal({"risk": 1.25}, {"risk": one})
    monkeypatch.setattr(calibrate, "proposal", lambda session, agent: asked)
    monkeypatch.setattr("gateway.insight.reliability.proposal", lambda session, agent: asked)
    page = client("op").get(PAGE).text
    assert f'data-key="{asked.key}"' in page
    assert "6 of 40 checked were wrong" in page
    assert "data-key" not in client("user").get(PAGE).text
    path = f"/api/agents/{AGENT}/calibration"
    assert client("user").post(path, json={"key": asked.key}).status_code == 403
    stale = client("op").post(path, json={"key": "another"})
    assert (stale.status_code, stale.json()["code"]) == (409, "PROPOSAL_CHANGED")
    made = client("op", "olga").post(path, json={"key": asked.key}).json()["id"]
    assert "applied by olga: risk +1.25" in client("viewer").get(PAGE).text
    assert client("user").post(f"{path}/undo", json={"id": made}).status_code == 403
    assert "undone" in client("op").post(f"{path}/undo", json={"id": made}).json()["sentence"]
    with reading() as session:
        assert calibrate.in_force(session, AGENT).id is None


def test_what_if_tells_who_would_pass_what_review_costs_and_how_the_error_changes(client: Client, filled: str) -> None:
    path = f"/agents/{AGENT}/what-if"
    assert client("viewer").get(path).status_code == 403
    form = client("user").get(path).text
    assert "as it is (strict)" in form
    assert "The result" not in form
    result = client("user").get(f"{path}?preset=lenient&max_error=10&required=email").text
    for said in (
        "Pass automatically, of",
        "Time for review",
        "Share of passes expected to be wrong",
        "What holds them",
    ):
        assert said in result
    assert '<option value="lenient" selected>' in result
    for wrong in ("max_error=much", "preset=odd", "more=preset:%20[", "more=colour:%20red"):
        refused = client("user").get(f"{path}?{wrong}")
        assert refused.status_code == 422, wrong
    assert client("user").get("/agents/nobody/what-if").status_code == 404
    assert agent_of(AGENT).preset == "strict", "nothing changed"
