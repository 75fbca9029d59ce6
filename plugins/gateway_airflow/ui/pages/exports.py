"""A batch as a file: CSV for spreadsheets, JSON Lines for programs. Streamed, audited, for reviewers only."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from gateway.errors import Misconfigured
from gateway.insight.exports import COLUMNS, export_rows
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Batch
from gateway_airflow.ui.access import Right, VisitorDep, needs

router = APIRouter()
PIECE = 65_536
# What a spreadsheet may take for a formula, full-width forms and blanks before it included, at a cell's beginning and
# after each ";": where that separates cells, as in half of Europe, every item of a list is a cell.
FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@＝＋－＠]|[\t\r\n])")


@router.get("/batches/{batch_id}/export.csv", dependencies=[needs(Right.REVIEW)])
def as_csv(visitor: VisitorDep, batch_id: str) -> StreamingResponse:
    _audited(batch_id, visitor.name, "csv")
    return _download(_csv(batch_id), f"{batch_id}.csv", "text/csv; charset=utf-8")


@router.get("/batches/{batch_id}/export.jsonl", dependencies=[needs(Right.REVIEW)])
def as_json_lines(visitor: VisitorDep, batch_id: str) -> StreamingResponse:
    _audited(batch_id, visitor.name, "jsonl")
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in export_rows(batch_id))
    return _download(_pieces(lines), f"{batch_id}.jsonl", "application/x-ndjson; charset=utf-8")


def _audited(batch_id: str, actor: str, rule: str) -> None:
    with writing() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id!r}.")
        change.record(session, "exported", batch, actor=actor, rule=rule)


def _download(lines: Iterator[str], name: str, media_type: str) -> StreamingResponse:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(lines, media_type=media_type, headers=headers)


def _pieces(lines: Iterator[str]) -> Iterator[str]:
    """The same text in pieces of PIECE: each piece sent costs a change of threads, a line alone would cost it too."""
    waiting: list[str] = []
    length = 0
    for line in lines:
        waiting.append(line)
        length += len(line)
        if length > PIECE:
            yield "".join(waiting)
            waiting, length = [], 0
    yield "".join(waiting)


def _csv(batch_id: str) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    text.write("\ufeff")  # Excel reads UTF-8 only with this mark
    writer.writeheader()
    for row in export_rows(batch_id):
        writer.writerow({key: cell(value) for key, value in row.items()})
        if text.tell() > PIECE:
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue()


def cell(value: Any) -> Any:
    """A value as a cell that no spreadsheet takes for a formula: lists are joined, a dangerous beginning is quoted."""
    if isinstance(value, list):
        value = "; ".join(str(item) for item in value)
    return FORMULA.sub(r"\1'", value) if isinstance(value, str) else value
