"""Gates on single values: is this a name, an address, a number at all, and one the agent takes?"""

from __future__ import annotations

from collections.abc import Callable

from gateway.agents import Agent
from gateway.model import Severity
from gateway.quality.gates.base import LETTERS, ORDER, Gate, Row, always, look
from gateway.quality.scores import CONTACT
from gateway.values.doubt.emails import domain_of, typo_proposal

_MISSING = {"name": "NAME_MISSING", "email": "EMAIL_MISSING", "phone": "PHONE_MISSING"}  # other fields share a code

# code, column, expectation, lenient/standard/strict, says, remedy, what to show as measured
_VALUE_GATES: tuple[tuple[str, str, str, str, str, str | Callable[[Row], str], str], ...] = (
    (
        "NAME_IMPLAUSIBLE",
        "name",
        "expect_name_to_have_shape_of_name",
        "CCC",
        "The name looks like a person's name: letters, a few words, no digits or addresses",
        look("name"),
        "not shaped like a name",
    ),
    (
        "NAME_IS_HEADING",
        "name",
        "expect_name_not_to_be_heading",
        "CCC",
        "The name is not a heading of the document",
        look("name"),
        "a heading",
    ),
    (
        "NAME_IS_JOB_TITLE",
        "name",
        "expect_name_not_to_be_job_title",
        "WCC",
        "The name is not a job title",
        look("name"),
        "a job title",
    ),
    (
        "NAME_IS_ORGANISATION",
        "name",
        "expect_name_not_to_be_organisation",
        "WCC",
        "The name is not that of an employer or a school",
        look("name"),
        "an organisation",
    ),
    (
        "NAME_IS_PLACE",
        "name",
        "expect_name_not_to_be_place",
        "WCC",
        "The name is not a city, state or country",
        look("name"),
        "a place",
    ),
    (
        "NAME_PLACEHOLDER",
        "name",
        "expect_name_not_to_be_placeholder",
        "CCC",
        "The name is not a placeholder such as John Doe or Your Name",
        look("name"),
        "a placeholder",
    ),
    (
        "NAME_SINGLE_WORD",
        "name",
        "expect_name_to_have_two_words",
        "IWC",
        "The name has at least two words, in scripts that separate words",
        look("name"),
        "1 word",
    ),
    (
        "EMAIL_INVALID",
        "email",
        "expect_email_to_be_valid",
        "CCC",
        "The e-mail address is written correctly",
        look("e-mail address"),
        "not an address",
    ),
    (
        "EMAIL_PLACEHOLDER",
        "email",
        "expect_email_not_to_be_placeholder",
        "CCC",
        "The e-mail address is not a placeholder or a no-reply address",
        look("e-mail address"),
        "a placeholder",
    ),
    (
        "EMAIL_TYPO_DOMAIN",
        "email",
        "expect_email_domain_not_to_be_typo",
        "WCC",
        "The e-mail domain is not a misspelt well-known provider",
        lambda row: f"Correct the address: {typo_proposal(domain_of(row['email']))} was probably meant.",
        "one typo away from a well-known provider",
    ),
    (
        "EMAIL_DISPOSABLE",
        "email",
        "expect_email_not_to_be_disposable",
        "WWC",
        "The e-mail address is not from a provider of disposable addresses",
        "Ask the candidate for a permanent address, or approve this one.",
        "a throw-away provider",
    ),
    (
        "PHONE_INVALID",
        "phone",
        "expect_phone_to_be_possible",
        "WCC",
        "The phone number has a length its country uses",
        look("phone number"),
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
        look("phone number"),
        "not in an assigned range",
    ),
    (
        "PHONE_PLACEHOLDER",
        "phone",
        "expect_phone_not_to_be_placeholder",
        "CCC",
        "The phone number is not a filler such as 1111111 or 12345678",
        look("phone number"),
        "a filler",
    ),
)


def value_gates(agent: Agent) -> list[Gate]:
    """Presence, shape, fiction and the agent's allowed values, in this order."""
    return [*_presence(agent), *_shape(agent), *_fictional(agent), *_allowed(agent)]


def _shape(agent: Agent) -> list[Gate]:
    at = ORDER.index(agent.preset)
    gates = []
    for code, column, expectation, letters, says, remedy, found in _VALUE_GATES:
        severity = LETTERS[letters[at]]
        if code == "PHONE_NO_COUNTRY":
            severity = _without_country(agent, severity)
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
                    measured=always(found),
                    threshold="none found",
                    by_risk=code == "NAME_SINGLE_WORD",
                )
            )
    return [*gates, _guessed(agent)]


def _without_country(agent: Agent, severity: Severity | None) -> Severity | None:
    """A number that cannot be sent holds where a number is required; where it may be left out it only marks."""
    if "phone" in agent.fields.required:
        return Severity.CRITICAL
    return Severity.WARNING if agent.phone_without_country == "leave_out" else severity


def _guessed(agent: Agent) -> Gate:
    return Gate(
        "PHONE_COUNTRY_GUESSED",
        "marks",
        "expect_no_reader_marks",
        _without_country(agent, Severity.CRITICAL) or Severity.CRITICAL,
        "The document shows which country the phone number belongs to",
        "Correct the number to the +country form, or approve it; phone_without_country: leave_out delivers without it.",
        field="phone",
        kwargs={"marks": ["PHONE_COUNTRY_GUESSED"]},
        threshold="a country code, an address or another number of that country",
    )


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
                f"Add the {name} from the document, or remove it from the agent's {asks} fields.",
                field=name,
                measured=always("missing"),
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
            measured=always("a reserved domain"),
            threshold="none found",
        ),
        Gate(
            "PHONE_FICTIONAL",
            "phone",
            "expect_phone_not_to_be_fictional",
            severity,
            "The phone number is not from a range reserved for fiction",
            remedy,
            field="phone",
            measured=always("a range reserved for fiction"),
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
                measured=always("another domain"),
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
                look("e-mail address"),
                field="email",
                kwargs={"value_set": [False]},
                measured=always("no mail server"),
                threshold="a mail server",
            )
        )
    return gates
