"""Airflow with a database of the tests' own, and the gateway's DAGs loaded into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dag_bag(home: Path, airflow_db: None) -> Any:
    """Our DAGs, parsed for this home and written to the database, as dag.test() needs them."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    bag = DagBag(dag_folder=PROJECT / "dags", bundle_path=PROJECT / "dags", bundle_name="dags-folder")
    with create_session() as session:
        if session.get(DagBundleModel, "dags-folder") is None:
            session.add(DagBundleModel(name="dags-folder"))
    sync_bag_to_db(bag, "dags-folder", None)
    for dag in bag.dags.values():
        # dag.test() of Airflow 3.3.2 looks for the deadline by its whole definition instead of its id, and fails.
        dag.deadline = None
    return bag
