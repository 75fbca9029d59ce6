"""The client against a mock that somebody else's program makes from the OpenAPI file: Prism, which refuses calls that the
file does not allow. So that our own reading of the file is not all we test against.

Needs Node and `npm install --prefix .artifacts/prism @stoplight/prism-cli` (or GATEWAY_PRISM naming the program).
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from gateway.agents import HeyMiloTarget
from gateway.credentials import Credentials
from gateway.deliver.client import Client
from gateway.deliver.heymilo import HeyMilo, why_closed
from gateway.deliver.port import Request
from gateway.errors import Misconfigured, Refused, Transient
from support.contract import contract_path

PROJECT = Path(__file__).resolve().parents[2]


class NoLimit:
    def take(self) -> None: ...

    def hold(self, seconds: float) -> None: ...


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    local = PROJECT / ".artifacts" / "prism" / "node_modules" / ".bin" / "prism"
    program = os.environ.get("GATEWAY_PRISM") or (str(local) if local.exists() else shutil.which("prism"))
    if not shutil.which("node") or not program:
        pytest.skip("Prism is not installed: npm install --prefix .artifacts/prism @stoplight/prism-cli")
    if not contract_path().is_file():
        pytest.skip("the OpenAPI file is absent (GATEWAY_CONTRACT names another place)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "mock", "--host", "127.0.0.1", "-p", str(port), "--errors", str(contract_path())]
    with (tmp_path_factory.mktemp("prism") / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 90
        while True:
            try:
                requests.get(f"http://127.0.0.1:{port}/health", timeout=2)
                break
            except requests.RequestException:
                assert process.poll() is None, "Prism ended"
                assert time.monotonic() < end, "Prism did not start"
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def target(base: str, *, prefer: str = "", **settings: Any) -> HeyMilo:
    client = Client(Credentials("heymilo_default", base, "any-key"), NoLimit(), allow_private=True)
    if prefer:
        client.session.headers["Prefer"] = prefer
    return HeyMilo(HeyMiloTarget(kind="heymilo", posting="13D77095", **settings), client)


def requests_(number: int) -> list[Request]:
    return [
        Request(
            f"x{n}",
            "13D77095",
            "b1",
            f"Person Number {n}",
            f"person.{n}@example.org",
            "+12025550123",
            {"external_id": f"x{n}", "source_batch": "b1"},
            {"skills": [{"name": "Welding"}]},
        )
        for n in range(number)
    ]


def test_a_posting_is_understood(prism: str) -> None:
    posting = target(prism).client.posting("13D77095")
    assert posting["object"] == "posting"
    assert why_closed({**posting, "deadline": None}, time.time()) is None


def test_a_single_candidate_is_allowed_and_answered(prism: str) -> None:
    (receipt,) = target(prism, chunk=1).put(requests_(1))
    assert receipt.accepted
    assert receipt.target_id
    assert receipt.url


@pytest.mark.parametrize(("chunk", "wait"), [(10, True), (10, False), (1, False)])
def test_calls_are_allowed_and_nobody_is_matched_by_position(prism: str, chunk: int, wait: bool) -> None:
    """The mock answers with an example's metadata, not with ours: that is nobody's answer."""
    made = target(prism, chunk=chunk, wait_for_answer=wait)
    assert list(made.put(requests_(min(chunk, 3)))) == []


def test_the_mock_refuses_what_the_file_does_not_allow(prism: str) -> None:
    """Without this the tests above would prove nothing."""
    headers = {"X-API-KEY": "k"}
    path = f"{prism}/api/v2/postings/13D77095/candidates"
    assert requests.post(path, json={"name": "x"}, headers=headers, timeout=10).status_code == 422
    assert (
        requests.post(
            path, json={"name": "x", "email": "e", "metadata": {"a": 1}}, headers=headers, timeout=10
        ).status_code
        == 422
    )
    assert requests.get(path, params={"limit": 101}, headers=headers, timeout=10).status_code == 422
    assert requests.post(path, json={"name": "x", "email": "e"}, timeout=10).status_code == 401


def test_a_list_without_end_proves_nobody_absent(prism: str) -> None:
    """The mock says has_more for ever with the same row."""
    with pytest.raises(Transient, match="TARGET_UNREACHABLE"):
        list(target(prism).client.candidates("13D77095", time.time() - 60))


@pytest.mark.parametrize(("status", "error"), [(401, Misconfigured), (404, Refused), (429, Transient)])
def test_declared_errors_are_understood(prism: str, status: int, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        target(prism, prefer=f"code={status}", chunk=1).put(requests_(1))
    assert "person" not in str(raised.value)


def test_a_declared_422_refuses_the_record(prism: str) -> None:
    (receipt,) = target(prism, prefer="code=422", chunk=1).put(requests_(1))
    assert (receipt.accepted, receipt.code) == (False, "TARGET_REFUSED")
