"""Cases as the table that is judged: one row a profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gateway.quality.case import LISTS, TEXTS, Case
from gateway.quality.risk import risk_of
from gateway.quality.scores import CONTACT, FIELDS, Score
from gateway.values.doubt.emails import domain_of
from gateway.values.values import phone_country

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("agreement", "text_quality", "risk", "risk_cap", *(f"{name}_confidence" for name in FIELDS))


def row_of(case: Case, quality: Score, completeness: Score) -> dict[str, Any]:
    """The judged columns of one case; None if a fact is unknown, which only presence gates judge."""
    row: dict[str, Any] = {name: getattr(case, name) for name in TEXTS}
    for name in FIELDS:
        present = case.has(name)
        row[f"{name}_present"] = present
        row[f"{name}_confidence"] = case.confidences.get(name, 0.0) if present else None
    for name in CONTACT:
        row[f"{name}_evidenced"] = (name in case.evidenced) if case.has(name) else None
    for name in LISTS:
        row[f"{name}_count"] = case.counts.get(name, 0)
    risk = risk_of(case)
    return row | {
        "risk": None if risk is None else round(risk.value, 6),
        "risk_cap": case.risk_cap,
        "risk_deciding": None if risk is None else risk.deciding,
        "risk_found": risk,
        "email_domain": domain_of(case.email) or None if case.email else None,
        "phone_country": phone_country(case.phone) if case.phone else None,
        "domain_refuses_mail": None if case.domain_accepts_mail is None else not case.domain_accepts_mail,
        "language": case.language,
        "media_type": case.media_type,
        "text_quality": case.text_quality,
        "ocr_share": case.ocr_share,
        "marks": " ".join(case.marks) or None,
        "agreement": case.agreement,
        "quality": quality.value,
        "completeness": completeness.value,
        "other_names_with_email": case.other_names_with_email,
        "other_names_with_phone": case.other_names_with_phone,
        "split_without_work": case.people_in_document > 1 and not case.counts.get("work"),
        "likely_duplicates": case.likely_duplicates,
    }


def frame_of(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The rows as a DataFrame with a RangeIndex; number columns are floats (NaN = unknown), the rest objects."""
    import pandas as pd

    frame = pd.DataFrame(list(rows), dtype=object)
    for column in frame.columns:
        first = rows[0][column]
        if column in _NUMBERS or (isinstance(first, int | float) and not isinstance(first, bool)):
            frame[column] = frame[column].astype(float)
    return frame
