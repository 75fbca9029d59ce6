"""Whoever tries passwords is slowed down: on Airflow's own app, at its own doors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Response
from fastapi.testclient import TestClient

from gateway_airflow.ui import sign_in
from gateway_airflow.ui.sign_in import FREE, LONGEST_S, SignInLimit


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def doors(clock: Clock) -> Any:
    """door(password, address, path) -> status: an app whose password is "right"."""
    app = FastAPI()

    @app.post("/auth/token")
    @app.post("/auth/login/")
    @app.post("/elsewhere")
    def token(password: str) -> Response:
        return Response(status_code=201 if password == "right" else 401)

    limited = SignInLimit(app, clock)

    def call(password: str = "wrong", address: str = "10.0.0.1", path: str = "/auth/token") -> Any:
        return TestClient(limited, client=(address, 5000)).post(path, params={"password": password})

    return call


def test_five_tries_are_free_then_each_costs_twice_the_time(doors: Any, clock: Clock) -> None:
    assert [doors().status_code for _ in range(FREE)] == [401] * FREE
    for pause in (1, 2, 4, 8):
        answer = doors("right")
        assert answer.status_code == 429, "not even the right password is looked at"
        assert int(answer.headers["retry-after"]) >= pause
        clock.now += pause
        assert doors().status_code == 401
    clock.now += LONGEST_S
    assert doors("right").status_code == 201
    assert [doors().status_code for _ in range(FREE)] == [401] * FREE, "who got in begins anew"


def test_nobody_waits_longer_than_the_longest(doors: Any, clock: Clock) -> None:
    for _ in range(40):
        doors()
        clock.now += LONGEST_S
    doors()
    clock.now += LONGEST_S + 1
    assert doors("right").status_code == 201


def test_others_and_other_addresses_are_not_slowed_down(doors: Any) -> None:
    for _ in range(FREE):
        doors(path="/auth/login/")
    assert doors().status_code == 429, "one count for all doors"
    assert doors("right", address="10.0.0.2").status_code == 201
    assert [doors(path="/elsewhere").status_code for _ in range(FREE * 2)] == [401] * FREE * 2


def test_what_is_remembered_is_bounded(doors: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "MOST", 3)
    for number in range(6):
        for _ in range(FREE):
            doors(address=f"10.0.0.{number}")
    assert doors(address="10.0.0.0").status_code == 401, "the oldest is forgotten"
    assert doors(address="10.0.0.5").status_code == 429


@pytest.fixture
def airflow(airflow_db: None, home: Path, tmp_path: Path) -> Iterator[TestClient]:
    """Airflow's API server app with our plugin and SimpleAuthManager's own sign-in."""
    patch = pytest.MonkeyPatch()
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({"admin": "right"}))
    patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "admin:admin")
    patch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(passwords))
    patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a secret of the tests alone, thirty-two and more bytes long")
    from airflow.api_fastapi.app import create_app, purge_cached_app

    purge_cached_app()
    yield TestClient(create_app(apps="core"), client=("10.1.1.1", 5000))
    purge_cached_app()
    patch.undo()


def test_airflows_own_sign_in_has_a_limit(airflow: TestClient) -> None:
    def sign_in_as(password: str) -> int:
        return airflow.post("/auth/token", json={"username": "admin", "password": password}).status_code

    assert sign_in_as("right") == 201
    statuses = [sign_in_as(f"guess {number}") for number in range(FREE + 3)]
    assert statuses == [401] * FREE + [429] * 3
