"""Two scores for every profile, each with its parts and a word. No Great Expectations here: cheap to import.

    quality        how well we read it: calibrated confidence, evidence, agreement between values, text layer
    completeness   the share of the requested fields that was found

Neither says anything about the person. Both are 0..1; parts are 0..1 too and say where a score was lost.
The words follow docling's document grades: poor < 0.5 <= fair < 0.8 <= good < 0.9 <= excellent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gateway.model import ExtractedProfile
from gateway.values.agreement import name_email_agreement

FIELDS = ("name", "email", "phone", "location", "headline", "links", "skills", "languages", "work", "education")
CONTACT = ("name", "email", "phone")

# A profile without a way to reach its person is of little use, however well its skills were read.
_CONFIDENCE_WEIGHT = {"name": 4.0, "email": 4.0, "phone": 3.0}  # every other field: 0.5
_PART_WEIGHT = {"confidence": 6.0, "evidence": 2.0, "agreement": 1.0, "text": 1.0}

DEFAULT_REQUIRED = ("name", "email")
DEFAULT_WANTED = ("phone", "location", "skills", "work", "education")
_REQUIRED_SHARE = 0.6  # weight of the required fields in completeness; the wanted ones share the rest


@dataclass(frozen=True, slots=True)
class FieldFact:
    """Facts about one field of a profile: whether it is present, its confidence, whether it has evidence."""

    present: bool
    confidence: float = 0.0
    evidenced: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """value and parts 0..1; word = poor | fair | good | excellent; missing = fields that cost completeness."""

    value: float
    word: str
    parts: dict[str, float] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def word(value: float) -> str:
    """poor < 0.5 <= fair < 0.8 <= good < 0.9 <= excellent."""
    if value < 0.5:
        return "poor"
    if value < 0.8:
        return "fair"
    return "good" if value < 0.9 else "excellent"


def facts(profile: ExtractedProfile) -> dict[str, FieldFact]:
    """One fact per field of FIELDS, as facts_from() makes them."""
    return facts_from(
        {name: bool(getattr(profile, name)) for name in FIELDS},
        ((f.name, f.confidence, f.evidence is not None) for f in profile.fields),
    )


def facts_from(present: Mapping[str, bool], entries: Iterable[tuple[str, float, bool]]) -> dict[str, FieldFact]:
    """One fact per field of FIELDS; list fields take the mean confidence of their members.

    present   field -> is there a value
    entries   (path such as "links[0]", confidence, has evidence) of every value. A value without evidence is never
              confident: its confidence counts as at most one half.
    """
    found: dict[str, list[tuple[float, bool]]] = {}
    for path, confidence, shown in entries:
        group = path.split("[", 1)[0].split(".", 1)[0]
        found.setdefault(group, []).append((confidence if shown else min(confidence, 0.5), shown))
    known: dict[str, FieldFact] = {}
    for name in FIELDS:
        values = found.get(name, [])
        if not present[name] or not values:
            known[name] = FieldFact(present[name])
            continue
        mean = sum(confidence for confidence, _ in values) / len(values)
        known[name] = FieldFact(True, round(mean, 4), all(shown for _, shown in values))
    return known


def quality_score(
    known: Mapping[str, FieldFact], *, agreement: float | None = None, text_quality: float | None = None
) -> Score:
    """How well a profile was read. Nothing read is 0; a part that cannot be measured does not count.

    known         as facts() gives it
    agreement     name_email_agreement, or None if it cannot be computed
    text_quality  of the document's text layer, 0..1, or None where there is none to speak of (tables)
    """
    present = {name: fact for name, fact in known.items() if fact.present}
    if not present:
        return Score(0.0, word(0.0), {"confidence": 0.0, "evidence": 0.0})
    weights = {name: _CONFIDENCE_WEIGHT.get(name, 0.5) for name in present}
    total = sum(weights.values())
    parts = {
        "confidence": sum(fact.confidence * weights[name] for name, fact in present.items()) / total,
        "evidence": sum(weights[name] for name, fact in present.items() if fact.evidenced) / total,
    }
    if agreement is not None:
        parts["agreement"] = agreement
    if text_quality is not None:
        parts["text"] = text_quality
    share = sum(_PART_WEIGHT[name] for name in parts)
    value = sum(parts[name] * _PART_WEIGHT[name] for name in parts) / share
    if not any(known[name].present for name in CONTACT if name in known):
        value = min(value, 0.49)  # nobody to reach: never better than poor
    return Score(round(value, 4), word(value), {name: round(part, 4) for name, part in parts.items()})


def completeness_score(
    present: Iterable[str], required: Iterable[str] = DEFAULT_REQUIRED, wanted: Iterable[str] = DEFAULT_WANTED
) -> Score:
    """Share of the requested fields that is present: required fields make 60 % of it, wanted ones 40 %.

    With only one of the two groups asked for, that group is all of it; asking for nothing is complete.
    """
    there = set(present)
    groups = {"required": tuple(required), "wanted": tuple(wanted)}
    parts = {name: sum(f in there for f in asked) / len(asked) for name, asked in groups.items() if asked}
    if len(parts) == 2:
        value = _REQUIRED_SHARE * parts["required"] + (1 - _REQUIRED_SHARE) * parts["wanted"]
    else:
        value = next(iter(parts.values()), 1.0)
    missing = tuple(f for asked in groups.values() for f in asked if f not in there)
    return Score(round(value, 4), word(value), {name: round(part, 4) for name, part in parts.items()}, missing)


def simple_scores(profile: ExtractedProfile) -> tuple[float, float]:
    """(quality, completeness) of a profile alone, without an agent's wishes, as printed by `extract`."""
    known = facts(profile)
    quality = quality_score(known, agreement=name_email_agreement(profile.name, profile.email))
    completeness = completeness_score(name for name, fact in known.items() if fact.present)
    return quality.value, completeness.value
