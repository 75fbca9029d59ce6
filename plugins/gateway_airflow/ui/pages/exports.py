"""A batch as a file, with the filters of the list. Streamed, audited, for reviewers only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from gateway.errors import Misconfigured
from gateway.insight.exports import Wanted, export_rows
from gateway.insight.files import as_csv, as_json_lines, as_xlsx
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Batch
from gateway_airflow.ui.access import Right, VisitorDep, needs

router = APIRouter()
Word = Annotated[str, Query(max_length=64)]
Search = Annotated[str, Query(max_length=200)]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/batches/{batch_id}/export.csv", dependencies=[needs(Right.REVIEW)])
def csv_file(
    visitor: VisitorDep, batch_id: str, state: Word = "", code: Word = "", q: Search = ""
) -> StreamingResponse:
    wanted = _audited(batch_id, visitor.name, "csv", Wanted(state, code, q))
    return _download(as_csv(export_rows(batch_id, wanted)), batch_id, wanted, "csv", "text/csv; charset=utf-8")


@router.get("/batches/{batch_id}/export.xlsx", dependencies=[needs(Right.REVIEW)])
def xlsx_file(
    visitor: VisitorDep, batch_id: str, state: Word = "", code: Word = "", q: Search = ""
) -> StreamingResponse:
    wanted = _audited(batch_id, visitor.name, "xlsx", Wanted(state, code, q))
    return _download(as_xlsx(export_rows(batch_id, wanted)), batch_id, wanted, "xlsx", XLSX)


@router.get("/batches/{batch_id}/export.jsonl", dependencies=[needs(Right.REVIEW)])
def json_lines_file(
    visitor: VisitorDep, batch_id: str, state: Word = "", code: Word = "", q: Search = ""
) -> StreamingResponse:
    wanted = _audited(batch_id, visitor.name, "jsonl", Wanted(state, code, q))
    rows = export_rows(batch_id, wanted)
    return _download(as_json_lines(rows), batch_id, wanted, "jsonl", "application/x-ndjson; charset=utf-8")


def _audited(batch_id: str, actor: str, kind: str, wanted: Wanted) -> Wanted:
    with writing() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}.")
        change.record(session, "exported", batch, actor=actor, rule=f"{kind} {wanted.told}".strip()[:100])
    return wanted


def _download(pieces: Iterator[Any], batch_id: str, wanted: Wanted, ending: str, media_type: str) -> StreamingResponse:
    name = f"{batch_id}{'-part' if wanted else ''}.{ending}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=media_type, headers=headers)
