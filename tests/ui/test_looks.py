"""Who was shown whose data is in the audit trail, once a day; who sees masks was shown nobody's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.cli import main
from gateway.insight.history import history
from gateway.pipeline.trail import verify
from gateway.store import chain
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Event, Profile

Client = Callable[..., TestClient]


def looks(kind: str = "looked") -> list[tuple[str, str, str]]:
    with reading() as session:
        rows = session.execute(
            select(Event.actor, Event.subject, Event.subject_id).where(Event.kind == kind).order_by(Event.id)
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


def test_a_list_names_everybody_in_it_once_a_day(
    client: Client, ids: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    rita = client(name="rita")
    for _ in range(2):
        assert rita.get(f"batches/{ids['batch']}").status_code == 200
        assert rita.get(f"api/batches/{ids['batch']}/live").status_code == 200
        assert rita.get("review").status_code == 200
    with reading() as session:
        documents = session.scalars(select(Document.id).where(Document.batch_id == ids["batch"])).all()
        held = session.scalars(select(Profile.id).where(Profile.state == "held")).all()
    assert set(looks("listed")) == {
        *(("rita", "document", one) for one in documents),
        *(("rita", "profile", one) for one in held),
    }
    assert len(looks("listed")) == len(documents) + len(held)
    assert "listed" not in " ".join(one.says for one in history(ids["otto"])).lower()
    assert main(["review"]) == 0
    assert ids["otto"] in capsys.readouterr().out
    assert [who for who, _, one in looks("listed") if one == ids["otto"]][-1].startswith("cli:")


def test_a_picture_asked_for_by_its_address_is_a_look(client: Client, ids: dict[str, str]) -> None:
    assert client(name="rita").get(f"documents/{ids['anna']}/pages/1.png").status_code == 200
    assert looks() == [("rita", "document", ids["anna"])]


def test_who_sees_masks_was_shown_nobody(client: Client, ids: dict[str, str]) -> None:
    viewer = client("viewer")
    for path in (f"documents/{ids['anna']}", f"review/{ids['otto']}", f"batches/{ids['batch']}?open={ids['anna']}"):
        assert viewer.get(path).status_code == 200
    viewer.get(f"batches/{ids['batch']}")
    viewer.get("review")
    assert looks() == looks("listed") == []


def test_the_requests_of_a_dry_run_were_shown_to_somebody(client: Client, ids: dict[str, str]) -> None:
    with writing() as session:
        session.get_one(Batch, ids["batch"]).mode = "dry_run"
    assert client(name="rita").get(f"batches/{ids['batch']}/planned").status_code == 200
    assert looks() == [("rita", "batch", ids["batch"])]
