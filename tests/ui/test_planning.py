"""Planning on the page: for those who review."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient

from gateway.insight import queue

Client = Callable[..., TestClient]


def test_reviewers_share_out_and_take_back(client: Client, filled: str) -> None:
    rita = client(name="rita")
    shown = rita.get("planning").text
    assert "2 held, 2 of them nobody" in shown
    assert filled in shown or "A batch is forecast after its first documents" in shown
    for name in ("Otto", "Harrow", "@"):
        assert name not in shown.split("<main")[1].split("</main>")[0]
    said = rita.post("api/planning/share", json={"reviewers": ["rita", "sam"], "number": 10}).json()
    assert said["sentence"] == "Given out (rita: 1, sam: 1)."
    shown = rita.get("planning").text
    assert "2 held, 0 of them nobody" in shown
    assert rita.post("api/planning/back", json={"reviewer": "sam"}).json()["sentence"] == "1 are nobody's again."
    assert len(queue.assigned_to("rita")) == 1
    assert client("viewer").get("planning").status_code == 403
    for wrong in (
        {"reviewers": [], "number": 1},
        {"reviewers": ["x"], "number": 0},
        {"reviewers": ["x"], "number": 501},
    ):
        assert rita.post("api/planning/share", json=wrong).status_code == 422
