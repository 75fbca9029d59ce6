"""Templates and shared filters. Personal data is masked here for visitors without the right to see it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from airflow.api_fastapi.app import get_auth_manager
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from gateway.codes import CODES
from gateway.extract.media_types import ENDINGS
from gateway.insight.words import state_word
from gateway.quality.scores import word
from gateway_airflow.ui.access import Right, Visitor

TEMPLATES = Path(__file__).with_name("templates")
TONES = {
    "processing": "info",
    "success": "good",
    "failed": "bad",
    "extracted": "info",
    "passed": "info",
    "held": "warn",
    "approved": "info",
    "discarded": "muted",
    "duplicate": "muted",
    "delivered": "good",
    "refused": "bad",
    "unknown": "warn",
    "receiving": "info",
    "running": "info",
    "waiting_review": "warn",
    "done": "good",
    "open": "good",
    "closed": "muted",
    "reserved": "info",
    "sent": "info",
    "confirmed": "good",
}
SCORE_TONES = {"poor": "bad", "fair": "warn", "good": "good", "excellent": "good"}


def page(request: Request, visitor: Visitor, template: str, *, section: str, status: int = 200, **values: Any) -> Any:
    """A whole page. `section` is the tab that is lit: agents | batches | review | analytics | notices | codes."""
    return HTMLResponse(_render(request, visitor, template, section=section, **values), status)


def fragment(request: Request, visitor: Visitor, template: str, **values: Any) -> str:
    """A fragment of a page, which a script inserts."""
    return _render(request, visitor, template, section="", **values)


def error_page(request: Request, status: int, sentence: str, code: str | None) -> HTMLResponse:
    """What went wrong, in words, with the next step; 401 offers the way to sign in."""
    login = None
    if status == 401:
        login = get_auth_manager().get_url_login(next_url=str(request.url.remove_query_params("q")))
    nobody = Visitor("", frozenset())
    body = _render(
        request, nobody, "error.html", section="", http_status=status, sentence=sentence, reason=code, login=login
    )
    return HTMLResponse(body, status)


def _render(request: Request, visitor: Visitor, template: str, **values: Any) -> str:
    def query_with(**changes: Any) -> str:
        """The query of this page with some parameters changed; None drops one."""
        kept = {**dict(request.query_params), **changes}
        return urlencode({key: value for key, value in kept.items() if value not in (None, "")})

    shared = {
        "root": request.scope.get("root_path", ""),
        "here": request.url.path,
        "query": request.query_params,
        "query_with": query_with,
        "visitor": visitor,
        "Right": Right,
        "CODES": CODES,
    }
    return environment().get_template(template).render(**shared, **values)


@lru_cache(maxsize=1)
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        ago=ago,
        size=size,
        score=word,
        score_tone=lambda value: SCORE_TONES[word(value)],
        percent=percent,
        number=number,
        personal=personal,
        tone=lambda state: TONES.get(str(state), "muted"),
        state_word=state_word,
    )
    return made


def ago(when: datetime | None) -> Markup:
    """A <time> element in words ("3 min ago"), its tooltip the UTC time; core.js keeps it current. "" for None."""
    if when is None:
        return Markup("")
    said = f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return Markup('<time datetime="{}" title="{}" data-ago>{}</time>').format(
        when.astimezone(UTC).isoformat(timespec="seconds"), said, elapsed((datetime.now(UTC) - when).total_seconds())
    )


def elapsed(seconds: float) -> str:
    """ "just now", "3 min ago", "2 h ago", "5 days ago" """
    if seconds < 45:
        return "just now"
    if seconds < 3600:
        return f"{max(1, round(seconds / 60))} min ago"
    if seconds < 86_400:
        return f"{round(seconds / 3600)} h ago"
    days = round(seconds / 86_400)
    return "1 day ago" if days == 1 else f"{days} days ago"


def size(count: int | None) -> str:
    """Bytes in words: "512 B", "14 KB", "3.2 MB"."""
    if count is None:
        return ""
    value = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.1f} {unit}" if unit not in ("B", "KB") and value < 100 else f"{value:.0f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def percent(value: float | None) -> str:
    """ "97 %"; a value that is not certain never reads as 100 %."""
    return "" if value is None else f"{99 if 0.99 < value < 1 else round(value * 100)} %"


def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


@pass_context
def personal(context: Context, value: Any, kind: str = "text") -> str | Markup:
    """The value for those who review; for everybody else its shape without its content.

    kind   name "A... B...", email "a...@...", phone "+49...", path keeps only its ending; anything else "hidden"
    """
    if value is None or value == "":
        return ""
    if context["visitor"].sees_personal:
        return escape(value)
    return mask(str(value), kind)


def mask(value: str, kind: str) -> str:
    """The masked value for a visitor without the right to personal data."""
    if kind == "name":
        return " ".join(f"{part[0]}•••" for part in value.split()[:3])
    if kind == "email":
        return f"{value[0]}•••@•••"
    if kind == "phone":
        return f"{value[:3]}•••"
    if kind == "path":
        ending = Path(value).suffix.lower()
        return f"document{ending}" if ending in ENDINGS else "document"
    return "•••"
