"""The installed distribution: one version, the `gateway` command, and lists that agree with the lock."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import yaml

import gateway

PROJECT = Path(__file__).resolve().parents[3]
OURS = "candidate-ingestion-gateway"


def pinned(name: str) -> dict[str, set[str]]:
    """Package -> its versions (one for each marker) in one of the exported lists."""
    found: dict[str, set[str]] = {}
    for line in (PROJECT / name).read_text("utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==(\S+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def test_the_version_is_written_in_one_place() -> None:
    assert metadata.version(OURS) == gateway.__version__
    assert f"## {gateway.__version__}" in (PROJECT / "CHANGELOG.md").read_text("utf-8")
    assert f'tag: "{gateway.__version__}"' in (PROJECT / "deploy" / "helm" / "values.yaml").read_text("utf-8")
    written = re.compile(re.escape(f'"{gateway.__version__}"'))
    for name in ("pyproject.toml", "docker-compose.yaml", "Dockerfile"):
        assert not written.search((PROJECT / name).read_text("utf-8")), name


def test_the_gateway_command_is_the_library_s() -> None:
    from gateway.cli import main

    [command] = [entry for entry in metadata.distribution(OURS).entry_points if entry.group == "console_scripts"]
    assert (command.name, command.load()) == ("gateway", main)


def test_every_list_holds_the_lock_s_versions_with_their_hashes() -> None:
    lock = tomllib.loads((PROJECT / "uv.lock").read_text("utf-8"))
    locked: dict[str, set[str]] = {}
    for package in lock["package"]:
        if "version" in package:
            locked.setdefault(package["name"], set()).add(package["version"])
    running = pinned("requirements.txt")
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-production.txt"):
        found = pinned(name)
        assert found
        for package, versions in found.items():
            assert versions <= locked[package], (name, package)
        assert running.items() <= found.items(), f"{name} installs what runs"
        text = (PROJECT / name).read_text("utf-8")
        assert text.count("==") <= text.count("--hash=sha256:")


def test_another_system_than_linux_is_told_so(tmp_path: Path) -> None:
    import os
    import subprocess

    elsewhere = tmp_path / "uname"
    elsewhere.write_text("#!/bin/sh\necho Darwin\n")
    elsewhere.chmod(0o755)
    ended = subprocess.run(
        ["bash", str(PROJECT / "tools" / "setup.sh"), "requirements.txt"],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "VENV": str(tmp_path / "venv")},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "needs Linux" in ended.stderr
    assert not (tmp_path / "venv").exists()


def test_what_runs_before_a_commit_is_what_ci_runs() -> None:
    import yaml

    hooks = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    [ruff] = [repo for repo in hooks if "ruff" in repo["repo"]]
    assert {ruff["rev"].removeprefix("v")} == pinned("requirements-dev.txt")["ruff"]
    assert all(re.fullmatch(r"v\d+\.\d+\.\d+", repo["rev"]) for repo in hooks if repo["repo"] != "local")


def test_documents_name_files_that_exist() -> None:
    """A module, a page or a folder that a document or a docstring names is there."""
    folders = ("include", "plugins", "dags", "tests", "tools", "training", "benchmarks", "deploy", "docs")
    names = {path.name for folder in folders for path in (PROJECT / folder).rglob("*")}
    names |= {path.name for path in PROJECT.iterdir()}
    pages = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    sources = [
        *(PROJECT / "include").rglob("*.py"),
        *(PROJECT / "plugins").rglob("*.py"),
        *(PROJECT / "dags").glob("*.py"),
    ]
    example = {"hirewell.py", "epub_reader.py"}  # CONTRIBUTING works through them
    for path in (*pages, *sources):
        if path.name == "CHANGELOG.md":
            continue
        for named in re.findall(r"\b([a-z_]\w*\.(?:py|toml|sh))\b", path.read_text("utf-8")):
            assert named in names | example, f"{path.relative_to(PROJECT)} names {named}"
    for page in pages:
        for link in re.findall(r"\]\(((?!http)[^)#]+)", page.read_text("utf-8")):
            assert (page.parent / link).exists(), f"{page.relative_to(PROJECT)} links to {link}"


def test_every_pod_has_the_same_keys() -> None:
    """A pod that made its own would read erased people in again, and its links to end messages would lead nowhere."""
    values = yaml.safe_load((PROJECT / "deploy" / "helm" / "values.yaml").read_text("utf-8"))
    (mount,) = [one for one in values["volumeMounts"] if one["name"] == "gateway-keys"]
    assert [one["secret"]["secretName"] for one in values["volumes"] if one["name"] == "gateway-keys"] == [
        "gateway-keys"
    ]
    named = {one["name"]: one["value"] for one in values["env"]}
    assert named["GATEWAY_KEYS_DIR"] == mount["mountPath"]


def test_the_pods_limits_are_those_that_are_planned_for_them() -> None:
    from gateway.insight.capacity import plan

    values = yaml.safe_load((PROJECT / "deploy" / "helm" / "values.yaml").read_text("utf-8"))
    workers = values["workers"]
    planned = {
        one.name: one.value
        for one in plan(workers["keda"]["maxReplicaCount"], int(workers["resources"]["requests"]["cpu"])).settings
    }
    named = {one["name"]: one.get("value") for one in values["env"]}
    shared = planned.keys() & named.keys()
    assert {"GATEWAY_READ_SLOTS", "AIRFLOW__CORE__PARALLELISM", "GATEWAY_RUNS_AT_ONCE"} <= shared
    assert {name: named[name] for name in shared} == {name: planned[name] for name in shared}


def test_no_pod_starts_with_a_user_whose_password_everybody_knows() -> None:
    values = yaml.safe_load((PROJECT / "deploy" / "helm" / "values.yaml").read_text("utf-8"))
    assert values["webserver"]["defaultUser"] == {"enabled": False}
    told = {one["name"]: one for one in values["migrateDatabaseJob"]["env"]}
    assert "secretKeyRef" in told["FIRST_PASSWORD"]["valueFrom"]


def test_what_a_volume_needs_is_computed_from_what_was_measured() -> None:
    done = subprocess.run([sys.executable, PROJECT / "benchmarks" / "scale.py", "--check"], check=False)
    assert done.returncode == 0, "docs/scale.md is not what benchmarks/figures.json gives: python benchmarks/scale.py"
