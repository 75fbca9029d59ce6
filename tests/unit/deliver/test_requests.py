"""What of a profile travels, and where addresses and secrets come from."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from gateway import credentials
from gateway.deliver.request import fitted, request_of
from gateway.errors import Misconfigured
from gateway.pipeline.delivery.dry_run import dry_run_difference, planned_calls
from gateway.store.engine import reading, writing
from gateway.store.tables import Delivery, Field, Profile
from support.people import addresses, agent_file, batch, people


@given(st.dictionaries(st.text(max_size=60), st.text(max_size=700), max_size=70))
def test_metadata_always_fits_and_says_when_something_went(metadata: dict[str, str]) -> None:
    kept, trimmed = fitted(metadata)
    assert len(kept) <= 50
    assert all(len(k) <= 40 and len(v) <= 500 for k, v in kept.items())
    assert trimmed == (kept != metadata)


@pytest.mark.parametrize(
    ("phone", "sent"),
    [
        ("+12025550123", "+12025550123"),
        ("+442079460123", "+442079460123"),
        ("2025550123", None),
        ("+0123456789", None),
        ("+1 202 555 0123", None),
        ("+1234567890123456", None),
        (None, None),
    ],
)
def test_only_e164_numbers_travel(home: Any, agents_dir: Any, phone: str | None, sent: str | None) -> None:
    agent_file(agents_dir, {"posting": "P"})
    (_profile_id,) = people(batch(), addresses(1), phone=phone)
    with reading() as session:
        profile = session.scalars(select(Profile).options(selectinload(Profile.document))).one()
    request = request_of(profile, "x1", "P")
    assert request.phone == sent
    assert request.marks == (("PHONE_LEFT_OUT",) if phone and not sent else ())


def test_no_text_of_a_document_travels(home: Any, agents_dir: Any) -> None:
    """Values and lists only: neither what was printed nor unmapped columns."""
    agent_file(agents_dir, {"posting": "P"})
    data = {"skills": ["Welding"], "extra": {"notes": "the whole text of it"}, "pages": [1, 2]}
    (profile_id,) = people(batch(), addresses(1), data=data)
    with writing() as session:
        session.add(Field(profile_id=profile_id, name="email", value="v", raw="as it was printed", confidence=1.0))
    with reading() as session:
        profile = session.scalars(select(Profile).options(selectinload(Profile.document))).one()
    text = json.dumps([request_of(profile, "x1", "P").metadata, request_of(profile, "x1", "P").data])
    assert "whole text" not in text
    assert "printed" not in text
    assert "Welding" in text


@pytest.mark.parametrize(
    ("text", "url", "secret"),
    [
        ("heymilo://:k%2Fey@api.example.org", "https://api.example.org", "k/ey"),
        ("heymilo://:key@api.example.org:8443/http", "http://api.example.org:8443", "key"),
        ("heymilo://:key@", "", "key"),
        ('{"conn_type": "heymilo", "password": "key"}', "", "key"),
        ('{"host": "https://api.example.org/x", "password": "key", "port": 81}', "https://api.example.org:81/x", "key"),
        ('{"host": "api.example.org", "schema": "http", "password": "key"}', "http://api.example.org", "key"),
    ],
)
def test_connections_in_the_environment(monkeypatch: pytest.MonkeyPatch, text: str, url: str, secret: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SOME_TARGET", text)
    found = credentials.from_environment("some_target")
    assert (found.base_url, found.secret) == (url, secret)
    assert secret not in repr(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "CONNECTION_MISSING"), ("{broken", "CONNECTION_INVALID"), ('{"port": "x"}', "CONNECTION_INVALID")],
)
def test_connections_that_are_none(monkeypatch: pytest.MonkeyPatch, text: str, code: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_SOME_TARGET", text)
    with pytest.raises(Misconfigured, match=code):
        credentials.from_environment("some_target")


def test_a_dry_run_shows_the_exact_calls_and_needs_no_secret(home: Any, agents_dir: Any) -> None:
    agent_file(agents_dir, {"kind": "heymilo", "posting": "a/b", "chunk": 2})
    batch_id = batch(mode="dry_run")
    people(batch_id, addresses(3))
    people(batch_id, addresses(1, start=9), state="held")
    calls = planned_calls(batch_id)
    assert [(c["method"], c["url"], len(c["body"]["data"])) for c in calls] == [
        ("POST", "https://api.heymilo.ai/api/v2/postings/a%2Fb/candidates/bulk", n) for n in (2, 1)
    ]
    assert {e["email"] for c in calls for e in c["body"]["data"]} == set(addresses(3))
    assert calls[0]["headers"]["X-API-KEY"] == "***"
    with reading() as session:
        assert session.scalars(select(Delivery)).all() == []


def test_a_dry_run_says_what_changed_since_the_last(home: Any, agents_dir: Any) -> None:
    agent_file(agents_dir, {"kind": "heymilo", "posting": "P"})
    first = batch(mode="dry_run")
    people(first, addresses(4))
    assert "First dry run" in dry_run_difference(first).sentence()
    between = batch(mode="ingest")
    people(between, addresses(1))
    second = batch(mode="dry_run")
    people(second, addresses(1))  # the same person, the same name
    people(second, addresses(2, start=1), name="Another Name")
    people(second, addresses(1, start=7))
    found = dry_run_difference(second)
    assert found.since == first
    assert (found.added, found.removed, found.same) == (("person.7@example.org",), ("person.3@example.org",), 1)
    assert found.changed == {f"person.{n}@example.org": ("data.basics", "name") for n in (1, 2)}
    assert "~ person.1@example.org: data.basics, name" in found.sentence()


@pytest.mark.parametrize(("state", "sent"), [("passed", None), ("approved", "+12025550123")])
def test_a_guessed_number_travels_only_when_a_person_approved_it(
    home: Any, agents_dir: Any, state: str, sent: str | None
) -> None:
    agent_file(agents_dir, {"posting": "P"})
    people(batch(), addresses(1), phone="+12025550123", data={"marks": ["PHONE_COUNTRY_GUESSED"]})
    with reading() as session:
        profile = session.scalars(select(Profile).options(selectinload(Profile.document))).one()
        session.expunge(profile)
    profile.state = state
    request = request_of(profile, "x1", "P")
    assert request.phone == request.data["basics"].get("phone") == sent
    assert request.marks == (() if sent else ("PHONE_LEFT_OUT",))
