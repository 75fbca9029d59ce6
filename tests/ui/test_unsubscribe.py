"""Ending messages: open to everybody with the unguessable address, and only by a click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.outreach import suppression
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Invitation, Profile, Suppression, now

Client = Callable[..., TestClient]


@pytest.fixture
def token(filled: str) -> str:
    with writing() as session:
        profile = session.scalars(select(Profile).where(Profile.email_norm.is_not(None))).first()
        assert profile is not None
        row = Invitation(
            id="i20261122190501k7m2qdabcd",
            agent_id=profile.agent_id,
            profile_id=profile.id,
            batch_id=profile.batch_id,
            email_norm=profile.email_norm,
            kind="invitation",
            state="planned",
            due_at=now(),
        )
        change.create(session, row, actor="test")
    return suppression.token_of(row.id)


def listed() -> int:
    with reading() as session:
        return len(session.scalars(select(Suppression)).all())


def test_looking_changes_nothing_and_a_click_does(client: Client, token: str) -> None:
    nobody = client(None)
    del nobody.headers["X-Gateway"]
    asked = nobody.get(f"unsubscribe/{token}")
    assert asked.status_code == 200
    assert "Stop these messages?" in asked.text
    assert listed() == 0, "mail scanners open links"
    elsewhere = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    done = nobody.post(f"unsubscribe/{token}", data={"List-Unsubscribe": "One-Click"}, headers=elsewhere)
    assert done.status_code == 200
    assert "will not get any more" in done.text
    assert listed() == 1
    assert nobody.post(f"unsubscribe/{token}").status_code == 200
    assert listed() == 1
    for said in (asked.text, done.text):
        assert "Candidates" not in said, "nothing of the page inside Airflow"
        assert "@" not in said


@pytest.mark.parametrize("made_up", ["i1.0123456789abcdef0123456789abcdef", "x", "i1.zz", "i20261122190501k7m2qdabcd."])
def test_a_made_up_address_does_nothing(client: Client, token: str, made_up: str) -> None:
    assert client(None).get(f"unsubscribe/{made_up}").status_code in (404, 422)
    assert client(None).post(f"unsubscribe/{made_up}").status_code in (404, 422)
    assert listed() == 0


def test_only_this_address_is_open_to_posts_from_anywhere(client: Client) -> None:
    nobody = client(None)
    del nobody.headers["X-Gateway"]
    for path in ("api/notices/resend", "unsubscribe", "api/unsubscribe/x"):
        assert nobody.post(path).status_code == 403
