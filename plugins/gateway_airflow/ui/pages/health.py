"""Is this installation well: what `gateway doctor` says, as a page for people and as JSON for monitors."""

from __future__ import annotations

from threading import Lock
from time import monotonic
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway.insight.doctor import diagnose
from gateway.insight.doctor.lines import Level, Report
from gateway_airflow import health as airflow
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()
FRESH_S = 10.0  # several monitors, one look
_one_at_a_time = Lock()
_last: list[tuple[float, Report]] = []


@router.get("/health", dependencies=[needs(Right.CONFIGURE)])
def health_page(request: Request, visitor: VisitorDep) -> Any:
    return page(request, visitor, "health.html", section="health", report=_report())


@router.get("/api/health", dependencies=[needs(Right.CONFIGURE)])
def health_json(visitor: VisitorDep) -> JSONResponse:
    """200 without a fault, 503 with one; the body says which."""
    report = _report()
    return JSONResponse(report.as_dict(), 503 if report.worst is Level.FAULT else 200)


def _report() -> Report:
    with _one_at_a_time:
        if not _last or monotonic() - _last[0][0] > FRESH_S:
            _last[:] = [(monotonic(), diagnose(airflow.looks()))]
        return _last[0][1]
