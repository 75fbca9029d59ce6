"""The tab on an Airflow run: the batch it is about."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from gateway.insight.batches import batch_of_run
from gateway_airflow.ui.access import INGEST, Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()


@router.get("/runs/{run_id}", dependencies=[needs(Right.VIEW)])
def of_run(request: Request, visitor: VisitorDep, run_id: str, dag_id: str = "") -> Any:
    """The batch's page; where there is none (yet), a page that says why."""
    batch_id = batch_of_run(run_id)
    if batch_id is not None:
        return RedirectResponse(f"{request.scope.get('root_path', '')}/batches/{batch_id}", 302)
    return page(request, visitor, "run.html", section="batches", about_batches=dag_id in ("", INGEST))
