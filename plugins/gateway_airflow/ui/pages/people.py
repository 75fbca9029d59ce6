"""Everything kept of one person, as a document for them: for reviewers, and told in the trail."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from gateway.insight.access import access_document
from gateway_airflow.ui.access import Right, VisitorDep, needs

router = APIRouter()


@router.get("/people/{profile_id}/access", dependencies=[needs(Right.REVIEW)])
def access_request(visitor: VisitorDep, profile_id: str) -> HTMLResponse:
    """The person of that profile with all their versions."""
    headers = {"content-disposition": f'attachment; filename="access-{profile_id}.html"'}
    return HTMLResponse(access_document(profile_id=profile_id, actor=visitor.name), headers=headers)
