"""Who was shown whose data is in the audit trail, once a day; who sees masks was shown nobody's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.insight.history import history
from gateway.pipeline.trail import verify
from gateway.store import chain
from gateway.store.engine import reading
from gateway.store.tables import Document, Event, Profile

Client = Callable[..., TestClient]


def looks() -> list[tuple[str, str, str]]:
    with reading() as session:
        rows = session.execute(
            select(Event.actor, Event.subject, Event.subject_id).where(Event.kind == "looked").order_by(Event.id)
        )
        return [tuple(row) for row in rows]  # type: ignore[misc]


@pytest.fixture
def ids(filled: str) -> dict[str, str]:
    with reading() as session:
        otto = session.scalars(select(Profile).where(Profile.name == "Otto Lindqvist")).one()
        anna = session.scalars(select(Document.id).where(Document.path == "anna.pdf")).one()
    return {"batch": filled, "otto": otto.id, "anna": anna}


def test_what_was_opened_is_recorded_once_a_day_and_person(client: Client, ids: dict[str, str]) -> None:
    rita, sam = client(name="rita"), client(name="sam")
    for _ in range(3):
        assert rita.get(f"documents/{ids['anna']}").status_code == 200
        assert rita.get(f"review/{ids['otto']}").status_code == 200
    assert sam.get(f"batches/{ids['batch']}/documents/{ids['anna']}/candidates").status_code == 200
    assert sam.get(f"batches/{ids['batch']}", params={"open": ids["anna"]}).status_code == 200
    assert looks() == [
        ("rita", "document", ids["anna"]),
        ("rita", "profile", ids["otto"]),
        ("sam", "document", ids["anna"]),
    ]
    assert not [one for one in history(ids["otto"]) if "look" in one.says.lower()], "the desk tells what changed"
    chain.seal()
    assert verify().broken is None


def test_who_sees_masks_or_a_list_was_shown_nobody(client: Client, ids: dict[str, str]) -> None:
    viewer = client("viewer")
    for path in (f"documents/{ids['anna']}", f"review/{ids['otto']}", f"batches/{ids['batch']}?open={ids['anna']}"):
        assert viewer.get(path).status_code == 200
    client().get(f"batches/{ids['batch']}")
    client().get("review")
    assert looks() == []
