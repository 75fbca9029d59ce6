"""My notices: each person's own, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from gateway.events import CATALOGUE
from gateway.notify import people

Client = Callable[..., TestClient]
WANTS = {
    "to": "rita@acme.example",
    "events": ["batch.done", "held.overdue"],
    "digest_at": 6,
    "timezone": "Europe/Berlin",
}


def test_a_person_chooses_changes_tests_and_takes_back(client: Client, filled: str) -> None:
    rita = client("viewer", name="rita")
    assert "New choice" in rita.get("notices/mine").text
    asked = {"agent": "backend-engineer", "wants": WANTS}
    assert rita.post("api/notices/mine", json=asked).status_code == 200
    shown = rita.get("notices/mine", params={"agent": "backend-engineer"}).text
    assert "One mail a day at 6:00 Europe/Berlin" in shown
    assert "rita@acme.example" in shown
    assert shown.count(" checked") == 2
    assert (
        "A test to your address"
        in rita.post("api/notices/mine/test", json={"agent": "backend-engineer"}).json()["sentence"]
    )
    key = people.choices("rita")[0].key
    assert key in rita.get("notices").text, "its messages are listed as those of any channel"
    quiet = {"to": "rita@acme.example", "events": ["batch.done"], "quiet": {"start": 20, "end": 7, "timezone": "UTC"}}
    rita.post("api/notices/mine", json={"agent": "*", "wants": quiet})
    assert "not from 20 to 7 UTC" in rita.get("notices/mine").text
    wrong = rita.post("api/notices/mine", json={"agent": "*", "wants": {"to": "x"}})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "PREFERENCE_INVALID")
    sam = client("admin", name="sam")
    assert "rita@acme.example" not in sam.get("notices/mine").text
    assert "no such choice" in sam.post("api/notices/mine/remove", json={"agent": "*"}).json()["sentence"]
    assert "Removed" in rita.post("api/notices/mine/remove", json={"agent": "*"}).json()["sentence"]
    assert len(people.choices()) == 1


def test_every_notice_can_be_read_before_it_is_sent(client: Client, filled: str) -> None:
    viewer = client("viewer")
    for event in CATALOGUE:
        shown = viewer.get("notices/wording", params={"event": event, "agent": "backend-engineer"})
        assert shown.status_code == 200
        assert "Backend" in shown.text
    assert "batch.done" in viewer.get("notices/wording", params={"event": "<script>"}).text
