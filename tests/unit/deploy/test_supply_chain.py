"""What comes from outside: advisories asked for, a bill of materials, and exceptions to the security rules by name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.settings import PROJECT

# (file, rule) -> why the rule is set aside there. ruff's S rules are those of bandit.
EXCEPTIONS = {
    ("include/gateway/agents/files.py", "S506"): "a SafeLoader with one more check",
    ("include/gateway/extract/tables/headers.py", "S506"): "BaseLoader: makes strings only",
    ("include/gateway/deliver/client.py", "S311"): "spreads retries, guards nothing",
    ("include/gateway/notify/send.py", "S311"): "spreads retries, guards nothing",
    ("include/gateway/pipeline/delivery/deliver.py", "S311"): "spreads retries, guards nothing",
    ("include/gateway/extract/child/confine.py", "S603"): "our own interpreter and program",
    ("include/gateway/extract/child/sandbox.py", "S603"): "our own interpreter and program",
    ("include/gateway/extract/child/show.py", "S603"): "our own interpreter and program",
    ("plugins/gateway_airflow/policy.py", "S311"): "spreads retries, guards nothing",
    ("plugins/gateway_airflow/housekeeping.py", "S603"): "our own command",
    ("plugins/gateway_airflow/processes.py", "S603"): "Airflow's own commands",
    ("deploy/healthy.py", "S310"): "the address is the deployment's own",
}


def set_aside() -> Iterator[tuple[str, str]]:
    for folder in ("include", "plugins", "dags", "tools", "deploy"):
        for path in (PROJECT / folder).rglob("*.py"):
            for rules in re.findall(r"# noqa: ([A-Z0-9, ]+)", path.read_text("utf-8")):
                yield from ((str(path.relative_to(PROJECT)), rule) for rule in re.findall(r"\bS\d+", rules))


def test_every_exception_to_a_security_rule_has_a_name_and_a_reason() -> None:
    assert set(set_aside()) == EXCEPTIONS.keys()
    lint = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["ruff"]["lint"]
    assert "S" in lint["select"]
    assert [rule for rule in lint["ignore"] if rule.startswith("S")] == ["S101"], "assert tells a reader, and mypy"
    loose = [files for files, rules in lint["per-file-ignores"].items() if any(rule.startswith("S") for rule in rules)]
    assert all(files.startswith(("tests/", "benchmarks/")) for files in loose)


def script(name: str, *arguments: str, uv: Path) -> subprocess.CompletedProcess[str]:
    path = f"{uv.parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", str(PROJECT / "tools" / name), *arguments]
    return subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)


@pytest.fixture
def uv(tmp_path: Path) -> Path:
    """A uv that answers as told by ANSWER, and writes down what it was asked."""
    path = tmp_path / "uv"
    path.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit ${{ANSWER:-0}}\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("answer", "code", "says"),
    [("0", 0, "No known vulnerability"), ("1", 1, "Upgrade what is named"), ("2", 2, "NOT AUDITED")],
)
def test_an_audit_that_could_not_ask_is_no_clean_audit(
    uv: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, says: str
) -> None:
    monkeypatch.setenv("ANSWER", answer)
    done = script("audit.sh", uv=uv)
    assert done.returncode == code
    assert says in done.stdout + done.stderr
    asked = (uv.parent / "asked").read_text()
    assert "audit" in asked
    assert "--frozen" in asked
    assert "audit.sh" not in re.search(r"^lint:.*?(?=^\S+:)", (PROJECT / "Makefile").read_text("utf-8"), re.M | re.S)[0]  # type: ignore[index]


def test_the_bill_of_materials_asks_for_what_the_image_holds(uv: Path, tmp_path: Path) -> None:
    target = tmp_path / "sbom.json"
    target.write_text(json.dumps({"components": [{"purl": "pkg:pypi/attrs@1"}]}))
    done = script("sbom.sh", str(target), uv=uv)
    assert done.returncode == 0
    asked = (tmp_path / "asked").read_text().split()
    assert {"--frozen", "--no-default-groups", "production", "cyclonedx1.5"} <= set(asked)
    assert "1 packages" in done.stdout
