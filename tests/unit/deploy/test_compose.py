"""docker-compose.yaml against the compose specification, and against what the project needs of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
TEXT = (PROJECT / "docker-compose.yaml").read_text("utf-8")
AIRFLOW_PARTS = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}


class _Loader(yaml.SafeLoader):
    """Compose reads 0o555 as YAML 1.2 does."""


_Loader.add_constructor(
    "tag:yaml.org,2002:int", lambda loader, node: int(str(loader.construct_scalar(node)).replace("_", ""), 0)
)


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load(TEXT, Loader=_Loader)
    return loaded


def as_compose_reads_it(text: str) -> str:
    """Variables filled in and anchors merged, as compose does before it validates."""
    values = dict(re.findall(r"^([A-Z_]+)=(.*)$", (PROJECT / ".env.example").read_text("utf-8"), re.MULTILINE))

    def fill(found: re.Match[str]) -> str:
        name, default = found[1], (found[2] or "")
        return values.get(name) or (default[2:] if default.startswith(":-") else "filled-in")

    filled = re.sub(r"(?<!\$)\$\{([A-Z_]+)(:[-?][^}]*)?\}", fill, text)
    return yaml.safe_dump(yaml.load(filled, Loader=_Loader), sort_keys=False)


def test_it_is_valid_by_the_compose_specification() -> None:
    from compose_spec import PyCompose

    text = as_compose_reads_it(TEXT)
    PyCompose.from_yaml(text).validate()
    with pytest.raises(ValueError, match="imagee"):
        PyCompose.from_yaml(text.replace("image: redis:7-alpine", "imagee: redis:7-alpine")).validate()


def test_every_airflow_part_runs_the_same_image_with_the_same_environment(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == AIRFLOW_PARTS | {"postgres", "redis"}
    assert len({services[name]["image"] for name in AIRFLOW_PARTS}) == 1
    shared = services["scheduler"]["environment"]
    for name in AIRFLOW_PARTS:
        assert shared.items() <= services[name]["environment"].items(), name
    assert shared["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"


def test_the_gateway_has_a_database_of_its_own(compose: dict[str, Any]) -> None:
    environment = compose["services"]["worker"]["environment"]
    assert environment["GATEWAY_DATABASE_URL"].endswith("/gateway")
    assert environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("/airflow")


def test_every_variable_is_explained_and_no_secret_has_a_default() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", TEXT))
    explained = set(re.findall(r"^([A-Z_]+)=", (PROJECT / ".env.example").read_text("utf-8"), re.MULTILINE))
    assert used <= explained
    for secret in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "API_SECRET_KEY", "JWT_SECRET", "FERNET_KEY"):
        assert f"${{{secret}:-" not in TEXT
        assert f"${{{secret}:?" in TEXT


def test_settings_named_in_it_exist(compose: dict[str, Any]) -> None:
    from gateway.settings import Settings

    for name in compose["services"]["worker"]["environment"]:
        if name.startswith("GATEWAY_"):
            assert name.removeprefix("GATEWAY_").lower() in Settings.model_fields, name


def test_the_image_copies_what_python_needs() -> None:
    dockerfile = (PROJECT / "Dockerfile").read_text("utf-8")
    for folder in ("include", "plugins", "dags"):
        assert f"COPY --chown=gateway {folder} {folder}" in dockerfile
        assert f"!{folder}" in (PROJECT / ".dockerignore").read_text("utf-8").split()
    [built_from] = re.findall(r"^COPY (pyproject.*) \./$", dockerfile, re.MULTILINE)
    for name in built_from.split():
        assert (PROJECT / name).is_file()
        assert f"!{name}" in (PROJECT / ".dockerignore").read_text("utf-8").split()
