"""The connection type in Airflow, and how connections reach the library."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.heymilo import KEY, DropsConnections, World, app_of
from support.people import connection
from support.serve import serving


def test_the_connection_type_has_a_form_and_a_test(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway_airflow.hooks.heymilo_hook import HeyMiloHook

    assert HeyMiloHook.get_ui_field_behaviour()["relabeling"]["password"] == "API key"
    hook = HeyMiloHook(allow_private=True)
    world = World()
    world.open_posting("P1")
    with serving(DropsConnections(app_of(world))) as base:
        connection(monkeypatch, "heymilo_default", base, KEY)
        assert hook.test_connection() == (True, "The key works.")
        connection(monkeypatch, "heymilo_default", base, "wrong")
        good, said = hook.test_connection()
        assert not good
        assert "TARGET_KEY_REFUSED" in said
        assert "wrong" not in said
        connection(monkeypatch, "heymilo_default", base.replace("http:", "https:"), KEY)
        good, said = HeyMiloHook().test_connection()
        assert (good, said.split(":")[0]) == (False, "ADDRESS_FORBIDDEN"), "a form in the browser probes no network"


def test_airflow_connections_reach_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway import credentials
    from gateway.errors import Misconfigured
    from gateway_airflow.hooks.connections import from_airflow, use_connections

    connection(monkeypatch, "some_target", "https://api.example.org", "s3cret", path="/x")
    found = from_airflow("some_target")
    assert (found.base_url, found.secret, found.extra["path"]) == ("https://api.example.org", "s3cret", "/x")
    monkeypatch.delenv("AIRFLOW_CONN_SOME_TARGET")
    with pytest.raises(Misconfigured, match="CONNECTION_MISSING"):
        from_airflow("some_target")
    monkeypatch.setattr(credentials, "_provider", credentials.from_environment)
    use_connections()
    assert credentials._provider is from_airflow
    credentials.use(credentials.from_environment)
