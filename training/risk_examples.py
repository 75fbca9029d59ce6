"""Generated documents read by the product's own reader, as cases with their truth: what the risk model learns from.

The reader's weights have seen the thirteen structures, never what stress.py does to them. Hard documents (hardness 1) are read by
a reader whose weights are a little off every second time, as if it had been trained on others: they show what errors look like.
Ordinary ones (hardness under 1) are read by the reader as it is: they say how often it errs.
"""

from __future__ import annotations

import logging
import random
import re
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from canvas import as_pages, as_pdf
from personas import CJK, LOCALES, persona
from stress import Truth, recognised, stress
from templates import HELD_OUT, STRUCTURES, draw

from gateway.extract.page.words import Page
from gateway.extract.resume import scorer
from gateway.extract.resume.profiles import read_profiles
from gateway.model import ExtractedProfile, Hints, Reading
from gateway.quality.case import Case
from gateway.values.text import fold
from gateway.values.values import TITLES

AS_PDF = 0.05  # share of documents that go through a real PDF: it costs the most
AS_SCAN = 0.06
OFF = 0.5  # share read with weights a little off
CHUNK = 25


@dataclass(frozen=True)
class Example:
    """One profile of a generated document, and which of its contact values are wrong."""

    case: Case
    structure: str
    wrong: tuple[str, ...]


def plain_name(text: str) -> str:
    """A name without case, signs, titles, nicknames and the degrees behind a comma ("Ade Prakasa, S.Ked")."""
    text = text.partition(",")[0]
    tokens = [re.sub(r"[^\w'-]", "", t) for t in re.split(r"[\s,]+", fold(re.sub(r"[\"“(].*?[\"”)]", " ", text)))]
    kept = [t for t in tokens if t and t.replace(".", "") not in TITLES]
    return "".join(kept) if any(ord(c) > 0x2E80 for c in text) else " ".join(kept)


def wrong_values(profile: ExtractedProfile, truth: Truth) -> tuple[str, ...]:
    """Names of contact values that are not what the page shows. A number that only the agent's default made whole is
    not sent, and a number as printed is held by its own gate: neither counts."""
    wrong = []
    if profile.name is None or plain_name(profile.name) not in {plain_name(n) for n in truth.names}:
        wrong.append("name")
    if (profile.email or None) not in (truth.emails or {None}):
        wrong.append("email")
    sent = profile.phone if "PHONE_COUNTRY_GUESSED" not in profile.marks else None
    if sent and sent.startswith("+"):
        if sent not in truth.phones:
            wrong.append("phone")
    elif profile.phone is None and truth.phones:
        wrong.append("phone")
    return tuple(wrong)


def examples(count: int, seed: int, jobs: int, hardness: float) -> list[Example]:
    """The profiles of `count` generated documents; the same for any number of jobs."""
    chunks = [(seed * 1_000_003 + at, at, min(CHUNK, count - at), hardness) for at in range(0, count, CHUNK)]
    with ProcessPoolExecutor(jobs) as pool:
        return [one for part in pool.map(_chunk, chunks) for one in part]


def _chunk(what: tuple[int, int, int, float]) -> list[Example]:
    logging.disable(logging.WARNING)
    seed, first, count, hardness = what
    rng = random.Random(seed)  # noqa: S311  documents, not secrets
    out: list[Example] = []
    locales = list(LOCALES)
    for number in range(first, first + count):
        who = persona(rng, locales[number % len(locales)])
        structure = rng.choice(STRUCTURES + HELD_OUT)
        canvas = draw(rng, who, structure)
        truth = stress(rng, canvas, who, hardness)
        as_file = who.locale not in CJK and rng.random() < AS_PDF
        pages = _through_pdf(as_pdf(canvas)) if as_file else as_pages(canvas)
        if rng.random() < AS_SCAN * hardness:
            pages = recognised(rng, pages)
        shipped = scorer.model
        if hardness >= 1 and rng.random() < OFF:
            scorer.model = partial(dict, _off(rng, shipped()))  # type: ignore[assignment]
        try:
            out += _read(rng, f"{seed}-{number}", pages, who.country, truth, structure)
        finally:
            scorer.model = shipped
    return out


def _read(
    rng: random.Random, identity: str, pages: Sequence[Page], country: str, truth: Truth, structure: str
) -> list[Example]:
    profiles: list[ExtractedProfile] = []
    hints = Hints(country=rng.choice([country, None, "US"]))
    facts = read_profiles(pages, profiles.append, hints)
    reading = Reading(
        "success", "application/pdf", profiles=facts.profiles, language=facts.language, text_quality=facts.text_quality
    )
    nobody = ("name", "email", "phone")
    rated = [wrong_values(profile, truth) for profile in profiles]
    best = min(range(len(profiles)), key=lambda n: len(rated[n]), default=0)
    return [
        Example(Case.of(f"{identity}-{n}", profile, reading), structure, rated[n] if n == best else nobody)
        for n, profile in enumerate(profiles)
    ]


def _off(rng: random.Random, shipped: dict[str, Any]) -> dict[str, Any]:
    """The reader's model with every weight moved by about a third."""
    spread = rng.choice([0.2, 0.4, 0.6])
    fields = {
        name: {**one, "weights": {key: w + rng.gauss(0, spread * abs(w) + 0.1) for key, w in one["weights"].items()}}
        for name, one in shipped["fields"].items()
    }
    return {**shipped, "fields": fields}


def _through_pdf(data: bytes) -> list[Page]:
    import pypdfium2 as pdfium

    from gateway.extract.page.pdfium import read_page

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated.pdf"
        path.write_bytes(data)
        document = pdfium.PdfDocument(path)
        pages = [read_page(document[n], n + 1) for n in range(len(document))]
        document.close()
    return pages
