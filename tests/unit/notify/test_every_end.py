"""A notice for every end that somebody must know of: who subscribed gets it once, in words, without anybody's data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from gateway.agents.sources import FolderSource
from gateway.errors import Misconfigured, Transient
from gateway.events import CATALOGUE, STATUS
from gateway.intake.inbox import InboxProblem
from gateway.notify import health
from gateway.notify.look_out import look_out, tell_late_run
from gateway.notify.send import send_due
from gateway.notify.senders import Outcome
from gateway.notify.wording import words_of
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.arrival.runs import noted
from gateway.pipeline.learning.alarms import raise_alarm
from gateway.pipeline.report import finish_batch, tell_unclaimed
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.sources import state
from gateway.store import outbox
from gateway.store.engine import reading, writing
from gateway.store.tables import Agent, Batch, Event, Outbox, Profile, now
from gateway_airflow.triggers.deadline import run_is_late
from support.telling import ADDRESS, NAME, batch, move

AgentFile = Callable[..., None]
pytestmark = pytest.mark.local_server


def told() -> dict[str, list[dict[str, Any]]]:
    """type -> data of what the log channel was told of that type."""
    found: dict[str, list[dict[str, Any]]] = {}
    with reading() as session:
        for row in session.scalars(select(Outbox).where(Outbox.channel == "log").order_by(Outbox.created_at)):
            found.setdefault(row.type, []).append(row.data)
    return found


def late(hours: float) -> None:
    at = now() - timedelta(hours=hours)
    with writing() as session:
        session.execute(update(Batch).values(created_at=at))
        session.execute(update(Profile).values(created_at=at))
        session.execute(update(Event).values(at=at))


def done() -> None:
    move(Profile, "p-b1", "passed")
    move(Profile, "p-b1", "delivered")
    finish_batch("b1")


def held() -> None:
    move(Profile, "p-b1", "held")
    finish_batch("b1")


def stopped(wrong: Exception) -> Callable[[], None]:
    def end() -> None:
        with pytest.raises(type(wrong)), noted("b1", "deliver"):
            raise wrong
        move(Profile, "p-b1", "passed")
        finish_batch("b1")

    return end


def aged() -> None:
    move(Profile, "p-b1", "held")
    late(50)
    look_out()


def silent() -> None:
    done()
    late(30)
    look_out()


def source_fails() -> None:
    source = FolderSource(name="agency", kind="folder", path="/no-such-folder")
    agent = agent_of("nurses")
    for _ in range(2):
        refused = Misconfigured("SOURCE_REFUSED", "Source agency: its folder is not on this machine.")
        state.ended(agent, source, state.begin(agent, source), arrived=False, waits_s=None, problem=refused)


def overdue() -> None:
    late(5)
    look_out()


def channel_fails() -> None:
    health.failed("nurses", "webhook:crm", Outcome(False, "NOTICE_NOT_SENT", "It is gone.", gone=True))


def periods() -> None:
    with writing() as session:
        outbox.emit(session, "retention.applied", "nurses", {"numbers": {"people": 1}, "url": None})


def alarmed() -> None:
    with writing() as session:
        assert raise_alarm(session, "nurses", "ERROR_ABOVE_STATED", "", "More is wrong than stated.", {})
        assert not raise_alarm(session, "nurses", "ERROR_ABOVE_STATED", "", "Again.", {})


def reviewed() -> None:
    held()
    with writing() as session:
        session.add(
            Profile(
                id="p2", document_id="d-b1", batch_id="b1", agent_id="nurses", ordinal=1, state="held", name="Ada Quill",
                email="ada@example.org", email_norm="ada@example.org", data={}, codes=["EMAIL_TYPO"],
            )
        )  # fmt: skip
    decide("p2", "approve", reviewer="rita")
    deliver_reviewed()


ENDS: dict[str, tuple[str, Callable[[], None], str | None]] = {
    "done": ("batch.done", done, None),
    "waiting for review": ("batch.waiting_review", held, None),
    "failed": ("batch.failed", stopped(RuntimeError("boom")), None),
    "stopped by a target": ("batch.failed", stopped(Misconfigured("TARGET_CLOSED", "It is closed.")), "TARGET_CLOSED"),
    "stopped by a full disk": ("batch.failed", stopped(Transient("DISK_FULL", "Full.", 60)), "DISK_FULL"),
    "deadline missed": ("deadline.missed", overdue, None),
    "source silent": ("source.silent", silent, None),
    "source fails": ("source.failing", source_fails, "SOURCE_REFUSED"),
    "held candidates age": ("held.ageing", aged, None),
    "decisions delivered": ("review.delivered", reviewed, None),
    "a drop nobody claims": (
        "inbox.stale",
        lambda: tell_unclaimed(InboxProblem("INBOX_STALE", "A drop waits.", "nurses")),
        "INBOX_STALE",
    ),
    "a channel is dead": ("channel.paused", channel_fails, "NOTICE_NOT_SENT"),
    "audits find too much": ("alarm.raised", alarmed, "ERROR_ABOVE_STATED"),
    "periods ended": ("retention.applied", periods, None),
}


def test_every_status_type_has_its_end_here() -> None:
    assert {event for event, _, _ in ENDS.values()} == set(STATUS)


@pytest.mark.parametrize("name", sorted(ENDS))
def test_an_end_is_told_once_and_names_nobody(agent: AgentFile, name: str) -> None:
    event, end, code = ENDS[name]
    agent("notify: {silent_after_h: {'*': 24}, channels: [{kind: webhook, connection: crm}]}\n")
    batch()
    end()
    look_out()
    (data,) = told()[event]
    assert data.keys() == set(CATALOGUE[event].fields)
    if code:
        assert data["code"] == code
    words = words_of(event, data, "m1")
    for text in (str(data), words.text, words.subject):
        assert NAME not in text
        assert ADDRESS not in text
        assert "Ada" not in text
    assert send_due().sent >= 1, "it goes through its channel"


def test_airflow_s_deadline_and_our_own_check_tell_the_same_once(agent: AgentFile) -> None:
    agent()
    batch()
    with writing() as session:
        session.get_one(Batch, "b1").run_id = "manual-1"
    context = {"dag_run": {"dag_run_id": "manual-1"}, "deadline": {}}
    assert asyncio.run(run_is_late(context)) == 1, "Airflow is first"
    assert tell_late_run("retry-b1-2") == tell_late_run("b1") == 0, "the same batch by other runs"
    late_since = {"deadline.missed": 1}
    look_out()
    assert {event: len(rows) for event, rows in told().items() if event in late_since} == late_since
    assert tell_late_run("a run of nothing") == 0
    move(Batch, "b1", "done")
    assert tell_late_run("manual-1") == 0, "done is done"


def test_an_old_batch_that_is_read_again_is_not_late(agent: AgentFile) -> None:
    agent()
    batch()
    late(100)
    with writing() as session:
        session.execute(update(Event).where(Event.after == "receiving").values(at=now()))
    look_out()
    assert "deadline.missed" not in told()


def test_an_end_that_comes_again_tells_again_only_what_is_new(agent: AgentFile) -> None:
    agent()
    batch()
    held()
    with writing() as session:
        number = session.scalar(select(func.count()).select_from(Outbox))
    finish_batch("b1")
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(Outbox)) == number
        assert session.get_one(Agent, "nurses").title == agent_of("nurses").title
