"""A regular batch that does not come is told, once for each time it was due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select, update

from gateway.agents import Agent
from gateway.agents.sources import Expected
from gateway.notify import look_out
from gateway.sources.registry import KINDS
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Outbox, SourceState
from support.sources import AGENT, agent_with, look

DAILY = Expected(cron="0 6 * * 1-5", grace_h=2, timezone="Europe/Berlin")
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "last", "missed"),
    [
        ("2026-06-03T05:59:00", "2026-06-02T03:59:00", None),  # a Wednesday, one minute before the grace ends
        ("2026-06-03T06:01:00", "2026-06-02T03:59:00", "2026-06-03T04:00:00"),
        ("2026-06-03T06:01:00", None, "2026-06-03T04:00:00"),
        ("2026-06-03T06:01:00", "2026-06-02T22:00:00", None),  # early, but after the one before was due
        ("2026-06-03T06:01:00", "2026-06-03T05:30:00", None),  # late, but within the grace
        ("2026-06-07T12:00:00", "2026-06-05T04:10:00", None),  # a Sunday: Friday's came, nothing was due since
        ("2026-12-02T07:01:00", "2026-12-01T05:10:00", "2026-12-02T05:00:00"),  # winter time
    ],
)
def test_a_batch_is_due_by_local_time_with_its_grace(when: str, last: str | None, missed: str | None) -> None:
    found = DAILY.missed(at(when), known_since=LONG_AGO, last=at(last) if last else None)
    assert found == (at(missed) if missed else None)


def test_nothing_was_due_before_the_source_was_known() -> None:
    assert DAILY.missed(at("2026-06-03T07:00:00"), known_since=at("2026-06-03T05:00:00"), last=None) is None


def test_it_is_told_once_for_each_time(store: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "share").mkdir()
    source: dict[str, Any] = {"name": "agency", "kind": "folder", "path": str(tmp_path / "share"), "quiet_s": 0}
    agent_with(home, monkeypatch, {**source, "expected": {"cron": "0 6 * * *", "grace_h": 2}})
    look()
    clock = [datetime(2027, 3, 1, 7, 0, tzinfo=UTC)]
    monkeypatch.setattr(look_out, "now", lambda: clock[0])
    with writing() as session:
        session.execute(update(SourceState).values(known_since=LONG_AGO))

    def told() -> list[dict[str, Any]]:
        look_out.look_out()
        with reading() as session:
            rows = session.scalars(select(Outbox).where(Outbox.type == "source.silent").order_by(Outbox.created_at))
            return [row.data for row in rows]

    assert len(told()) == 1, "yesterday's"
    assert len(told()) == 1
    clock[0] += timedelta(hours=2)
    assert len(told()) == 2
    assert told()[1] == {
        "agent_id": AGENT,
        "agent_title": "Backend Engineer",
        "source": "agency",
        "hours": told()[1]["hours"],
        "code": "SOURCE_SILENT",
    }
    (tmp_path / "share" / "a.csv").write_text("Name,Email\nA,a@example.com\n", "utf-8")
    look()
    with writing() as session:
        session.execute(update(Batch).values(created_at=clock[0]))
    clock[0] += timedelta(hours=22)
    assert len(told()) == 2
    clock[0] += timedelta(hours=2)
    assert len(told()) == 3, "the next day's did not come"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "folder", "path": "relative"},
        {"kind": "folder", "path": "/x", "move_to": "visible"},
        {"kind": "object_store", "url": "file:///etc"},
        {"kind": "object_store", "url": "http://example.com/x"},
        {"kind": "http_pull", "connection": "c", "afterwards": "move"},
        {"kind": "http_pull", "connection": "c", "complete": "manifest"},
        {"kind": "imap", "senders": ["agency.example"]},
        {"kind": "ftp"},
        {"kind": "folder", "path": "/x", "expected": {"cron": "daily"}},
        {"kind": "folder", "path": "/x", "expected": {"cron": "0 0 6 * * *"}},
        {"kind": "folder", "path": "/x", "expected": {"cron": "0 6 * * *", "timezone": "Mars"}},
        {"kind": "folder", "path": "/x", "name": "Agency 1"},
    ],
)
def test_a_source_that_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    target = {"kind": "own_pool", "posting": "P"}
    with pytest.raises(ValidationError):
        Agent.model_validate({"id": "a", "title": "A", "target": target, "sources": [{"name": "s", **wrong}]})


def test_two_sources_of_one_name_are_refused() -> None:
    one = {"name": "s", "kind": "folder", "path": "/x"}
    with pytest.raises(ValidationError, match="two sources are called s"):
        Agent.model_validate(
            {"id": "a", "title": "A", "target": {"kind": "own_pool", "posting": "P"}, "sources": [one, one]}
        )


def test_every_kind_of_an_agent_file_has_its_class() -> None:
    schema = Agent.model_json_schema()
    kinds = schema["properties"]["sources"]["items"]["discriminator"]["mapping"]
    assert set(kinds) == set(KINDS)
