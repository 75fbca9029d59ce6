"""Reason codes, one page each: meaning, who acts, what to do."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException, Request

from gateway.codes import CODES
from gateway.codes.docs import STAGES
from gateway_airflow.ui.access import Right, VisitorDep, needs
from gateway_airflow.ui.render import page

router = APIRouter()


@router.get("/codes", dependencies=[needs(Right.VIEW)])
def every_code(request: Request, visitor: VisitorDep) -> Any:
    by_stage = {title: [CODES[c] for c in sorted(CODES) if CODES[c].stage == stage] for stage, title in STAGES.items()}
    return page(request, visitor, "codes.html", section="codes", by_stage=by_stage)


@router.get("/codes/{code}", dependencies=[needs(Right.VIEW)])
def one_code(request: Request, visitor: VisitorDep, code: str) -> Any:
    if code not in CODES:
        raise HTTPException(404)
    return page(request, visitor, "code.html", section="codes", one=CODES[code], stage=STAGES[CODES[code].stage])
