"""The queue and the desk: what is shown to whom, decisions, conflicts, undo, bulk, audits, claims."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from gateway.insight import queue
from gateway.model import Mode
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Delivery, Profile, Review

Client = Callable[..., TestClient]


def profile_of(name: str) -> str:
    with reading() as session:
        return session.scalars(select(Profile.id).where(Profile.name == name)).one()


def profile(identity: str) -> Profile:
    with reading() as session:
        return session.get_one(Profile, identity)


@pytest.fixture
def otto(filled: str) -> str:
    return profile_of("Otto Lindqvist")


@pytest.fixture
def ben(filled: str) -> str:
    return profile_of("Ben Harrow")


def post(client: TestClient, identity: str, what: str, **body: Any) -> Any:
    return client.post(f"/api/review/{identity}/{what}", json=body)


def test_the_queue_lists_what_is_held_with_its_reasons(client: Client, otto: str, ben: str) -> None:
    text = client("user").get("/review").text
    assert "Otto Lindqvist" in text
    assert "EMAIL_TYPO_DOMAIN" in text
    assert "EMAIL_MISSING" in text
    only = client("user").get("/review?code=EMAIL_MISSING&agent=backend-engineer").text
    assert "Ben Harrow" in only
    assert "Otto Lindqvist" not in only
    assert f'href="/gateway/review/{ben}?agent=backend-engineer&amp;code=EMAIL_MISSING"' in only
    assert "No matches" in client("user").get("/review?code=NO_SUCH").text
    assert "No matches" in client("user").get("/review?agent=nobody").text
    assert client("user").get("/review?page=99").status_code == 200


def test_the_queues_pages_are_read_on_forward_and_back(
    client: Client, otto: str, ben: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PAGE", 1)
    user = client("user")

    def shown(where: str) -> tuple[str, str]:
        text = user.get(where).text
        return ("Otto" if "Otto Lindqvist" in text else "") + ("Ben" if "Ben Harrow" in text else ""), text

    def link(text: str, rel: str) -> str:
        found = re.search(rf'rel="{rel}" href="/gateway([^"]+)"', text)
        assert found, rel
        return html.unescape(found[1])

    first, text = shown("/review?agent=backend-engineer&order=oldest")
    following = link(text, "next")
    assert "after=" in following
    assert "agent=backend-engineer" in following
    second, text = shown(following)
    assert {first, second} == {"Otto", "Ben"}
    assert "Page 2 of 2" in text
    kinds = re.findall(r'href="[^"]*kind=audit[^"]*"', text)
    assert kinds
    assert not any("after=" in one for one in kinds), "another part of the queue begins at its beginning"
    again, text = shown(link(text, "prev"))
    assert (again, "Page 1 of 2" in text) == (first, True)
    assert shown(following)[0] == second, "the browser's own way forward"


def test_an_empty_queue_teaches(client: Client, home: object) -> None:
    assert "Nothing to review" in client("user").get("/review").text
    assert "No audits to do" in client("user").get("/review?kind=audit").text


def test_a_viewer_reads_the_queue_and_the_desk_masked(client: Client, otto: str) -> None:
    viewer = client("viewer")
    for where in ("/review", f"/review/{otto}"):
        text = viewer.get(where).text
        for personal in ("Otto", "Lindqvist", "lindqvist", "5550112", "otto.pdf", "Harbour"):
            assert personal not in text, (where, personal)
    assert "<input" not in re.sub(r"<form class=\"toolbar\".*?</form>", "", viewer.get("/review").text, flags=re.S)
    assert 'data-do="approve"' not in viewer.get(f"/review/{otto}").text
    assert post(viewer, otto, "decide", decision="approve").status_code == 403
    assert viewer.get("/api/review/next").status_code == 403


def test_the_desk_says_why_and_shows_the_document(client: Client, otto: str) -> None:
    text = client("user").get(f"/review/{otto}").text
    assert "Why it is held" in text
    assert "Correct the address: gmail.com was probably meant." in text
    assert 'value="otto.lindqvist@gmial.com"' in text
    assert 'data-doubtful="email' in text
    assert 'class="mark"' in text
    assert "fact." not in text
    assert "style=" not in text
    assert "2 of 2" in text or "1 of 2" in text


def test_a_correction_is_checked_while_typing(client: Client, otto: str) -> None:
    user = client("user")

    def check(field: str, value: str) -> Any:
        return user.post("/api/review/check", json={"profile_id": otto, "field": field, "value": value}).json()

    assert check("email", "otto@gmial.com")["suggestion"] == "otto@gmail.com"
    assert check("email", "otto@@x")["ok"] is False
    assert check("email", "Otto@Example.org")["value"] == "otto@example.org"
    assert check("phone", "12")["ok"] is False
    assert check("phone", "+49 30 901820")["value"] == "+4930901820"
    assert check("phone", "")["ok"] is True
    assert "not shaped like a name" in check("name", "12345")["says"]
    assert check("name", "bell hooks")["says"] == "", "the gate has no doubt, so the desk has none"
    assert "a job title" in check("name", "Software Engineer")["says"], "what the gate doubts, the desk doubts"
    assert "reserved for fiction" in check("phone", "+44 7700 900123")["says"]
    assert check("location", "Bremen") == {"ok": True, "value": "Bremen", "says": "", "suggestion": None}
    assert (
        user.post("/api/review/check", json={"profile_id": "p0", "field": "email", "value": "a@b.de"}).status_code
        == 404
    )


def test_fix_one_field_and_it_is_delivered(client: Client, host: Any, otto: str, ben: str) -> None:
    user = client("user", "rita")
    answer = post(
        user,
        otto,
        "decide",
        decision="correct",
        corrections={"email": "otto.lindqvist@gmail.com"},
        version=1,
        state="held",
    )
    assert answer.status_code == 200
    assert answer.json()["undo"] is True
    assert answer.json()["next"] == f"/gateway/review/{ben}"
    method, path, body = host.calls[-1]
    assert (method, path) == ("POST", "/dags/deliver_reviewed/dagRuns")
    assert body["dag_run_id"].startswith("desk-")
    deliver_reviewed()
    assert profile(otto).state == "delivered"
    page = user.get(f"/review/{otto}").text
    assert "otto.lindqvist@gmail.com" in page
    assert "corrected and approved it" in page
    assert "set by a person" in page
    assert "Delivered to" in page


def test_a_decision_is_idempotent(client: Client, otto: str) -> None:
    user = client("user")
    assert post(user, otto, "decide", decision="approve", version=1, state="held").status_code == 200
    again = post(user, otto, "decide", decision="approve", version=1, state="held")
    assert again.status_code == 200
    assert "already" in again.json()["sentence"]
    with reading() as session:
        assert len(session.scalars(select(Review).where(Review.profile_id == otto)).all()) == 1


def test_the_first_decision_counts_and_the_second_is_told(client: Client, otto: str) -> None:
    first, second = client("user", "rita"), client("user", "sam")
    assert post(first, otto, "decide", decision="approve", version=1, state="held").status_code == 200
    late = post(second, otto, "decide", decision="discard", version=1, state="held")
    assert late.status_code == 409
    assert late.json()["code"] == "STATE_CONFLICT"
    assert "rita was first" in late.json()["sentence"]
    assert profile(otto).state == "approved"


def test_a_refused_wake_loses_no_decision(client: Client, host: Any, otto: str) -> None:
    host.answers["POST", "/dags/deliver_reviewed/dagRuns"] = (403, {"detail": "no"})
    answer = post(client("user"), otto, "decide", decision="approve", version=1, state="held").json()
    assert "within ten minutes" in answer["sentence"]
    assert profile(otto).state == "approved"
    host.answers["POST", "/dags/deliver_reviewed/dagRuns"] = (409, {"detail": "there"})
    assert "minutes" not in post(client("user"), otto, "decide", decision="discard").json()["sentence"]


def test_a_decision_can_be_taken_back(client: Client, otto: str) -> None:
    user = client("user")
    post(
        user,
        otto,
        "decide",
        decision="correct",
        corrections={"email": "otto.lindqvist@gmail.com"},
        version=1,
        state="held",
    )
    answer = post(user, otto, "decide", decision="undo")
    assert answer.json()["next"] == f"/gateway/review/{otto}"
    assert (profile(otto).state, profile(otto).email) == ("held", "otto.lindqvist@gmial.com")
    assert "undid the decision" in user.get(f"/review/{otto}").text


def test_a_wrong_correction_is_said_and_nothing_changes(client: Client, otto: str) -> None:
    answer = post(client("user"), otto, "decide", decision="correct", corrections={"email": "nonsense"}, state="held")
    assert answer.status_code == 422
    assert answer.json()["code"] == "CORRECTION_INVALID"
    assert answer.json()["href"] == "/gateway/codes/CORRECTION_INVALID"
    assert profile(otto).state == "held"
    assert post(client("user"), otto, "decide", decision="burn").status_code == 422
    assert post(client("user"), "p0", "decide", decision="approve").status_code == 404


def test_the_same_person_is_linked_merged_and_parted(client: Client, otto: str, ben: str) -> None:
    user = client("user", "rita")
    assert post(user, otto, "same", of=ben, version=1).json()["sentence"] == "Marked as a duplicate."
    assert (profile(otto).state, profile(otto).duplicate_of) == ("duplicate", ben)
    assert post(user, otto, "decide", decision="undo").status_code == 200
    assert profile(otto).state == "held"
    assert post(user, ben, "same", of=otto, take=["location"], version=1).json()["sentence"] == "Merged."
    assert profile(otto).location == "Hamburg"
    page = user.get(f"/review/{ben}").text
    assert "Versions of this person" in page
    assert "merged it into another candidate" in page
    assert post(user, otto, "same", of=otto).json()["code"] == "DUPLICATE_INVALID"


def test_next_gives_the_following_one_and_its_picture(client: Client, otto: str, ben: str) -> None:
    user = client("user", "rita")
    order = [user.get("/api/review/next").json()["profile_id"]]
    order.append(user.get(f"/api/review/next?after={order[0]}").json()["profile_id"])
    assert sorted(order) == sorted([otto, ben])
    found = user.get(f"/api/review/next?after={ben}").json()
    assert found["href"] == f"/gateway/review/{otto}"
    assert found["picture"].endswith("/pages/1.png")
    assert user.get(found["picture"].removeprefix("/gateway")).status_code == 200
    assert user.get("/api/review/next?code=EMAIL_MISSING").json()["profile_id"] == ben
    assert user.get(f"/api/review/next?code=EMAIL_MISSING&after={ben}").json() == {
        "profile_id": None,
        "href": None,
        "picture": None,
    }


def test_a_claim_is_shown_to_others_and_binds_nobody(client: Client, otto: str, ben: str) -> None:
    rita, sam = client("user", "rita"), client("user", "sam")
    assert post(rita, otto, "claim").json()["mine"] is True
    assert post(sam, otto, "claim").json() | {"until": ""} == {"mine": False, "reviewer": "rita", "until": ""}
    assert "rita is looking at this candidate now" in sam.get(f"/review/{otto}").text
    assert "rita" in sam.get("/review").text
    assert sam.get("/api/review/next").json()["profile_id"] == ben
    assert post(sam, otto, "decide", decision="approve", state="held").status_code == 200
    assert rita.delete(f"/api/review/{otto}/claim").json() == {"released": True}
    assert rita.delete(f"/api/review/{otto}/claim").json() == {"released": False}
    assert post(rita, "p0", "claim").status_code == 404


def test_bulk_shows_the_count_first_and_refuses_another(client: Client, otto: str, ben: str) -> None:
    user = client("user")
    asked = {"decision": "discard", "agent": "backend-engineer"}
    preview = user.post("/api/review/bulk/preview", json=asked).json()
    assert preview["count"] == 2
    assert "2 held candidates will be discarded" in preview["says"]
    approve = user.post("/api/review/bulk/preview", json={"decision": "approve", "profile_ids": [otto, ben]}).json()
    assert (approve["count"], approve["whole"]) == (2, 1)
    assert "1 of them have no name or no e-mail" in approve["says"]
    decide(ben, "discard", reviewer="somebody")
    refused = user.post("/api/review/bulk/apply", json={**asked, "expected": 2})
    assert (refused.status_code, refused.json()["code"]) == (409, "BULK_CHANGED")
    assert "1 candidates now, not 2" in refused.json()["sentence"]
    assert profile(otto).state == "held"
    done = user.post("/api/review/bulk/apply", json={**asked, "expected": 1}).json()
    assert (done["decided"], done["passed_over"]) == (1, 0)
    assert profile(otto).state == "discarded"


def test_an_audit_is_answered_at_the_same_desk(client: Client, filled: str) -> None:
    anna = profile_of("Anna Brook")
    with writing() as session:
        session.execute(delete(Audit))  # what the batch drew by itself
        row = session.get_one(Profile, anna)
        session.add(Audit(profile_id=anna, batch_id=row.batch_id, agent_id=row.agent_id, wrong_fields=[]))
    user = client("user", "rita")
    assert "Anna Brook" in user.get("/review?kind=audit").text
    assert "Was everything read correctly?" in user.get(f"/review/{anna}?kind=audit").text
    assert post(user, anna, "audit", right=False, wrong_fields=["shoe"]).status_code == 422
    assert post(user, anna, "audit", right=False, wrong_fields=["phone"]).json()["next"] is None
    with reading() as session:
        found = session.get_one(Audit, anna)
    assert (found.outcome, found.wrong_fields, found.reviewer) == ("wrong", ["phone"], "rita")
    assert post(user, anna, "audit", right=True).status_code == 409
    assert "Was everything read correctly?" not in user.get(f"/review/{anna}").text


def test_what_does_not_exist_is_said(client: Client, home: object) -> None:
    assert client("user").get("/review/p0").status_code == 404
    assert client("user").get("/review?page=x").status_code == 422


def test_a_link_comes_second_too(client: Client, otto: str, ben: str) -> None:
    decide(otto, "approve", reviewer="rita")
    late = post(client("user", "sam"), otto, "same", of=ben, version=1, state="held")
    assert late.status_code == 409
    assert "rita was first" in late.json()["sentence"]
    assert profile(otto).state == "approved"


def test_history_tells_decisions_with_their_notes(client: Client, otto: str, ben: str) -> None:
    user = client("user", "rita")
    post(user, otto, "decide", decision="discard", state="held", note="wrong person")
    post(user, otto, "decide", decision="undo")
    post(user, ben, "same", of=otto, take=["phone"])
    told = user.get(f"/review/{otto}").text
    assert "wrong person" in told
    assert "Received values from another version" in told
    assert "merged it into another candidate, with its phone" in user.get(f"/review/{ben}").text
    assert "Held for review" in told
    assert "wrong person" not in client("viewer").get(f"/review/{otto}").text


def test_who_went_through_shows_remarks_scores_and_the_interview(client: Client, filled: str) -> None:
    anna = profile_of("Anna Brook")
    with writing() as session:
        row = session.scalars(select(Delivery).where(Delivery.profile_id == anna)).one()
        row.receipt = {"target_id": "i1", "url": "https://interviews.example/i1"}
    page = client().get(f"/review/{anna}").text
    assert "<h2>Remarks</h2>" in page
    assert "EMAIL_FICTIONAL" in page, "a gate that only marks is told too, with what it measured"
    assert "limit:" in page
    assert "Required fields found" in page
    assert 'href="https://interviews.example/i1"' in page
    assert "interviews.example" not in client("viewer").get(f"/review/{anna}").text


def test_a_newer_resume_of_somebody_who_waits_is_proposed_with_what_differs(
    client: Client, store: str, tmp_path: Path
) -> None:
    header = "Name,Email,Phone,City\n"
    for name, phone in (("first", "+49 30 5550101"), ("second", "+49 30 5550199")):
        (tmp_path / f"{name}.csv").write_text(f"{header}Ada Quill,ada.quill@example.org,{phone},Berlin\n", "utf-8")
        run_batch("backend-engineer", [tmp_path / f"{name}.csv"], actor="test", mode=Mode.REVIEW)
    with reading() as session:
        first, second = session.scalars(select(Profile).order_by(Profile.created_at)).all()
    assert (first.state, second.state) == ("held", "held"), "nobody is linked in silence while a person is to decide"
    for one, other in ((first, second), (second, first)):
        page = client().get(f"/review/{one.id}").text
        assert f'data-other="{other.id}"' in page
        assert "the same</span>" in page
        assert "+493055501" in page
    user = client("user", "rita")
    assert post(user, second.id, "same", of=first.id, take=["phone"]).status_code == 200
    page = user.get(f"/review/{first.id}").text
    assert "Versions of this person" in page
    assert (profile(first.id).phone, profile(second.id).state) == ("+49305550199", "duplicate")
