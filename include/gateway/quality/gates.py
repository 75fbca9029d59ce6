"""Every gate in one table: what it looks at, what it does under each preset, and what to tell people.

Data only, no Great Expectations: engine.py turns the bound gates of an agent into a real suite. Severities are
Great Expectations' own: critical holds a profile, warning marks it, info counts it; a dash switches a gate off.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.agents import Agent, Preset
from gateway.model import Severity
from gateway.quality.scores import CONTACT
from gateway.values.doubt.emails import domain_of, typo_proposal

Row = Mapping[str, Any]
_LETTERS = {"C": Severity.CRITICAL, "W": Severity.WARNING, "I": Severity.INFO, "-": None}
_ORDER = (Preset.LENIENT, Preset.STANDARD, Preset.STRICT)


@dataclass(frozen=True, slots=True)
class Gate:
    """One gate bound to an agent.

    column, expectation, kwargs   what Great Expectations runs; expectation is a type in snake case
    says        the rule in plain words, for Data Docs
    measured    row of the judged frame -> what was found, never a person's data
    threshold   what would have been enough
    remedy      what would have changed the outcome; may be a function of the row
    """

    code: str
    column: str
    expectation: str
    severity: Severity
    says: str
    remedy: str | Callable[[Row], str]
    field: str | None = None
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    measured: Callable[[Row], str] = lambda row: "not met"
    threshold: str | None = None

    def key(self) -> dict[str, Any]:
        """What decides the verdict, JSON-ready: part of the suite's version."""
        return {
            "code": self.code,
            "column": self.column,
            "expectation": self.expectation,
            "kwargs": self.kwargs,
            "severity": str(self.severity),
            "field": self.field,
        }


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
# Marks of the reader that mean a value may not be what a person would read on the page. Strict holds for any mark.
HOLDING_MARKS = {Preset.LENIENT: ("HIDDEN_TEXT",), Preset.STANDARD: ("HIDDEN_TEXT",), Preset.STRICT: ("*",)}

# Marks that have a gate of their own, which holds under every preset: code -> (says, remedy, measured).
MARK_GATES: dict[str, tuple[str, str, str]] = {
    "RESUME_DOUBTFUL": (
        "The document is surely a résumé",
        "Open the document: approve the profile if it is a candidate's, discard it if not.",
        "may be another kind of document",
    ),
    "PEOPLE_MIXED": (
        "Name and e-mail address stand together in the document",
        "Open the document and check whose address it is; correct it, or approve the profile as it is.",
        "the address and the name share no page region and no letters",
    ),
}

_MISSING = {"name": "NAME_MISSING", "email": "EMAIL_MISSING", "phone": "PHONE_MISSING"}  # other fields share a code
_LOOK = "Open the document, compare, and correct the {field} or approve it as it is."


def _look(name: str) -> str:
    return _LOOK.format(field=name)


# code, column, expectation, lenient/standard/strict, says, remedy, what to show as measured
_VALUE_GATES: tuple[tuple[str, str, str, str, str, str | Callable[[Row], str], str], ...] = (
    (
        "NAME_IMPLAUSIBLE",
        "name",
        "expect_name_to_have_shape_of_name",
        "CCC",
        "The name looks like a person's name: letters, a few words, no digits or addresses",
        _look("name"),
        "not shaped like a name",
    ),
    (
        "NAME_IS_HEADING",
        "name",
        "expect_name_not_to_be_heading",
        "CCC",
        "The name is not a heading of the document",
        _look("name"),
        "a heading",
    ),
    (
        "NAME_IS_JOB_TITLE",
        "name",
        "expect_name_not_to_be_job_title",
        "WCC",
        "The name is not a job title",
        _look("name"),
        "a job title",
    ),
    (
        "NAME_IS_ORGANISATION",
        "name",
        "expect_name_not_to_be_organisation",
        "WCC",
        "The name is not an employer's or a school's",
        _look("name"),
        "an organisation",
    ),
    (
        "NAME_IS_PLACE",
        "name",
        "expect_name_not_to_be_place",
        "WCC",
        "The name is not a city, state or country",
        _look("name"),
        "a place",
    ),
    (
        "NAME_PLACEHOLDER",
        "name",
        "expect_name_not_to_be_placeholder",
        "CCC",
        "The name is not a placeholder such as John Doe or Your Name",
        _look("name"),
        "a placeholder",
    ),
    (
        "NAME_SINGLE_WORD",
        "name",
        "expect_name_to_have_two_words",
        "IWC",
        "The name has at least two words, in scripts that separate words",
        _look("name"),
        "1 word",
    ),
    (
        "EMAIL_INVALID",
        "email",
        "expect_email_to_be_valid",
        "CCC",
        "The e-mail address is written correctly",
        _look("e-mail address"),
        "not an address",
    ),
    (
        "EMAIL_PLACEHOLDER",
        "email",
        "expect_email_not_to_be_placeholder",
        "CCC",
        "The e-mail address is not a placeholder or a no-reply address",
        _look("e-mail address"),
        "a placeholder",
    ),
    (
        "EMAIL_TYPO_DOMAIN",
        "email",
        "expect_email_domain_not_to_be_typo",
        "WCC",
        "The e-mail domain is not a misspelt well-known provider",
        lambda row: f"Correct the address: {typo_proposal(domain_of(row['email']))} was probably meant.",
        "one slip from a well-known provider",
    ),
    (
        "EMAIL_DISPOSABLE",
        "email",
        "expect_email_not_to_be_disposable",
        "WWC",
        "The e-mail address is not from a provider of throw-away addresses",
        "Ask the candidate for a lasting address, or approve this one.",
        "a throw-away provider",
    ),
    (
        "PHONE_INVALID",
        "phone",
        "expect_phone_to_be_possible",
        "WCC",
        "The phone number has a length its country uses",
        _look("phone number"),
        "not possible in its country",
    ),
    (
        "PHONE_NO_COUNTRY",
        "phone",
        "expect_phone_to_have_country",
        "IWC",
        "The phone number's country is known",
        "Set the agent's country, or correct the number to +country form.",
        "no country",
    ),
    (
        "PHONE_UNASSIGNED",
        "phone",
        "expect_phone_to_be_assigned",
        "IWW",
        "The phone number lies in a range its country has assigned",
        _look("phone number"),
        "not in an assigned range",
    ),
    (
        "PHONE_PLACEHOLDER",
        "phone",
        "expect_phone_not_to_be_placeholder",
        "CCC",
        "The phone number is not a filler such as 1111111 or 12345678",
        _look("phone number"),
        "a filler",
    ),
)


def gates_for(agent: Agent) -> tuple[Gate, ...]:
    """The gates of an agent, in the order they are shown. Pure: the same agent always gives the same gates."""
    at = _ORDER.index(agent.preset)
    gates: list[Gate] = [*_presence(agent)]
    for code, column, expectation, letters, says, remedy, found in _VALUE_GATES:
        severity = _LETTERS[letters[at]]
        if code == "PHONE_NO_COUNTRY" and "phone" in agent.fields.required:
            severity = Severity.CRITICAL
        if severity:
            gates.append(
                Gate(
                    code,
                    column,
                    expectation,
                    severity,
                    says,
                    remedy,
                    field=column,
                    measured=_always(found),
                    threshold="none found",
                )
            )
    gates += _fictional(agent)
    gates += _allowed(agent)
    gates += _trust(agent, at)
    gates += _others(at)
    gates += _own(agent)
    return tuple(gates)


def _always(text: str) -> Callable[[Row], str]:
    return lambda row: text


def _number(column: str) -> Callable[[Row], str]:
    return lambda row: f"{row[column]:.2f}"


def _presence(agent: Agent) -> list[Gate]:
    gates = []
    asked = [(n, Severity.CRITICAL) for n in agent.fields.required] + [
        (n, Severity.WARNING) for n in agent.fields.wanted
    ]
    for name, severity in asked:
        required = severity is Severity.CRITICAL
        contact = name in CONTACT
        asks = "required" if required else "wanted"
        code = _MISSING.get(name, "REQUIRED_MISSING" if required else "WANTED_MISSING")
        gates.append(
            Gate(
                code,
                f"{name}_present",
                "expect_field_to_be_read",
                severity if required or contact else Severity.INFO,
                f"The {name} was read" + ("" if required else " (wanted, not required)"),
                f"Add the {name} from the document, or take it off the agent's {asks} fields.",
                field=name,
                measured=_always("missing"),
                threshold="present",
            )
        )
    return gates


def _fictional(agent: Agent) -> list[Gate]:
    severity = Severity.CRITICAL if agent.fictional_contacts == "hold" else Severity.WARNING
    remedy = "Correct it from the document; an agent for tests may set fictional_contacts: mark."
    return [
        Gate(
            "EMAIL_FICTIONAL",
            "email",
            "expect_email_not_to_be_fictional",
            severity,
            "The e-mail domain is not reserved for examples",
            remedy,
            field="email",
            measured=_always("a reserved domain"),
            threshold="none found",
        ),
        Gate(
            "PHONE_FICTIONAL",
            "phone",
            "expect_phone_not_to_be_fictional",
            severity,
            "The phone number is not from a range kept for fiction",
            remedy,
            field="phone",
            measured=_always("a range kept for fiction"),
            threshold="none found",
        ),
    ]


def _allowed(agent: Agent) -> list[Gate]:
    gates = []
    allowed = agent.allowed
    if allowed.countries:
        shown = ", ".join(allowed.countries)
        gates.append(
            Gate(
                "PHONE_COUNTRY_NOT_ALLOWED",
                "phone_country",
                "expect_column_values_to_be_in_set",
                Severity.CRITICAL,
                f"The phone number belongs to {shown}",
                "Correct the number, or allow its country in the agent file.",
                field="phone",
                kwargs={"value_set": list(allowed.countries)},
                measured=lambda row: str(row["phone_country"]),
                threshold=shown,
            )
        )
    if allowed.email_domains:
        gates.append(
            Gate(
                "EMAIL_DOMAIN_NOT_ALLOWED",
                "email",
                "expect_email_domain_to_be_allowed",
                Severity.CRITICAL,
                f"The e-mail domain is one of {', '.join(allowed.email_domains)}",
                "Correct the address, or allow its domain in the agent file.",
                field="email",
                kwargs={"domains": list(allowed.email_domains)},
                measured=_always("another domain"),
                threshold=", ".join(allowed.email_domains),
            )
        )
    if allowed.languages:
        shown = ", ".join(allowed.languages)
        gates.append(
            Gate(
                "LANGUAGE_UNEXPECTED",
                "language",
                "expect_column_values_to_be_in_set",
                Severity.CRITICAL,
                f"The document is written in {shown}",
                "Check the reading, or add the language to the agent file.",
                kwargs={"value_set": list(allowed.languages)},
                measured=lambda row: str(row["language"]),
                threshold=shown,
            )
        )
    if agent.check_dns:
        gates.append(
            Gate(
                "EMAIL_UNDELIVERABLE",
                "domain_refuses_mail",
                "expect_column_values_to_be_in_set",
                Severity.CRITICAL,
                "The e-mail domain accepts mail, as far as DNS answers",
                _look("e-mail address"),
                field="email",
                kwargs={"value_set": [False]},
                measured=_always("no mail server"),
                threshold="a mail server",
            )
        )
    return gates


def _trust(agent: Agent, at: int) -> list[Gate]:
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
                measured=_always("no evidence"),
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
                    _look(name),
                    field=name,
                    kwargs={"least": least, "corroborated": agreed},
                    measured=_number(column),
                    threshold=f"{least:.2f}, or {agreed:.2f} where name and address repeat each other",
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
                _look(name),
                field=name,
                kwargs={"least": least},
                measured=_number(column),
                threshold=f"{least:.2f}",
            )
        )
    gates.append(
        Gate(
            "CONTACT_DISAGREES",
            "agreement",
            "expect_contact_to_agree",
            (Severity.INFO, Severity.INFO, Severity.WARNING)[at],
            "The e-mail address repeats or resembles the name",
            "Check that name and address belong to the same person.",
            kwargs={"least": 0.8},
            measured=_number("agreement"),
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
            "Enough of what the agent asks for was found",
            "Add what is missing, or ask for less in the agent file.",
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
                measured=_number(column),
                threshold=f"{least:.2f}",
            )
        )
    gates.append(
        Gate(
            "READ_BY_OCR",
            "ocr_share",
            "expect_share_at_most",
            (Severity.INFO, Severity.WARNING, Severity.CRITICAL)[at],
            "Name, e-mail and phone were read from text, not recognised from a picture",
            "Compare the contact data with the page image letter by letter.",
            kwargs={"most": OCR_SHARE[preset]},
            measured=_number("ocr_share"),
            threshold=f"{OCR_SHARE[preset]:.2f}",
        )
    )
    gates.append(
        Gate(
            "SPLIT_DOUBTFUL",
            "split_without_work",
            "expect_column_values_to_be_in_set",
            (Severity.WARNING, Severity.CRITICAL, Severity.CRITICAL)[at],
            "Where one file was split into several people, each part has a career of its own",
            "Look whether this part is a person, or a referee or a page of the one before.",
            kwargs={"value_set": [False]},
            measured=_always("several people in the file, no work in this part"),
            threshold="at least one position",
        )
    )
    gates.append(
        Gate(
            "READER_MARK",
            "marks",
            "expect_no_reader_marks",
            Severity.CRITICAL,
            "The reader saw nothing that makes the page doubtful",
            "Look at the place the mark names.",
            kwargs={"marks": list(HOLDING_MARKS[preset]), "but": list(MARK_GATES)},
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
            measured=_always(found),
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
                "The reader had nothing to remark",
                "Look at the place the mark names.",
                kwargs={"marks": ["*"], "but": [*HOLDING_MARKS[preset], *MARK_GATES]},
                threshold="no such mark",
            )
        )
    return gates


def _others(at: int) -> list[Gate]:
    """Gates that compare a profile with others; the pipeline counts, the gate decides."""
    return [
        Gate(
            "EMAIL_ROLE",
            "email",
            "expect_email_to_be_personal",
            _must(_LETTERS["WCC"[at]]),
            "The e-mail address is a person's, not an office's such as info@ or jobs@",
            _look("e-mail address"),
            field="email",
            measured=_always("an office's address"),
            threshold="a person's",
        ),
        Gate(
            "SHARED_CONTACT",
            "other_names_with_email",
            "expect_nobody_else_to_share",
            Severity.CRITICAL,
            "Nobody with another name has this e-mail address",
            "Find out whose address it is; a recruiter's or referee's may have been read.",
            field="email",
            measured=lambda row: f"{row['other_names_with_email']:.0f} other names",
            threshold="0",
        ),
        Gate(
            "SHARED_PHONE",
            "other_names_with_phone",
            "expect_nobody_else_to_share",
            _must(_LETTERS["IWW"[at]]),
            "Nobody with another name has this phone number",
            "Find out whose number it is; families do share one.",
            field="phone",
            measured=lambda row: f"{row['other_names_with_phone']:.0f} other names",
            threshold="0",
        ),
        Gate(
            "LIKELY_DUPLICATE",
            "likely_duplicates",
            "expect_no_likely_duplicates",
            _must(_LETTERS["WCC"[at]]),
            "Nobody known is likely the same person",
            "Compare both profiles and link them, or keep them apart.",
            measured=lambda row: f"{row['likely_duplicates']:.0f} likely",
            threshold="0",
        ),
    ]


def _must(severity: Severity | None) -> Severity:
    if severity is None:
        raise ValueError("a gate that compares profiles cannot be switched off by a preset")
    return severity


def _own(agent: Agent) -> list[Gate]:
    return [
        Gate(
            "OWN_EXPECTATION",
            own.column,
            own.type,
            own.severity,
            own.says,
            f"The agent's own rule decides: {own.says.rstrip('.')}.",
            field=own.column.removesuffix("_confidence").removesuffix("_count"),
            kwargs=dict(own.kwargs),
            measured=_shown(own.column),
            threshold=own.says,
        )
        for own in agent.expectations
    ]


def _shown(column: str) -> Callable[[Row], str]:
    """Numbers are shown; texts are a person's data and are not."""

    def measured(row: Row) -> str:
        value = row[column]
        if value is None or value != value:  # NaN is the one value unlike itself
            return "missing"
        return f"{value:.2f}".removesuffix(".00") if isinstance(value, int | float) else "not met"

    return measured
