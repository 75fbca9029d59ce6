"""Gates on how well a profile was read: evidence, confidence, agreement, text layer, remarks of the reader."""

from __future__ import annotations

from gateway.agents import Agent, Preset
from gateway.model import Severity
from gateway.quality.gates.base import Gate, Row, always, look, number
from gateway.quality.risk import WORDS, limit_for
from gateway.quality.scores import CONTACT

# Lowest confidence with which a contact value is acted on without a person.
CONFIDENCE: dict[Preset, dict[str, float]] = {
    Preset.LENIENT: {"name": 0.5, "email": 0.5, "phone": 0.4},
    Preset.STANDARD: {"name": 0.8, "email": 0.8, "phone": 0.7},
    Preset.STRICT: {"name": 0.95, "email": 0.95, "phone": 0.9},
}
# The same where name and address repeat each other: two readings that agree are a witness for both. An agent's own
# threshold is taken as it is.
CORROBORATED: dict[Preset, float] = {Preset.LENIENT: 0.4, Preset.STANDARD: 0.6, Preset.STRICT: 0.8}
QUALITY = {Preset.LENIENT: 0.4, Preset.STANDARD: 0.6, Preset.STRICT: 0.8}
COMPLETENESS = {Preset.LENIENT: 0.5, Preset.STANDARD: 0.6, Preset.STRICT: 0.7}
TEXT_QUALITY = {Preset.LENIENT: 0.3, Preset.STANDARD: 0.5, Preset.STRICT: 0.7}
OCR_SHARE = {Preset.LENIENT: 0.99, Preset.STANDARD: 0.0, Preset.STRICT: 0.0}
# Marks of the reader that mean a value may differ from the text a person sees on the page. Strict holds for any mark.
_ATTACKS = ("HIDDEN_TEXT", "INSTRUCTION_TEXT", "POLYGLOT_FILE")
HOLDING_MARKS = {Preset.LENIENT: _ATTACKS, Preset.STANDARD: _ATTACKS, Preset.STRICT: ("*",)}
# Marks that have a gate of their own, which holds under every preset: code -> (says, remedy, measured).
MARK_GATES: dict[str, tuple[str, str, str]] = {
    "RESUME_DOUBTFUL": (
        "The document is certainly a résumé",
        "Open the document. Approve the profile if it belongs to a candidate, discard it if not.",
        "may be another kind of document",
    ),
    "PEOPLE_MIXED": (
        "Name and e-mail address appear together in the document",
        "Open the document and check whose address it is; correct it, or approve the profile unchanged.",
        "the address and the name share no page region and no letters",
    ),
}
OWN_GATE = ("PHONE_COUNTRY_GUESSED", *MARK_GATES)  # marks that the gate on any mark leaves to another


def trust_gates(agent: Agent, at: int) -> list[Gate]:
    preset = agent.preset
    gates = []
    shown = {"name": "name", "email": "e-mail address", "phone": "phone number"}
    for name in CONTACT:
        gates.append(
            Gate(
                "EVIDENCE_MISSING",
                f"{name}_evidenced",
                "expect_field_to_have_evidence",
                (Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL)[at],
                f"The place where the {shown[name]} was read is known",
                f"Check the {shown[name]} against the document.",
                field=name,
                measured=always("no evidence"),
                threshold="a page and box, or a row and column",
            )
        )
    thresholds: dict[str, float] = CONFIDENCE[preset] | {str(k): v for k, v in agent.thresholds.items()}
    for name, least in thresholds.items():
        holds = name in CONTACT or name in agent.fields.required
        severity = Severity.CRITICAL if holds else Severity.WARNING
        says, column = f"We are at least {least:.0%} sure of the {name}", f"{name}_confidence"
        if name in ("name", "email") and name not in agent.thresholds:
            agreed = CORROBORATED[preset]
            gates.append(
                Gate(
                    "CONFIDENCE_LOW",
                    column,
                    "expect_confidence_or_corroboration",
                    severity,
                    f"{says}, or {agreed:.0%} where name and e-mail address repeat each other",
                    look(name),
                    field=name,
                    kwargs={"least": least, "corroborated": agreed},
                    measured=number(column),
                    threshold=f"{least:.2f}, or {agreed:.2f} where name and address repeat each other",
                    by_risk=True,
                )
            )
            continue
        gates.append(
            Gate(
                "CONFIDENCE_LOW",
                column,
                "expect_confidence_at_least",
                severity,
                says,
                look(name),
                field=name,
                kwargs={"least": least},
                measured=number(column),
                threshold=f"{least:.2f}",
                by_risk=name not in agent.thresholds,  # an agent's own threshold is taken as it is
            )
        )
    gates.append(_risk(agent))
    gates.append(
        Gate(
            "CONTACT_DISAGREES",
            "agreement",
            "expect_contact_to_agree",
            (Severity.INFO, Severity.INFO, Severity.WARNING)[at],
            "The e-mail address repeats or resembles the name",
            "Check that name and address belong to the same person.",
            kwargs={"least": 0.8},
            measured=number("agreement"),
            threshold="0.80",
        )
    )
    scores = (
        (
            "QUALITY_LOW",
            "quality",
            QUALITY[preset],
            (Severity.CRITICAL,) * 3,
            "The profile was read well enough",
            "Compare the whole profile with the document; a better copy of the file would help.",
        ),
        (
            "COMPLETENESS_LOW",
            "completeness",
            COMPLETENESS[preset],
            (Severity.INFO, Severity.WARNING, Severity.WARNING),
            "Enough of the requested fields were found",
            "Add the missing fields, or ask for fewer in the agent file.",
        ),
        (
            "TEXT_LAYER_POOR",
            "text_quality",
            TEXT_QUALITY[preset],
            (Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL),
            "The document's text can be relied on",
            "Compare the profile with the page images, or ask for a better copy.",
        ),
    )
    for code, column, least, severities, says, remedy in scores:
        gates.append(
            Gate(
                code,
                column,
                "expect_score_at_least",
                severities[at],
                says,
                remedy,
                kwargs={"least": least},
                measured=number(column),
                threshold=f"{least:.2f}",
                by_risk=code in ("QUALITY_LOW", "TEXT_LAYER_POOR"),
            )
        )
    gates.append(
        Gate(
            "READ_BY_OCR",
            "ocr_share",
            "expect_share_at_most",
            (Severity.INFO, Severity.WARNING, Severity.CRITICAL)[at],
            "Name, e-mail and phone were read from text, not from a picture",
            "Compare the contact data with the page image letter by letter.",
            kwargs={"most": OCR_SHARE[preset]},
            measured=number("ocr_share"),
            threshold=f"{OCR_SHARE[preset]:.2f}",
            by_risk=True,
        )
    )
    gates.append(
        Gate(
            "SPLIT_DOUBTFUL",
            "split_without_work",
            "expect_column_values_to_be_in_set",
            (Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL)[at],
            "If one file was split into several people, each part has its own career",
            "Check whether this part is a person, a referee, or another page of the previous person.",
            kwargs={"value_set": [False]},
            measured=always("several people in the file, no work in this part"),
            threshold="at least one position",
            by_risk=True,
        )
    )
    gates.append(
        Gate(
            "READER_MARK",
            "marks",
            "expect_no_reader_marks",
            Severity.CRITICAL,
            "The reader found nothing doubtful on the page",
            "Check the place that the remark names.",
            kwargs={"marks": list(HOLDING_MARKS[preset]), "but": list(OWN_GATE)},
            threshold="no such mark",
        )
    )
    gates += [
        Gate(
            code,
            "marks",
            "expect_no_reader_marks",
            Severity.CRITICAL,
            says,
            remedy,
            kwargs={"marks": [code]},
            measured=always(found),
            threshold="no such mark",
        )
        for code, (says, remedy, found) in MARK_GATES.items()
    ]
    if "*" not in HOLDING_MARKS[preset]:
        gates.append(
            Gate(
                "READER_MARK",
                "marks",
                "expect_no_reader_marks",
                Severity.WARNING,
                "The reader had no remarks",
                "Check the place that the remark names.",
                kwargs={"marks": ["*"], "but": [*HOLDING_MARKS[preset], *OWN_GATE]},
                threshold="no such mark",
            )
        )
    return gates


def _risk(agent: Agent) -> Gate:
    limit = limit_for(agent.max_error)

    def measured(row: Row) -> str:
        return f"a risk of {row['risk']:.1%}, mostly because {WORDS[row['risk_deciding']][0]}"

    def allowed(row: Row) -> float:
        return min(limit, float(row["risk_cap"]))  # people's findings may have lowered it

    def remedy(row: Row) -> str:
        """What would have changed the outcome: nothing less than all signals that have to go."""
        first, *others = row["risk_found"].needed(allowed(row)) or (row["risk_deciding"],)
        if not others:
            return WORDS[first][1]
        said = "; ".join(WORDS[group][0] for group in others)
        return f"{WORDS[first][1]} By itself that is not enough, because also: {said}."

    return Gate(
        "RISK_TOO_HIGH",
        "risk",
        "expect_risk_within_limit",
        Severity.CRITICAL,
        f"Name, e-mail and phone are right and belong to one person, with at most {agent.max_error:.2%} of the passes wrong",
        remedy,
        kwargs={"most": limit},
        measured=measured,
        threshold=lambda row: f"at most {allowed(row):.1%}, for {agent.max_error:.2%} wrong passes",
    )
