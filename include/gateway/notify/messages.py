"""The digest of a batch: counts, reason codes in words, a link. No name, address, number or file name is in it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from html import escape
from typing import Any

from gateway.agents import Agent
from gateway.codes import CODES
from gateway.store.counts import Counts
from gateway.store.tables import Batch


@dataclass(frozen=True, slots=True)
class Digest:
    """One message in three forms: subject and text for mail, html beside it, data for webhooks."""

    subject: str
    text: str
    html: str
    data: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """The same for the same news: what decides whether it was told already."""
        return hashlib.sha256(json.dumps(self.data, sort_keys=True).encode()).hexdigest()[:16]


def digest_of(agent: Agent, batch: Batch, numbers: Counts, link: str) -> Digest:
    """The message about one batch as it is now; `link` leads to it, "" where no page is known."""
    parts = [
        (numbers.delivered, "ingested"),
        (numbers.held, "held for review"),
        (numbers.duplicate, "known already"),
        (numbers.refused, "refused by the target"),
        (numbers.unknown, "unclear at the target"),
        (numbers.discarded, "discarded"),
        (numbers.failed, "documents not readable"),
    ]
    told = [f"{number} {words}" for number, words in parts if number]
    subject = f"{agent.title}: {', '.join(told) or 'nothing to do'} ({batch.id})"
    lines = [
        f"Batch {batch.id} for {agent.title} ({batch.mode}) is {str(batch.state).replace('_', ' ')}.",
        "",
        f"Documents: {numbers.received} received = {numbers.success} read + {numbers.failed} failed"
        f" + {numbers.processing} processing",
        f"Candidates: {numbers.profiles} found = {numbers.delivered} ingested + {numbers.held} held"
        f" + {numbers.duplicate} duplicate + {numbers.discarded} discarded + {numbers.refused} refused"
        f" + {numbers.unknown} unknown + {numbers.in_flight} in flight",
    ]
    reasons = [
        f"{number} x {code}: {CODES[code].means if code in CODES else ''}" for code, number in numbers.codes.items()
    ]
    if reasons:
        lines += ["", "Why:", *(f"  {reason}" for reason in reasons)]
    if link:
        lines += ["", f"Look at it: {link}"]
    data = {
        "type": "batch.finished",
        "batch_id": batch.id,
        "agent_id": agent.id,
        "mode": batch.mode,
        "state": str(batch.state),
        "counts": numbers.as_dict(),
        "url": link or None,
    }
    return Digest(subject, "\n".join(lines) + "\n", _html(subject, lines), data)


def _html(subject: str, lines: list[str]) -> str:
    body = "".join(f"<p>{escape(line)}</p>" if line else "" for line in lines)
    return f'<!doctype html><html lang="en"><head><title>{escape(subject)}</title></head><body>{body}</body></html>'
