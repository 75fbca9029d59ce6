"""Everything kept of one person, as a document for them: for reviewers, and told in the trail."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response

from gateway.insight.access import access_document
from gateway_airflow.ui.access import Right, VisitorDep, needs

router = APIRouter()


@router.get("/people/{profile_id}/access", dependencies=[needs(Right.REVIEW)])
def access_request(visitor: VisitorDep, profile_id: str, kind: Literal["html", "pdf"] = "html") -> Response:
    """The person of that profile with all their versions."""
    headers = {"content-disposition": f'attachment; filename="access-{profile_id}.{kind}"'}
    made = access_document(profile_id=profile_id, actor=visitor.name, kind=kind)
    return Response(
        made, headers=headers, media_type={"html": "text/html; charset=utf-8", "pdf": "application/pdf"}[kind]
    )
