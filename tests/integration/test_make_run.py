"""The main job on the real Airflow: from the inbox to ingested, held and failed; and nobody twice, whatever happens."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.pipeline.lines import profile_lines
from gateway.pipeline.report import totals
from gateway.pipeline.review.held import queue
from gateway.pipeline.review.review import decide
from gateway.store.engine import reading
from gateway.store.tables import Batch, Delivery, Event, PoolCandidate, Review

from .conftest import Gateway, batches

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]

LIST = (
    b"Name,Email,Phone\n"
    b"Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
    b"Ines Baptista,ines.baptista@example.org,+1 206 555 0190\n"
    b"Otto Nkemelu,,+1 312 555 0119\n"
)


def pool() -> list[tuple[str, str]]:
    with reading() as session:
        return [
            (c.external_id, c.record["email"])
            for c in session.scalars(select(PoolCandidate).order_by(PoolCandidate.id))
        ]


def test_samples_come_to_rest_and_are_shown(gateway: Gateway) -> None:
    shown = "".join(gateway.output)
    numbers = totals(gateway.batch_id)
    assert numbers.add_up()
    assert numbers.processing == 0
    assert min(numbers.delivered, numbers.held, numbers.duplicate, numbers.failed, numbers.success) >= 1
    assert numbers.sentence() in shown
    for word in ("resume-encrypted.pdf", "ENCRYPTED_PDF", "EMAIL_MISSING", "ingested"):
        assert word in shown
    assert gateway.run_state(gateway.batch_id) == "success"
    assert ":8080" not in gateway.url, "the port was taken; another is chosen"


def test_one_required_action_for_the_batch_without_personal_data(gateway: Gateway) -> None:
    found = gateway.wait_for(
        lambda: [
            item
            for item in gateway.api("GET", "/dags/review_batch/dagRuns/~/hitlDetails")["hitl_details"]
            if gateway.batch_id in item["subject"]
        ],
        60,
        "the required action",
    )
    assert len(found) == 1
    said = f"{found[0]['subject']} {found[0]['body']}"
    assert "EMAIL_MISSING" in said
    for line in profile_lines(gateway.batch_id):
        assert line["name"] is None or line["name"] not in said
        assert line["email"] is None or line["email"] not in said


def test_digest_arrives_once_without_personal_data(gateway: Gateway) -> None:
    gateway.wait_for(lambda: gateway.mailbox.about(gateway.batch_id), 30, "the digest")
    (message,) = gateway.mailbox.about(gateway.batch_id)
    assert message["to"] == "recruiting@example.com"
    text = message.as_string()
    for line in profile_lines(gateway.batch_id):
        for secret in (line["name"], line["email"], line["phone"]):
            assert secret is None or secret not in text


def test_every_extract_instance_says_what_it_reads_and_names_nobody(gateway: Gateway) -> None:
    path = f"/dags/ingest_batch/dagRuns/{gateway.batch_id}/taskInstances"
    names = [
        item["rendered_map_index"]
        for item in gateway.api("GET", path)["task_instances"]
        if item["task_id"] == "extract_chunk"
    ]
    assert names
    assert all(re.fullmatch(r"chunk \d+ of \d+ · (\d+ documents|one document · .+)", name or "") for name in names), (
        names
    )


def test_a_drop_is_picked_up_at_once_and_the_same_drop_again_ingests_nobody(gateway: Gateway) -> None:
    known = batches()
    gateway.drop({"list.csv": LIST})
    dropped = time.monotonic()
    batch_id = gateway.next_batch(known)
    gateway.wait_for(lambda: gateway.run_state(batch_id), 30, "the run to be queued")
    picked_up_s = time.monotonic() - dropped
    print(f"\npicked up after {picked_up_s:.1f} s")
    assert gateway.finished(batch_id) == "success"
    numbers = totals(batch_id)
    assert (numbers.delivered, numbers.held) == (2, 1)
    gateway.wait_for(lambda: gateway.mailbox.about(batch_id), 60, "the notice of its end")
    (message,) = gateway.mailbox.about(batch_id)
    with reading() as session:
        ended = session.scalar(
            select(func.max(Event.at)).where(Event.subject_id == batch_id, Event.after == "waiting_review")
        )
    assert ended is not None
    told_s = (gateway.mailbox.arrived[str(message["subject"])] - ended).total_seconds()
    print(f"its people were told {told_s:.1f} s after its end")
    assert told_s < 60, "the budget is 10 s on a quiet machine"
    assert picked_up_s < 30, "the budget is 10 s on a quiet machine"

    before = pool()
    known = batches()
    gateway.drop({"another name.csv": LIST})
    again = gateway.next_batch(known)
    assert gateway.finished(again) == "success"
    assert totals(again).codes == {"DUPLICATE_FILE": 1}
    assert pool() == before


def test_a_cleared_run_has_no_second_effect(gateway: Gateway) -> None:
    before, mails = pool(), len(gateway.mailbox.about(gateway.batch_id))
    numbers = totals(gateway.batch_id)
    cleared = gateway.api(
        "POST",
        "/dags/ingest_batch/clearTaskInstances",
        json={"dag_run_id": gateway.batch_id, "dry_run": False, "only_failed": False, "reset_dag_runs": True},
    )
    assert cleared["total_entries"] > 5
    gateway.wait_for(lambda: gateway.run_state(gateway.batch_id) in ("queued", "running"), 30, "the run to start again")
    assert gateway.finished(gateway.batch_id) == "success"
    assert pool() == before
    assert totals(gateway.batch_id) == numbers
    assert len(gateway.mailbox.about(gateway.batch_id)) == mails


def test_a_worker_killed_between_delivery_and_receipt_delivers_nobody_twice(gateway: Gateway) -> None:
    """A trigger makes writing the receipt take minutes: the candidate is in the target, the ledger still says sent.

    Killed there, the task is tried again by Airflow, and must find the candidate instead of sending it again.
    """
    database = gateway.home / "gateway.db"
    slow = (
        "CREATE TRIGGER slow_receipt BEFORE UPDATE OF state ON delivery WHEN NEW.state = 'confirmed' BEGIN "
        "SELECT count(*) FROM (WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 4000000000) "
        "SELECT x FROM n); END"
    )
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute(slow)
    known = batches()
    gateway.drop({"kill.csv": b"Name,Email,Phone\nVera Kilbride,vera.kilbride@example.com,+1 503 555 0144\n"})
    batch_id = gateway.next_batch(known)

    def in_target() -> list[str]:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as look:
            return [
                row[0] for row in look.execute("SELECT external_id FROM pool_candidate WHERE batch_id = ?", (batch_id,))
            ]

    (external_id,) = gateway.wait_for(in_target, 120, "the candidate in the target")
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as look:
        assert look.execute("SELECT state FROM delivery WHERE id = ?", (external_id,)).fetchone() == ("sent",)
    killed = writer_of(database, gateway)
    os.kill(killed, signal.SIGKILL)
    with sqlite3.connect(database, timeout=30) as connection:
        connection.execute("DROP TRIGGER slow_receipt")

    assert gateway.finished(batch_id, 240) == "success"
    assert in_target() == [external_id]
    with reading() as session:
        delivery = session.scalars(select(Delivery).where(Delivery.batch_id == batch_id)).one()
        told = session.scalars(select(Event).where(Event.subject_id == delivery.id, Event.after == "confirmed")).one()
    assert (delivery.state, delivery.attempts, told.rule) == ("confirmed", 1, "found by external_id")


def writer_of(database: Path, gateway: Gateway) -> int:
    """The process that computes inside the slow trigger: a child of ours with the database open and the most CPU time."""
    time.sleep(1.5)  # let it burn
    best = (0, 0)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            opened = {str(link.readlink()) for link in (entry / "fd").iterdir()}
            if str(database) not in opened:
                continue
            before = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[11])
            time.sleep(0.3)
            after = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[11])
        except (OSError, ValueError):
            continue
        best = max(best, (after - before, int(entry.name)))
    assert best[0] > 5, "nobody writes the receipt"
    assert best[1] != gateway.process.pid
    return best[1]


def test_the_required_action_answered_in_airflow_delivers_what_can_be(gateway: Gateway) -> None:
    run_id = f"review-{gateway.batch_id}"
    held = totals(gateway.batch_id).held
    delivered = totals(gateway.batch_id).delivered
    gateway.api(
        "PATCH",
        f"/dags/review_batch/dagRuns/{run_id}/taskInstances/decide/-1/hitlDetails",
        json={"chosen_options": ["Approve all held"], "params_input": {}},
    )

    def decided() -> int:
        with reading() as session:
            return len(session.scalars(select(Review)).all())

    gateway.wait_for(lambda: decided() >= held, 90, "the decisions")

    def settled() -> bool:
        numbers = totals(gateway.batch_id)
        return numbers.in_flight == 0 and numbers.add_up()

    gateway.wait_for(settled, 120, "deliver_reviewed")
    after = totals(gateway.batch_id)
    without_email = sum(
        line["ordinal"] is not None and line["email"] is None for line in profile_lines(gateway.batch_id)
    )
    assert after.held == without_email, "no target takes a candidate without an address, whoever approves"
    assert after.delivered == delivered + held - without_email

    # A try that fails after the answer came, or a person who clears the task, asks nobody a second time.
    run = "/dags/review_batch/dagRuns/" + run_id
    gateway.wait_for(lambda: gateway.run_state(run_id, "review_batch") == "success", 60, "the answer to be applied")
    gateway.api(
        "POST",
        "/dags/review_batch/clearTaskInstances",
        json={
            "dag_run_id": run_id,
            "task_ids": ["decide"],
            "include_downstream": True,
            "dry_run": False,
            "only_failed": False,
            "reset_dag_runs": True,
        },
    )
    gateway.wait_for(lambda: gateway.run_state(run_id, "review_batch") == "success", 90, "the run without a question")
    assert gateway.api("GET", f"{run}/taskInstances/decide")["try_number"] == 2
    detail = gateway.api("GET", f"{run}/taskInstances/decide/-1/hitlDetails")
    assert detail["chosen_options"] == ["Approve all held"]
    emails = [email for _, email in pool()]
    assert len(emails) == len(set(emails))


def test_manual_trigger_with_the_form(gateway: Gateway) -> None:
    before = pool()
    answer = gateway.api(
        "POST",
        "/dags/ingest_batch/dagRuns",
        json={
            "logical_date": None,
            "conf": {"agent": "backend-engineer", "path": "include/samples/backend-engineer", "mode": "dry_run"},
        },
    )
    run_id = answer["dag_run_id"]
    assert gateway.finished(run_id) in ("success", "failed")
    with reading() as session:
        batch = session.scalars(select(Batch).where(Batch.run_id == run_id)).one_or_none()
    assert gateway.run_state(run_id) == "success"
    assert batch is not None
    assert batch.mode == "dry_run"
    assert totals(batch.id).received == 9
    assert pool() == before


def test_manual_trigger_may_not_read_any_path(gateway: Gateway) -> None:
    answer = gateway.api(
        "POST",
        "/dags/ingest_batch/dagRuns",
        json={"logical_date": None, "conf": {"agent": "backend-engineer", "path": "/etc"}},
    )
    known = batches()
    assert gateway.finished(answer["dag_run_id"]) == "failed"
    path = f"/dags/ingest_batch/dagRuns/{answer['dag_run_id']}/taskInstances"
    tries = {item["task_id"]: item["try_number"] for item in gateway.api("GET", path)["task_instances"]}
    assert tries["register"] == 1, "permanent: not tried again"
    assert batches() == known


def test_the_required_action_closes_once_everything_was_decided_elsewhere(gateway: Gateway) -> None:
    """On the page or by command: nobody answers in Airflow, and nothing stays open there."""
    known = batches()
    gateway.drop({"else.csv": b"Name,Email,Phone\nLena Abara,,+1 503 555 0177\nPia Fontaine,,+1 503 555 0178\n"})
    batch_id = gateway.next_batch(known)
    assert gateway.finished(batch_id) == "success"
    task = f"/dags/review_batch/dagRuns/review-{batch_id}/taskInstances/decide"

    def waits() -> bool:
        answer = gateway.session.get(f"{gateway.url}/api/v2{task}", timeout=30)
        return answer.ok and answer.json()["state"] == "deferred"

    gateway.wait_for(waits, 60, "the question")
    detail = gateway.api("GET", f"{task}/-1/hitlDetails")
    assert f"{gateway.url}/plugin/candidates/gateway/review?batch={batch_id}" in detail["body"]
    first, second = queue(batch_id)
    decide(first.profile_id, "discard", reviewer="rita")
    time.sleep(11)  # two looks of the trigger
    assert waits(), "one is still held"
    decide(second.profile_id, "discard", reviewer="sam")
    decided = time.monotonic()
    gateway.wait_for(lambda: gateway.run_state(f"review-{batch_id}", "review_batch") == "success", 60, "the closing")
    print(f"\nclosed after {time.monotonic() - decided:.1f} s")
    detail = gateway.api("GET", f"{task}/-1/hitlDetails")
    assert (detail["response_received"], detail["chosen_options"]) == (True, ["Decided elsewhere"])
    assert detail["responded_by_user"] is None
    with reading() as session:
        deciders = session.scalars(
            select(Review.reviewer).where(Review.profile_id.in_([first.profile_id, second.profile_id]))
        )
        assert sorted(deciders) == ["rita", "sam"]


def test_the_judges_task_links_the_data_docs(gateway: Gateway) -> None:
    links = gateway.api("GET", f"/dags/ingest_batch/dagRuns/{gateway.batch_id}/taskInstances/judge/links")[
        "extra_links"
    ]
    page = gateway.session.get(links["Data Docs"], timeout=30)
    assert page.status_code == 200
    assert "Values are not shown" in page.text
    for line in profile_lines(gateway.batch_id):
        assert line["email"] is None or line["email"] not in page.text


def test_a_what_if_of_the_samples_counts_and_sends_nothing(gateway: Gateway) -> None:
    before = pool()
    conf = {"batch": gateway.batch_id, "criteria": "fictional_contacts: hold\n"}
    run_id = gateway.api("POST", "/dags/replay_batch/dagRuns", json={"logical_date": None, "conf": conf})["dag_run_id"]
    gateway.wait_for(lambda: gateway.run_state(run_id, "replay_batch") in ("success", "failed"), 120, "the what-if")
    path = f"/dags/replay_batch/dagRuns/{run_id}/taskInstances/judge_again/xcomEntries/return_value?deserialize=true"
    said = gateway.api("GET", path)["value"]
    assert said["passed_now"] == 0 < said["passed_before"] == said["would_hold"]
    assert said["differs_in"] == ["agent"]
    table = [json.loads(line) for line in (gateway.home / "files" / said["table"]).read_text("utf-8").splitlines()]
    assert len(table) == said["changed"] > 0
    assert set(table[0]) == {"profile_id", "before", "now", "codes_before", "codes_now"}
    assert pool() == before


def test_ctrl_c_stops_every_process(gateway: Gateway) -> None:
    """Last: it ends what the others use."""
    ours = descendants(gateway.process.pid)
    assert len(ours) >= 4
    gateway.process.send_signal(signal.SIGINT)
    gateway.process.wait(40)
    left = [
        pid
        for pid in ours
        if Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text().split(")")[1][:3]
    ]
    assert left == []


def descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, ValueError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        for child in parents.get(todo.pop(), []):
            found.append(child)
            todo.append(child)
    return found
