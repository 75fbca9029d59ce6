"""`python -m gateway explain`: what was weighed, and what decided."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from support.pdf_maker import make, resume, run

ADA = ("Adelheid Moreau", "a.moreau@example.org", "+14155550134")


def test_chosen_and_rival_candidates_are_told_with_their_features(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = [*resume(*ADA), run(60, 420, "References", 14, "B"), run(60, 440, "Otto Nkemelu, otto@example.net")]
    path = make(tmp_path / "a.pdf", page)
    assert main(["explain", str(path), "--json"]) == 0
    (person,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert person["verdict"]["outcome"] == "sure"
    assert person["verdict"]["score"] == pytest.approx(sum(person["verdict"]["parts"].values()), abs=0.01)
    for field, value in zip(("name", "email", "phone"), ADA, strict=True):
        told = person["fields"][field]
        (chosen,) = [one for one in told["candidates"] if one["chosen"]]
        assert chosen["value"] == value
        assert chosen["score"] > told["threshold"]
        assert told["bias"] + sum(chosen["features"].values()) == pytest.approx(chosen["score"], abs=0.1)
    assert main(["explain", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "* " in shown
    assert ADA[1] in shown


def test_a_refused_document_is_explained_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make(tmp_path / "a.pdf", [run(60, 70, "Dear Ms Oyelaran,"), run(60, 90, "see you on Monday at noon.")])
    assert main(["explain", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("NOT_A_RESUME: It looks like a letter")
    assert "letter -2.50" in out


def test_a_file_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(tmp_path / "none.pdf")]) == 1
    assert "PATH_NOT_FOUND" in capsys.readouterr().err
