"""`python -m gateway`: what scripts and evaluation rely on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main

SAMPLES = Path(__file__).resolve().parents[3] / "include" / "samples" / "backend-engineer"


def test_ingest_json_has_a_line_a_profile_and_totals_last(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", str(SAMPLES / "candidates-export.csv"), "--agent", "backend-engineer", "--json"]) == 0
    *lines, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"file", "ordinal", "name", "email", "phone", "state", "codes", "quality", "completeness"} == set(lines[0])
    assert {line["file"] for line in lines} == {"candidates-export.csv"}
    assert [line["state"] for line in lines].count("delivered") == last["delivered"] == 3
    assert last["profiles"] == len(lines) == 4
    assert next(line for line in lines if line["email"] is None)["codes"] == ["EMAIL_MISSING"]


def test_ingest_twice_delivers_nobody_twice(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["ingest", str(SAMPLES / "candidates-export.csv"), "--agent", "backend-engineer", "--json"]
    assert main(command) == 0
    capsys.readouterr()
    assert main(command) == 0
    *lines, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert last["delivered"] == 0
    assert [(line["state"], line["codes"]) for line in lines] == [("none", ["DUPLICATE_FILE"])]


def test_dry_run_prints_the_requests(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(SAMPLES / "candidates-export.csv")
    assert main(["ingest", path, "--agent", "backend-engineer", "--mode", "dry_run"]) == 0
    requests = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert len(requests) == 3
    assert all(request["body"]["email"] for request in requests)


def test_status_and_review_show_the_batch(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["ingest", str(SAMPLES / "candidates-export.csv"), "--agent", "backend-engineer", "--json"])
    batch_id = json.loads(capsys.readouterr().out.splitlines()[-1])["batch_id"]
    assert main(["status"]) == 0
    assert batch_id in capsys.readouterr().out
    assert main(["status", batch_id]) == 0
    assert "candidates-export.csv" in capsys.readouterr().out
    assert main(["status", "--deliveries", "--json"]) == 0
    ledger = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["state"] for row in ledger] == ["confirmed"] * 3
    assert "example.com" not in json.dumps(ledger), "the ledger is shown without addresses"
    assert main(["review", "--json"]) == 0
    (item,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert main(["review", "correct", item["profile_id"], "--set", "email=helena.vasquez@example.com"]) == 0
    assert main(["review", "deliver"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["delivered"] == 1


def test_an_error_is_a_code_and_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", str(SAMPLES), "--agent", "nobody"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("UNKNOWN_AGENT: ")
    assert "Traceback" not in said


def test_audits_and_duplicates_are_decided_by_command(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from gateway.store.engine import writing
    from gateway.store.tables import Audit
    from support.stored import batch, person

    batch()
    for name in ("a", "b"):
        person(name, state="delivered", codes=(), email=f"{name}@example.org")
    person("c", phone="+14155550134")
    person("d")
    with writing() as session:
        session.add_all(Audit(profile_id=n, batch_id="b1", agent_id="backend-engineer", wrong_fields=[]) for n in "ab")
    assert main(["review", "--audit"]) == 0
    said = capsys.readouterr().out
    assert "a@example.org" in said
    assert "2 to look at; nothing audited yet." in said
    assert main(["review", "wrong", "a", "--field", "phone"]) == 0
    assert main(["review", "right", "b"]) == 0
    assert main(["review", "right", "b"]) == 0
    assert "was already decided" in capsys.readouterr().out
    assert main(["review", "--audit", "--json"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["review", "--audit"]) == 0
    assert "1 of 2 audited were wrong (50.0%" in capsys.readouterr().out
    assert main(["review", "duplicate", "d"]) == 1
    assert "--of" in capsys.readouterr().err
    assert main(["review", "merge", "c", "--of", "d", "--take", "phone"]) == 0
    assert main(["review", "undo", "c"]) == 0
    assert main(["review", "duplicate", "c", "--of", "a"]) == 0
    assert capsys.readouterr().out.count("written") == 3
