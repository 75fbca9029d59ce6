"""Why a value was chosen: every candidate with its score, and what each feature added to it. For whoever debugs a layout.

Readers report their weighing to a watcher (`watching`); ordinary reading has none and pays nothing for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.extract.resume.contact import Candidate
from gateway.extract.resume.scorer import model
from gateway.model import ExtractedProfile, Hints, Reading

MOST = 8  # candidates of a field that are shown


@dataclass(slots=True)
class Watched:
    """The weighing for one person: fields -> candidates, best first, with the chosen one; the document's verdict."""

    fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)


_WATCH: ContextVar[list[Watched] | None] = ContextVar("watched", default=None)


@contextmanager
def watching() -> Iterator[list[Watched]]:
    """Collects the weighing inside, one entry per person, including people whose pages were refused."""
    found: list[Watched] = []
    token = _WATCH.set(found)
    try:
        yield found
    finally:
        _WATCH.reset(token)


def tell_fields(weighed: Mapping[str, tuple[Sequence[Candidate | None], Sequence[Candidate]]]) -> None:
    """A person's candidates: field -> (those that were taken, all of them, best first)."""
    found = _WATCH.get()
    if found is not None:
        one = Watched()
        for name, (chosen, pool) in weighed.items():
            taken = {id(candidate) for candidate in chosen}
            fitted = model()["fields"][name]
            one.fields[name] = {
                "threshold": float(fitted.get("threshold", 0.0)),
                "bias": float(fitted["bias"]),
                "candidates": [_shown(candidate, id(candidate) in taken) for candidate in pool[:MOST]],
                "more": max(0, len(pool) - MOST),
            }
        found.append(one)


def tell_verdict(outcome: str, score: float, parts: Mapping[str, float]) -> None:
    """Records whether the pages of the latest person are a résumé, and the points that decided."""
    found = _WATCH.get()
    if found:
        found[-1].verdict = {"outcome": outcome, "score": round(score, 2), "parts": dict(parts)}


def _shown(candidate: Candidate, chosen: bool) -> dict[str, Any]:
    weights = model()["fields"][candidate.field]["weights"]
    added = {name: round(weights.get(name, 0.0) * value, 2) for name, value in candidate.features.items()}
    return {
        "value": candidate.value,
        "chosen": chosen,
        "score": round(candidate.score, 2),
        "rule": candidate.evidence.rule,
        "page": candidate.evidence.page,
        "line": candidate.line,
        "features": {k: v for k, v in sorted(added.items(), key=lambda pair: -abs(pair[1])) if v},
    }


def read_explained(path: Path, sink: Callable[[ExtractedProfile], None], hints: Hints, *, limit_pages: int) -> Reading:
    """read_document, whose profiles are explanations: one per person, as JSON under extra["explained"]. Runs in a child."""
    from gateway.extract.dispatch import read_document

    with watching() as people:
        reading = read_document(path, lambda _: None, hints, limit_pages=limit_pages)
    for one in people:
        sink(ExtractedProfile(extra={"explained": json.dumps({"verdict": one.verdict, "fields": one.fields})}))
    # a refused document is explained too
    return Reading("success", reading.media_type, code=reading.code, error=reading.error, pages=reading.pages)
