"""docker-compose.yaml against the compose specification, and against what the project needs of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[3]
TEXT = (PROJECT / "docker-compose.yaml").read_text("utf-8")
AIRFLOW_PARTS = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
OPTIONAL = {"flower", "object-store", "mail"}


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
    assert set(services) == AIRFLOW_PARTS | {"postgres", "redis", "flower", "object-store", "mail"}
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
    for secret in (
        "AIRFLOW_DB_PASSWORD",
        "GATEWAY_DB_PASSWORD",
        "REDIS_PASSWORD",
        "FIRST_PASSWORD",
        "API_SECRET_KEY",
        "JWT_SECRET",
        "FERNET_KEY",
        "MASTER_KEY",
    ):
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
        assert f"COPY --chown=gateway:root {folder} {folder}" in dockerfile
        assert f"!{folder}" in (PROJECT / ".dockerignore").read_text("utf-8").split()
    [built_from] = re.findall(r"^COPY (pyproject.*) \./$", dockerfile, re.MULTILINE)
    for name in built_from.split():
        assert (PROJECT / name).is_file()
        assert f"!{name}" in (PROJECT / ".dockerignore").read_text("utf-8").split()


def test_every_part_that_stays_has_a_health_check_and_an_init_process(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name != "init":
            assert service.get("healthcheck"), name
        if name in AIRFLOW_PARTS:
            assert service["init"] is True, name


def test_the_database_is_healthy_only_once_it_listens_to_others(compose: dict[str, Any]) -> None:
    """During its first start the server answers on its socket while its scripts still run."""
    assert "-h 127.0.0.1" in compose["services"]["postgres"]["healthcheck"]["test"][1]


def test_what_runs_tasks_waits_for_the_api(compose: dict[str, Any]) -> None:
    for name in ("worker", "triggerer"):
        assert compose["services"][name]["depends_on"]["api-server"] == {"condition": "service_healthy"}


def test_the_port_is_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    assert compose["services"]["api-server"]["ports"] == ["${BIND_ADDRESS:-127.0.0.1}:${PORT:-8080}:8080"]
    for name, service in compose["services"].items():
        if name != "api-server" and "ports" in service:
            assert name in OPTIONAL, name
            assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for port in service["ports"]), name


def test_what_not_everybody_needs_is_started_on_request(compose: dict[str, Any]) -> None:
    asked = {name for name, service in compose["services"].items() if service.get("profiles")}
    assert asked == OPTIONAL
    for service in compose["services"].values():
        assert not set(service.get("depends_on", ())) & OPTIONAL


def test_every_part_has_a_limit_of_memory(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name != "init":
            assert service["deploy"]["resources"]["limits"]["memory"].startswith("${"), name


def test_nothing_in_the_image_can_be_changed_at_run_time(compose: dict[str, Any]) -> None:
    """What Airflow writes beside its settings (pid files, its own settings file) lies in memory; logs and data are volumes."""
    for name in AIRFLOW_PARTS | {"flower"}:
        service = compose["services"][name]
        assert service["read_only"] is True, name
        assert {entry.split(":")[0] for entry in service["tmpfs"]} == {"/tmp", "/opt/airflow", "/home/gateway"}
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert ("cap_add" in service) == (name == "init"), "only what hands the folders over needs any right"


def test_a_dead_worker_is_noticed_within_two_minutes(compose: dict[str, Any]) -> None:
    from airflow.configuration import AirflowConfigParser

    shared = compose["services"]["scheduler"]["environment"]
    timeout = int(shared["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT"])
    every = int(shared["AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL"])
    assert timeout + every < 120
    beats = AirflowConfigParser().getint("workers", "min_heartbeat_interval", fallback=5)
    assert timeout >= 6 * beats, "a slow answer of the api-server must not end a living task"


def test_only_the_first_start_is_told_the_first_password(compose: dict[str, Any]) -> None:
    told = {
        name for name, service in compose["services"].items() if "FIRST_PASSWORD" in (service.get("environment") or {})
    }
    assert told == {"init"}


def test_no_limit_is_more_than_a_small_machine_has(compose: dict[str, Any]) -> None:
    """Docker refuses to make a container that may use more CPUs than there are."""
    assert compose["services"]["worker"]["deploy"]["resources"]["limits"]["cpus"] == "${WORKER_CPUS:-0}"


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["bash", "-c", "echo shell"], "shell"),
        (["python3", "-c", "print('python')"], "python"),
        (["/bin/echo", "path"], "path"),
        (["scheduler", "--help"], "airflow scheduler --help"),
        (["airflow", "triggerer"], "airflow triggerer"),
        ([], "airflow "),
    ],
)
def test_the_entry_point_runs_its_arguments(tmp_path: Path, arguments: list[str], runs: str) -> None:
    airflow = tmp_path / "airflow"
    airflow.write_text('#!/bin/sh\necho "airflow $*"\n')
    airflow.chmod(0o755)
    command = [PROJECT / "deploy" / "entrypoint.sh", *arguments]
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == f"{runs}\n"


def test_the_secrets_made_are_new_each_time_and_fit_into_urls() -> None:
    sys.path.insert(0, str(PROJECT / "tools"))
    try:
        from make_env import filled
    finally:
        sys.path.pop(0)
    example = (PROJECT / ".env.example").read_text("utf-8")
    one, two = (dict(re.findall(r"(?m)^(\w+)=(.*)$", filled(example))) for _ in range(2))
    for name in (
        "AIRFLOW_DB_PASSWORD",
        "GATEWAY_DB_PASSWORD",
        "REDIS_PASSWORD",
        "FIRST_PASSWORD",
        "API_SECRET_KEY",
        "JWT_SECRET",
        "FERNET_KEY",
    ):
        assert len(one[name]) >= 32
        assert one[name] != two[name]
        assert re.fullmatch(r"[A-Za-z0-9_=-]+", one[name])
    assert one["SMTP_CONNECTION"] == ""
