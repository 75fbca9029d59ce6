"""A message in words: subject, text and HTML, filled into a template of its type.

A template is a text file: its first line is the subject, an empty line, then the body. Operators put their own wording
of a type into the folder GATEWAY_NOTICE_TEMPLATES_DIR; `gateway notify preview` shows either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from gateway.agents.wording import check, filled
from gateway.codes import CODES
from gateway.errors import Misconfigured
from gateway.events import CATALOGUE
from gateway.notify.pictures import HEIGHT, WIDTH, days_png
from gateway.settings import settings

PICTURE = "days@candidate-ingestion-gateway"
TEXTS = Path(__file__).with_name("texts")
LINK = re.compile(r"https?://[^\s<>\"]+")
SLOTS = frozenset(
    {"event", "means", "agent", "why", "told", "id", *(f for one in CATALOGUE.values() for f in one.fields)}
)


@dataclass(frozen=True, slots=True)
class Words:
    """One message: subject and text for mail and chat, and html for mail, which may name a picture (PNG) as cid:PICTURE."""

    subject: str
    text: str
    html: str
    picture: bytes = b""


def words_of(event: str, data: Mapping[str, Any], message_id: str) -> Words:
    """The message of that type in words.

    raises   Misconfigured(NOTICE_TEMPLATE_INVALID): an operator's own wording is not right; the sentence names the file
    """
    name, text = _template(event, settings().notice_templates_dir)
    values: dict[str, Any] = dict.fromkeys(SLOTS) | dict(data)
    values |= {
        "event": event,
        "means": CATALOGUE[event].means,
        "agent": data.get("agent_title") or data.get("agent_id"),
        "why": _why(data),
        "told": _told(data.get("counts")),
        "id": message_id,
    }
    try:
        check(text, SLOTS)
        made = filled(text, values)
    except ValueError as wrong:
        raise Misconfigured("NOTICE_TEMPLATE_INVALID", f"The notice template {name}: {wrong}; correct it.") from None
    subject, _, body = made.strip().partition("\n")
    subject = " ".join(subject.split())[:200]
    body = body.strip() + "\n"
    days = data.get("days") or []
    return Words(subject, body, html_of(subject, body, days), days_png(days) if days else b"")


@lru_cache(maxsize=128)
def _shipped(event: str) -> str:
    path = TEXTS / f"{event}.txt"
    return (path if path.is_file() else TEXTS / "any.txt").read_text("utf-8")


def _template(event: str, own: Path | None) -> tuple[str, str]:
    """(name, text) of the template: an operator's own, or ours."""
    path = own / f"{event}.txt" if own else None
    if path is None or not path.is_file():
        return f"{event}.txt", _shipped(event)
    try:
        return path.name, path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise Misconfigured(
            "NOTICE_TEMPLATE_INVALID",
            f"The notice template {path.name} cannot be read ({type(wrong).__name__}); correct it.",
        ) from None


def _told(counts: Any) -> str:
    """The counts in words: "5 ingested, 2 held for review"."""
    if not isinstance(counts, Mapping):
        return ""
    parts = (
        ("delivered", "ingested"),
        ("held", "held for review"),
        ("duplicate", "known already"),
        ("refused", "refused by the target"),
        ("unknown", "unclear at the target"),
        ("discarded", "discarded"),
        ("failed", "documents not readable"),
    )
    return ", ".join(f"{counts[key]} {said}" for key, said in parts if counts.get(key)) or "nothing to do"


def _why(data: Mapping[str, Any]) -> list[str]:
    """One line per reason code: its count and its meaning."""
    counts = data.get("counts")
    codes = counts.get("codes") if isinstance(counts, Mapping) else None
    return [
        f"{number} x {code}: {CODES[code].means if code in CODES else 'see docs/codes.md'}"
        for code, number in sorted((codes or {}).items())
    ]


def html_of(subject: str, body: str, days: Sequence[Any] = ()) -> str:
    """The same text as HTML: one paragraph per block, with links; above it the picture of the days, if there are any."""
    made = []
    if days:
        said = f"Candidates a day, {len(days)} days: passed (blue), held (orange)"
        made.append(f'<p><img src="cid:{PICTURE}" width="{WIDTH}" height="{HEIGHT}" alt="{said}"><br>{said}</p>')
    for block in re.split(r"\n\s*\n", body.strip()):
        lines = []
        for line in block.splitlines():
            place, out = 0, ""
            for found in LINK.finditer(line):
                out += escape(line[place : found.start()])
                out += f'<a href="{escape(found[0])}">{escape(found[0])}</a>'
                place = found.end()
            lines.append(out + escape(line[place:]))
        made.append(f"<p>{'<br>'.join(lines)}</p>")
    head = f'<meta charset="utf-8"><title>{escape(subject)}</title>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{"".join(made)}</body></html>'


_COUNTS = {"received": 9, "success": 6, "failed": 3, "processing": 0, "profiles": 8, "delivered": 5, "held": 2}
SAMPLE: dict[str, Any] = {
    "batch_id": "b20261122-190501-k7m2qd",
    "document_id": "d0123456789abcdef0123",
    "profile_id": "p0123456789abcdef0123",
    "state": "waiting_review",
    "mode": "ingest",
    "code": None,
    "sentence": None,
    "codes": ["EMAIL_MISSING"],
    "counts": {
        **_COUNTS,
        "discarded": 0,
        "duplicate": 1,
        "refused": 0,
        "unknown": 0,
        "in_flight": 0,
        "codes": {"EMAIL_MISSING": 2, "NO_TEXT": 1},
    },
    "url": "https://airflow.example.com/plugin/candidates/gateway/batches/b20261122-190501-k7m2qd",
    "held": 12,
    "hours": 52.0,
    "source": "agency",
    "channel": "webhook:crm_hook",
    "waiting": 40,
    "kind": "invitation",
    "stage": "completed",
    "numbers": {"batches received": 2, "candidates ingested": 31},
    "rates": {"held, last 7 days": 0.12, "held, the weeks before": 0.1, "audited and wrong": None},
    "days": [{"day": f"2026-11-{n:02}", "passed": 3 * n % 17, "held": n % 4} for n in range(9, 23)],
    "advice": ["12 candidates are held; the oldest waits for 8 days. Review the oldest candidates first."],
}


def preview(event: str, agent_id: str, title: str) -> Words:
    """The message with made-up figures, for a preview."""
    data = {**SAMPLE, "agent_id": agent_id, "agent_title": title}
    if event == "batch.failed":
        data |= {
            "state": "failed",
            "code": "TARGET_CLOSED",
            "sentence": "The posting does not accept candidates: it is past its deadline.",
        }
    if event == "alarm.raised":
        data |= {"code": "TEMPLATE_CHANGED", "sentence": CODES["TEMPLATE_CHANGED"].example}
    if event.startswith("source."):
        data |= {
            "code": "SOURCE_SILENT" if event == "source.silent" else "SOURCE_UNREACHABLE",
            "sentence": "Source agency: the connection broke (EOFError). It is asked again later.",
        }
    if event == "channel.paused":
        data |= {
            "code": "NOTICE_NOT_SENT",
            "sentence": "The receiver of connection crm_hook did not take it (HTTP 503).",
        }
    return words_of(event, {name: data[name] for name in CATALOGUE[event].fields}, "m00000000000000preview")
