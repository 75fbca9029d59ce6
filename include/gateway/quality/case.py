"""One profile as the judge sees it: values, their confidence, facts about the document, repeats of other profiles.

A Case needs no store and no file, so that history can be judged again under other criteria.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gateway.model import ExtractedProfile, Reading
from gateway.quality.scores import CONTACT, FIELDS, FieldFact, facts
from gateway.quality.sequential import shifted
from gateway.values.agreement import name_email_agreement

LISTS = ("links", "skills", "languages", "work", "education")
# Results of comparing with other profiles -> their value if there is nothing to report.
COMPARED = {
    "other_names_with_email": 0,
    "other_names_with_phone": 0,
    "likely_duplicates": 0,
    "repeats_in_batch": False,
    "people_in_document": 1,
    "risk_cap": 1.0,
    "risk_shift": 0.0,
    "name_shift": 0.0,
    "email_shift": 0.0,
    "phone_shift": 0.0,
}
TEXTS = ("name", "email", "phone", "location", "headline")


def marks_that_hold(marks: Iterable[str], phone_source: str | None) -> tuple[str, ...]:
    """The reader's marks without those a person has settled: the country of a corrected number is no longer a guess."""
    return tuple(mark for mark in marks if mark != "PHONE_COUNTRY_GUESSED" or phone_source != "person")


def calibrated(
    confidences: Mapping[str, float], signals: Mapping[str, float], known: Mapping[str, Any]
) -> dict[str, float]:
    """Confidences with the agent's calibration. Where there are signals the risk decides, and has a calibration of its own."""
    if signals:
        return dict(confidences)
    return {
        name: round(shifted(value, float(known.get(f"{name}_shift", 0.0))), 4) if name in CONTACT else value
        for name, value in confidences.items()
    }


def signals_that_hold(signals: Mapping[str, float], contact_sources: Iterable[str]) -> Mapping[str, float]:
    """The reader's signals; none if a person corrected a contact value, because that person saw all three."""
    return {} if "person" in contact_sources else signals


@dataclass(frozen=True, slots=True)
class Case:
    """The facts that the gates judge.

    values, counts   texts (None = not read), and how many entries each list field has
    confidences      calibrated, 0..1, of each field that was read; a list's is the mean of its entries
    evidenced        fields of which every value has evidence (page and box, or row and column)
    language         of the document, ISO 639; text_quality 0..1 of its text layer, None for tables
    ocr_share        share of name, email and phone that were read by OCR, 0..1
    marks            reason codes the reader attached to the profile
    other_names_with_email, other_names_with_phone
                     different people of this agent with the same email or phone, as the pipeline counted them
    likely_duplicates    earlier profiles that are likely, but not surely, the same person
    repeats_in_batch     exactly the same person stands earlier in this batch
    people_in_document   profiles that one paged document was split into; 1 for tables
    domain_accepts_mail  DNS's answer for the address's domain; None = not asked, or no answer
    risk_cap  the highest risk that the agent's own evidence let pass when the batch was judged first; 1 = no evidence
    risk_shift, name_shift, email_shift, phone_shift
              the agent's own calibration when it was judged first, in log-odds: of the risk, and of rows of tables
    signals   signals of how trustworthy the reading is (extract/resume/signals.py); empty for rows of tables
    """

    profile_id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    location: str | None = None
    headline: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    confidences: Mapping[str, float] = field(default_factory=dict)
    evidenced: frozenset[str] = frozenset()
    language: str | None = None
    text_quality: float | None = None
    ocr_share: float = 0.0
    media_type: str | None = None
    marks: tuple[str, ...] = ()
    other_names_with_email: int = 0
    other_names_with_phone: int = 0
    likely_duplicates: int = 0
    repeats_in_batch: bool = False
    people_in_document: int = 1
    domain_accepts_mail: bool | None = None
    signals: Mapping[str, float] = field(default_factory=dict)
    risk_cap: float = 1.0
    risk_shift: float = 0.0
    name_shift: float = 0.0
    email_shift: float = 0.0
    phone_shift: float = 0.0

    @classmethod
    def of(
        cls,
        profile_id: str,
        profile: ExtractedProfile,
        reading: Reading | None = None,
        *,
        language: str | None = None,
        text_quality: float | None = None,
        media_type: str | None = None,
        **known: Any,
    ) -> Case:
        """The case of an extracted profile. Document facts come from its Reading, or one by one from the store.

        known   other_names_with_email, other_names_with_phone, likely_duplicates, repeats_in_batch,
                people_in_document,
                domain_accepts_mail: results of the pipeline's comparison
        """
        read = facts(profile)
        if reading is not None and reading.rows is None:
            known.setdefault("people_in_document", max(1, reading.profiles))
        contact_sources = {f.name: f.evidence.source for f in profile.fields if f.name in CONTACT and f.evidence}
        sources = list(contact_sources.values())
        signals = signals_that_hold(profile.signals, sources)
        stated = {name: fact.confidence for name, fact in read.items() if fact.present}
        return cls(
            profile_id=profile_id,
            name=profile.name or None,
            email=profile.email or None,
            phone=profile.phone or None,
            location=profile.location or None,
            headline=profile.headline or None,
            counts={name: len(getattr(profile, name)) for name in LISTS},
            confidences=calibrated(stated, signals, known),
            evidenced=frozenset(name for name, fact in read.items() if fact.evidenced),
            language=reading.language if reading else language,
            text_quality=reading.text_quality if reading else text_quality,
            ocr_share=round(sources.count("ocr") / len(sources), 4) if sources else 0.0,
            media_type=reading.media_type if reading else media_type,
            marks=marks_that_hold(profile.marks, contact_sources.get("phone")),
            signals=signals,
            **known,
        )

    def has(self, name: str) -> bool:
        """Whether this field of FIELDS was read."""
        return bool(self.counts.get(name)) if name in LISTS else bool(getattr(self, name))

    def facts(self) -> dict[str, FieldFact]:
        """The fields in the form that the scores need."""
        return {
            name: FieldFact(self.has(name), self.confidences.get(name, 0.0), name in self.evidenced) for name in FIELDS
        }

    @property
    def agreement(self) -> float | None:
        """name_email_agreement of this case."""
        return name_email_agreement(self.name, self.email)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready; Case.from_json returns an equal case."""
        return {**asdict(self), "evidenced": sorted(self.evidenced), "marks": list(self.marks)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Case:
        return cls(**{**data, "evidenced": frozenset(data["evidenced"]), "marks": tuple(data["marks"])})
