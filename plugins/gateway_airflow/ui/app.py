"""The app that Airflow mounts below /gateway."""

from __future__ import annotations

from http import HTTPStatus
from math import ceil
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from gateway.codes import CODES
from gateway.errors import Conflict, GatewayError, Misconfigured, Transient
from gateway_airflow.ui.guard import Guard
from gateway_airflow.ui.pages import (
    agents,
    analytics,
    answers,
    batches,
    codes,
    datadocs,
    decisions,
    documents,
    exports,
    health,
    hooks,
    notices,
    people,
    planning,
    preferences,
    reliability,
    review,
    runs,
    sources,
    unsubscribe,
    upload,
)
from gateway_airflow.ui.render import error_page
from gateway_airflow.ui.sign_in import Guesses
from gateway_airflow.ui.v1 import batches as v1

STATIC = Path(__file__).with_name("static")
SUBJECTS = (
    agents,
    upload,
    batches,
    documents,
    exports,
    runs,
    datadocs,
    review,
    planning,
    decisions,
    people,
    analytics,
    reliability,
    notices,
    preferences,
    hooks,
    codes,
    health,
    sources,
    unsubscribe,
    answers,
    v1,
)
# What a code means as a status, where its kind of error does not say it.
OF_CODE = {
    "API_KEY_INVALID": 401,
    "API_RIGHT_MISSING": 403,
    "API_TOO_OFTEN": 429,
    "API_KEY_GUESSED": 429,
    "API_KEY_REUSED": 422,
}
ROUTERS = tuple(subject.router for subject in SUBJECTS)


class GatewayApp(FastAPI):
    """A FastAPI app that remembers which app it is mounted in: airflow_api.py calls that one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("host_app", scope.get("app"))
        await super().__call__(scope, receive, send)


class Static(StaticFiles):
    """Our own styles and scripts: nothing private, so no sign-in; browsers check again after five minutes."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        answer.headers["cache-control"] = "public, max-age=300"
        return answer


def build() -> FastAPI:
    """The app with every page. Its routes ask for a right each; `static`, `unsubscribe`, `answer` and `hooks` are open, the API asks for a key."""
    app = GatewayApp(
        title="Candidate Ingestion Gateway",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[Middleware(Guard, failed=_failed)],
        exception_handlers={
            GatewayError: _gateway_error,
            HTTPException: _http_error,
            RequestValidationError: _bad_request,
        },
    )
    app.state.guesses = Guesses()  # of the API's keys
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", Static(directory=STATIC), name="static")
    return app


def _is_api(request: Request) -> bool:
    root = request.scope.get("root_path", "")
    return request.url.path.startswith((f"{root}/api/", f"{root}/hooks/"))


async def _gateway_error(request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, GatewayError)
    answer = _answer(request, status_of(wrong), wrong.sentence, wrong.code)
    if answer.status_code == 413:
        answer.headers["connection"] = "close"  # the rest of the body is not read
    if answer.status_code == 401:
        answer.headers["www-authenticate"] = "Bearer"
    if isinstance(wrong, Transient) and wrong.retry_after_s is not None:
        answer.headers["retry-after"] = str(max(1, ceil(wrong.retry_after_s)))
    return answer


async def _http_error(request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, HTTPException)
    sentence = wrong.detail if wrong.status_code != 404 else "There is nothing at this address."
    answer = _answer(request, wrong.status_code, sentence, None)
    answer.headers.update(wrong.headers or {})
    return answer


async def _bad_request(request: Request, wrong: Exception) -> Response:
    assert isinstance(wrong, RequestValidationError)
    first = wrong.errors()[0]  # its `input` may be personal: only the place and the rule are told
    place = ".".join(str(part) for part in first["loc"])
    return _answer(request, 422, f"The request is invalid at {place}: {first['msg']}.", None)


def _failed(request: Request, wrong: Exception) -> Response:
    """The answer to an unforeseen error. Usually the store is locked or unreachable, which passes on its own."""
    if isinstance(wrong, DataError | OverflowError | UnicodeEncodeError):
        return _answer(request, 400, "The request contains a number or a character that the store cannot accept.", None)
    if isinstance(wrong, OperationalError | InterfaceError | NoConnection):
        sentence = "The gateway's store did not answer in time. Nothing was changed: try again in a moment."
        answer = _answer(request, 503, sentence, "STORE_AWAY")
        answer.headers["retry-after"] = "10"
        return answer
    sentence = "Something went wrong on our side. The server's log says where. Reload the page and check before you repeat a change."
    return _answer(request, 500, sentence, "PAGE_FAILED")


def status_of(wrong: GatewayError) -> int:
    """The HTTP status that says the same."""
    if wrong.code in OF_CODE:
        return OF_CODE[wrong.code]
    if isinstance(wrong, Conflict):
        return 409
    if isinstance(wrong, Transient):
        return 503
    if wrong.code.startswith("UNKNOWN_"):
        return 404
    if wrong.code in ("FILE_TOO_LARGE", "BATCH_TOO_LARGE", "BATCH_TOO_MANY_FILES", "HOOK_TOO_LARGE"):
        return 413
    return 422 if isinstance(wrong, Misconfigured) else 400


def _answer(request: Request, status: int, sentence: str, code: str | None) -> Response:
    root = request.scope.get("root_path", "")
    if request.url.path.startswith(f"{root}/api/v1/"):
        if code is None and status == 422:
            code = "API_REQUEST_INVALID"
        kind = f"{root}/codes/{code}" if code else "about:blank"
        title = CODES[code].means if code in CODES else HTTPStatus(status).phrase
        said = {"type": kind, "title": title, "status": status, "detail": sentence, "code": code}
        return JSONResponse(said, status, media_type="application/problem+json")
    if _is_api(request):
        href = f"{root}/codes/{code}" if code else None
        return JSONResponse({"code": code, "sentence": sentence, "href": href}, status)
    return error_page(request, status, sentence, code)
