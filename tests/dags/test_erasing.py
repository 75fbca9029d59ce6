"""Erasure as DAGs: the daily one runs whole; a person is erased by two people and by an id, never an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import ParamValidationError

from gateway.pipeline.erasure.choices import ERASE, KEEP
from gateway.pipeline.erasure.suppression import of_email
from gateway.settings import settings
from gateway.store.engine import reading
from gateway.store.tables import Event
from support.forgotten import EMAIL, make_drop, read_in


def test_retention_runs_and_a_dry_run_only_counts(
    dag_bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (settings().agents_dir / "backend-engineer.yaml").read_text("utf-8")
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "backend-engineer.yaml").write_text(text + "\nretention: {held_days: 1, ingested_days: 1}\n", "utf-8")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    read_in(make_drop(tmp_path / "drop"))
    _age(days=2)
    for dry in (True, False):
        run = dag_bag.dags["apply_retention"].test(run_conf={"dry_run": dry})
        assert {str(ti.state) for ti in run.get_task_instances()} == {"success"}
    with reading() as session:
        rules = [str(one.rule) for one in session.query(Event).filter(Event.kind == "retention").order_by(Event.id)]
    assert rules[0].startswith("dry run: ")
    assert rules[1].startswith("e2")


def _age(days: int) -> None:
    from datetime import timedelta

    from gateway.store.engine import writing
    from gateway.store.tables import Profile, now

    with writing() as session:
        for row in session.query(Profile):
            row.updated_at = now() - timedelta(days=days)


def test_a_run_takes_an_id_or_a_hash_and_no_address(dag_bag: Any, home: Path) -> None:
    param = dag_bag.dags["erase_person"].params.get_param("person")
    for good in ("p" + "0a" * 10, of_email(EMAIL)):
        assert param.resolve(good) == good
    for bad in (EMAIL, "p1", "", "Quentin"):
        with pytest.raises(ParamValidationError):
            param.resolve(bad)


def test_the_question_names_nobody_and_nobody_answering_keeps_them(dag_bag: Any) -> None:
    ask = dag_bag.dags["erase_person"].get_task("decide")
    assert ask.defaults == [KEEP]
    assert ask.options == [ERASE, KEEP]
    assert ask.response_timeout is not None
    assert "params.person" in ask.body
    assert dag_bag.dags["erase_person"].get_task("erase").upstream_task_ids == {"decide"}
