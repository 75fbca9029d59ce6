"""The analytics page: for everybody who may look, with nobody's data, every picture with its table."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from gateway.pipeline.review.held import queue
from gateway.pipeline.review.review import decide
from gateway.store.engine import reading
from gateway.store.tables import Document, Profile
from gateway_airflow.ui.pages.analytics import took

Client = Callable[..., TestClient]


def test_the_page_shows_pictures_with_tables_and_nobodys_data(client: Client, filled: str) -> None:
    first = queue(filled)[0]
    decide(first.profile_id, "approve", reviewer="rita")
    answer = client("viewer").get("/analytics?days=90")
    assert answer.status_code == 200
    page = answer.text
    for heading in (
        "From document to interview",
        "Volumes by week",
        "What holds candidates",
        "The price of each criterion",
        "How well documents are read",
        "Are the automatic passes right?",
    ):
        assert heading in page
    assert page.count("<details>") == page.count("<summary>As a table</summary>") == 6
    assert "not known: the target does not report it" in page
    assert "style=" not in page
    for picture in re.findall(r"<svg[^>]*role=\"img\"[^>]*>(.{0,20})", page):
        assert picture.startswith("<title>"), picture
    with reading() as session:
        personal = [
            *session.scalars(select(Profile.name)),
            *session.scalars(select(Profile.email)),
            *session.scalars(select(Profile.phone)),
            *session.scalars(select(Document.path)),
        ]
    assert not [value for value in personal if value and value in page]


def test_filters_live_in_the_address(client: Client, filled: str) -> None:
    page = client("viewer").get("/analytics?agent=backend-engineer&days=365").text
    assert '<option value="backend-engineer" selected>' in page
    assert '<option value="365" selected>365 days</option>' in page
    assert '<option value="30" selected>' in client("viewer").get("/analytics?days=12").text


def test_an_unknown_agent_is_said_and_an_empty_time_teaches(client: Client, home: object) -> None:
    refused = client("viewer").get("/analytics?agent=nobody")
    assert refused.status_code == 404
    assert "UNKNOWN_AGENT" in refused.text
    empty = client("viewer").get("/analytics")
    assert empty.status_code == 200
    assert "Nothing to count yet" in empty.text
    assert client(None).get("/analytics").status_code == 401


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "not known"), (12.4, "12 s"), (240, "4.0 min"), (3000, "50 min"), (12_600, "3.5 h"), (180_000, "2.1 days")],
)
def test_time_in_words(seconds: float | None, said: str) -> None:
    assert took(seconds) == said
