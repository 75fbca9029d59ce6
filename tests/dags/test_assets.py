"""Other teams' DAGs and ours: news of ingested candidates, batches asked for by an asset, notes, links and deadlines."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.hooks import addresses
from gateway.hooks.addresses import Kind
from gateway.hooks.receive import take
from gateway.pipeline.arrival.receive import agent_of, sense, sync_agent
from gateway.settings import settings
from gateway_airflow.names import OWNER, Tag
from gateway_airflow.operators.assets import forms_of
from gateway_airflow.operators.start_runs import arguments_of
from gateway_airflow.policy import owner_links

PASSING = (
    "Name,Email,Phone\n"
    "Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
    "Ines Baptista,ines.baptista@example.org,+1 206 555 0190\n"
)


@dataclass
class Asked:
    """An asset event, as a task sees it."""

    extra: dict[str, Any] | None
    timestamp: datetime = field(default_factory=lambda: datetime(2026, 11, 22, 19, 5, tzinfo=UTC))


def drop(home: Path) -> dict[str, str]:
    folder = home / "inbox" / "backend-engineer" / "drop"
    folder.mkdir(parents=True)
    (folder / "list.csv").write_text(PASSING)
    (folder / "_READY").touch()
    return dict(sense().runs)


def test_a_batch_tells_other_dags_of_candidates_ingested_for_its_agent(dag_bag: Any, home: Path) -> None:
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session

    (batch_id,) = drop(home)
    dag_bag.dags["ingest_batch"].test(run_conf={"batch_id": batch_id})
    with create_session() as session:
        asset = session.scalars(select(AssetModel).where(AssetModel.uri == "gateway://ingested/backend-engineer")).one()
        events = session.scalars(select(AssetEvent).where(AssetEvent.asset_id == asset.id)).all()
        told = [event.extra for event in events if event.extra.get("batch") == batch_id]
    assert told == [{"agent": "backend-engineer", "batch": batch_id, "ingested": 2}], "counts and ids, nobody's data"


def test_ready_files_are_told_only_when_somebody_said_so(dag_bag: Any, home: Path) -> None:
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session

    def told() -> list[Any]:
        with create_session() as session:
            rows = session.scalars(select(AssetEvent).order_by(AssetEvent.id)).all()
            return [row.extra["agents"] for row in rows if "agents" in (row.extra or {})]

    dag_bag.dags["take_hooks"].test()
    assert told() == [], "a run that finds no call wakes nobody"
    sync_agent(agent_of("backend-engineer"))
    address = addresses.make(Kind.FILES, "backend-engineer", actor="test")
    take("files", "backend-engineer", token=address.url.rpartition("/")[2], body=b"{}", headers={})
    dag_bag.dags["take_hooks"].test()
    assert told() == [["backend-engineer"]]


def test_a_run_s_note_says_which_batch_and_where_it_is_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_PAGE_URL", "https://airflow.acme.example")
    settings.cache_clear()
    runs = drop(home)
    ((batch_id, run_id),) = runs.items()
    (asked,) = arguments_of(runs)
    assert (asked["trigger_run_id"], asked["conf"]) == (run_id, {"batch_id": batch_id})
    assert f"Batch {batch_id} of backend-engineer" in asked["note"]
    assert f"(https://airflow.acme.example/plugin/candidates/gateway/batches/{batch_id})" in asked["note"]
    assert "Greta" not in asked["note"]


def test_an_asset_event_asks_for_a_batch_once() -> None:
    good = {"agent": "nurses", "path": "include/samples/nurses", "mode": "review", "canary": 10}
    first, again, by_hand = forms_of([Asked(good), Asked(good), Asked({**good, "from_rest_api": True})])
    assert first["conf"] == good
    assert first["trigger_run_id"] == again["trigger_run_id"] == by_hand["trigger_run_id"]
    later = forms_of([Asked(good, datetime(2026, 11, 23, tzinfo=UTC))])[0]
    assert later["trigger_run_id"] != first["trigger_run_id"]
    for wrong in (
        None,
        {},
        {"agent": "nurses"},
        {**good, "batch_id": "b1"},
        {**good, "canary": "10"},
        {**good, "path": ["a"]},
    ):
        assert forms_of([Asked(wrong)]) == []


def test_the_form_of_an_event_is_checked_by_the_run_itself(dag_bag: Any, home: Path) -> None:
    """Only folders that a person may name are read, whoever asks."""
    from gateway.errors import GatewayError
    from gateway.pipeline.arrival.receive import open_from_form

    (asked,) = forms_of([Asked({"agent": "backend-engineer", "path": "/etc"})])
    with pytest.raises(GatewayError):
        open_from_form(asked["conf"], run_id=asked["trigger_run_id"], at=datetime.now(UTC))


def test_a_run_of_ingest_batch_gets_a_deadline_from_airflow(dag_bag: Any) -> None:
    """As the scheduler makes it: from the DAG in Airflow's database."""
    from airflow.models.deadline import Deadline
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.state import DagRunState
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    from gateway_airflow.triggers.deadline import run_is_late

    at = datetime.now(UTC)
    with create_session() as session:
        kept = SerializedDagModel.get("ingest_batch", session=session)
        assert kept is not None
        run = kept.dag.create_dagrun(
            run_id="late-1",
            logical_date=None,
            run_after=at,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.QUEUED,
            session=session,
        )
        session.flush()
        (deadline,) = session.scalars(select(Deadline).where(Deadline.dagrun_id == run.id)).all()
        limit = timedelta(hours=settings().batch_deadline_h)
        assert abs(deadline.deadline_time - at - limit) < timedelta(minutes=1)
        assert deadline.callback.data["path"] == f"{run_is_late.__module__}.run_is_late"
        session.rollback()


def test_what_cannot_be_taken_back_is_in_the_tags(dag_bag: Any) -> None:
    impact = {
        dag_id: {tag for tag in dag.tags if str(tag).startswith("impact:")} for dag_id, dag in dag_bag.dags.items()
    }
    assert {dag_id for dag_id, tags in impact.items() if Tag.SENDS in tags} == {"ingest_batch", "deliver_reviewed"}
    assert {dag_id for dag_id, tags in impact.items() if Tag.ERASES in tags} == {"apply_retention", "erase_person"}
    assert impact["send_outreach"] == {Tag.WRITES_TO_CANDIDATES}


def test_owner_links_lead_to_the_page_where_its_address_is_known(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert owner_links() == {}
    monkeypatch.setenv("GATEWAY_PAGE_URL", "https://airflow.acme.example")
    settings.cache_clear()
    assert owner_links() == {OWNER: "https://airflow.acme.example/plugin/candidates/gateway/"}


def test_every_dag_has_the_link(dag_bag: Any) -> None:
    assert {dag_id for dag_id, dag in dag_bag.dags.items() if dag.owner_links != owner_links()} == set()
