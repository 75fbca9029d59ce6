"""Trains the scorer: generates documents, reads them with the product's own reader, fits and calibrates, writes data/model.json.

    python training/train.py [--documents N] [--seed S]        (make train)

Weights: logistic regression with an L2 penalty over the features of every candidate, by Newton's method. Threshold: the score
above which naming a value beats naming none. Calibration: isotonic regression of "the choice is right" on the score of the choice,
on documents not used for the weights. Prints how the scorer does on structures it has not been trained on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import random
import re
import tempfile
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
from canvas import as_pages, as_pdf
from personas import CJK, LOCALES, Persona, persona
from templates import HELD_OUT, STRUCTURES, draw

from gateway.extract.page.pdfium import read_page
from gateway.extract.resume import profiles, scorer
from gateway.extract.resume.contact import Candidate, Person
from gateway.extract.resume.decide import decide, threshold
from gateway.extract.resume.language import language_of
from gateway.extract.resume.links import link_candidates
from gateway.extract.resume.location import location_candidates
from gateway.extract.resume.sections import mark_sections
from gateway.model import Hints
from gateway.values.places import country_from_text
from gateway.values.text import fold
from gateway.values.values import TITLES

logging.getLogger("fpdf").setLevel(logging.ERROR)
ROOT = Path(__file__).resolve().parents[1]
PRIOR = ROOT / "training" / "prior.json"
MODEL = ROOT / "include" / "gateway" / "extract" / "resume" / "data" / "model.json"
FIELDS = ("name", "email", "phone", "links", "location")
PENALTY = 20.0  # the prior holds on real pages: a generated page moves it little
AS_PDF = 0.3  # share of documents that go through a real PDF; the others are words straight from the canvas
Example = tuple[
    str, list[tuple[Candidate, bool]], bool
]  # structure, candidates with their truth, whether a value exists


def _plain_name(text: str) -> str:
    tokens = [re.sub(r"[^\w'-]", "", t) for t in re.split(r"[\s,]+", fold(text))]
    kept = [t for t in tokens if t and t.replace(".", "") not in TITLES]
    return "".join(kept) if any(ord(c) > 0x2E80 for c in text) else " ".join(kept)


def is_right(field: str, candidate: Candidate, who: Persona) -> bool:
    value = candidate.value
    if field == "name":
        return _plain_name(value) in (_plain_name(who.name), _plain_name(who.printed_name))
    if field == "email":
        return value == (who.email or "").lower()
    if field == "phone":
        return value == who.phone
    if field == "links":
        bare = re.sub(r"^https?://(www\.)?", "", value).rstrip("/")
        return bare in {re.sub(r"^(https?://)?(www\.)?", "", link).rstrip("/").lower() for link in who.links}
    return fold(who.city) in fold(value)


def _squeezed(text: str) -> str:
    return "".join(c for c in fold(text) if c.isalnum())


def read(rng: random.Random, who: Persona, structure: str) -> Person:
    canvas = draw(rng, who, structure)
    if who.locale in CJK or rng.random() > AS_PDF:
        pages = as_pages(canvas)
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "generated.pdf"
            path.write_bytes(as_pdf(canvas))
            document = pdfium.PdfDocument(path)
            pages = [read_page(document[n], n + 1) for n in range(len(document))]
            document.close()
    lines, _ = profiles._lines(pages)
    headings = mark_sections(lines, {page.number: page.height for page in pages})
    language = language_of("\n".join(line.text for line in lines), headings)
    return Person(lines, pages, language, profiles._body(lines))


def examples(rng: random.Random, count: int, structures: tuple[str, ...]) -> dict[str, list[Example]]:
    """Candidates with their truth, by field, of `count` generated documents."""
    out: dict[str, list[Example]] = {field: [] for field in FIELDS}
    locales = list(LOCALES)
    for number in range(count):
        locale, structure = locales[number % len(locales)], rng.choice(structures)
        who = persona(rng, locale)
        person = read(rng, who, structure)
        links, places = scorer.rank(link_candidates(person)), scorer.rank(location_candidates(person))
        named = places[0] if places and places[0].score > threshold("location") else None
        person.country = country_from_text(named.value) or country_from_text(named.raw) if named else None
        # an agent has a default country now and then; the truth is told to nothing else
        hints = Hints(country=who.country if rng.random() < 0.3 else None)
        contact = decide(person, hints, profiles._kept_links(links, person, None))
        pools: dict[str, list[Candidate]] = {"email": contact.emails, "phone": contact.phones, "name": contact.names}
        pools |= {"links": links, "location": places}
        # a name that the drawing itself cut off is no question to a reader
        printed = "".join(_squeezed(line.text) for line in person.lines)
        lost = _squeezed(who.printed_name) not in printed
        for field, pool in pools.items():
            if field == "name" and lost:
                continue
            truth = [(c, is_right(field, c, who)) for c in pool]
            out[field].append((structure, truth, any(t for _, t in truth)))
    return out


def fit(field: str, rows: list[Example]) -> tuple[float, dict[str, float]]:
    """Weights nearest to the prior (training/prior.json) that explain the candidates: what no generated document shows stays as it was."""
    prior = json.loads(PRIOR.read_text("utf-8"))[field]
    names = sorted({name for _, pool, _ in rows for c, _ in pool for name in c.features} | set(prior["weights"]))
    centre = np.array([prior["bias"], *(prior["weights"].get(n, 0.0) for n in names)])
    x = np.array([[1.0, *(c.features.get(n, 0.0) for n in names)] for _, pool, _ in rows for c, _ in pool])
    y = np.array([float(t) for _, pool, _ in rows for _, t in pool])
    weights = centre.copy()
    # what no generated document shows truly (real pages do) is held where the prior has it
    ridge = np.diag([0.2, *(1e6 if name in prior.get("held", ()) else PENALTY for name in names)])

    def loss(w: np.ndarray) -> float:
        z = x @ w
        return float(np.sum(np.logaddexp(0, z) - y * z) + 0.5 * (w - centre) @ ridge @ (w - centre))

    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (p - y) + ridge @ (weights - centre)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        step, scale = np.linalg.solve(hessian, gradient), 1.0
        while scale > 1e-4 and loss(weights - scale * step) > loss(weights):
            scale /= 2  # plain Newton steps overshoot where the classes separate
        weights -= scale * step
        if np.abs(scale * step).max() < 1e-5:
            break
    return float(weights[0]), {n: round(float(w), 4) for n, w in zip(names, weights[1:], strict=True) if abs(w) > 1e-4}


def choices(field: str, rows: list[Example], bias: float, weights: dict[str, float]) -> list[tuple[float, bool, bool]]:
    """(score of the choice as the reader computes it, right, a right candidate exists) of each document with candidates."""
    out = []
    for _, pool, exists in rows:
        for candidate, _ in pool:
            candidate.score = bias + sum(weights.get(n, 0.0) * v for n, v in candidate.features.items())
        if not pool:
            continue
        if field == "links":
            out.extend((c.score, t, t) for c, t in pool)
            continue
        best, truth = max(pool, key=lambda item: item[0].score)
        out.append((profiles.decided_score(best, [c for c, _ in pool]), truth, exists))
    return out


def best_threshold(rows: list[Example], field: str) -> float:
    scored = []
    for _, pool, exists in rows:
        if field == "links":
            scored += [(c.score, t, t) for c, t in pool]
        elif pool:
            best, truth = max(pool, key=lambda item: item[0].score)
            scored.append((best.score, truth, exists))
    grid = np.linspace(-4, 2, 61)
    value = [sum((2 * t if s > g else 0) - (s > g) - e for s, t, e in scored) for g in grid]
    top = max(value)
    best = [g for g, v in zip(grid, value, strict=True) if v == top]
    return round(float(best[len(best) // 2]), 3)


def isotonic(scored: list[tuple[float, bool, bool]]) -> list[list[float]]:
    """Pool-adjacent-violators; a few points, never 0 or 1."""
    ordered = sorted((s, float(t)) for s, t, _ in scored)
    blocks: list[list[float]] = []  # sum, count, first score, last score
    for score, truth in ordered:
        blocks.append([truth, 1.0, score, score])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1], blocks[-1][2], last[3]]
    points: list[list[float]] = []
    for total, count, low, high in blocks:
        # a block is a step: the same probability from its first score to its last, a slope only between blocks
        share = round((total + 0.5) / (count + 1), 4)
        points += [[round(low, 3), share]] if high - low < 1e-3 else [[round(low, 3), share], [round(high, 3), share]]
    for before, point in itertools.pairwise(points):
        point[1] = max(point[1], before[1])  # a small block at the end is no less sure than the one before it
        point[0] = max(point[0], round(before[0] + 0.001, 3))  # equal scores on both sides of a step
    return points


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=500)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    rng = random.Random(options.seed)  # noqa: S311  documents, not secrets
    training = examples(rng, options.documents, STRUCTURES)
    check = examples(rng, options.documents // 4, STRUCTURES)
    unseen = examples(rng, options.documents // 3, HELD_OUT)
    fresh = examples(random.Random(options.seed + 1), options.documents, STRUCTURES + HELD_OUT)  # noqa: S311
    fields: dict[str, object] = {}
    report = {}
    for field in FIELDS:
        bias, weights = fit(field, training[field])
        choices(field, check[field], bias, weights)
        seen_right = [t for s, t, e in choices(field, check[field], bias, weights) if e]
        unseen_right = [t for s, t, e in choices(field, unseen[field], bias, weights) if e]
        found = [e for _, pool, e in unseen[field]]
        report[field] = {
            "seen layouts": round(float(np.mean(seen_right)), 4),
            "unseen layouts": round(float(np.mean(unseen_right)), 4),
            "generated in unseen": round(float(np.mean(found)), 4),
        }
        # the shipped weights have seen every structure; calibration and threshold come from other documents
        bias, weights = fit(field, training[field] + unseen[field])
        fresh_choices = choices(field, fresh[field], bias, weights)
        threshold = best_threshold(fresh[field], field)
        fields[field] = {
            "bias": round(bias, 4),
            "weights": weights,
            "threshold": threshold,
            "calibration": isotonic(fresh_choices),
        }
        print(field, report[field], "threshold", threshold)  # noqa: T201
    made = {"by": "training/train.py", "documents": options.documents, "seed": options.seed, "choice right": report}
    MODEL.write_text(json.dumps({"fields": fields, "made": made}, indent=1) + "\n", "utf-8")
    scorer.model.cache_clear()


if __name__ == "__main__":
    main()
