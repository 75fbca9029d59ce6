"""One document with the values read from it; its pages as pictures; the file itself."""

from __future__ import annotations

from textwrap import wrap
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from markupsafe import escape

from gateway.errors import GatewayError
from gateway.insight import evidence
from gateway.store.looks import looked
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()
# A browser may keep a picture, but asks each time whether it may still show it: a right can have been taken away.
KEPT = "private, no-cache"


@router.get("/documents/{document_id}", dependencies=[needs(Right.VIEW)])
def one_document(
    request: Request, visitor: VisitorDep, document_id: str, start: int = 0, profile: str | None = None
) -> Any:
    """Of a list with many candidates those from `start` on, or those around the one asked for."""
    start = evidence.start_of(document_id, profile) if profile else max(0, start)
    document, profiles = evidence.document(document_id, start)
    if visitor.sees_personal:
        looked("document", document_id, actor=visitor.name)
    rows = {}
    trouble = None
    if document.kind == "rows" and document.has_file and profiles:
        found = evidence.rows_of(document, profiles)
        rows, trouble = {row.profile_id: row for row in found.rows}, found
    pages = evidence.pages_of(document, profiles) if document.kind == "pages" and document.has_file else ()
    return page(
        request,
        visitor,
        "document.html",
        section="batches",
        document=document,
        profiles=profiles,
        pages=pages,
        rows=rows,
        rows_trouble=trouble,
        start=start,
        step=evidence.PROFILES,
    )


@router.get("/documents/{document_id}/pages/{number}.png", dependencies=[needs(Right.REVIEW)])
def page_picture(request: Request, visitor: VisitorDep, document_id: str, number: int) -> Response:
    """The page as PNG; where that cannot be made, a picture that says why."""
    try:
        headers = {"cache-control": KEPT, "etag": f'"{evidence.page_version(document_id, number)}"'}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=304, headers=headers)
        picture = evidence.page_image(document_id, number)
        looked("document", document_id, actor=visitor.name)
        return Response(picture, media_type="image/png", headers=headers)
    except GatewayError as wrong:
        if wrong.code == "UNKNOWN_DOCUMENT":
            raise HTTPException(404) from wrong
        # A browser shows a picture whatever the status, so the reader sees the reason where the page would be.
        return Response(_says(wrong.code, wrong.sentence), 422, {"x-gateway-code": wrong.code}, "image/svg+xml")


@router.get("/documents/{document_id}/file", dependencies=[needs(Right.REVIEW)])
def original(visitor: VisitorDep, document_id: str) -> Response:
    """The file as it came, never shown by the browser itself; the download is recorded."""
    body, ending = evidence.original(document_id, actor=visitor.name)
    return _download(body, f"{document_id}{ending}")


@router.get("/candidates/{profile_id}/pages.pdf", dependencies=[needs(Right.REVIEW)])
def pages_of_person(visitor: VisitorDep, profile_id: str) -> Response:
    """One person's pages of a file with several people; the download is recorded."""
    return _download(evidence.pages_of_person(profile_id, actor=visitor.name), f"{profile_id}.pdf")


def _download(body: bytes, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return Response(body, media_type="application/octet-stream", headers=headers)


def _says(code: str, sentence: str) -> str:
    lines = "".join(
        f'<text x="40" y="{150 + 26 * number}">{escape(line)}</text>' for number, line in enumerate(wrap(sentence, 52))
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 595 420" font-family="sans-serif" font-size="17">'
        '<rect width="595" height="420" fill="#f4f5f7"/><text x="40" y="104" font-weight="bold" font-size="20">'
        f'{escape(code)}</text><g fill="#333">{lines}</g></svg>'
    )
