"""History from the store, judged again: exact without changes, explained with them; on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.replay import replay_history
from gateway.pipeline.run import run_batch

LIST = """Name,Email,Phone,Country
Mira Okonjo,mira.okonjo@example.org,+1 415 555 0134,US
Tomas Lindqvist,tomas@gmial.com,+1 415 555 0135,US
Ana Beltrao,,+1 415 555 0136,US
Ida Fenwick,ida.fenwick@example.org,,US
Ida Fenwick,ida.fenwick@example.org,,US
Per Holm,ida.fenwick@example.org,+1 415 555 0137,US
"""


@pytest.fixture
def batch(store: str, tmp_path: Path) -> str:
    path = tmp_path / "people.csv"
    path.write_text(LIST, "utf-8")
    return run_batch("regional-nurse", [path], actor="test")


def test_a_pinned_replay_reproduces_every_verdict(batch: str, capsys: pytest.CaptureFixture[str]) -> None:
    again = replay_history(agent_of("regional-nurse"), batch)
    assert again.profiles >= 5
    assert again.reproduced, again.as_json()
    assert again.by_code["SHARED_CONTACT"][0] == again.by_code["SHARED_CONTACT"][1] > 0
    assert main(["replay", "--agent", "regional-nurse"]) == 0
    assert "Every verdict came out unchanged." in capsys.readouterr().out


def test_changed_criteria_show_who_would_be_held(
    batch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    criteria = tmp_path / "criteria.yaml"
    criteria.write_text("fictional_contacts: hold\n", "utf-8")
    arguments = ["replay", "--agent", "regional-nurse", "--set", str(criteria), "--batch", batch]
    assert main([*arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["passed_now"] < result["passed_before"]
    assert result["by_code"]["EMAIL_FICTIONAL"][0] == 0 < result["by_code"]["EMAIL_FICTIONAL"][1]
    assert list(result["versions"].values()) == [["agent"]]
    assert result["minutes"][1] > result["minutes"][0] > 0
    assert result["wrong"][1] <= result["wrong"][0]
    assert main(arguments) == 0
    told = capsys.readouterr().out
    for said in ("nothing is sent", "review: ", "wrong: about"):
        assert said in told


def test_another_agents_batch_is_not_judged(batch: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--agent", "store-associate", "--batch", batch]) == 1
    assert "UNKNOWN_BATCH" in capsys.readouterr().err


AGAIN = """Name,Email,Phone,Country,Company,Title
Mira Okonjo,mira@tidewater.example,+1 415 555 0150,US,Quayside Surveys,Surveyor
"""


def test_a_likely_duplicate_of_an_earlier_batch_is_proposed_not_merged(store: str, tmp_path: Path) -> None:
    from sqlalchemy import select

    from gateway.store.engine import reading
    from gateway.store.tables import Profile

    first = tmp_path / "first.csv"
    first.write_text(AGAIN.replace("mira@tidewater", "mira.okonjo@quayside").replace("0150", "0151"), "utf-8")
    second = tmp_path / "second.csv"
    second.write_text(AGAIN, "utf-8")
    run_batch("regional-nurse", [first], actor="test")
    batch = run_batch("regional-nurse", [second], actor="test")
    with reading() as session:
        (profile,) = session.scalars(select(Profile).where(Profile.batch_id == batch)).all()
        assert (profile.state, profile.codes) == ("held", ["LIKELY_DUPLICATE"])
        assert profile.duplicate_of is None
    assert replay_history(agent_of("regional-nurse"), batch).reproduced


def test_a_table_of_the_changed_profiles_lies_beside_the_files(batch: str, home: Path) -> None:
    from gateway.errors import Misconfigured
    from gateway.pipeline.replay import replay_to_table

    counts = replay_to_table(None, batch, "fictional_contacts: hold\n", name="manual__2026/../../x+00:00")
    assert counts["table"] == "replays/manual__2026-..-..-x+00-00.jsonl"
    rows = [json.loads(line) for line in (home / "files" / counts["table"]).read_text("utf-8").splitlines()]
    assert len(rows) == counts["changed"] == counts["profiles"]
    moved = [row for row in rows if row["before"] != row["now"]]
    assert len(moved) == counts["would_hold"] > 0
    assert all("EMAIL_FICTIONAL" in row["codes_now"] for row in moved)
    assert "okonjo" not in json.dumps([counts, rows]).lower()
    assert counts["differs_in"] == ["agent"]
    assert replay_to_table("regional-nurse", None, None, name="same")["reproduced"]
    for agent, of, criteria, code in (
        (None, None, None, "FORM_INCOMPLETE"),
        (None, "b0", None, "UNKNOWN_BATCH"),
        ("regional-nurse", None, "presset: strict", "AGENT_FILE_INVALID"),
    ):
        with pytest.raises(Misconfigured) as raised:
            replay_to_table(agent, of, criteria, name="wrong")
        assert raised.value.code == code


def test_another_version_of_the_rules_is_named(batch: str, capsys: pytest.CaptureFixture[str]) -> None:
    from sqlalchemy import select

    from gateway.store.engine import writing
    from gateway.store.tables import Verdict

    with writing() as session:
        for verdict in session.scalars(select(Verdict)):
            agent, _, engine = verdict.suite_version.split(".")
            verdict.suite_version = f"{agent}.0123456789.{engine}"
            verdict.findings = []
    assert main(["replay", "--batch", batch]) == 0
    assert "the version differs in: rules." in capsys.readouterr().out


def test_replay_holds_one_slice_at_a_time(batch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches are judged a few together, never the whole history: its size then only costs time."""
    from gateway.pipeline import replay as module

    more = tmp_path / "more.csv"
    more.write_text(LIST.replace("example.org", "example.net"), "utf-8")
    run_batch("regional-nurse", [more], actor="test")
    slices = []
    real = module.replay
    monkeypatch.setattr(module, "SLICE", 5)

    def watched(agent: object, history: object, *more: object) -> object:
        kept = list(history)  # type: ignore[call-overload]
        slices.extend(len(cases) for cases, _ in kept)
        return real(agent, kept, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "replay", watched)
    result = replay_history(agent_of("regional-nurse"))
    assert len(slices) == 2
    assert sum(slices) == result.profiles
    assert result.reproduced
