"""A batch's Data Docs, as Great Expectations drew them: ids and counts, no scripts, under a policy of their own."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from gateway.pipeline.judging.datadocs import open_data_docs
from gateway_airflow.ui.access import Right, VisitorDep, needs

router = APIRouter()
# Their styles are inline. Nothing runs and nothing is fetched; the origin stays ours, or a browser would leave the session
# cookie out when a link leads from one of the pages to the other inside Airflow's frame.
CSP = "sandbox allow-same-origin; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@router.get("/batches/{batch_id}/data-docs/{file}", dependencies=[needs(Right.REVIEW)])
def data_docs(batch_id: str, file: str, visitor: VisitorDep) -> HTMLResponse:
    """index.html (the results) or suite.html (the gates)."""
    page = open_data_docs(batch_id, file, actor=visitor.name)
    return HTMLResponse(page.decode("utf-8"), headers={"content-security-policy": CSP})
