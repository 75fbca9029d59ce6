"""Data Docs on the page: for reviewers, under their own policy, audited, and nothing beside them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from gateway.store.engine import reading
from gateway.store.tables import Event


def test_reviewers_read_them_and_that_is_an_event(client: Any, filled: str) -> None:
    answer = client("user", "rita").get(f"batches/{filled}/data-docs/index.html")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("sandbox")
    assert "default-src 'none'" in policy
    assert "allow-scripts" not in policy
    assert f'href="../../{filled}"' in answer.text
    for secret in ("Quill", "Lindqvist", "gmial", "5550101", "anna.pdf"):
        assert secret not in answer.text
    assert client("user").get(f"batches/{filled}/data-docs/suite.html").status_code == 200
    with reading() as session:
        first = session.scalars(select(Event).where(Event.kind == "data_docs").order_by(Event.id)).first()
    assert first is not None
    assert (first.actor, first.subject_id, first.rule) == ("rita", filled, "index.html")


def test_others_may_not(client: Any, filled: str) -> None:
    assert client("viewer").get(f"batches/{filled}/data-docs/index.html").status_code == 403
    assert client(None).get(f"batches/{filled}/data-docs/index.html").status_code == 401


@pytest.mark.parametrize("file", ["gateway.db", "%2e%2e%2f%2e%2e%2fgateway.db", "..%5cindex.html", "index.html%00.pdf"])
def test_nothing_else_can_be_reached(client: Any, filled: str, file: str) -> None:
    answer = client("user").get(f"batches/{filled}/data-docs/{file}")
    assert answer.status_code == 404
    assert b"SQLite" not in answer.content


def test_an_unknown_batch_is_told(client: Any, store: str) -> None:
    answer = client("user").get("batches/b0/data-docs/index.html")
    assert answer.status_code == 404
    assert "UNKNOWN_BATCH" in answer.text
